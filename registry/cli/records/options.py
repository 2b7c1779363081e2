"""Options of the commands of single records, one for each variable of the dictionary."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from registry.cli.frame.completion import (
    complete_codes,
    complete_key,
    complete_patient,
    complete_reasons,
)
from registry.cli.frame.context import UserOption
from registry.cli.frame.output import Format, FormatOption
from registry.cli.frame.signatures import with_parameters
from registry.records.source import Entity, dictionary_columns, lacking_columns
from registry.variables import Variable
from registry.vocabulary import NULL_FLAVOURS


def parameter(name: str, kind: Any, option: Any, default: Any) -> inspect.Parameter:
    """An option or argument as Typer reads it from a signature."""
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, option],
    )


def patient_argument() -> inspect.Parameter:
    """The study id, as the first word after the command."""
    argument = typer.Argument(
        metavar="PATIENT", help="A study id.", autocompletion=complete_patient
    )
    return parameter("patient", str | None, argument, None)


def key_arguments(entity: Entity) -> inspect.Parameter | None:
    """The natural key, word by word; None for an entity without one."""
    if not entity.natural_key:
        return None
    words = " ".join(entity.natural_key)
    argument = typer.Argument(
        metavar="KEY", help=f"The record's key: {words}.", autocompletion=complete_key(entity)
    )
    return parameter("key", list[str] | None, argument, None)


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
    option = typer.Option(
        "--missing",
        metavar="COLUMN=CODE",
        help=f"Why a value is missing: {', '.join(NULL_FLAVOURS)}. Can be given again. "
        f"Columns: {', '.join(columns)}.",
        autocompletion=complete_reasons(tuple(columns)),
    )
    return parameter("missing", list[str] | None, option, None)


def key_options(entity: Entity) -> list[inspect.Parameter]:
    """An option for each column of the natural key."""
    variables = dictionary_columns(entity)
    return [_option(name, variables[name]) for name in entity.natural_key]


def _option(name: str, variable: Variable, also: tuple[str, ...] = ()) -> inspect.Parameter:
    named = parameter_name(name)
    option = typer.Option(
        *also,
        f"--{named.replace('_', '-')}",
        metavar=variable.kind.value.upper(),
        help=variable.described(),
        autocompletion=None if variable.codes is None else complete_codes(variable.codes),
    )
    return parameter(named, str | None, option, None)


def with_options(
    command: Callable[..., None],
    words: str,
    parameters: list[inspect.Parameter | None],
    *,
    changes: bool = True,
    why: str = "--reason",
) -> Callable[..., None]:
    """The command with the signature that Typer reads its options from."""
    patient_option = typer.Option(
        "--patient-id", metavar="TEXT", help="The study id, in place of PATIENT."
    )
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
