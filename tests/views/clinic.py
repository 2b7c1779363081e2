"""Hand-made children, their days counted from the first infusion, and tables to hold views against.

A table is written as it reads: a header of column names, then a row a line, cells parted by two
spaces or more. An empty value is -, yes and no are flags, and a date is the letter d with its day,
d0 being the first infusion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from registry.database.engine import Database
from tests.oracle.cohort import parse_cell
from tests.oracle.records import COLUMNS, Records, empty_records

START = date(2020, 1, 6)
INDUCTION = (0, 14, 42, 98)

# A child in remission at week 14 after severe disease.
SCORES: Mapping[int, str] = {0: "40", 98: "5"}


def on(day: int) -> date:
    """The date of a day of the course."""
    return START + timedelta(days=day)


def child(
    patient_id: str,
    *,
    infusions: Iterable[int | tuple[int, str]] = INDUCTION,
    scores: Mapping[int, str | Mapping[str, str]] = SCORES,
    drugs: Iterable[tuple[str, int, int | str | None]] = (),
    levels: Iterable[tuple[int, str, str, str]] = (),
    phenotypes: Iterable[tuple[int, str]] = (),
    genes: Iterable[tuple[int | None, str, str, str]] = (),
    labs: Iterable[tuple[int, str, str, str]] = (),
    bmi_z: Iterable[tuple[int, str]] = (),
    consents: Iterable[tuple[int, str, int | None]] = (),
    end: tuple[int, str] | None = None,
    **person: str,
) -> Records:
    """One child's records.

    `infusions`: days, or days with a dose in mg for 30 kg (150 otherwise); `scores`: day -> total
    or items; `drugs`: drug, first day, day of the stop or its text; `levels`: day, infliximab,
    antibodies, assay; `phenotypes`: day, perianal disease; `genes`: day, gene, change of DNA and of
    protein; `labs`: day, analyte, value, unit; `bmi_z`: day, entered Z-score; `consents`: day,
    scope, day of withdrawal; `end`: day and reason; `person`: columns of the patient other than
    the usual.
    """
    records = empty_records()

    def add(table: str, **cells: Any) -> None:
        row = {"patient_id": patient_id, **cells}
        records[table].append(
            {
                name: parse_cell(value, kind) if isinstance(value := row.get(name), str) else value
                for name, kind in COLUMNS[table].items()
            }
        )

    add(
        "patients",
        **{
            "centre": "BCH",
            "sex": "male",
            "birth_date": "2008-05-01",
            "onset_on": "2018-02-01",
            "diagnosis": "CD",
            **person,
        },
    )
    for day, scope, withdrawn in consents:
        withdrawn_on = None if withdrawn is None else str(on(withdrawn))
        add(
            "consents",
            scope=scope,
            signed_on=str(on(day)),
            given_by="parent_or_guardian",
            withdrawn_on=withdrawn_on,
        )
    for infusion in infusions:
        day, dose = infusion if isinstance(infusion, tuple) else (infusion, "150")
        add("infusions", infused_on=on(day), dose_mg=dose, weight_kg="30")
    for day, score in scores.items():
        items = {"total": score} if isinstance(score, str) else score
        add("pcdai_visits", visited_on=on(day), **items)
    for drug, first, stop in drugs:
        stopped_on = on(stop) if isinstance(stop, int) else stop
        add("medications", drug=drug, started_on=on(first), stopped_on=stopped_on)
    for day, infliximab, antibodies, assay in levels:
        add(
            "tdm_levels",
            sampled_on=on(day),
            ifx_ug_ml=infliximab,
            ada_au_ml=antibodies,
            assay=assay,
        )
    for day, perianal in phenotypes:
        add("phenotypes", assessed_on=on(day), perianal=perianal)
    for reported, gene, dna, protein in genes:
        reported_on = None if reported is None else on(reported)
        add("gene_findings", reported_on=reported_on, gene=gene, hgvs_c=dna, hgvs_p=protein)
    for day, analyte, value, unit in labs:
        add("lab_results", collected_on=on(day), analyte=analyte, value=value, unit=unit)
    for day, score in bmi_z:
        add("anthropometry", measured_on=on(day), bmi_z=score)
    if end is not None:
        add("follow_up_ends", ended_on=on(end[0]), reason=end[1])
    return records


@dataclass(frozen=True)
class Clinic:
    """A derived registry of hand-made children."""

    database: Database

    def check(
        self, view: str, expected: str, where: str = "definition = 'paper'", order: str = ""
    ) -> None:
        """Compares a view's rows with a table whose header names the columns to look at."""
        header, *rows = [re.split(r"\s{2,}", line.strip()) for line in lines_of(expected)]
        columns = ", ".join(header)
        statement = (
            f"select {columns} from analytics.{view} where {where} order by {order or columns}"
        )
        with self.database.engine.connect() as connection:
            found = [[shown(cell) for cell in row] for row in connection.execute(text(statement))]
        assert [header, *found] == [header, *rows]

    def rows(self, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query."""
        with self.database.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement), parameters).mappings()]


def lines_of(table: str) -> list[str]:
    """The lines of a table that hold something."""
    return [line for line in table.splitlines() if line.strip()]


def shown(cell: object) -> str:
    """A cell as the tables of these tests have it: a day as its number from the start."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, date):
        return f"d{(cell - START).days}"
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}"
    return str(cell)
