"""Options of the commands of single records, one a variable, and what was given by them.

The record that is sought, its new values, the reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import (
    complete_codes,
    complete_key,
    complete_patient,
    complete_reasons,
)
from registry.cli.frame.context import require_reason
from registry.cli.frame.options import UserOption
from registry.cli.frame.output import Format, FormatOption
from registry.cli.frame.signatures import argument, option, with_parameters
from registry.errors import WrongUsage
from registry.models.missing_reason import reason_column
from registry.records.rows import PATIENT_COLUMN, Entity, dictionary_columns, lacking_columns
from registry.variables import Variable
from registry.vocabulary import NULL_FLAVOURS
from registry.words import tr

if TYPE_CHECKING:
    from registry.database.engine import Database
    from registry.entry.stored import Stored

Cells = dict[str, str]


def parameter(name: str, kind: Any, told: Any, default: Any) -> inspect.Parameter:
    """An option or argument as Typer reads it from a signature."""
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, told],
    )


def patient_argument() -> inspect.Parameter:
    """The study id, as the first word after the command."""
    given = argument("PATIENT", "A study id.", autocompletion=complete_patient)
    return parameter("patient", str | None, given, None)


def key_arguments(entity: Entity) -> inspect.Parameter | None:
    """The natural key, word by word; None for an entity without one."""
    if not entity.natural_key:
        return None
    words = " ".join(entity.natural_key)
    given = argument("KEY", f"The record's key: {words}.", autocompletion=complete_key(entity))
    return parameter("key", list[str] | None, given, None)


def parameter_name(column: str) -> str:
    """The name that a column has among a command's options: `reason` is that of a change."""
    return "end_reason" if column == "reason" else column


def variable_options(entity: Entity, *, new: bool = False) -> list[inspect.Parameter]:
    """An option for each column of the dictionary.

    Why a follow-up ended is `--reason` where it is entered, as its column; where it is changed
    `--reason` says why it is, and the column is `--end-reason`.
    """
    return [
        _option(name, variable, also=("--reason",) if new and name == "reason" else ())
        for name, variable in dictionary_columns(entity).items()
    ]


def missing_option(entity: Entity) -> inspect.Parameter | None:
    """Why values are missing; None for an entity without a value that can be."""
    columns = lacking_columns(entity)
    if not columns:
        return None
    words = f"Why a value is missing: {', '.join(NULL_FLAVOURS)}. Can be given again. "
    words += f"Columns: {', '.join(columns)}."
    complete = complete_reasons(tuple(columns))
    given = option("--missing", "COLUMN=CODE", words, autocompletion=complete)
    return parameter("missing", list[str] | None, given, None)


def key_options(entity: Entity) -> list[inspect.Parameter]:
    """An option for each column of the natural key."""
    variables = dictionary_columns(entity)
    return [_option(name, variables[name]) for name in entity.natural_key]


def _option(name: str, variable: Variable, also: tuple[str, ...] = ()) -> inspect.Parameter:
    named = parameter_name(name)
    given = typer.Option(
        *also,
        f"--{named.replace('_', '-')}",
        metavar=variable.kind.value.upper(),
        help=variable.described(),
        autocompletion=None if variable.codes is None else complete_codes(variable.codes),
    )
    return parameter(named, str | None, given, None)


def with_options(
    command: Callable[..., None],
    words: str,
    parameters: list[inspect.Parameter | None],
    *,
    changes: bool = True,
    why: str = "--reason",
) -> Callable[..., None]:
    """The command with the signature that Typer reads its options from."""
    patient_option = option("--patient-id", "TEXT", "The study id, in place of PATIENT.")
    reason = typer.Option(why, metavar="TEXT", help="Why the change is made.")
    common = [
        parameter("patient_option", str | None, patient_option, None),
        *(
            [
                parameter("reason", str | None, reason, None),
                inspect.Parameter(
                    "user", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=UserOption
                ),
            ]
            if changes
            else []
        ),
        inspect.Parameter(
            "form",
            inspect.Parameter.KEYWORD_ONLY,
            default=Format.TABLE,
            annotation=FormatOption,
        ),
    ]
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    command.__doc__ = words
    return with_parameters(command, [context, *(p for p in parameters if p is not None), *common])


def option_names(entity: Entity) -> str:
    """The options of an entity's variables, in words."""
    names = map(parameter_name, dictionary_columns(entity))
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def sought(database: Database, entity: Entity, given: dict[str, Any]) -> tuple[Stored, Cells]:
    """The record that the arguments name, and the values that are left for it."""
    cells = cells_of(entity, given)
    study_id = cells.pop(PATIENT_COLUMN, None)
    if study_id is None:
        raise WrongUsage(tr("Which patient?"), cure=tr("Name the study id."))
    key: Cells = dict(zip(entity.natural_key, given.get("key") or (), strict=False))
    if len(given.get("key") or ()) > len(entity.natural_key):
        raise WrongUsage(
            tr("Too many arguments."),
            cure=tr("The key is: {key}", key=" ".join(entity.natural_key) or PATIENT_COLUMN),
        )
    if not key and given.get("record") is None:
        key = {name: cells.pop(name) for name in entity.natural_key if name in cells}
    from registry.entry.stored import find_record

    with database.engine.connect() as connection:
        stored = find_record(
            connection, entity, study_id, key=_as_stored(entity, key), record=given.get("record")
        )
    return stored, cells


def _as_stored(entity: Entity, key: Cells) -> Cells:
    """The key as the registry spells it."""
    from registry.entry.save import read_typed
    from registry.parsing.text import Unreadable

    variables = dictionary_columns(entity)
    read = {}
    for name, cell in key.items():
        try:
            read[name] = read_typed(cell, variables[name]).strip()
        except Unreadable as error:
            raise WrongUsage(f"{name} {cell!r} {error}.") from None
    return read


def cells_of(entity: Entity, given: dict[str, Any]) -> Cells:
    """The variables that were given, by column."""
    cells = {
        name: given[parameter_name(name)]
        for name in dictionary_columns(entity)
        if given.get(parameter_name(name)) is not None
    }
    cells |= _reasons(entity, given.get("missing") or [])
    patient = patient_of(given)
    return cells if patient is None else {PATIENT_COLUMN: patient, **cells}


def _reasons(entity: Entity, given: list[str]) -> Cells:
    """Why values are missing, by the column of the reason."""
    columns = lacking_columns(entity)
    found = {}
    for one in given:
        column, equals, code = one.partition("=")
        column = column.strip().replace("-", "_")
        if not equals or column not in columns:
            raise WrongUsage(
                tr("--missing {given} is not COLUMN=CODE.", given=one),
                cure=tr("Columns: {columns}.", columns=", ".join(columns)),
            )
        found[reason_column(column)] = code
    return found


def patient_of(given: dict[str, Any]) -> str | None:
    """The study id, from the argument or from --patient-id."""
    argument, option = given["patient"], given["patient_option"]
    if argument is not None and option not in (None, argument):
        raise WrongUsage(tr("Two patients are named."), cure=tr("Name one."))
    chosen: str | None = option if argument is None else argument
    return chosen


def hold_to_version(stored: Stored, version: int | None) -> None:
    """Raises Refused where the record is not at the version that the person has seen."""
    if version is not None and version != stored.version:
        from registry.entry.save import changed_since

        raise changed_since(stored, version)


def reason_of(given: dict[str, Any]) -> str:
    """Why a record is changed; raises WrongUsage where nobody has said it."""
    needed = tr("A record is changed or taken out only for a reason.")
    return require_reason(given["reason"], needed)


def said_changes(before: Stored, after: Stored) -> str:
    """What was amended, from what to what."""
    changed = [
        f"{name} {before.cells[name] or '-'} -> {after.cells[name] or '-'}"
        for name in before.cells
        if before.cells[name] != after.cells[name]
    ]
    if not changed:
        return tr("{record} has these values already.", record=before.name())
    return tr("Amended: {record}: {changes}", record=before.name(), changes=", ".join(changed))
