"""The workbook to fill: what it holds a cell to, and that a filled one is imported."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection

from registry.importing.template import write_template
from tests.records.conftest import LACKING
from tests.schema.agreed import agreed

from .tables import VALID, accepted, contents, row

DATES = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "registry.xlsx"
    write_template(path)
    return path


@pytest.fixture(scope="module")
def workbook(template: Path) -> Any:
    return load_workbook(template)


def held_to(workbook: Any, table: str, column: str) -> Any:
    """The validation of a column's cells; None where anything may stand."""
    sheet = workbook[table]
    [place] = [cell.column_letter for cell in sheet[1] if cell.value == column]
    found = [v for v in sheet.data_validations.dataValidation if f"{place}2" in v.sqref]
    assert len(found) <= 1
    return found[0] if found else None


def choices(workbook: Any, validation: Any) -> list[Any]:
    """The values of a list to choose from."""
    sheet, area = validation.formula1.split("!")
    return [cell.value for (cell,) in workbook[sheet][area.replace("$", "")]]


def test_a_sheet_a_table_with_its_columns_in_order(workbook: Any) -> None:
    columns: dict[str, list[str]] = {}
    for line in agreed():
        columns.setdefault(line["table"], []).append(line["column"])
    shown = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    headers = {sheet.title: [cell.value for cell in sheet[1]] for sheet in shown}
    assert {name: header[: len(columns[name])] for name, header in headers.items()} == columns
    # Behind them, folded away, why a value is missing.
    for sheet in shown:
        reasons = sheet[1][len(columns[sheet.title]) :]
        assert {cell.value.removesuffix("_missing") for cell in reasons} == LACKING.get(
            sheet.title, set()
        )
        assert all(sheet.column_dimensions[reasons[0].column_letter].hidden for _ in reasons)
    assert [sheet.title for sheet in shown] == list(columns)
    assert workbook.active.title == "patients"
    assert all(cell.comment for sheet in shown for cell in sheet[1])
    assert {sheet.freeze_panes for sheet in shown} == {"B2"}
    required = {(line["table"], line["column"]) for line in agreed() if line["required"] == "yes"}
    assert required == {
        (sheet.title, cell.value)
        for sheet in shown
        for cell in sheet[1]
        if "required" in cell.comment.text.splitlines()[0 if cell.column > 1 else 1]
    }


# Centres are as many as there are; the units follow from the analytes.
CODED = [
    line
    for line in agreed()
    if line["type"] in ("code", "flag") and line["column"] not in ("centre", "unit")
]


@pytest.mark.parametrize("line", CODED, ids=lambda line: line["column"])
def test_codes_are_chosen_from_a_list(workbook: Any, line: dict[str, str]) -> None:
    found = choices(workbook, held_to(workbook, line["table"], line["column"]))
    assert found == line["allowed"].split("|")


@pytest.mark.parametrize(
    "line", [line for line in agreed() if line["type"] in ("number", "measured", "score")]
)
def test_numbers_are_held_to_their_limits(workbook: Any, line: dict[str, str]) -> None:
    validation = held_to(workbook, line["table"], line["column"])
    assert validation.showErrorMessage
    assert validation.error
    if "|" in line["allowed"]:
        assert choices(workbook, validation) == [float(n) for n in line["allowed"].split("|")]
        return
    for limit in re.findall(r"-?[0-9.]+", line["allowed"]):
        assert re.search(rf"[<>=/]{limit}[,)=]", validation.formula1)
    assert ('"<"' in validation.formula1) == (line["type"] == "measured")


def test_dates_may_not_lie_in_the_future(workbook: Any) -> None:
    for line in agreed():
        if line["type"] == "date":
            formula = held_to(workbook, line["table"], line["column"]).formula1
            partial = "partial" in line["meaning"] or line["column"] == "stopped_on"
            assert ("TODAY()" in formula) != partial


def test_a_filled_workbook_is_imported(
    connection: Connection, template: Path, tmp_path: Path
) -> None:
    """As a person fills it: dates as dates, numbers as numbers, the rest as text."""
    workbook = load_workbook(template)
    rows = VALID | {
        "phenotypes": row("phenotypes", perianal="yes"),
        "tdm_levels": row("tdm_levels", ada_au_ml="<2.5"),
        "pcdai_visits": row("pcdai_visits", esr="2.5"),
    }
    for table, cells in rows.items():
        header = [cell.value for cell in workbook[table][1]]
        for column, text in cells.items():
            value: Any = text
            if DATES.fullmatch(text) and column not in ("onset_on", "diagnosed_on"):
                value = date.fromisoformat(text)
            elif re.fullmatch(r"[0-9.]+", text):
                value = float(text)
            workbook[table].cell(2, header.index(column) + 1, value)
    workbook.save(tmp_path / "filled.xlsx")
    result = accepted(connection, tmp_path / "filled.xlsx")
    assert {name: counts.inserted for name, counts in result.tables.items()} == dict.fromkeys(
        rows, 1
    )
    for table in rows:
        [(spelled, _)] = contents(connection, table).items()
        assert {cell for cell in spelled if cell} == {cell for cell in rows[table].values() if cell}


def test_an_empty_workbook_is_no_error(connection: Connection, template: Path) -> None:
    result = accepted(connection, template)
    assert len(result.tables) == 15
    assert {counts.read for counts in result.tables.values()} == {0}
