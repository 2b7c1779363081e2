"""The odd workbooks, each filled by a function of its own."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

PATIENTS = "patient_id,centre,sex,birth_date,diagnosis"
MEASURED = "patient_id,measured_on,height_cm,weight_kg,bmi_z"
LAB = "patient_id,collected_on,analyte,value,unit"
PHENOTYPES = "patient_id,assessed_on,perianal"


def sheet(book: Workbook, name: str, header: str, *rows: tuple[Any, ...]) -> Worksheet:
    made: Worksheet = book.create_sheet(name)
    made.append(header.split(","))
    for row in rows:
        made.append(row)
    return made


def three_tables(book: Workbook) -> None:
    sheet(book, "patients", PATIENTS, ("P3", "北京", "male", date(2010, 1, 15), "CD"))
    sheet(book, "Anthropometry", MEASURED, ("P3", datetime(2020, 1, 1), 121.5, 31, -0.5))
    sheet(book, "LAB_RESULTS", LAB, ("P3", date(2020, 1, 1), "CRP", "<0.5", "mg/L"))
    book.create_sheet("Sheet4")


def days_since_1904(book: Workbook) -> None:
    book.epoch = CALENDAR_MAC_1904
    plain = sheet(book, "patients", PATIENTS, ("P3", "BCH", "male", date(2010, 1, 15), "CD"))
    plain.append(("P4", "BCH", "male", 38731, "CD"))


def bare_day_numbers(book: Workbook) -> None:
    sheet(book, "patients", PATIENTS, ("P3", "BCH", "male", 40193, "CD"),
          ("P4", "BCH", "male", "40193", "CD"))  # fmt: skip


def noise_of_floats(book: Workbook) -> None:
    sheet(book, "anthropometry", MEASURED, ("P1", date(2020, 1, 1), 121.1 + 0.2, 0.1 + 30.2, -1e-7))


def shown_in_per_cent(book: Workbook) -> None:
    made = sheet(book, "lab_results", LAB,
                 ("P1", date(2020, 1, 1), "HCT", 0.35, "%"),
                 ("P1", date(2020, 1, 2), "HCT", 0.355, None),
                 ("P1", date(2020, 1, 3), "HCT", 0.35, "L/L"))  # fmt: skip
    for place in ("D2", "D3"):
        made[place].number_format = "0.0%"


def errors(book: Workbook) -> None:
    made = sheet(book, "anthropometry", MEASURED, ("P1", date(2020, 1, 1), "#N/A", "#DIV/0!", None))
    for place in ("C2", "D2"):
        made[place].data_type = "e"


def error_in_a_text(book: Workbook) -> None:
    made = sheet(book, "surgeries", "patient_id,performed_on,procedure",
                 ("P1", date(2020, 1, 1), "#REF!"))  # fmt: skip
    made["C2"].data_type = "e"


def formula(book: Workbook) -> None:
    sheet(book, "anthropometry", MEASURED, ("P1", date(2020, 1, 1), "=100+21.5", None, None))


def merged(book: Workbook) -> None:
    made = sheet(book, "anthropometry", MEASURED, ("P1", date(2020, 1, 1), 121.5, 31, None),
                 (None, date(2020, 2, 1), 122, 32, None))  # fmt: skip
    made.merge_cells("A2:A3")


def merged_title(book: Workbook) -> None:
    made = book.create_sheet("anthropometry")
    made.append(["Growth of the cohort"])
    made.append([])
    made.append(MEASURED.split(","))
    made.append(("P1", date(2020, 1, 1), 121.5, 31, None))
    made.merge_cells("A1:E1")


def hidden(book: Workbook) -> None:
    sheet(book, "patients", PATIENTS, ("P3", "BCH", "male", date(2010, 1, 15), "CD"))
    old = sheet(book, "old patients", PATIENTS, ("P9", "BCH", "male", date(2010, 1, 15), "CD"))
    old.sheet_state = "hidden"


def stranger(book: Workbook) -> None:
    sheet(book, "patients", PATIENTS, ("P3", "BCH", "male", date(2010, 1, 15), "CD"))
    sheet(book, "Notes", "what,who", ("to do", "me"))


def one_sheet(book: Workbook) -> None:
    sheet(book, "Sheet1", PATIENTS, ("P3", "BCH", "male", date(2010, 1, 15), "CD"))


def time_of_day(book: Workbook) -> None:
    sheet(book, "anthropometry", MEASURED, ("P1", datetime(2020, 1, 1, 14, 30), 121.5, None, None))


def truths(book: Workbook) -> None:
    sheet(book, "phenotypes", PHENOTYPES, ("P1", date(2020, 1, 1), True),
          ("P1", date(2020, 1, 2), False), ("P1", date(2020, 1, 3), 1))  # fmt: skip


def leading_zeros(book: Workbook) -> None:
    made = sheet(book, "patients", PATIENTS, (7, "BCH", "male", date(2010, 1, 15), "CD"),
                 (8, "BCH", "male", date(2010, 1, 15), "CD"))  # fmt: skip
    made["A2"].number_format = "000"


def numbers_beside_text(book: Workbook) -> None:
    sheet(book, "anthropometry", MEASURED, ("P1", date(2020, 1, 1), 121.234, "31,5", None),
          ("P1", date(2020, 1, 2), "121,234", 31.5, None))  # fmt: skip


def empty_rows_and_columns(book: Workbook) -> None:
    made = book.create_sheet("anthropometry")
    made.append([])
    made.append(["patient_id", None, "measured_on", "height_cm", None, None])
    made.append(["P1", None, date(2020, 1, 1), 121.5, None, None])
    made.append([])
    made.append(["P1", None, date(2020, 1, 2), 122, None, " "])
    made.append(["合计", None, None, 243.5])
    made["A9"].number_format = "0.0"


BOOKS: dict[str, Callable[[Workbook], None]] = {
    "workbook/three_tables.xlsx": three_tables,
    "workbook/days_since_1904.xlsx": days_since_1904,
    "workbook/bare_day_numbers.xlsx": bare_day_numbers,
    "workbook/noise_of_floats.xlsx": noise_of_floats,
    "workbook/shown_in_per_cent.xlsx": shown_in_per_cent,
    "workbook/errors.xlsx": errors,
    "workbook/error_in_a_text.xlsx": error_in_a_text,
    "workbook/formula_never_computed.xlsx": formula,
    "workbook/formula_computed.xlsx": formula,
    "workbook/merged.xlsx": merged,
    "workbook/merged_title.xlsx": merged_title,
    "workbook/hidden.xlsx": hidden,
    "workbook/sheet_that_is_no_table.xlsx": stranger,
    "patients/one_sheet.xlsx": one_sheet,
    "workbook/time_of_day.xlsx": time_of_day,
    "workbook/truths.xlsx": truths,
    "workbook/leading_zeros.xlsx": leading_zeros,
    "workbook/numbers_beside_text.xlsx": numbers_beside_text,
    "workbook/empty_rows_and_columns.xlsx": empty_rows_and_columns,
}


def workbook(fill: Callable[[Workbook], None]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    fill(book)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def computed(book: bytes, value: str) -> bytes:
    """The workbook as a spreadsheet would have stored it, with the value of its one formula."""
    changed = BytesIO()
    with zipfile.ZipFile(BytesIO(book)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                content = re.sub(
                    rb"</f><v ?/>|</f><v></v>", f"</f><v>{value}</v>".encode(), content
                )
            new.writestr(name, content)
    return changed.getvalue()
