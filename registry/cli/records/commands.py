"""add, list, show, amend and void of every entity: one option a variable of the dictionary."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any

import typer

from registry.cli.demo.mark import IntoDemoOption
from registry.cli.frame.options import AllowIdOption
from registry.cli.frame.signatures import option
from registry.cli.records.options import (
    key_arguments,
    key_options,
    missing_option,
    parameter,
    patient_argument,
    variable_options,
    with_options,
)
from registry.clinical_tables import BY_COMMAND
from registry.models import ENTITIES, Patient
from registry.records.rows import Entity

RECORD_OPTION = option("--record", "N", "The record's own number.")
VERSION_OPTION = option("--version", "N", "Only if the record is still at this version.")
NO_INPUT_OPTION = typer.Option("--no-input", help="Ask nothing, also on a terminal.")
LONGEST_LIST = 200


def _add(group: str) -> Callable[..., None]:
    entity = _entity(group)

    def command(context: typer.Context, **given: Any) -> None:
        from registry.cli.records.run import add_record

        add_record(context, group, entity, given)

    return with_options(
        command,
        f"Enter a record. On a terminal what is missing is asked for.\n\n{_example(group, 'add')}",
        [
            patient_argument(),
            *variable_options(entity, new=True),
            missing_option(entity),
            parameter("no_input", bool, NO_INPUT_OPTION, False),
            inspect.Parameter(
                "into_demo",
                inspect.Parameter.KEYWORD_ONLY,
                default=False,
                annotation=IntoDemoOption,
            ),
            inspect.Parameter(
                "allow_id", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=AllowIdOption
            )
            if entity is Patient
            else None,
            parameter(
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
        # Why a follow-up ended is --reason there.
        why="--change-reason" if group == "follow-up" else "--reason",
    )


def _list(group: str) -> Callable[..., None]:
    entity = _entity(group)

    def command(context: typer.Context, **given: Any) -> None:
        from registry.cli.records.listing import list_records

        list_records(context, entity, given)

    return with_options(
        command,
        f"List records, of a patient or of all; CSV is in the import's own form.\n\n"
        f"{_example(group, 'list')}",
        [
            patient_argument(),
            parameter(
                "since",
                datetime | None,
                _day_option("--from", "Dated on that day or later."),
                None,
            ),
            parameter(
                "until",
                datetime | None,
                _day_option("--to", "Dated on that day or earlier."),
                None,
            ),
            parameter(
                "limit",
                int,
                option("--limit", "N", "Rows on the screen; CSV and JSON have all.", min=1),
                LONGEST_LIST,
            ),
        ],
        changes=False,
    )


def _show(group: str) -> Callable[..., None]:
    entity = _entity(group)
    if entity is Patient:
        shown: Callable[..., None] = import_module(
            "registry.cli.records.patient_show"
        ).patient_show_command
        return shown

    def command(context: typer.Context, **given: Any) -> None:
        from registry.cli.records.run import show_record

        show_record(context, group, entity, given)

    return with_options(
        command,
        f"Show one record, what follows from it and who changed it when and why.\n\n"
        f"{_example(group, 'show')}",
        [
            patient_argument(),
            key_arguments(entity),
            *key_options(entity),
            parameter("record", int | None, RECORD_OPTION, None),
        ],
        changes=False,
    )


def _amend(group: str) -> Callable[..., None]:
    entity = _entity(group)

    def command(context: typer.Context, **given: Any) -> None:
        from registry.cli.records.run import amend_record

        amend_record(context, group, entity, given)

    return with_options(
        command,
        "Change values of a record, its date among them; an empty value empties.\n\n"
        "The record is named by the patient and its key, as the date; with the key given as "
        "arguments or by --record, the options are the new values.\n\n"
        f"{_example(group, 'amend')}",
        [
            patient_argument(),
            key_arguments(entity),
            *variable_options(entity),
            missing_option(entity),
            parameter("record", int | None, RECORD_OPTION, None) if entity is not Patient else None,
            parameter("version", int | None, VERSION_OPTION, None),
            parameter("no_input", bool, NO_INPUT_OPTION, False),
        ],
    )


def _void(group: str) -> Callable[..., None]:
    entity = _entity(group)

    def command(context: typer.Context, **given: Any) -> None:
        from registry.cli.records.run import void_record

        void_record(context, group, entity, given)

    return with_options(
        command,
        "Take a record out; it can be brought back with registry undo.\n\n"
        f"{_example(group, 'void')}",
        [
            patient_argument(),
            key_arguments(entity),
            *key_options(entity),
            parameter("record", int | None, RECORD_OPTION, None) if entity is not Patient else None,
            parameter("version", int | None, VERSION_OPTION, None),
            parameter("no_input", bool, NO_INPUT_OPTION, False),
            parameter(
                "with_records",
                bool,
                typer.Option("--with-records", help="With all of the patient's records."),
                False,
            )
            if entity is Patient
            else None,
        ],
    )


def _day_option(name: str, words: str) -> Any:
    return typer.Option(name, metavar="DATE", formats=["%Y-%m-%d"], help=words)


def _example(group: str, verb: str) -> str:
    return f"Example: registry {group} {verb} {BY_COMMAND[group].examples[verb]}"


def _entity(group: str) -> Entity:
    return next(e for e in ENTITIES if e.__tablename__ == BY_COMMAND[group].name)


# What each makes of a group's name: the function of the command.
VERBS = {"add": _add, "list": _list, "show": _show, "amend": _amend, "void": _void}
# What single groups have beside these, by what loads it.
FURTHER: dict[str, dict[str, Callable[[], Callable[..., None]]]] = {
    "patient": {
        "withdraw": lambda: import_module("registry.cli.records.consent").withdraw_command,
        "merge": lambda: import_module("registry.cli.records.patient_merge").merge_command,
        "erase": lambda: import_module("registry.cli.records.patient_erase").erase_command,
        "erasures": lambda: import_module("registry.cli.records.patient_erase").erasures_command,
    },
    "consent": {
        "forms": lambda: import_module("registry.cli.records.consent").forms_command,
        "use-form": lambda: import_module("registry.cli.records.consent").use_form_command,
    },
}


def verbs(group: str) -> list[str]:
    """The names of a group's commands, in the order of its help."""
    return [*VERBS, *FURTHER.get(group, {})]


def made(group: str, verb: str) -> Callable[..., None]:
    """The function of one of them."""
    return VERBS[verb](group) if verb in VERBS else FURTHER[group][verb]()
