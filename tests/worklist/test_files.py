"""The list as a file: a calendar read back by another reading of RFC 5545, a spreadsheet, CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from icalendar import Calendar
from openpyxl import load_workbook

from registry.cli.worklist import COLUMNS
from registry.drawing.sheet import write_sheet
from registry.errors import Refused, WrongUsage
from registry.worklist.calendar import calendar
from registry.worklist.read import Item

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def item(name: str = "P1:visit_overdue:2025-10-01", **fields: object) -> Item:
    patient, kind, *_ = name.split(":")
    usual: dict[str, object] = {
        "rank": 1,
        "patient_id": patient,
        "centre": "BCH",
        "kind": kind,
        "action": "Enter the PCDAI of the last visit, or see the child.",
        "why": "The last PCDAI is of 2025-10-01; the next was due on 2025-12-30.",
        "due_on": date(2025, 12, 30),
        "days_overdue": 62,
        "rule": kind,
        "source": "this registry's choice",
        "item": name,
        "set_aside": False,
        "set_aside_until": None,
        "from_table": "pcdai_visit",
        "record_on": date(2025, 10, 1),
        "facts": {"last_on": "2025-10-01"},
    }
    return Item(**(usual | fields))  # type: ignore[arg-type]


COMING = item("P2:low_trough:2026-02-20", due_on=date(2026, 3, 20), days_overdue=0)
UNDATED = item("P3:silent:2024-01-01", due_on=None, days_overdue=None)


def events(items: list[Item], on: date = TODAY) -> dict[str, dict[str, object]]:
    """Every event by its UID, its properties decoded."""
    read = Calendar.from_ical(calendar(items, on, NOW))
    return {
        str(event["UID"]): {name: event.decoded(name) for name in event}
        for event in read.walk("VEVENT")
    }


def test_a_coming_item_stands_on_its_day_and_an_overdue_one_on_today() -> None:
    found = events([item(), COMING])
    assert {uid: (event["DTSTART"], event["DTEND"]) for uid, event in found.items()} == {
        "P1:visit_overdue:2025-10-01@crohn-registry": (date(2026, 3, 2), date(2026, 3, 3)),
        "P2:low_trough:2026-02-20@crohn-registry": (date(2026, 3, 20), date(2026, 3, 21)),
    }


def test_what_has_no_date_is_left_out() -> None:
    assert events([UNDATED]) == {}


def test_an_event_says_what_to_do_why_and_by_which_rule() -> None:
    [event] = events([item()]).values()
    assert event["SUMMARY"] == "P1: Enter the PCDAI of the last visit, or see the child."
    assert str(event["DESCRIPTION"]).splitlines() == [
        "The last PCDAI is of 2025-10-01; the next was due on 2025-12-30.",
        "Due on 2025-12-30, 62 days overdue.",
        "Rule: visit_overdue (this registry's choice)",
        "P1:visit_overdue:2025-10-01",
    ]
    assert event["DTSTAMP"] == NOW
    assert event["TRANSP"] == "TRANSPARENT"


def test_the_list_of_the_next_day_moves_an_event_instead_of_adding_one() -> None:
    [(first, today)] = events([item()]).items()
    [(second, tomorrow)] = events([item(days_overdue=63)], date(2026, 3, 3)).items()
    assert first == second
    assert tomorrow["DTSTART"] == date(2026, 3, 3)
    assert int(str(tomorrow["SEQUENCE"])) == int(str(today["SEQUENCE"])) + 1


def test_the_file_is_one_of_rfc_5545() -> None:
    """Lines end in CR LF and have at most 75 octets; the calendar names its maker and version."""
    written = calendar([item(action="Ü" * 200), COMING], TODAY, NOW)
    lines = written.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert lines[-2:] == [b"END:VCALENDAR", b""]
    assert b"\n" not in b"".join(lines)
    assert max(len(line) for line in lines) <= 75
    assert b"VERSION:2.0" in lines
    assert [line for line in lines if line.startswith(b"PRODID:")]
    for event in Calendar.from_ical(written).walk("VEVENT"):
        assert {"UID", "DTSTAMP", "DTSTART"} <= set(event)
        # A day without a time, so that it is that day in every zone.
        assert event["DTSTART"].params["VALUE"] == "DATE"


def test_an_empty_list_is_a_calendar_without_events() -> None:
    """It has a component all the same, without which it would be no calendar (RFC 5545, 3.6)."""
    for items in ([], [UNDATED]):
        read = Calendar.from_ical(calendar(items, TODAY, NOW))
        assert [one.name for one in read.subcomponents] == ["VTIMEZONE"]
        assert read.walk("VEVENT") == []


def rows(*items: Item) -> list[dict[str, object]]:
    return [one.to_json() for one in items]


def test_a_spreadsheet_has_filters_a_header_in_sight_and_typed_cells(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_sheet(rows(item(), UNDATED), COLUMNS, path, title="worklist")
    sheet = load_workbook(path)["worklist"]
    header, first, second = ([cell.value for cell in line] for line in sheet.iter_rows())
    assert header == list(COLUMNS)
    found = dict(zip(header, first, strict=True))
    assert found["due_on"].date() == date(2025, 12, 30)
    assert (found["rank"], found["days_overdue"], found["set_aside"]) == (1, 62, "no")
    assert dict(zip(header, second, strict=True))["due_on"] is None
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:M{sheet.max_row}"


def test_a_text_of_a_spreadsheet_is_never_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    write_sheet(rows(item(why='=HYPERLINK("x")')), COLUMNS, path, title="worklist")
    cell = load_workbook(path)["worklist"].cell(2, COLUMNS.index("why") + 1)
    assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("x")')


def test_a_csv_has_the_same_columns(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_sheet(rows(item(), UNDATED), COLUMNS, path, title="worklist")
    with path.open(encoding="utf-8-sig", newline="") as file:
        first, second = csv.DictReader(file)
    assert tuple(first) == COLUMNS
    assert (first["due_on"], first["days_overdue"]) == ("2025-12-30", "62")
    assert (second["due_on"], second["days_overdue"], second["set_aside"]) == ("", "", "no")


def fails() -> bytes:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("name", "other", "error"),
    [
        ("list.ods", {}, WrongUsage),
        ("missing/list.csv", {}, Refused),
        ("list.ics", {".ics": fails}, Refused),
    ],
)
def test_a_file_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, name: str, other: dict[str, Callable[[], bytes]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        write_sheet(rows(item()), COLUMNS, tmp_path / name, title="worklist", other=other)
    assert list(tmp_path.iterdir()) == []
