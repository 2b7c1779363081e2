"""The synthetic registry: reproducible, valid, lazy, full of edge cases, and true to its hazards.

The rules are written out here once more, from the domain, so that the generator is not checked by
its own understanding of them.
"""

from __future__ import annotations

import csv
import re
import tracemalloc
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from registry.errors import Refused, WrongUsage
from registry.synth import write_registry
from registry.synth.hazard import Spell, event_day
from registry.vocabulary import (
    ACMG_CLASSES,
    ANALYTE_UNITS,
    BEHAVIOURS,
    CONDITIONS,
    CONTRAINDICATIONS,
    DIAGNOSES,
    DRUG_CLASSES,
    EXCLUSION_REASONS,
    FOLLOW_UP_END_REASONS,
    GROWTH,
    LOCATIONS,
    SEXES,
    UPPER_GI,
    ZYGOSITIES,
)

Row = dict[str, str]
Tables = dict[str, list[Row]]

CUT, LAST = "2023-12-31", "2024-12-31"
ITEMS = (
    "abdominal_pain stools functioning hematocrit esr albumin weight height abdomen perirectal "
    "extraintestinal"
).split()
# Table: natural key after patient_id, and every column with what it may hold.
KEYS = {
    "patients": (),
    "phenotypes": ("assessed_on",),
    "anthropometry": ("measured_on",),
    "infusions": ("infused_on",),
    "tdm_levels": ("sampled_on", "assay"),
    "pcdai_visits": ("visited_on",),
    "lab_results": ("collected_on", "analyte"),
    "medications": ("drug", "started_on"),
    "endoscopies": ("performed_on",),
    "surgeries": ("performed_on", "procedure"),
    "gene_findings": ("gene", "hgvs_c"),
    "conditions": ("condition", "onset_on"),
    "follow_up_ends": (),
}


def code(*allowed: str) -> Callable[[str], bool]:
    return lambda text: text in allowed


def number(low: str, high: str) -> Callable[[str], bool]:
    return lambda text: (
        bool(re.fullmatch(r"-?\d+(\.\d+)?", text))
        and Decimal(low) <= Decimal(text) <= Decimal(high)
    )


def measured(high: str) -> Callable[[str], bool]:
    return lambda text: number("0", high)(text.lstrip("<>")) and len(text.lstrip("<>")) > 0


def pattern(regex: str) -> Callable[[str], bool]:
    return lambda text: bool(re.fullmatch(regex, text))


def day(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and date.fromisoformat(text) is not None


def free_text(text: str) -> bool:
    return text == text.strip() and "\n" not in text


SCORE = code("0", "5", "10")
REQUIRED = {
    "patients": {
        "centre": pattern("[A-Z]{3}"),
        "sex": code(*SEXES),
        "birth_date": day,
        "diagnosis": code(*DIAGNOSES),
    },
    "phenotypes": {"assessed_on": day},
    "anthropometry": {"measured_on": day},
    "infusions": {
        "infused_on": day,
        "dose_mg": number("0.1", "2000"),
        "weight_kg": number("1", "250"),
    },
    "tdm_levels": {"sampled_on": day},
    "pcdai_visits": {"visited_on": day},
    "lab_results": {
        "collected_on": day,
        "analyte": code(*ANALYTE_UNITS),
        "value": measured("10000"),
        "unit": code(*(unit for units in ANALYTE_UNITS.values() for unit in units)),
    },
    "medications": {"drug": code(*DRUG_CLASSES), "started_on": day},
    "endoscopies": {"performed_on": day},
    "surgeries": {"performed_on": day, "procedure": free_text},
    "gene_findings": {
        "gene": code("XIAP", "FOXP3", "IL10RA", "IL10RB", "TTC37", "SKIC3"),
        "hgvs_c": pattern(r"(NM_\d+\.\d+:)?c\.\d+[ACGT]>[ACGT]"),
    },
    "conditions": {"condition": code(*CONDITIONS), "onset_on": day},
    "follow_up_ends": {"ended_on": day, "reason": code(*FOLLOW_UP_END_REASONS)},
}
PARTIAL_DATE = pattern(r"\d{4}(-\d\d(-\d\d)?)?")
OPTIONAL = {
    "patients": {"onset_on": PARTIAL_DATE, "diagnosed_on": PARTIAL_DATE},
    "phenotypes": {
        "location": code(*LOCATIONS),
        "upper_gi": code(*UPPER_GI),
        "behaviour": code(*BEHAVIOURS),
        "perianal": code("yes", "no"),
        "growth": code(*GROWTH),
    },
    "anthropometry": {
        "height_cm": number("30", "230"),
        "weight_kg": number("1", "250"),
        "height_z": number("-10", "10"),
        "bmi_z": number("-10", "10"),
    },
    "infusions": {"product": free_text},
    "tdm_levels": {
        "ifx_ug_ml": measured("200"),
        "ada_au_ml": measured("10000"),
        "assay": free_text,
    },
    "pcdai_visits": {
        **dict.fromkeys(ITEMS, SCORE),
        "hematocrit": code("0", "2.5", "5"),
        "esr": code("0", "2.5", "5"),
        "total": lambda text: number("0", "100")(text) and Decimal(text) % Decimal("2.5") == 0,
    },
    "lab_results": {},
    "medications": {"stopped_on": day},
    "endoscopies": {"cdeis": number("0", "44")},
    "surgeries": {},
    "gene_findings": {
        "reported_on": day,
        "hgvs_p": pattern(r"p\.\(?([A-Z]|[A-Z][a-z]{2})\d+([A-Z*]|[A-Z][a-z]{2})\)?"),
        "zygosity": code(*ZYGOSITIES),
        "acmg_class": code(*ACMG_CLASSES),
        "diagnosis": free_text,
    },
    "conditions": {"resolved_on": day},
    "follow_up_ends": {"note": free_text},
}


def read(folder: Path) -> Tables:
    tables = {}
    for table in KEYS:
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            tables[table] = list(csv.DictReader(file))
    return tables


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("synth") / "registry"
    counts = write_registry(2000, 7, folder)
    result = read(folder)
    assert counts == {table: len(rows) for table, rows in result.items()}
    return result


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_seed_same_bytes_and_other_seed_other_bytes(tmp_path: Path) -> None:
    write_registry(40, 3, tmp_path / "a")
    write_registry(40, 3, tmp_path / "b")
    write_registry(40, 4, tmp_path / "c")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert set(contents(tmp_path / "a")) == {f"{table}.csv" for table in KEYS}
    assert b"\r" not in b"".join(contents(tmp_path / "a").values())
    different = contents(tmp_path / "c")
    assert all(different[name] != text for name, text in contents(tmp_path / "a").items() if text)


def test_the_first_children_do_not_depend_on_how_many_follow(tmp_path: Path) -> None:
    write_registry(10, 3, tmp_path / "few")
    write_registry(40, 3, tmp_path / "many")
    many = contents(tmp_path / "many")
    assert all(many[name].startswith(text) for name, text in contents(tmp_path / "few").items())


@pytest.mark.parametrize("table", KEYS)
def test_every_cell_and_key_is_valid(tables: Tables, table: str) -> None:
    checks = {**REQUIRED[table], **OPTIONAL[table]}
    seen = set()
    assert set(tables[table][0]) == {"patient_id", *checks}
    for row in tables[table]:
        assert re.fullmatch(r"S\d{6}", row["patient_id"])
        for column, check in checks.items():
            optional = column in OPTIONAL[table]
            assert (optional and row[column] == "") or check(row[column]), (column, row)
        seen.add((row["patient_id"], *(row[column] for column in KEYS[table])))
    assert len(seen) == len(tables[table])
    assert {row["patient_id"] for row in tables[table]} <= {
        row["patient_id"] for row in tables["patients"]
    }


def test_nothing_before_birth_or_after_the_end_of_the_registry(tables: Tables) -> None:
    births = {row["patient_id"]: row["birth_date"] for row in tables["patients"]}
    died = {
        row["patient_id"]: row["ended_on"]
        for row in tables["follow_up_ends"]
        if row["reason"] == "died"
    }
    for table, rows in tables.items():
        dates = [column for column in rows[0] if column.endswith("_on") and table != "patients"]
        for row in rows:
            last = died.get(row["patient_id"], LAST)
            for column in dates:
                assert row[column] == "" or births[row["patient_id"]] <= row[column] <= last, row


def test_dates_of_a_row_are_in_order(tables: Tables) -> None:
    for row in tables["patients"]:
        birth, onset, diagnosed = row["birth_date"], row["onset_on"], row["diagnosed_on"]
        assert onset >= birth[: len(onset)]
        if onset and diagnosed:
            shorter = min(len(onset), len(diagnosed))
            assert diagnosed[:shorter] >= onset[:shorter]
    for table, first, then in (
        ("medications", "started_on", "stopped_on"),
        ("conditions", "onset_on", "resolved_on"),
    ):
        assert all(row[then] == "" or row[first] <= row[then] for row in tables[table])
    starts = [min(dates) for dates in dates_of(tables, "infusions", "infused_on").values()]
    assert min(starts) >= "2015-01-01"
    assert max(starts) <= "2022-12-31"


def test_courses_of_one_drug_do_not_overlap(tables: Tables) -> None:
    courses = defaultdict(list)
    for row in tables["medications"]:
        courses[row["patient_id"], row["drug"]].append((row["started_on"], row["stopped_on"]))
    for of_drug in courses.values():
        of_drug.sort()
        for (_, stop), (start, _) in zip(of_drug, of_drug[1:], strict=False):
            assert "" != stop <= start


def total(row: Row) -> Decimal | None:
    given = [Decimal(row[item]) for item in ITEMS if row[item]]
    if row["total"]:
        return Decimal(row["total"])
    only_height_missing = all(row[item] for item in ITEMS if item != "height")
    return sum(given, Decimal(0)) if only_height_missing else None


def test_pcdai_totals_are_the_sum_of_their_items(tables: Tables) -> None:
    forms = set()
    for row in tables["pcdai_visits"]:
        assert total(row) is not None
        missing = tuple(item for item in ITEMS if not row[item])
        if missing in ((), ("height",)) and row["total"]:
            assert sum(Decimal(row[item] or 0) for item in ITEMS) == Decimal(row["total"])
        kind = "items" if not missing else "no height" if missing == ("height",) else "gaps"
        forms.add((kind if len(missing) < len(ITEMS) else "total only", row["total"] != ""))
    assert forms == {
        ("items", True),
        ("items", False),
        ("no height", True),
        ("no height", False),
        ("gaps", True),
        ("total only", True),
    }


def test_units_belong_to_the_analyte_and_hgvs_is_consistent(tables: Tables) -> None:
    assert all(row["unit"] in ANALYTE_UNITS[row["analyte"]] for row in tables["lab_results"])
    sexes = {row["patient_id"]: row["sex"] for row in tables["patients"]}
    for row in tables["gene_findings"]:
        base = re.search(r"c\.(\d+)", row["hgvs_c"])
        codon = re.search(r"(\d+)", row["hgvs_p"])
        assert base
        assert codon
        assert -(-int(base[1]) // 3) == int(codon[1])
        if row["zygosity"] == "hemizygous":
            assert sexes[row["patient_id"]] == "male"
            assert row["gene"] in ("XIAP", "FOXP3")


def dates_of(tables: Tables, table: str, column: str) -> dict[str, list[date]]:
    result = defaultdict(list)
    for row in tables[table]:
        result[row["patient_id"]].append(row[column])
    return result


def days_of(tables: Tables, table: str, column: str) -> dict[str, list[int]]:
    return {
        patient: sorted(date.fromisoformat(text).toordinal() for text in texts)
        for patient, texts in dates_of(tables, table, column).items()
    }
