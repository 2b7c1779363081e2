"""`registry explain`: why a patient has his status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from registry.cli.analyse.data import frozen_basis
from registry.cli.frame.completion import PatientArgument
from registry.cli.frame.context import opened, run_of
from registry.cli.frame.disclosure import DisclosureOption, refuse_listing
from registry.cli.frame.options import DefinitionOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.past import read_at
from registry.cli.records.asking_record import patient_or_asked
from registry.terminal_width import columns, padded
from registry.words import note, spoken, tr

if TYPE_CHECKING:
    from registry.derivation.explanation import Explanation

MARKS = {True: note("yes"), False: note("NO"), None: "-"}


@read_at
def explain_command(
    context: typer.Context,
    patient: PatientArgument = None,
    definition: DefinitionOption = None,
    disclosure: DisclosureOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Explain a status: each rule in order, the record that decided it, what it was held to.

    Example: registry explain P023 --definition recommended
    """
    with (
        opened(run_of(context).settings()) as database,
        database.engine.connect() as connection,
    ):
        from registry.derivation.explanation import explain
        from registry.records.patient_number import patient_number
        from registry.records.registry_setting import definition_or_default

        refuse_listing(connection, disclosure)
        patient = patient_or_asked(database, patient)
        definition = definition_or_default(connection, definition)
        patient_number(connection, patient)
        explanation = explain(connection, patient, definition)
        basis = frozen_basis(connection, definition)
    if form is Format.JSON:
        print_json(explanation.to_json() | basis)
    elif form is Format.CSV:
        print_rows([step._asdict() for step in explanation.rules], form)
    else:
        _print(explanation)


def _print(explanation: Explanation) -> None:
    typer.echo(
        tr(
            "{patient}, definition {definition}",
            patient=explanation.patient_id,
            definition=explanation.definition,
        )
    )
    typer.echo(explanation.conclusion)
    width = max(columns(step.rule) for step in explanation.rules)
    for number, step in enumerate(explanation.rules, start=1):
        mark, rule = padded(spoken(MARKS[step.passed]), 3), padded(step.rule, width)
        typer.echo(f"\n{number:>2}  {mark}  {rule}  {step.finding}")
        below = " " * (width + 11)
        typer.echo(below + tr("held to: {limit}", limit=step.held_to), nl=False)
        if step.table is not None:
            record = step.table
            if step.on:
                record = tr("{table} of {day}", table=step.table, day=step.on)
            typer.echo(f"\n{below}" + tr("record: {record}", record=record), nl=False)
    typer.echo()
