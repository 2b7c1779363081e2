"""`registry quality` and what it shares with imports and the worklist, at the command line."""

from __future__ import annotations

from colorsys import rgb_to_hls
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from registry.database.engine import Database
from registry.quality.run import RuleCount, store_run, trend
from tests.programs import Program
from tests.records.conftest import CHILD

LABS = "patient_id,collected_on,analyte,value,unit\n"
# An albumin in the wrong unit, and a CRP that is high but not beyond belief.
PLAUSIBLE_CRP = "T1,2020-01-07,CRP,450,mg/L\n"
WRONG_UNIT = "T1,2020-01-07,ALB,3.5,g/L\n"


@pytest.fixture
def ward(registry: Database, program: Program) -> Database:
    assert program(registry, *CHILD).status == 0
    return registry


def labs(folder: Path, *rows: str) -> str:
    path = folder / "lab_results.csv"
    path.write_text(LABS + "".join(rows))
    return str(path)


def hue(colour: str) -> float:
    """The hue of an ARGB colour (degrees: red 0, orange 30, yellow 60)."""
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (2, 4, 6))
    return 360 * rgb_to_hls(red, green, blue)[0]


def test_the_contract_of_warnings_and_counts(
    ward: Database, program: Program, tmp_path: Path
) -> None:
    imported = program(
        ward, "import", labs(tmp_path, PLAUSIBLE_CRP, WRONG_UNIT), "--format", "json"
    )
    assert imported.status == 0
    assert imported.document["errors"] == []
    [warning] = imported.document["warnings"]
    assert set(warning) == {"file", "line", "column", "value", "problem", "rule"}
    assert (warning["line"], warning["column"], warning["value"]) == (3, "unit", "g/L")
    assert warning["rule"] == "lab_unit"
    document = program(ward, "quality", "run", "--format", "json").document
    counts = {count["id"]: count for count in document["rules"]}
    assert {"id", "category", "tried", "failed"} <= set(counts["lab_unit"])
    assert counts["lab_unit"]["category"] == "plausibleUnitConceptIds"
    assert (counts["lab_unit"]["tried"], counts["lab_unit"]["failed"]) == (2, 1)
    assert sum(count["failed"] for count in counts.values()) == 1
    assert document["open_queries"] == 1


def test_what_is_doubtful_is_yellow_and_what_is_wrong_orange(
    ward: Database, program: Program, tmp_path: Path
) -> None:
    target = tmp_path / "marked" / "mend.xlsx"
    target.parent.mkdir()
    wrong = "T1,2020-01-08,ALB,much,g/L\n"
    for rows, cell, least, most in (
        ((WRONG_UNIT,), "E2", 45, 65),
        ((WRONG_UNIT, wrong), "D3", 15, 40),
    ):
        program(ward, "import", "--dry-run", labs(tmp_path, *rows), "--errors-to", str(target))
        sheet = load_workbook(target)["lab_results"]
        assert least < hue(sheet[cell].fill.fgColor.rgb) < most
        assert sheet[cell].comment.text in sheet.cell(int(cell[1]), sheet.max_column).value


def test_the_trend_has_a_row_a_day_of_one_rule_or_of_all(
    ward: Database, program: Program, tmp_path: Path
) -> None:
    earlier = date(2020, 2, 1)
    with ward.engine.begin() as connection:
        counts = [
            RuleCount("lab_unit", "plausibleUnitConceptIds", "", 40, 3, 2),
            RuleCount("too_old", "plausibleTemporal", "", 10, 1, 0),
        ]
        store_run(connection, counts, earlier)
    program(ward, "import", labs(tmp_path, PLAUSIBLE_CRP, WRONG_UNIT))
    for _ in range(2):
        assert program(ward, "quality", "run").status == 0
    everything = program(ward, "quality", "trend", "--format", "json").document
    assert [row["run_on"] for row in everything] == [str(earlier), str(date.today())]
    assert (everything[0]["tried"], everything[0]["failed"]) == (50, 4)
    assert (everything[0]["answered"], everything[0]["open"]) == (2, 2)
    assert float(everything[0]["percent"]) == 8
    of_unit = program(ward, "quality", "trend", "--rule", "lab_unit", "--format", "json").document
    assert [(row["tried"], row["failed"]) for row in of_unit] == [(40, 3), (2, 1)]


def test_another_usual_range_changes_what_is_found(
    ward: Database, program: Program, tmp_path: Path
) -> None:
    def found() -> list[tuple[str, str]]:
        listed = program(ward, "quality", "list", "--format", "json").document
        return [(finding["rule"], finding["said"]) for finding in listed]

    change = ("worklist", "parameters", "--set", "usual_high_CRP=400")
    assert program(ward, "import", labs(tmp_path, PLAUSIBLE_CRP)).status == 0
    assert found() == []
    assert program(ward, *change).status == 2
    assert found() == []
    assert program(ward, *change, "--reason", "our laboratory dilutes from there").status == 0
    [(rule, said)] = found()
    # Where CRP ends at 400, 450 mg/L is 45 with the point one place away.
    assert rule == "lab_slip"
    assert "450" in said
    assert "45 " in said


def test_a_run_is_of_the_day_that_the_registry_takes_for_today(ward: Database) -> None:
    with ward.engine.begin() as connection:
        connection.execute(text("select set_config('registry.today', '2020-03-01', true)"))
        store_run(connection, [RuleCount("lab_unit", "plausibleUnitConceptIds", "", 4, 1, 1)])
        assert trend(connection, "lab_unit")[-1]["run_on"] == date(2020, 3, 1)
