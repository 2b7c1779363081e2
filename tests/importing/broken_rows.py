"""Rows that break one rule each: what the import says of them, what the database names.

The limits are the data dictionary's, written out here a second time on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.oracle.records import DATED_BY

from .tables import BIRTH, VALID, Cells, row, tomorrow

DAY_BEFORE_BIRTH = "2010-01-14"


@dataclass(frozen=True)
class Broken:
    """A row that is valid but for `column`, the complaint about it, the constraint that it breaks.

    Without a constraint the value is none of the column's type, so that no table could hold it.
    """

    table: str
    cells: Cells
    column: str
    problem: str
    constraint: str | None

    def __str__(self) -> str:
        return f"{self.table}.{self.column}={self.cells.get(self.column, '')[:40]!r}"


# (table, column, lowest, below it, highest, above it, what is said of values beyond)
NUMBERS = (
    ("anthropometry", "height_cm", "30", "29.99", "230", "230.01", "30 to 230 cm"),
    ("anthropometry", "weight_kg", "1", "0.99", "250", "250.01", "1 to 250 kg"),
    ("anthropometry", "height_z", "-10", "-10.01", "10", "10.01", "-10 to 10 SD"),
    ("anthropometry", "bmi_z", "-10", "-10.01", "10", "10.01", "-10 to 10 SD"),
    ("infusions", "dose_mg", "0.001", "0", "2000", "2000.01", "above 0 to 2000 mg"),
    ("infusions", "weight_kg", "1", "0.99", "250", "250.01", "1 to 250 kg"),
    ("tdm_levels", "ifx_ug_ml", "0", "-0.01", "200", "200.01", "0 to 200 ug/mL"),
    ("tdm_levels", "ada_au_ml", "0", "-0.01", "10000", "10000.01", "0 to 10000 AU/mL"),
    ("endoscopies", "cdeis", "0", "-0.01", "44", "44.01", "0 to 44 points"),
    ("pcdai_visits", "total", "0", "-2.5", "100", "102.5", "0 to 100 in steps of 2.5 points"),
)
LOW_ITEMS = ("hematocrit", "esr")
HIGH_ITEMS = (
    "abdominal_pain",
    "stools",
    "functioning",
    "albumin",
    "weight",
    "height",
    "abdomen",
    "perirectal",
    "extraintestinal",
)
ITEMS = (*HIGH_ITEMS, *LOW_ITEMS)
NO_NUMBERS = (
    "abc",
    "1e3",
    "NaN",
    "Infinity",
    "1 0",
    "--1",
    ".",
    "+",
    "1.2.3",
    "٣",
    "1" * 33,
)
NO_MEASURES = (*NO_NUMBERS, "<", ">", "<x", "<<1", "=1", "1<", "< ")
SEPARATED = "has thousands separators; write the digits and one decimal mark"
DOUBTFUL_NUMBERS = {
    "1,234": "may be 1.234 or 1234; say which with --decimal , or --decimal .",
    "1,234.5": SEPARATED,
    "1 234,5": SEPARATED,
}
NEITHER = "is neither < nor >; a limit of quantification is <x or >x"

NO_DATES = (
    "2020-13-01",
    "2020-00-10",
    "2020-01-00",
    "2020-02-30",
    "2019-02-29",
    "2020-04-31",
    "1900-02-29",
    "0000-01-01",
    "2020-1-32",
    "20201305",
    "31/04/2020",
    "99999",
    "2020.6",
    "today",
    "now",
    "infinity",
    "-infinity",
    "epoch",
)
DOUBTFUL_DATES = {
    "01/02/2020": "may be 2020-02-01 or 2020-01-02; say which with --date-order dmy or mdy, "
    "or write YYYY-MM-DD",
    "2020-01-01T09:30": "has a time of day; write the day alone",
    "20-06-01": "has a year of two digits; write it with four",
    "2020-06": "has no day; write YYYY-MM-DD",
    "2020": "has no day; write YYYY-MM-DD",
}
NO_PARTIAL_DATES = ("2020-13", "2020-00", "2020.1", "20", "2020-", "2020-02-30", "spring", "202O")

CODES = {
    ("patients", "sex"): ("female", "male"),
    ("patients", "diagnosis"): ("CD", "UC", "IBDU"),
    ("phenotypes", "location"): ("L1", "L2", "L3", "none"),
    ("phenotypes", "upper_gi"): ("L4a", "L4b", "L4ab"),
    ("phenotypes", "behaviour"): ("B1", "B2", "B3", "B2B3"),
    ("phenotypes", "growth"): ("G0", "G1"),
    ("lab_results", "analyte"): ("CRP", "ESR", "WBC", "HGB", "HCT", "PLT", "ALB", "FCAL"),
    ("medications", "drug"): (
        "azathioprine", "mercaptopurine", "methotrexate", "thalidomide", "prednisone",
        "prednisolone", "methylprednisolone", "budesonide", "hydrocortisone", "EEN", "mesalazine",
        "adalimumab", "certolizumab", "golimumab", "vedolizumab", "ustekinumab", "risankizumab",
        "tofacitinib", "upadacitinib",
    ),
    ("gene_findings", "zygosity"): (
        "heterozygous", "homozygous", "hemizygous", "compound_heterozygous", "unknown",
    ),
    ("gene_findings", "acmg_class"): (
        "pathogenic", "likely_pathogenic", "uncertain", "likely_benign", "benign",
    ),
    ("conditions", "condition"): (
        "severe_infection", "active_tuberculosis", "lymphoma", "malignancy", "other",
    ),
    ("adverse_events", "severity"): ("mild", "moderate", "severe", "life_threatening", "fatal"),
    ("consents", "scope"): ("registry", "research", "genetics", "contact", "sharing"),
    ("consents", "given_by"): ("parent_or_guardian", "adolescent", "adult"),
    ("follow_up_ends", "reason"): (
        "ifx_stopped", "transferred_to_adult_care", "lost_to_follow_up", "died",
    ),
}  # fmt: skip

UNITS = {
    "CRP": ("mg/L", "mg/dL", "ug/mL"),
    "ESR": ("mm/h",),
    "WBC": ("10^9/L", "/uL"),
    "HGB": ("g/L", "g/dL"),
    "HCT": ("%", "L/L"),
    "PLT": ("10^9/L", "/uL", "10^4/uL"),
    "ALB": ("g/L", "g/dL"),
    "FCAL": ("ug/g", "mg/kg"),
}
WRONG_UNITS = {"CRP": "g/L", "ESR": "mg/L", "WBC": "%", "HGB": "mg/dL", "HCT": "g/L", "ALB": "mg/L"}

REQUIRED = {
    "patients": ("centre", "sex", "birth_date", "diagnosis"),
    "phenotypes": ("assessed_on",),
    "anthropometry": ("measured_on",),
    "infusions": ("infused_on", "dose_mg", "weight_kg"),
    "tdm_levels": ("sampled_on",),
    "pcdai_visits": ("visited_on",),
    "lab_results": ("collected_on", "analyte", "value", "unit"),
    "medications": ("drug", "started_on"),
    "endoscopies": ("performed_on",),
    "surgeries": ("performed_on", "procedure"),
    "gene_findings": ("gene", "hgvs_c"),
    "conditions": ("condition", "onset_on"),
    "adverse_events": ("started_on", "term", "severity", "serious"),
    "consents": ("scope", "signed_on", "given_by"),
    "follow_up_ends": ("ended_on", "reason"),
}

SINGULAR = {
    "patients": "patient",
    "phenotypes": "phenotype",
    "anthropometry": "anthropometry",
    "infusions": "infusion",
    "tdm_levels": "tdm_level",
    "pcdai_visits": "pcdai_visit",
    "lab_results": "lab_result",
    "medications": "medication",
    "endoscopies": "endoscopy",
    "surgeries": "surgery",
    "gene_findings": "gene_finding",
    "conditions": "condition",
    "adverse_events": "adverse_event",
    "consents": "consent",
    "follow_up_ends": "follow_up_end",
}


def _one(table: str, column: str, cell: str, problem: str, constraint: str | None) -> Broken:
    named = None if constraint is None else constraint.format(f"ck_{SINGULAR[table]}_{column}")
    return Broken(table, row(table, **{column: cell}), column, problem, named)


def numbers() -> Iterator[Broken]:
    for table, column, _, below, _, above, words in NUMBERS:
        for cell in (below, above):
            yield _one(table, column, cell, f"is outside {words}", "{}")
        measured = table == "tdm_levels"
        kind = "a number, <number or >number" if measured else "a number"
        for cell in NO_MEASURES if measured else NO_NUMBERS:
            yield _one(table, column, cell, f"is not {kind}", None)
        for cell, words in DOUBTFUL_NUMBERS.items():
            yield _one(table, column, cell, words, None)
    yield _one("tdm_levels", "ifx_ug_ml", ">200.01", "is outside 0 to 200 ug/mL", "{}")
    yield _one("lab_results", "value", "-0.1", "is outside 0 or more", "{}")
    for cell in NO_MEASURES:
        yield _one("lab_results", "value", cell, "is not a number, <number or >number", None)
    for cell in ("<=1", "≤1"):
        yield _one("lab_results", "value", cell, NEITHER, None)
        yield _one("tdm_levels", "ifx_ug_ml", cell, NEITHER, None)
    for cell in ("1", "2.4", "37.6", "0.01"):
        words = "is outside 0 to 100 in steps of 2.5 points"
        yield _one("pcdai_visits", "total", cell, words, "{}")
    for item in ITEMS:
        words = "5 in steps of 2.5" if item in LOW_ITEMS else "10 in steps of 5"
        for cell in ("-5", "7.5" if item in LOW_ITEMS else "15", "1", "2.4", "4.99"):
            yield _one("pcdai_visits", item, cell, f"is outside 0 to {words} points", "{}")
        yield _one("pcdai_visits", item, "high", "is not a number", None)
    for item in HIGH_ITEMS:
        words = "is outside 0 to 10 in steps of 5 points"
        yield _one("pcdai_visits", item, "2.5", words, "{}")


def partial_stops() -> Iterator[Broken]:
    """A drug's stop may be known to the month or the year."""
    for cell in NO_PARTIAL_DATES:
        words = "is not a date; write YYYY-MM-DD, YYYY-MM or YYYY"
        yield _one("medications", "stopped_on", cell, words, None)
    yield _one("medications", "stopped_on", tomorrow(), "lies in the future", "{}")


def dates() -> Iterator[Broken]:
    for table, column in DATED_BY.items():
        for cell in NO_DATES:
            yield _one(table, column, cell, "is not a date; write YYYY-MM-DD", None)
        for cell, words in DOUBTFUL_DATES.items():
            yield _one(table, column, cell, words, None)
        yield _one(table, column, tomorrow(), "lies in the future", "{}")
        named = f"{column}_not_before_birth"
        yield _one(table, column, DAY_BEFORE_BIRTH, "lies before the birth", named)
    yield from partial_stops()
    for table in ("conditions", "adverse_events"):
        for cell in NO_DATES:
            yield _one(table, "resolved_on", cell, "is not a date; write YYYY-MM-DD", None)
        yield _one(table, "resolved_on", tomorrow(), "lies in the future", "{}")
    for column in ("valid_until", "withdrawn_on"):
        for cell in NO_DATES:
            yield _one("consents", column, cell, "is not a date; write YYYY-MM-DD", None)
    for cell in NO_DATES:
        yield _one("patients", "birth_date", cell, "is not a date; write YYYY-MM-DD", None)
    future = row("patients", birth_date=tomorrow(), onset_on="", diagnosed_on="")
    named = "ck_patient_birth_date"
    yield Broken("patients", future, "birth_date", "lies in the future", named)
    for column in ("onset_on", "diagnosed_on"):
        for cell in NO_PARTIAL_DATES:
            words = "is not a date; write YYYY-MM-DD, YYYY-MM or YYYY"
            yield _one("patients", column, cell, words, None)
        # Onset alone, or diagnosis alone, so that no other rule is broken.
        other = {"onset_on": "diagnosed_on", "diagnosed_on": "onset_on"}[column]
        for cell in (tomorrow(), str(int(tomorrow()[:4]) + 1), "2190-01"):
            cells = row("patients", **{column: cell, other: ""})
            named = f"ck_patient_{column}"
            yield Broken("patients", cells, column, "lies in the future", named)
        named = {
            "onset_on": "ck_patient_onset_not_before_birth",
            "diagnosed_on": "ck_patient_diagnosis_not_before_birth",
        }[column]
        for cell in (DAY_BEFORE_BIRTH, "2009-12", "2009"):
            cells = row("patients", **{column: cell, other: ""})
            yield Broken("patients", cells, column, "lies before the birth", named)


def between_dates() -> Iterator[Broken]:
    for onset, diagnosis in (
        ("2018-06-02", "2018-06-01"),
        ("2018-07", "2018-06-30"),
        ("2018-07-01", "2018-06"),
        ("2019", "2018-12-31"),
        ("2019-01", "2018"),
    ):
        cells = row("patients", onset_on=onset, diagnosed_on=diagnosis)
        named = "ck_patient_diagnosis_not_before_onset"
        yield Broken("patients", cells, "diagnosed_on", "lies before the onset", named)
    cells = row("medications", stopped_on="2018-07-31")
    named = "ck_medication_stop_not_before_start"
    yield Broken("medications", cells, "stopped_on", "lies before the start", named)
    cells = row("conditions", resolved_on="2016-12-31")
    named = "ck_condition_resolved_not_before_onset"
    yield Broken("conditions", cells, "resolved_on", "lies before the onset", named)
    cells = row("adverse_events", resolved_on="2018-12-31")
    named = "ck_adverse_event_resolved_not_before_start"
    yield Broken("adverse_events", cells, "resolved_on", "lies before the start", named)
    for column, rule in (("valid_until", "valid"), ("withdrawn_on", "withdrawn")):
        cells = row("consents", **{column: "2018-05-31"})
        named = f"ck_consent_{rule}_not_before_signed"
        yield Broken("consents", cells, column, "lies before the day of the form", named)


def codes() -> Iterator[Broken]:
    for (table, column), allowed in CODES.items():
        words = f"is not one of {', '.join(allowed)}"
        for cell in ("wrong", f"{allowed[0]}x", f"{allowed[0]}|{allowed[1]}", "="):
            yield _one(table, column, cell, words, "{}")
    for cell in ("2", "-", "maybe", "ja", "yes no"):
        yield _one("phenotypes", "perianal", cell, "is neither yes nor no", None)
    units = [unit for listed in UNITS.values() for unit in listed]
    words = f"is not one of {', '.join(dict.fromkeys(units))}"
    for cell in ("mmol/L", "mg", "109/L"):
        yield _one("lab_results", "unit", cell, words, "{}")
    for analyte, unit in WRONG_UNITS.items():
        yield Broken(
            "lab_results",
            row("lab_results", analyte=analyte, unit=unit),
            "unit",
            f"is not a unit of {analyte}: {', '.join(UNITS[analyte])}",
            "ck_lab_result_unit_of_analyte",
        )


def missing() -> Iterator[Broken]:
    for table, columns in REQUIRED.items():
        for column in columns:
            cells = row(table, **{column: ""})
            if column == "birth_date":
                cells |= {"onset_on": "", "diagnosed_on": ""}
            yield Broken(table, cells, column, "is missing", column)
            blank = cells | {column: " \t"}
            yield Broken(table, blank, column, "is missing", column)


def texts() -> Iterator[Broken]:
    for cell in ("1XIAP", "XI AP", "X" * 21, "XIAP;IL10", "=XIAP", "гEN"):
        yield _one("gene_findings", "gene", cell, "is not valid: HGNC symbol", "{}")
    words = "is not a change of coding DNA, as c.664C>T"
    for cell in ("664C>T", "p.R222X", "c.", "c. 664C>T", "g.664C>T", "NM 1:c.664C>T"):
        yield _one("gene_findings", "hgvs_c", cell, words, "{}")
    for cell in ("c.664C>Z", "c.664", "c.C664T", "c.664c>t", "c.664insA", "c.0A>G", "c.٦A>G"):
        yield _one("gene_findings", "hgvs_c", cell, words, None)
    words = "is not a change of a protein, as p.Arg222Ter"
    for cell in ("R222X", "c.664C>T", "p.", "p. R222X", "p.R 222X"):
        yield _one("gene_findings", "hgvs_p", cell, words, "{}")
    for cell in ("p.R222", "p.222X", "p.Xyz222Ter", "p.B2C", "p.(R222X", "p.R0X", "p.A1insG"):
        yield _one("gene_findings", "hgvs_p", cell, words, None)


def totals() -> Iterator[Broken]:
    """A declared total beside all eleven items, and too few items without a total."""
    items = row("pcdai_visits") | dict.fromkeys(ITEMS, "5")
    for total in ("52.5", "57.5", "0"):
        named = "ck_pcdai_visit_total_is_sum_of_items"
        words = "is not the sum of the items, 55"
        yield Broken("pcdai_visits", items | {"total": total}, "total", words, named)
    for item in ITEMS:
        if item != "height":
            # The database misses the score, which it computes from them.
            words = f"is missing, and so are the items to compute it from: {item}"
            yield Broken("pcdai_visits", items | {"total": "", item: ""}, "total", words, "score")


def all_broken() -> list[Broken]:
    """One row a broken rule, of every table and column."""
    makers = (numbers, dates, between_dates, codes, missing, texts, totals)
    found = [broken for maker in makers for broken in maker()]
    assert all(broken.cells["patient_id"] == "P1" for broken in found)
    assert VALID["patients"]["birth_date"] == BIRTH
    return found
