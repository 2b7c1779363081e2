"""The synthetic registry: reproducible, valid, lazy, full of edge cases, and true to its hazards.

The rules are written out here once more, from the domain, so that the generator is not checked by
its own understanding of them.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from registry import vocabulary as v
from registry.synth import write_registry
from registry.synth.hazard import Spell, event_day
from registry.views.headers import exclusions

Row = dict[str, str]
Tables = dict[str, list[Row]]
Check = Callable[[str], bool]

LAST, CUT = "2024-12-31", date(2023, 12, 31).toordinal()
ITEMS = (
    *("abdominal_pain", "stools", "functioning", "hematocrit", "esr", "albumin", "weight"),
    *("height", "abdomen", "perirectal", "extraintestinal"),
)


def code(*allowed: str) -> Check:
    return lambda text: text in allowed


def pattern(regex: str) -> Check:
    return lambda text: bool(re.fullmatch(regex, text))


def number(low: str, high: str, step: str = "0.01") -> Check:
    plain = pattern(r"-?\d+(\.\d+)?")
    return lambda text: (
        plain(text)
        and Decimal(low) <= Decimal(text) <= Decimal(high)
        and Decimal(text) % Decimal(step) == 0
    )


def measured(high: str) -> Check:
    return lambda text: number("0", high)(text[text.startswith(("<", ">")) :])


def day(text: str) -> bool:
    return len(text) == 10 and date.fromisoformat(text).isoformat() == text


def words(text: str) -> bool:
    return text == text.strip() and "\n" not in text


def columns(names: str, *checks: Check) -> dict[str, Check]:
    return dict(zip(names.split(), checks, strict=True))


PARTIAL = pattern(r"\d{4}(-\d\d(-\d\d)?)?")
GENE = code("XIAP", "FOXP3", "IL10RA", "IL10RB", "TTC37", "SKIC3")
HGVS_C = pattern(r"(NM_\d+\.\d+:)?c\.\d+[ACGT]>[ACGT]")
HGVS_P = pattern(r"p\.\(?([A-Z]|[A-Z][a-z]{2})\d+([A-Z*]|[A-Z][a-z]{2})\)?")
CENTRE, SEX, DIAGNOSIS = pattern("[A-Z]{3}"), code(*v.SEXES), code(*v.DIAGNOSES)
PARIS = (code(*v.LOCATIONS), code(*v.UPPER_GI), code(*v.BEHAVIOURS))
ANALYTE, ZYGOSITY, ACMG = code(*v.ANALYTES), code(*v.ZYGOSITIES), code(*v.ACMG_CLASSES)
Z, KG = number("-10", "10"), number("1", "250")
SCORES = [number("0", "10", "5")] * len(ITEMS)
SCORES[ITEMS.index("hematocrit")] = SCORES[ITEMS.index("esr")] = number("0", "5", "2.5")
# What each column may hold; a question mark: may be empty. A star: part of the natural key.
CHECKS = {
    "patients": columns(
        "centre sex birth_date onset_on? diagnosed_on? diagnosis",
        *(CENTRE, SEX, day, PARTIAL, PARTIAL, DIAGNOSIS),
    ),
    "phenotypes": columns(
        "assessed_on* location? upper_gi? behaviour? perianal? growth?",
        *(day, *PARIS, code("yes", "no"), code(*v.GROWTH)),
    ),
    "anthropometry": columns(
        "measured_on* height_cm? weight_kg? height_z? bmi_z?", day, number("30", "230"), KG, Z, Z
    ),
    "infusions": columns(
        "infused_on* dose_mg weight_kg product?", day, number("0.1", "2000"), KG, words
    ),
    "tdm_levels": columns(
        "sampled_on* ifx_ug_ml? ada_au_ml? assay?*", day, measured("200"), measured("10000"), words
    ),
    "pcdai_visits": columns(
        f"visited_on* {'? '.join(ITEMS)}? total?", day, *SCORES, number("0", "100", "2.5")
    ),
    "lab_results": columns(
        "collected_on* analyte* value unit", day, ANALYTE, measured("10000"), code(*v.UNITS)
    ),
    "medications": columns("drug* started_on* stopped_on?", code(*v.DRUGS), day, day),
    "endoscopies": columns("performed_on* cdeis?", day, number("0", "44")),
    "surgeries": columns("performed_on* procedure*", day, words),
    "gene_findings": columns(
        "reported_on? gene* hgvs_c* hgvs_p? zygosity? acmg_class? diagnosis?",
        *(day, GENE, HGVS_C, HGVS_P, ZYGOSITY, ACMG, words),
    ),
    "conditions": columns("condition* onset_on* resolved_on?", code(*v.CONDITIONS), day, day),
    "adverse_events": columns(
        "started_on* term* severity serious resolved_on?",
        *(day, words, code(*v.SEVERITIES), code("yes", "no"), day),
    ),
    "consents": columns(
        "scope* signed_on* given_by* form_version? valid_until? withdrawn_on?",
        *(code(*v.CONSENT_SCOPES), day, code(*v.CONSENT_GIVERS), words, day, day),
    ),
    "follow_up_ends": columns("ended_on reason note?", day, code(*v.FOLLOW_UP_END_REASONS), words),
}


def read(folder: Path) -> Tables:
    files = {table: (folder / f"{table}.csv").read_text(encoding="utf-8") for table in CHECKS}
    return {table: list(csv.DictReader(text.splitlines())) for table, text in files.items()}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("synth") / "new" / "registry"
    counts = write_registry(2000, 7, folder)
    tables = read(folder)
    assert counts == {table: len(rows) for table, rows in tables.items()}
    return tables


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_seed_same_bytes_and_other_seed_other_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_registry(60, seed, tmp_path / name)
    first, other = contents(tmp_path / "a"), contents(tmp_path / "c")
    assert first == contents(tmp_path / "b")
    assert set(first) == {f"{table}.csv" for table in CHECKS}
    assert b"\r" not in b"".join(first.values())
    assert all(first[name] != other[name] for name in first)


def test_the_first_children_do_not_depend_on_how_many_follow(tmp_path: Path) -> None:
    write_registry(10, 3, tmp_path / "few")
    write_registry(40, 3, tmp_path / "many")
    many = contents(tmp_path / "many")
    assert all(many[name].startswith(text) for name, text in contents(tmp_path / "few").items())


@pytest.mark.parametrize("table", CHECKS)
def test_every_cell_is_valid_and_every_natural_key_unique(tables: Tables, table: str) -> None:
    rows, checks = tables[table], CHECKS[table]
    names = {column: column.rstrip("?*") for column in checks}
    key = ["patient_id", *(names[column] for column in checks if "*" in column)]
    assert len({tuple(row[name] for name in key) for row in rows}) == len(rows)
    assert {tuple(row) for row in rows} == {("patient_id", *names.values())}
    assert {row["patient_id"] for row in rows} <= {f"S{n:06d}" for n in range(1, 2001)}
    for column, check in checks.items():
        cells = {row[names[column]] for row in rows} - ({""} if "?" in column else set())
        assert not [cell for cell in cells if not check(cell)]


def test_dates_are_in_order(tables: Tables) -> None:
    births = {row["patient_id"]: row["birth_date"] for row in tables["patients"]}
    ends = tables["follow_up_ends"]
    died = {row["patient_id"]: row["ended_on"] for row in ends if row["reason"] == "died"}
    for table, rows in tables.items():
        dated = [column for column in rows[0] if column.endswith("_on") and table != "patients"]
        for row in rows:
            until = died.get(row["patient_id"], LAST)
            for column in dated:
                assert row[column] == "" or births[row["patient_id"]] <= row[column] <= until, row
    for row in tables["patients"]:  # a partial date is at fault only when its whole period is
        onset, diagnosed = row["onset_on"], row["diagnosed_on"]
        shorter = min(len(onset), len(diagnosed))
        assert onset >= row["birth_date"][: len(onset)]
        assert diagnosed[:shorter] >= onset[:shorter]
    assert all(row["onset_on"] <= (row["resolved_on"] or LAST) for row in tables["conditions"])
    starts = [date.fromordinal(r.infusions[0]).year for r in records(tables) if r.infusions]
    assert set(starts) == set(range(2015, 2023))


def test_courses_of_one_drug_do_not_overlap(tables: Tables) -> None:
    courses = defaultdict(list)
    for row in tables["medications"]:
        assert row["started_on"] <= (row["stopped_on"] or LAST)
        courses[row["patient_id"], row["drug"]].append((row["started_on"], row["stopped_on"]))
    for of_drug in courses.values():
        assert all(stop and stop <= start for (_, stop), (start, _) in pairwise(sorted(of_drug)))


def test_pcdai_totals_are_the_sum_of_their_items(tables: Tables) -> None:
    forms = set()
    for row in tables["pcdai_visits"]:
        missing = [item for item in ITEMS if not row[item]]
        computed = f"{sum(float(row[item] or 0) for item in ITEMS):g}"
        assert row["total"] in ("", computed) if missing in ([], ["height"]) else row["total"]
        gaps = "h" if missing == ["height"] else str(len(missing) or "")
        forms.add((gaps, row["total"] != ""))
    # Complete, without height alone (with and without a total), with gaps, and the total alone.
    assert forms == {("", True), ("", False), ("h", True), ("h", False), ("3", True), ("11", True)}


def test_units_belong_to_the_analyte_and_variants_are_consistent(tables: Tables) -> None:
    assert all(row["unit"] in v.ANALYTE_UNITS[row["analyte"]] for row in tables["lab_results"])
    sexes = {row["patient_id"]: row["sex"] for row in tables["patients"]}
    for row in tables["gene_findings"]:
        base, codon = (re.search(r"[cp]\.\D*(\d+)", row[c])[1] for c in ("hgvs_c", "hgvs_p"))  # type: ignore[index]
        assert -(-int(base) // 3) == int(codon)
        if row["zygosity"] == "hemizygous":
            assert (sexes[row["patient_id"]], row["gene"] in ("XIAP", "FOXP3")) == ("male", True)


@dataclass
class Record:
    """One child as the rules see it; days as ordinals, nothing after the data cut."""

    patient: Row
    infusions: list[int]
    scores: list[tuple[int, float]]
    drugs: list[Row]
    conditions: list[Row]
    end: int

    def week14(self) -> tuple[int, float] | None:
        start, fourth = self.infusions[0], self.infusions[3]
        last, target = min(start + 112, self.end), start + 98
        window = [visit for visit in self.scores if start + 84 <= visit[0] <= last]
        return min(window, key=lambda v: (v[0] > fourth, abs(v[0] - target), v[0]), default=None)

    def exclusion(self) -> str | None:
        """The first reason against the child, in the order of the domain's definition."""
        if not self.infusions:
            return "no_infliximab"
        start, iso = self.infusions[0], date.fromordinal(self.infusions[0]).isoformat()
        if self.patient["diagnosis"] != "CD":
            return "not_crohns_disease"
        birth = self.patient["birth_date"]
        if int(iso[:4]) - int(birth[:4]) - (iso[5:] < birth[5:]) >= 18:
            return "age_18_or_over"
        for row in self.drugs:
            if v.DRUG_CLASSES[row["drug"]] == "biologic" and row["started_on"] < iso:
                return "prior_biologic"
        for row in self.conditions:
            over = row["resolved_on"] and row["resolved_on"] < iso
            if row["condition"] != "other" and row["onset_on"] <= iso and not over:
                return "contraindication"
        if len(self.infusions) < 4:
            return "fewer_than_4_infusions"
        planned = zip(self.infusions[1:4], (14, 42, 98), (7, 14, 28), strict=True)
        if any(abs(day - start - target) > tolerance for day, target, tolerance in planned):
            return "late_induction_infusion"
        baseline = [score for day, score in sorted(self.scores) if -28 <= day - start <= 0]
        week14 = self.week14()
        if not baseline or week14 is None:
            return "no_week14_pcdai" if baseline else "no_baseline_pcdai"
        return "primary_non_response" if baseline[-1] - week14[1] <= 12.5 else None

    def event(self) -> int | None:
        """The day of the first score above 15 after week 14, within the observation."""
        first, last = (self.week14() or (self.end,))[0], self.end
        return min((d for d, x in self.scores if first < d <= last and x > 15), default=None)

    def on_immunomodulator(self, day: int) -> bool:
        iso = date.fromordinal(day).isoformat()
        return any(
            v.DRUG_CLASSES[row["drug"]] == "immunomodulator"
            and row["started_on"] <= iso < (row["stopped_on"] or "9999")
            for row in self.drugs
        )


def records(tables: Tables) -> list[Record]:
    def by_patient(table: str) -> dict[str, list[Row]]:
        result = defaultdict(list)
        for row in tables[table]:
            result[row["patient_id"]].append(row)
        return result

    def ordinal(text: str) -> int:
        return date.fromisoformat(text).toordinal()

    infusions, scores = defaultdict(list), defaultdict(list)
    for row in tables["infusions"]:
        if (day := ordinal(row["infused_on"])) <= CUT:
            infusions[row["patient_id"]].append(day)
    for row in tables["pcdai_visits"]:
        if (day := ordinal(row["visited_on"])) <= CUT:
            total = float(row["total"] or sum(float(row[item] or 0) for item in ITEMS))
            scores[row["patient_id"]].append((day, total))
    drugs, conditions = by_patient("medications"), by_patient("conditions")
    ends = {row["patient_id"]: ordinal(row["ended_on"]) for row in tables["follow_up_ends"]}
    return [
        Record(row, infusions[p], scores[p], drugs[p], conditions[p], min(ends.get(p, CUT), CUT))
        for row in tables["patients"]
        for p in (row["patient_id"],)
    ]


def test_every_exclusion_occurs_and_the_cohort_resembles_the_study(tables: Tables) -> None:
    everyone = records(tables)
    reasons = Counter(record.exclusion() for record in everyone)
    # Nobody withdraws: who is left out by that is no property of a disease.
    assert set(reasons) == {None, *exclusions()} - {"no_research_consent"}
    assert 0.76 <= reasons[None] / len(everyone) <= 0.86
    eligible = [record for record in everyone if record.exclusion() is None]
    events = [record.event() for record in eligible]
    assert 0.2 <= sum(event is not None for event in events) / len(eligible) <= 0.3
    assert any(event == record.end for record, event in zip(eligible, events, strict=True))
    assert max(week14[1] for record in eligible if (week14 := record.week14())) > 15


def test_the_situations_that_the_rules_distinguish_occur(tables: Tables) -> None:
    patients, everyone = tables["patients"], records(tables)
    assert {len(row["onset_on"]) for row in patients} == {0, 4, 7, 10}
    assert "02-29" in {row["birth_date"][5:] for row in patients}
    assert {row["diagnosis"] for row in patients} == set(v.DIAGNOSES)
    assert max(row["visited_on"] for row in tables["pcdai_visits"]) > "2024-06"
    levels, samples = tables["tdm_levels"], tables["lab_results"]
    assert {row["assay"] for row in levels} == {"ELISA", "HMSA", ""}
    assert {"<0.4", "<10"} < {row[c] for row in levels for c in ("ifx_ug_ml", "ada_au_ml")}
    assert {"<0.5", "<20", ">12"} < {row["value"] for row in samples if row["analyte"] == "CRP"}
    own_units = {next(iter(units)) for units in v.ANALYTE_UNITS.values()}
    assert {row["unit"] for row in samples} == own_units | {"mg/dL", "g/dL"}
    assert {row["reason"] for row in tables["follow_up_ends"]} == set(v.FOLLOW_UP_END_REASONS)
    sides = [
        {d > r.infusions[3] for d, _ in r.scores if abs(d - r.infusions[0] - 98) <= 14}
        for r in everyone
        if len(r.infusions) >= 4
    ]
    assert all(side in sides for side in ({True}, {False}, {True, False}))


def rate_ratio(folder: Path, im_hazard_ratio: float) -> float:
    """Events per day on an immunomodulator against off it, from week 14 on."""
    write_registry(800, 11, folder, im_hazard_ratio=im_hazard_ratio)
    days, events = Counter[bool](), Counter[bool]()
    for record in records(read(folder)):
        week14 = record.week14() if record.exclusion() is None else None
        if week14 is None or week14[1] > 15:
            continue
        event = record.event()
        for day in range(week14[0], event or record.end, 28):  # every fourth week tells enough
            days[record.on_immunomodulator(day)] += 28
        if event is not None:
            events[record.on_immunomodulator(event - 1)] += 1
    return (events[True] / days[True]) / (events[False] / days[False])


def test_immunomodulators_protect_as_much_as_the_hazard_ratio_says(tmp_path: Path) -> None:
    none, strong = rate_ratio(tmp_path / "none", 1), rate_ratio(tmp_path / "strong", 0.2)
    # With some 150 events the ratio has a standard error of 0.2 on the log scale: three of them.
    assert 0.55 < none < 1.8
    assert strong < 0.6 * none


def test_event_day_inverts_the_cumulative_hazard() -> None:
    assert event_day(1.0, 100, 1000, 0.01, []) == 200
    assert event_day(1.0, 100, 150, 0.01, []) is None
    assert event_day(1.0, 100, 1000, 0.01, [Spell(150, None, 0.5)]) == 250
    assert event_day(1.0, 100, 1000, 0.01, [Spell(0, 120, 2.0), Spell(110, 120, 2.0)]) == 160
