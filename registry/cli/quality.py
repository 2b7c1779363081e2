"""`registry quality`: how plausible the records are, by rule, record and day."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.frame.completion import PatientArgument
from registry.cli.frame.context import opened, reading, remark, run_of
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import option

app = typer.Typer(
    no_args_is_help=True,
    help="How plausible the records are: rules counted, failed records listed, the trend. The "
    "rules and their numbers are changed by: registry worklist rules, registry worklist parameters",
)
RUN_COLUMNS = ("id", "category", "tried", "failed", "answered", "percent")
LIST_COLUMNS = ("patient_id", "rule", "from_table", "record_on", "column_name", "value", "said")

RuleOption = Annotated[str | None, option("--rule", "RULE", "Only this rule of plausibility.")]


@app.command("run")
def run_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """Hold every record to every rule; count those tried and failed, in OHDSI's words.

    The counts are kept as those of today, for the trend; the nightly run keeps them too.

    Example: registry quality run --format json
    """
    from registry.quality.run import count_rules, open_queries, store_run

    with opened(run_of(context).settings()) as database, database.engine.begin() as connection:
        counts = count_rules(connection)
        asked = open_queries(connection, counts)
        store_run(connection, counts)
    rows = [count.to_json() for count in counts]
    if form is Format.JSON:
        print_json({"rules": rows, "open_queries": asked})
        return
    print_rows(rows, form, RUN_COLUMNS)
    tried = sum(count.tried for count in counts)
    failed = sum(count.failed for count in counts)
    remark("{failed} of {tried:check|checks} failed.", failed=failed, tried=tried)
    if failed:
        remark("Which, and what to do: registry quality list")
    if asked:
        remark("{number:query is|queries are} open: registry query list", number=asked)


@app.command("list")
def list_command(
    context: typer.Context,
    patient: PatientArgument = None,
    rule: RuleOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the records that failed a rule, of everyone or of one patient.

    Example: registry quality list P023
    """
    from registry.quality.findings import list_findings

    with reading(context) as connection:
        found = list_findings(connection, rule=rule, patient=patient)
    rows = [finding._asdict() for finding in found]
    print_rows(rows, form, LIST_COLUMNS if form is Format.TABLE else None)
    remark("{number:finding|findings}.", number=len(found))


@app.command("trend")
def trend_command(
    context: typer.Context, rule: RuleOption = None, form: FormatOption = Format.TABLE
) -> None:
    """Show how many checks were tried and failed on each day that they were run.

    Of the failed some are answered for; the others are open.

    Example: registry quality trend --rule lab_unit
    """
    from registry.quality.run import trend

    with reading(context) as connection:
        rows = trend(connection, rule)
    print_rows(rows, form)
