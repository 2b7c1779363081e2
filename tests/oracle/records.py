"""What one patient's records look like to the oracle, and the import format's columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
Records = dict[str, list[Row]]
"""Table name -> rows of one patient. Every table is there; `patients` holds exactly one row."""


@dataclass(frozen=True)
class Measured:
    """A laboratory value, censored when `comparator` is '<' or '>': then `number` is the limit."""

    comparator: str | None
    number: Decimal

    def __str__(self) -> str:
        return f"{self.comparator or ''}{self.number:f}"


# Kinds: text, date, partial (a date of which the day or the month may be unknown, kept as text),
# stop (a date, or the text of a partial one, or `unknown`), number, measured, flag. A missing value
# of any kind is None.
COLUMNS: dict[str, dict[str, str]] = {
    "patients": {
        "patient_id": "text",
        "centre": "text",
        "sex": "text",
        "birth_date": "date",
        "onset_on": "partial",
        "diagnosed_on": "partial",
        "diagnosis": "text",
    },
    "phenotypes": {
        "patient_id": "text",
        "assessed_on": "date",
        "location": "text",
        "upper_gi": "text",
        "behaviour": "text",
        "perianal": "flag",
        "growth": "text",
    },
    "anthropometry": {
        "patient_id": "text",
        "measured_on": "date",
        "height_cm": "number",
        "weight_kg": "number",
        "height_z": "number",
        "bmi_z": "number",
    },
    "infusions": {
        "patient_id": "text",
        "infused_on": "date",
        "dose_mg": "number",
        "weight_kg": "number",
        "product": "text",
    },
    "tdm_levels": {
        "patient_id": "text",
        "sampled_on": "date",
        "ifx_ug_ml": "measured",
        "ada_au_ml": "measured",
        "assay": "text",
    },
    "pcdai_visits": {
        "patient_id": "text",
        "visited_on": "date",
        "abdominal_pain": "number",
        "stools": "number",
        "functioning": "number",
        "hematocrit": "number",
        "esr": "number",
        "albumin": "number",
        "weight": "number",
        "height": "number",
        "abdomen": "number",
        "perirectal": "number",
        "extraintestinal": "number",
        "total": "number",
    },
    "lab_results": {
        "patient_id": "text",
        "collected_on": "date",
        "analyte": "text",
        "value": "measured",
        "unit": "text",
    },
    "medications": {
        "patient_id": "text",
        "drug": "text",
        "started_on": "date",
        "stopped_on": "stop",
    },
    "endoscopies": {"patient_id": "text", "performed_on": "date", "cdeis": "number"},
    "surgeries": {"patient_id": "text", "performed_on": "date", "procedure": "text"},
    "gene_findings": {
        "patient_id": "text",
        "reported_on": "date",
        "gene": "text",
        "hgvs_c": "text",
        "hgvs_p": "text",
        "zygosity": "text",
        "acmg_class": "text",
        "diagnosis": "text",
    },
    "conditions": {
        "patient_id": "text",
        "condition": "text",
        "onset_on": "date",
        "resolved_on": "date",
    },
    "adverse_events": {
        "patient_id": "text",
        "started_on": "date",
        "term": "text",
        "severity": "text",
        "serious": "flag",
        "resolved_on": "date",
    },
    "consents": {
        "patient_id": "text",
        "scope": "text",
        "signed_on": "date",
        "given_by": "text",
        "form_version": "text",
        "valid_until": "date",
        "withdrawn_on": "date",
    },
    "follow_up_ends": {
        "patient_id": "text",
        "ended_on": "date",
        "reason": "text",
        "note": "text",
    },
}

# The day that a row is dated; a row of `patients` has none.
DATED_BY = {
    "phenotypes": "assessed_on",
    "anthropometry": "measured_on",
    "infusions": "infused_on",
    "tdm_levels": "sampled_on",
    "pcdai_visits": "visited_on",
    "lab_results": "collected_on",
    "medications": "started_on",
    "endoscopies": "performed_on",
    "surgeries": "performed_on",
    "gene_findings": "reported_on",
    "conditions": "onset_on",
    "adverse_events": "started_on",
    "consents": "signed_on",
    "follow_up_ends": "ended_on",
}


def empty_records() -> Records:
    """Every table, without a row."""
    return {table: [] for table in COLUMNS}


def is_partial(text: str) -> bool:
    """Whether a date lacks its day or its month."""
    return len(text) < len("YYYY-MM-DD")


def first_day_of(stop: str) -> date | None:
    """The first day of the period that is known of a stop; None where nothing is."""
    return None if stop == "unknown" else date.fromisoformat((stop + "-01-01")[:10])


def certain_stop(row: Row) -> date | None:
    """The day up to which a course was taken for sure; None for one that is still taken."""
    stop = row["stopped_on"]
    if stop is None or isinstance(stop, date):
        return stop
    return max(first_day_of(stop) or row["started_on"], row["started_on"])


def counted_stop(row: Row) -> date | None:
    """The day up to which a course counts; None for one that is still taken.

    A stop known to the month or year stands for the middle of it, never before the start. Of a
    course that stopped on a day that nobody knows the first day is all that is sure.
    """
    stop = row["stopped_on"]
    if stop is None or isinstance(stop, date):
        return stop
    if stop == "unknown":
        return row["started_on"] + timedelta(days=1)
    return max(middle_of(stop), row["started_on"])


def latest_stop(row: Row) -> date:
    """The last day on which a course can have stopped; the last of all where nobody knows."""
    stop = row["stopped_on"]
    if stop is None or stop == "unknown":
        return date.max
    if isinstance(stop, date):
        return stop
    year, month = (int(part) for part in (stop + "-12")[:7].split("-"))
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def middle_of(text: str) -> date:
    """The day that a possibly partial date stands for, before it is held to birth and t0."""
    if len(text) == len("YYYY"):
        return date(int(text), 7, 1)
    if len(text) == len("YYYY-MM"):
        year, month = text.split("-")
        return date(int(year), int(month), 15)
    return date.fromisoformat(text)


def birthday(birth_date: date, years: int) -> date:
    """The day on which a person completes so many years.

    Born on 29 February, a year without that day brings the birthday on 1 March: only then are the
    years complete.
    """
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:
        return date(birth_date.year + years, 3, 1)
