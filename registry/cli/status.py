"""`registry status`: the stored status, a row per patient."""

from __future__ import annotations

import typer

from registry.cli.frame.completion import PatientArgument
from registry.cli.frame.context import reading, remark
from registry.cli.frame.disclosure import DisclosureOption, refuse_listing
from registry.cli.frame.options import DefinitionOption
from registry.cli.frame.output import Format, FormatOption, print_rows
from registry.cli.frame.past import read_at

COLUMNS = (
    "patient_id",
    "eligible",
    "reason",
    "start_on",
    "baseline_pcdai",
    "week14_pcdai",
    "induction_outcome",
    "event",
    "event_on",
    "end_on",
    "time_days",
    "censor_reason",
    "last_negative_on",
)


@read_at
def status_command(
    context: typer.Context,
    patient: PatientArgument = None,
    definition: DefinitionOption = None,
    disclosure: DisclosureOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the derived status, of everyone or of one patient.

    Example: registry status P023
    """
    with reading(context) as connection:
        from registry.derivation.status import status_rows, waiting_patients, who_derives
        from registry.records.patient_number import patient_number
        from registry.records.registry_setting import definition_or_default

        refuse_listing(connection, disclosure)
        definition = definition_or_default(connection, definition)
        waiting = waiting_patients(connection, definition)
        cure = who_derives(connection) if waiting else ""
        if patient is not None:
            patient_number(connection, patient)
        rows = status_rows(connection, definition, COLUMNS, patient)
    print_rows(rows, form, COLUMNS)
    if waiting:
        remark(
            "{number:patient has|patients have} changed since the last derivation: {cure}",
            number=waiting,
            cure=cure,
        )
