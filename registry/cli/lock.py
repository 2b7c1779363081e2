"""`registry lock` and `unlock`: nobody changes what is locked, an import neither."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.frame.completion import FreezeArgument, RequiredPatient
from registry.cli.frame.context import changing, reading, remark, require_reason
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_rows
from registry.cli.frame.past import day_of
from registry.cli.frame.signatures import option
from registry.words import tr

app = typer.Typer(
    no_args_is_help=True,
    help="Lock a child's records or a freeze: the database refuses every change of it.",
)
unlock_app = typer.Typer(no_args_is_help=True, help="Let a child's records or a freeze go again.")


@app.command("patient")
def lock_patient_command(
    context: typer.Context,
    patient: RequiredPatient,
    until: Annotated[
        str | None,
        option("--until", "DATE", "Only records up to this day, and those without a day."),
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Lock a child's records: whoever changes one is refused, an import as psql.

    An erasure is carried out nevertheless.

    Example: registry lock patient P023 --until 2024-12-31 --reason "reviewed and closed"
    """
    from registry.signing.locks import lock_patient

    day = day_of("--until", until)
    why = _why(reason)
    with changing(context, user) as (connection, person):
        lock_patient(connection, patient, day, user=person, reason=why)
    remark("The records of {patient} are locked.", patient=patient)


@app.command("freeze")
def lock_freeze_command(
    context: typer.Context,
    name: FreezeArgument,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Lock a freeze: nobody drops it.

    Example: registry lock freeze paper_2026 --reason "the data of the manuscript"
    """
    from registry.freezes import store
    from registry.signing.locks import lock_freeze

    why = _why(reason)
    with changing(context, user) as (connection, person):
        store.get(connection, name)
        lock_freeze(connection, name, user=person, reason=why)
    remark("The freeze {name} is locked.", name=name)


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List what is locked, since when, by whom and why.

    Example: registry lock list
    """
    from registry.signing.locks import locks

    with reading(context) as connection:
        rows = locks(connection)
    print_rows(rows, form, ("what", "name", "until_on", "since", "by", "reason"))


@unlock_app.command("patient")
def unlock_patient_command(
    context: typer.Context,
    patient: RequiredPatient,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Let a child's records be changed again.

    Example: registry unlock patient P023 --reason "a dose has to be mended"
    """
    from registry.signing.locks import unlock_patient

    why = _why(reason)
    with changing(context, user) as (connection, person):
        unlock_patient(connection, patient, user=person, reason=why)
    remark("The records of {patient} can be changed again.", patient=patient)


@unlock_app.command("freeze")
def unlock_freeze_command(
    context: typer.Context,
    name: FreezeArgument,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Let a freeze be dropped again.

    Example: registry unlock freeze paper_2026 --reason "published"
    """
    from registry.signing.locks import unlock_freeze

    why = _why(reason)
    with changing(context, user) as (connection, person):
        unlock_freeze(connection, name, user=person, reason=why)
    remark("The freeze {name} can be dropped again.", name=name)


def _why(reason: str | None) -> str:
    return require_reason(reason, tr("Something is locked or unlocked only for a reason."))
