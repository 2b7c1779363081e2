"""A child, and what the tables hold."""

from __future__ import annotations

from sqlalchemy import text

from registry.database.engine import Database

CHILD = (
    "patient", "add", "T1", "--centre", "BCH", "--sex", "male", "--birth-date", "2010-02-03",
    "--diagnosis", "CD",
)  # fmt: skip
# Every column of the dictionary that a record may do without and whose empty cell says nothing.
LACKING = {
    "patients": {"onset_on", "diagnosed_on"},
    "phenotypes": {"location", "behaviour", "perianal", "growth"},
    "anthropometry": {"height_cm", "weight_kg"},
    "infusions": {"product"},
    "tdm_levels": {"ifx_ug_ml", "ada_au_ml"},
    "pcdai_visits": {
        *("abdominal_pain", "stools", "functioning", "hematocrit", "esr", "albumin", "weight"),
        *("height", "abdomen", "perirectal", "extraintestinal"),
    },
    "endoscopies": {"cdeis"},
    "gene_findings": {"reported_on", "hgvs_p", "zygosity", "acmg_class", "diagnosis"},
}


def rows(database: Database, table: str, columns: str) -> list[tuple[object, ...]]:
    """The table's rows."""
    with database.engine.connect() as connection:
        found = connection.execute(text(f"select {columns} from clinical.{table} order by 1"))
        return [tuple(row) for row in found]
