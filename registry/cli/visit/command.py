"""`registry visit`: one clinic day in one go, by a form at a terminal or from one file."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.demo.mark import IntoDemoOption, hold_to_demo
from registry.cli.frame.completion import PatientArgument
from registry.cli.frame.context import opened, remark, run_of, warn
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import flag, option
from registry.cli.records.asking_record import patient_or_asked
from registry.cli.visit.words import lines_of
from registry.errors import WrongUsage, read_text, text_of
from registry.words import tr

if TYPE_CHECKING:
    from registry.cli.visit.form import VisitApp
    from registry.database.engine import Database
    from registry.entry.visit.day import Visit
    from registry.entry.visit.file import VisitFile
    from registry.entry.visit.write import Outcome

STDIN = "-"


def visit_command(
    context: typer.Context,
    patient: PatientArgument = None,
    on: Annotated[str | None, option("--on", "DAY", "The day of the visit; today.")] = None,
    file: Annotated[
        str | None, option("--file", "FILE", "The visit as TOML or JSON; - reads it.")
    ] = None,
    template: Annotated[bool, flag("--template", "Print the day as a file to fill in.")] = False,
    dry_run: Annotated[
        bool, flag("--dry-run", "With --file: say what would follow, store nothing.")
    ] = False,
    into_demo: IntoDemoOption = False,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Enter one clinic day: weight, height, laboratory, PCDAI, level, infusion, other drugs.

    At a terminal a form asks for it, keyboard only: Tab and Enter go on, F2 shows what will be
    stored and what follows from it, F2 again saves all of it in one transaction. What the day
    already has is filled in; changing it needs a reason.

    Without a terminal the visit stands in a file, in these sections and fields:

    \b
    on = 2024-03-01          the day
    [anthropometry]          weight_kg, height_cm
    [lab]                    CRP, ESR, WBC, HGB, HCT, PLT, ALB, FCAL; "3.6 g/dL" with its unit
    [pcdai]                  total, or abdominal_pain, stools, functioning, hematocrit, esr,
                             albumin, weight, height, abdomen, perirectal, extraintestinal
    [tdm]                    ifx_ug_ml, ada_au_ml, assay
    [infusion]               dose_mg, product; the weight is that of the day
    [medication]             started, stopped: lists of drugs

    --template prints such a file with every field, its unit, limits and last known value.

    Example: registry visit P023 --on 2024-03-01 --file visit.toml --dry-run
    """
    if template and (file is not None or dry_run):
        raise WrongUsage(tr("--template stands alone."), cure=tr("Leave the other options out."))
    if file is None and not template:
        _require_terminal(dry_run)
    settings = run_of(context).settings(user)
    given = None if file is None else _read(file)
    if patient is None and given is not None:
        patient = given.study_id
    with opened(settings) as database:
        patient = patient_or_asked(database, patient)
        day = _day_of(patient, on, given)
        if template:
            typer.echo(_template(database, patient, day), nl=False)
            return
        if not dry_run:
            hold_to_demo(database, into_demo)
        if given is not None:
            visit = _visit(database, patient, day, given)
            outcome = _done(database, visit, settings.user, reason, dry_run)
            _print(visit, outcome, form, dry_run)
        else:
            app = _form(database, patient, day, settings.user, reason, ask_day=on is None)
            app.run()
            if app.interrupted:
                raise KeyboardInterrupt
            if app.outcome is None:
                remark("Nothing was stored.")
            else:
                _print(app.visit, app.outcome, form, dry_run=False)


def _form(
    database: Database, patient: str, day: date, user: str, reason: str | None, *, ask_day: bool
) -> VisitApp:
    from registry.cli.visit.form import VisitApp
    from registry.entry.answers.pcdai_points import levels_of_items
    from registry.entry.visit.day import read_day

    with database.engine.connect() as connection:
        read = read_day(connection, patient, day)
        levels = levels_of_items(connection, read.patient.patient, day)
    return VisitApp(database, read, levels, user=user, reason=reason, ask_day=ask_day)


def _require_terminal(dry_run: bool) -> None:
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not at_terminal or os.environ.get("TERM") == "dumb":
        raise WrongUsage(
            tr("There is no terminal to show the form on."),
            cure=tr("Give the visit as a file: --file visit.toml; --template prints an empty one."),
        )
    if dry_run:
        raise WrongUsage(
            tr("--dry-run goes with --file."),
            cure=tr("The form shows what follows before it saves anything."),
        )


def _read(file: str) -> VisitFile:
    from registry.entry.visit.file import read_visit_file

    if file == STDIN:
        name = tr("standard input")
        return read_visit_file(text_of(sys.stdin.buffer.read(), name), name)
    path = Path(file)
    is_json = {".json": True, ".toml": False}.get(path.suffix.lower())
    return read_visit_file(read_text(path), path.name, is_json=is_json)


def _day_of(patient: str, on: str | None, given: VisitFile | None) -> date:
    """The day that option or file names, else today."""
    from registry.entry.visit.day import read_on

    if given is not None and given.study_id not in (None, patient):
        raise WrongUsage(
            tr("The file is of {other}, not of {patient}.", other=given.study_id, patient=patient),
            cure=tr("Name the patient that the file is of."),
        )
    named = [read_on(text) for text in (on, given.on if given else None) if text]
    if len(set(named)) > 1:
        raise WrongUsage(
            tr("--on and the file name two days: {days}.", days=", ".join(map(str, named))),
            cure=tr("Leave one of them out."),
        )
    return named[0] if named else date.today()


def _template(database: Database, patient: str, day: date) -> str:
    from registry.entry.answers.pcdai_points import levels_of_items
    from registry.entry.visit.day import read_day
    from registry.entry.visit.file import template

    with database.engine.connect() as connection:
        read = read_day(connection, patient, day)
        return template(read, levels_of_items(connection, read.patient.patient, day))


def _visit(database: Database, patient: str, day: date, given: VisitFile) -> Visit:
    from registry.entry.visit.day import Visit, read_day

    with database.engine.connect() as connection:
        return Visit(read_day(connection, patient, day), given.values)


def _done(
    database: Database, visit: Visit, user: str, reason: str | None, dry_run: bool
) -> Outcome:
    from registry.entry.visit.write import VisitRejected, preview, save

    if not dry_run:
        with database.engine.begin() as connection:
            return save(connection, visit, user=user, reason=reason)
    with database.engine.connect() as connection:
        outcome = preview(connection, visit)
    if outcome.complaints:
        raise VisitRejected(outcome.complaints)
    return outcome


def _print(visit: Visit, outcome: Outcome, form: Format, dry_run: bool) -> None:
    if form is Format.JSON:
        head = {"patient_id": visit.day.study_id, "on": visit.day.on, "committed": not dry_run}
        document = outcome.to_json()
        for record in document["records"] if dry_run else []:
            if record["did"] == "entered":
                # A number is given when it is stored.
                record |= {"record": None, "version": None}
        print_json(head | document)
        return
    if form is Format.CSV:
        names = ["table", "did", "record", "version"]
        print_rows([one.to_json() for one in outcome.said], form, names)
    else:
        values = {"patient": visit.day.study_id, "on": visit.day.on}
        if not outcome.said:
            typer.echo(tr("Visit of {patient} on {on}: nothing is new.", **values))
        elif dry_run:
            typer.echo(tr("Visit of {patient} on {on}, nothing is stored yet:", **values))
        else:
            typer.echo(tr("Stored: the visit of {patient} on {on}.", **values))
        for kind, words in lines_of(outcome):
            if kind != "warning":
                typer.echo(f"    {words}" if kind == "fact" else f"  {words}")
    for warning in outcome.warnings():
        warn(f"{tr('Warning')}: {warning}")
