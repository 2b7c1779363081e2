"""add, list, show, amend and void of every entity: one option a variable of the dictionary."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

import typer

from registry.cli import patient_show
from registry.cli.asking import ask_for_missing, ask_reason, may_ask, proposals
from registry.cli.completion import complete_codes, complete_patient
from registry.cli.context import UserOption, opened, run_of, warn
from registry.cli.entry import GROUPS
from registry.cli.output import Format, FormatOption, print_json, print_rows
from registry.cli.told import print_told, told
from registry.database.engine import Database
from registry.entry.history import history
from registry.entry.save import Draft, add, amend, changed_since, void
from registry.entry.stored import Stored, find_record, find_records
from registry.errors import WrongUsage
from registry.models import ENTITIES, Patient, table_of
from registry.records.change import declare_change, summarise_change
from registry.records.source import PATIENT_COLUMN, Entity, dictionary_columns
from registry.variables import Variable
from registry.words import tr

VERBS = ("add", "list", "show", "amend", "void")
RECORD_OPTION = typer.Option("--record", metavar="N", help="The record's own number.")
VERSION_OPTION = typer.Option(
    "--version", metavar="N", help="Only if the record is still at this version."
)
NO_INPUT_OPTION = typer.Option("--no-input", help="Ask nothing, also on a terminal.")
LONGEST_LIST = 200

Cells = dict[str, str]


def entity_app(group: str) -> typer.Typer:
    """The commands of one entity, by the name of its group."""
    file_name, words = GROUPS[group]
    entity = next(entity for entity in ENTITIES if entity.file_name == file_name)
    app = typer.Typer(help=words, no_args_is_help=True, rich_markup_mode=None)
    app.command("add")(_add(group, entity))
    app.command("list")(_list(group, entity))
    if entity is Patient:
        app.command("show")(patient_show.patient_show_command)
    else:
        app.command("show")(_show(group, entity))
    app.command("amend")(_amend(group, entity))
    app.command("void")(_void(group, entity))
    return app


def _add(group: str, entity: Entity) -> Callable[..., None]:
    def command(context: typer.Context, **given: Any) -> None:
        cells = _cells(entity, given)
        settings = run_of(context).settings(given["user"])
        with opened(settings) as database:
            if given.get("accept"):
                cells = _with_proposals(database, cells)
            if may_ask(given["no_input"]):
                cells = ask_for_missing(database, entity, cells)
            with database.engine.begin() as connection:
                declare_change(
                    connection,
                    user=settings.user,
                    command=f"{group} add",
                    reason=given["reason"],
                )
                answer = told(connection, entity, cells.get(PATIENT_COLUMN))
                stored = add(connection, [Draft(entity, cells)])[0]
                answer.about(connection, stored)
                summarise_change(connection, f"{entity.file_name}: 1 inserted")
        print_told(answer, given["form"], tr("Stored: {record}", record=stored.name()))

    return _with_options(
        command,
        f"Enter a record. On a terminal what is missing is asked for.\n\n{_example(group, 'add')}",
        [
            _patient_argument(),
            *_variable_options(entity, new=True),
            _parameter("no_input", bool, NO_INPUT_OPTION, False),
            _parameter(
                "accept",
                bool,
                typer.Option(
                    "--accept-proposals", help="Fill items of a PCDAI as the registry proposes."
                ),
                False,
            )
            if group == "pcdai"
            else None,
        ],
    )


def _list(group: str, entity: Entity) -> Callable[..., None]:
    def command(context: typer.Context, **given: Any) -> None:
        study_id = _patient(given)
        with (
            opened(run_of(context).settings()) as database,
            database.engine.connect() as connection,
        ):
            limit = given["limit"] if given["form"] is Format.TABLE else None
            found = find_records(
                connection,
                entity,
                study_id=study_id,
                since=_day(given["since"]),
                until=_day(given["until"]),
                limit=None if limit is None else limit + 1,
            )
        if given["form"] is Format.JSON:
            print_json([record.to_json() for record in found])
            return
        names = [PATIENT_COLUMN, *dictionary_columns(entity)]
        rows = [{PATIENT_COLUMN: record.study_id, **record.cells} for record in found[:limit]]
        if given["form"] is Format.TABLE:
            # A column that nobody has filled tells nothing on a screen.
            names = [name for name in names if any(row[name] for row in rows)]
        print_rows(rows, given["form"], names or [PATIENT_COLUMN])
        if limit is not None and len(found) > limit:
            warn(tr("The first {number}; --limit shows more.", number=limit))
        elif not found:
            warn(tr("No records."))

    return _with_options(
        command,
        f"List records, of a patient or of all; CSV is in the import's own form.\n\n"
        f"{_example(group, 'list')}",
        [
            _patient_argument(),
            _parameter(
                "since", datetime | None, typer.Option("--from", formats=["%Y-%m-%d"]), None
            ),
            _parameter("until", datetime | None, typer.Option("--to", formats=["%Y-%m-%d"]), None),
            _parameter(
                "limit",
                int,
                typer.Option("--limit", min=1, help="Rows on the screen; CSV and JSON have all."),
                LONGEST_LIST,
            ),
        ],
        changes=False,
    )


def _show(group: str, entity: Entity) -> Callable[..., None]:
    def command(context: typer.Context, **given: Any) -> None:
        with (
            opened(run_of(context).settings()) as database,
            database.engine.connect() as connection,
        ):
            stored = _sought(database, entity, given)[0]
            answer = told(connection, entity, None)
            answer.about(connection, stored)
            changes = history(
                connection,
                stored.study_id,
                table=table_of(entity).name,
                record=stored.record,
            )
        if given["form"] is Format.TABLE:
            print_rows(
                [
                    {"column": name, "value": cell}
                    for name, cell in stored.cells.items()
                    if cell is not None
                ],
                Format.TABLE,
            )
            typer.echo()
        print_told(answer, given["form"], None, history=changes)

    return _with_options(
        command,
        f"Show one record, what follows from it and who changed it when and why.\n\n"
        f"{_example(group, 'show')}",
        [
            _patient_argument(),
            _key_arguments(entity),
            *_key_options(entity),
            _parameter("record", int | None, RECORD_OPTION, None),
        ],
        changes=False,
    )


def _amend(group: str, entity: Entity) -> Callable[..., None]:
    def command(context: typer.Context, **given: Any) -> None:
        settings = run_of(context).settings(given["user"])
        with opened(settings) as database:
            stored, cells = _sought(database, entity, given)
            if not cells:
                raise WrongUsage(
                    tr("Nothing to amend."),
                    cure=tr("Name the new values: {options}", options=_option_names(entity)),
                )
            _hold_to_version(stored, given["version"])
            reason = _reason(given)
            with database.engine.begin() as connection:
                declare_change(
                    connection, user=settings.user, command=f"{group} amend", reason=reason
                )
                answer = told(connection, entity, stored.study_id)
                amended = amend(connection, stored, cells)
                answer.about(connection, amended)
                summarise_change(connection, f"{entity.file_name}: 1 updated")
        print_told(answer, given["form"], _said_changes(stored, amended))

    return _with_options(
        command,
        "Change values of a record, its date among them; an empty value empties.\n\n"
        "The record is named by the patient and its key, as the date; with the key given as "
        "arguments or by --record, the options are the new values.\n\n"
        f"{_example(group, 'amend')}",
        [
            _patient_argument(),
            _key_arguments(entity),
            *_variable_options(entity),
            _parameter("record", int | None, RECORD_OPTION, None)
            if entity is not Patient
            else None,
            _parameter("version", int | None, VERSION_OPTION, None),
            _parameter("no_input", bool, NO_INPUT_OPTION, False),
        ],
    )


def _void(group: str, entity: Entity) -> Callable[..., None]:
    def command(context: typer.Context, **given: Any) -> None:
        settings = run_of(context).settings(given["user"])
        with opened(settings) as database:
            stored = _sought(database, entity, given)[0]
            _hold_to_version(stored, given["version"])
            reason = _reason(given)
            with database.engine.begin() as connection:
                declare_change(
                    connection, user=settings.user, command=f"{group} void", reason=reason
                )
                answer = told(connection, entity, stored.study_id)
                number = void(connection, stored, with_records=given.get("with_records", False))
                answer.gone(connection, stored)
                summarise_change(connection, f"{entity.file_name}: {number} deleted")
        words = tr(
            "Taken out: {record}. The audit keeps it: registry history {patient}",
            record=stored.name(),
            patient=stored.study_id,
        )
        print_told(answer, given["form"], words)

    return _with_options(
        command,
        "Take a record out; it can be brought back with registry undo.\n\n"
        f"{_example(group, 'void')}",
        [
            _patient_argument(),
            _key_arguments(entity),
            *_key_options(entity),
            _parameter("record", int | None, RECORD_OPTION, None)
            if entity is not Patient
            else None,
            _parameter("version", int | None, VERSION_OPTION, None),
            _parameter("no_input", bool, NO_INPUT_OPTION, False),
            _parameter(
                "with_records",
                bool,
                typer.Option("--with-records", help="With all of the patient's records."),
                False,
            )
            if entity is Patient
            else None,
        ],
    )


def _with_proposals(database: Database, cells: Cells) -> Cells:
    """The cells with what the registry proposes for items that were not given."""
    if "visited_on" not in cells or PATIENT_COLUMN not in cells:
        return cells
    found = proposals(database, cells)
    return {name: f"{one.points.normalize():f}" for name, one in found.items()} | cells


def _sought(database: Database, entity: Entity, given: dict[str, Any]) -> tuple[Stored, Cells]:
    """The record that the arguments name, and the values that are left for it."""
    cells = _cells(entity, given)
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
    with database.engine.connect() as connection:
        stored = find_record(
            connection, entity, study_id, key=_as_stored(entity, key), record=given.get("record")
        )
    return stored, cells


def _as_stored(entity: Entity, key: Cells) -> Cells:
    """The key as the registry spells it."""
    from registry.entry.save import read_typed
    from registry.parsing.unreadable import Unreadable

    variables = dictionary_columns(entity)
    read = {}
    for name, cell in key.items():
        try:
            read[name] = read_typed(cell, variables[name]).strip()
        except Unreadable as error:
            raise WrongUsage(f"{name} {cell!r} {error}.") from None
    return read


def _cells(entity: Entity, given: dict[str, Any]) -> Cells:
    """The variables that were given, by column."""
    cells = {
        name: given[_parameter_name(name)]
        for name in dictionary_columns(entity)
        if given.get(_parameter_name(name)) is not None
    }
    patient = _patient(given)
    return cells if patient is None else {PATIENT_COLUMN: patient, **cells}


def _patient(given: dict[str, Any]) -> str | None:
    """The study id, from the argument or from --patient-id."""
    argument, option = given["patient"], given["patient_option"]
    if argument is not None and option not in (None, argument):
        raise WrongUsage(tr("Two patients are named."), cure=tr("Name one."))
    chosen: str | None = option if argument is None else argument
    return chosen


def _hold_to_version(stored: Stored, version: int | None) -> None:
    if version is not None and version != stored.version:
        raise changed_since(stored, version)


def _reason(given: dict[str, Any]) -> str:
    reason = given["reason"]
    if not (reason and reason.strip()) and may_ask(given["no_input"]):
        reason = ask_reason()
    if not (reason and reason.strip()):
        raise WrongUsage(
            tr("A record is changed or taken out only for a reason."),
            cure=tr('Add --reason "why".'),
        )
    return str(reason)


def _said_changes(before: Stored, after: Stored) -> str:
    changed = [
        f"{name} {before.cells[name] or '-'} -> {after.cells[name] or '-'}"
        for name in before.cells
        if before.cells[name] != after.cells[name]
    ]
    if not changed:
        return tr("{record} has these values already.", record=before.name())
    return tr("Amended: {record}: {changes}", record=before.name(), changes=", ".join(changed))


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _example(group: str, verb: str) -> str:
    from registry.cli.examples import EXAMPLES

    return f"Example: registry {group} {verb} {EXAMPLES[group][verb]}"


def _option_names(entity: Entity) -> str:
    names = map(_parameter_name, dictionary_columns(entity))
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def _parameter(name: str, kind: Any, option: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, option],
    )


def _patient_argument() -> inspect.Parameter:
    argument = typer.Argument(
        metavar="PATIENT", help="A study id.", autocompletion=complete_patient
    )
    return _parameter("patient", str | None, argument, None)


def _key_arguments(entity: Entity) -> inspect.Parameter | None:
    if not entity.natural_key:
        return None
    words = " ".join(entity.natural_key)
    argument = typer.Argument(metavar="KEY", help=f"The record's key: {words}.")
    return _parameter("key", list[str] | None, argument, None)


def _parameter_name(column: str) -> str:
    """The name that a column has among a command's options: `reason` is that of a change."""
    return "end_reason" if column == "reason" else column


def _variable_options(entity: Entity, *, new: bool = False) -> list[inspect.Parameter]:
    """An option for each column of the dictionary.

    Why a follow-up ended is `--reason` where it is entered, as its column; where it is changed
    `--reason` says why it is, and the column is `--end-reason`.
    """
    return [
        _option(name, variable, also=("--reason",) if new and name == "reason" else ())
        for name, variable in dictionary_columns(entity).items()
    ]


def _key_options(entity: Entity) -> list[inspect.Parameter]:
    variables = dictionary_columns(entity)
    return [_option(name, variables[name]) for name in entity.natural_key]


def _option(name: str, variable: Variable, also: tuple[str, ...] = ()) -> inspect.Parameter:
    named = _parameter_name(name)
    option = typer.Option(
        *also,
        f"--{named.replace('_', '-')}",
        metavar=variable.kind.value.upper(),
        help=variable.comment(),
        autocompletion=None if variable.codes is None else complete_codes(variable.codes),
    )
    return _parameter(named, str | None, option, None)


def _with_options(
    command: Callable[..., None],
    words: str,
    parameters: list[inspect.Parameter | None],
    *,
    changes: bool = True,
) -> Callable[..., None]:
    """The command with the signature that Typer reads its options from."""
    patient_option = typer.Option("--patient-id", metavar="TEXT", help="The study id, as well.")
    own_reason = any(
        p is not None and "--reason" in p.annotation.__metadata__[0].param_decls
        for p in parameters
        if p is not None and p.name == "end_reason"
    )
    why = typer.Option(
        "--change-reason" if own_reason else "--reason",
        metavar="TEXT",
        help="Why the change is made.",
    )
    common = [
        _parameter("patient_option", str | None, patient_option, None),
        *(
            [
                _parameter("reason", str | None, why, None),
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
    listed = [context, *(p for p in parameters if p is not None), *common]
    command.__signature__ = inspect.Signature(listed)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in listed}
    command.__doc__ = words
    return command
