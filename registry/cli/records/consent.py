"""`registry patient withdraw`, and the forms that consents are given on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from registry.cli.frame.completion import complete_patient
from registry.cli.frame.context import opened, reading, remark, require_reason, run_of
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import argument, option
from registry.cli.records.asking_record import patient_or_asked
from registry.errors import WrongUsage, there_are
from registry.vocabulary import CONSENT_GIVERS, CONSENT_SCOPES
from registry.words import tr

FORM_COLUMNS = ("scope", "version", "used_from", "in_use", "consents")
FromOption = Annotated[
    datetime | None, option("--from", "DATE", "From this day on.  [today]", formats=["%Y-%m-%d"])
]


def withdraw_command(
    context: typer.Context,
    patient: Annotated[
        str | None, argument("PATIENT", "The study id.", autocompletion=complete_patient)
    ] = None,
    since: FromOption = None,
    scope: Annotated[
        list[str] | None, option("--scope", "SCOPE", f"One of {', '.join(CONSENT_SCOPES)}.  [all]")
    ] = None,
    given_by: Annotated[
        str,
        option(
            "--by", "WHO", f"Who refuses where no consent is recorded: {', '.join(CONSENT_GIVERS)}."
        ),
    ] = CONSENT_GIVERS[0],
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Withdraw a consent from a day on: analyses and views for research leave the child out.

    What was published stays published, and a freeze keeps the day it was made on. The records stay;
    registry patient erase removes them.

    Example: registry patient withdraw P023 --scope research --reason 'letter of the parents'
    """
    from registry.derivation.status import bring_up_to_date, may_derive
    from registry.entry.consents import withdraw
    from registry.records.change import declare_change, summarise_change

    scopes = list(dict.fromkeys(scope)) if scope else list(CONSENT_SCOPES)
    _hold_to("--scope", scopes, CONSENT_SCOPES)
    _hold_to("--by", [given_by], CONSENT_GIVERS)
    reason = require_reason(reason, tr("A consent is withdrawn only with a --reason."))
    day = since.date() if since else date.today()
    settings = run_of(context).settings(user)
    with opened(settings) as database:
        patient = patient_or_asked(database, patient)
        with database.engine.begin() as connection:
            declare_change(
                connection, user=settings.user, command="patient withdraw", reason=reason
            )
            changed = withdraw(connection, patient, scopes, day, given_by=given_by)
            summarise_change(connection, f"consents: {len(changed)} withdrawn")
        with database.engine.connect() as connection:
            derives = may_derive(connection)
        if derives:
            bring_up_to_date(database.engine, user=settings.user)
        else:
            remark("What is stored of the child is brought up to date by the night.")
    if form is Format.JSON:
        print_json(
            {
                "patient_id": patient,
                "withdrawn_on": day.isoformat(),
                "scopes": scopes,
                "consents": len(changed),
                "values_removed": 0,
                "tables": {},
            }
        )
    elif form is Format.CSV:
        rows = [{"patient_id": patient, **one.cells} for one in changed]
        print_rows(rows, form, ("patient_id", *(changed[0].cells if changed else ())))
    elif changed:
        typer.echo(
            tr(
                "{patient}: withdrawn from {day} on: {scopes}. Nothing was removed; what was "
                "published stays published.",
                patient=patient,
                day=day,
                scopes=", ".join(scopes),
            )
        )
    else:
        typer.echo(tr("{patient}: nothing is left to withdraw.", patient=patient))


def forms_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the versions of the forms that consents are given on.

    Example: registry consent forms
    """
    from registry.entry.consents import list_forms

    with reading(context) as connection:
        print_rows(list_forms(connection), form, FORM_COLUMNS)


def use_form_command(
    context: typer.Context,
    scope: Annotated[str, argument("SCOPE", "What it is a consent to.")],
    version: Annotated[str, argument("VERSION", "As printed on it.")],
    since: FromOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Say that a version of a form is in use from a day on; the worklist asks who signed another.

    Example: registry consent use-form research 4 --from 2026-01-01 --reason 'new ethics vote'
    """
    from registry.entry.consents import use_form

    _hold_to("SCOPE", [scope], CONSENT_SCOPES)
    reason = require_reason(reason, tr("The form in use is changed only with a --reason."))
    settings = run_of(context).settings(user)
    day = since.date() if since else date.today()
    with opened(settings) as database, database.engine.begin() as connection:
        use_form(connection, scope, version, day, user=settings.user, reason=reason)
    typer.echo(
        tr(
            "Consents to {scope} are given on form {version} from {day} on.",
            scope=scope,
            version=version,
            day=day,
        )
    )


def _hold_to(option: str, given: list[str], allowed: tuple[str, ...]) -> None:
    for one in given:
        if one not in allowed:
            raise WrongUsage(
                tr("{option} {value} is not known.", option=option, value=one),
                cure=there_are(allowed),
            )
