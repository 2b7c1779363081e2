"""The thirteen import files with their columns, and the rows of one child on their way there."""

from __future__ import annotations

from registry.synth.days import iso

PCDAI_ITEMS = (
    "abdominal_pain",
    "stools",
    "functioning",
    "hematocrit",
    "esr",
    "albumin",
    "weight",
    "height",
    "abdomen",
    "perirectal",
    "extraintestinal",
)

# The columns after patient_id, in the order of the data dictionary. They stand here once more
# because the generator may not depend on the database models; the import refuses a difference.
COLUMNS: dict[str, tuple[str, ...]] = {
    "patients": ("centre", "sex", "birth_date", "onset_on", "diagnosed_on", "diagnosis"),
    "phenotypes": ("assessed_on", "location", "upper_gi", "behaviour", "perianal", "growth"),
    "anthropometry": ("measured_on", "height_cm", "weight_kg", "height_z", "bmi_z"),
    "infusions": ("infused_on", "dose_mg", "weight_kg", "product"),
    "tdm_levels": ("sampled_on", "ifx_ug_ml", "ada_au_ml", "assay"),
    "pcdai_visits": ("visited_on", *PCDAI_ITEMS, "total"),
    "lab_results": ("collected_on", "analyte", "value", "unit"),
    "medications": ("drug", "started_on", "stopped_on"),
    "endoscopies": ("performed_on", "cdeis"),
    "surgeries": ("performed_on", "procedure"),
    "gene_findings": (
        "reported_on",
        "gene",
        "hgvs_c",
        "hgvs_p",
        "zygosity",
        "acmg_class",
        "diagnosis",
    ),
    "conditions": ("condition", "onset_on", "resolved_on"),
    "follow_up_ends": ("ended_on", "reason", "note"),
}

Row = tuple[str, ...]


class Rows:
    """The rows of one child.

    Two things hold for whatever is added: it is dated from birth to the last day known of the
    child, and a natural key has one row, the first one added.
    """

    def __init__(self, patient_id: str, birth: int, last_day: int) -> None:
        self.patient_id = patient_id
        self.birth = birth
        self.last_day = last_day
        self._tables: dict[str, dict[tuple[int, str], Row]] = {table: {} for table in COLUMNS}

    def covers(self, day: int) -> bool:
        """Whether something may be dated on that day."""
        return self.birth <= day <= self.last_day

    def add(self, table: str, cells: Row, *, day: int | None, key: str = "") -> bool:
        """Add a row under its natural key; False when it was out of time or there already.

        `day` is None where the date is no part of the key; `key` is what names the row beside it.
        """
        if day is not None and not self.covers(day):
            return False
        rows = self._tables[table]
        natural_key = (day or 0, key)
        if natural_key in rows:
            return False
        rows[natural_key] = (self.patient_id, *cells)
        return True

    def optional(self, day: int | None) -> str:
        """The text of a date that may be missing; a day not yet known of is missing too."""
        return "" if day is None or day > self.last_day else iso(day)

    def of(self, table: str) -> list[Row]:
        """The rows of a table by date and key."""
        rows = self._tables[table]
        return [rows[natural_key] for natural_key in sorted(rows)]
