"""Rows that are read many at a time come out as those that are read one by one."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from registry.importing import run
from registry.importing.files import delimited
from registry.importing.files.find import ImportTable, find_tables
from registry.importing.reading import TableReader
from registry.importing.run import import_files
from registry.models.patient import STUDY_ID
from registry.parsing.cells import plain_row
from registry.parsing.conventions import NOTHING_SAID
from registry.records.rows import PATIENT_COLUMN, Lines, Problem, Row, Source, file_columns
from registry.records.staging import staged

HEADER = "patient_id,performed_on,procedure"
PATIENTS = ["P001", "P002", "p-3", "", " P001", "P 1", "total", "\u2003P1", "1" * 33]
DAYS = ["2017-03-04", "2020-02-29", "2017", "04/03/2017", "3.4.2017", "2017-13-01", ""]
TEXTS = ["resection", "ileo-caecal, partial", 'a "wide" one', "Crohn's", "'=1+1", "-x", "=1+1",
         "back\\slash", " blanks ", "", "瘘管", "a\tb", "two\nlines", "two\r\nlines", "#N/A",
         "\x07", "nul\0", "x" * 70]  # fmt: skip
ENDS = ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n,,\n", "\n \n"]


def test_every_file_is_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    path = tmp_path / "surgeries.csv"
    together = 0
    for _ in range(400):
        monkeypatch.setattr(delimited, "_PIECE", chance.choice([1, 30, 90, 1 << 16]))
        separator = chance.choice([",", ",", ";", "\t"])
        path.write_bytes(_file(chance, separator))
        for table in find_tables([tmp_path]):
            if not table.header_problems() and table.source().lines is not None:
                together += _read_alike(table)
    # Otherwise nothing was compared.
    assert together > 100


def _file(chance: random.Random, separator: str) -> bytes:
    """A file, at times one in which nearly all is as it should be."""
    tame = chance.random() < 0.6
    text = chance.choice(["", "", f"sep={separator}\n"] if not tame else [""])
    text += HEADER.replace(",", separator) + chance.choice([",", ""] if not tame else [""]) + "\n"
    ends = ["\n"] if chance.random() < 0.5 else ENDS
    for number in range(chance.randrange(12)):
        wild = not tame or chance.random() < 0.1
        cells = [f"P{number:03}", "2017-03-04", "resection of it"]
        if wild:
            cells = [chance.choice(PATIENTS), chance.choice(DAYS), chance.choice(TEXTS)]
            cells = cells[: chance.choice([1, 2, 3, 3, 3, 3, 3, 3])]
        quoted = [
            '"' + cell.replace('"', '""') + '"'
            if set(cell) & {separator, '"', "\n", "\r"} or (wild and chance.random() < 0.1)
            else cell
            for cell in cells
        ]
        text += separator.join(quoted) + chance.choice(ends if wild else ["\n"])
    if chance.random() < 0.3:
        text = text.rstrip("\r\n")
    if chance.random() < 0.05:
        text += '"never closed'
    written = text.encode()
    return written + chance.choice([b"", b"", b"", b"P9,2017-03-04,\xff\xfe\n"])


def _read_alike(table: ImportTable) -> int:
    """How many rows came many at a time."""
    source = table.source()
    variables = {PATIENT_COLUMN: STUDY_ID, **file_columns(table.entity)}
    is_plain = plain_row([variables[column] for column in source.columns], STUDY_ID)
    one_by_one, together = TableReader(source, NOTHING_SAID), TableReader(source, NOTHING_SAID)
    problems: tuple[list[Problem], list[Problem]] = ([], [])
    rows = list(one_by_one.read().rows(problems[0]))
    lines = together.read().lines
    assert lines is not None
    got = list(lines(problems[1], is_plain))
    assert list(_parted(got)) == rows
    assert problems[0] == problems[1]
    assert one_by_one.notes == together.notes
    return sum(len(one.rows) for one in got if isinstance(one, Lines))


def _parted(rows: Iterable[Row | Lines]) -> Iterator[Row]:
    for one in rows:
        if isinstance(one, Lines):
            yield from (Row(one.line + n, row.split("\t")) for n, row in enumerate(one.rows))
        else:
            yield one


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        # A title above it, a column without a name, and the one of reasons that an import writes.
        ("title", "Surgeries of 2017\n" + HEADER + "\nP001,2017-03-04,resection\n"),
        ("gap", "patient_id,performed_on,,procedure\nP001,2017-03-04,,resection\n"),
        ("marked", HEADER + ",problem\nP001,2017-03-04,resection,is wrong\n"),
        ("trailing", HEADER + ",\nP001,2017-03-04,resection,\nP002,2017-03-04,resection,x\n"),
        ("width", HEADER + "\nP001,2017-03-04\nP002,2017-03-04,a,b\nP003,2017-03-04,c\n"),
        ("long", HEADER + "\nP001,2017-03-04," + "x" * 140_000 + "\nP002,2017-03-04,y\n"),
        ("longer", HEADER + "\nP001,2017-03-04," + "x" * (1 << 20) + "\nP002,2017-03-04,y\n"),
        ("open", HEADER + '\nP001,2017-03-04,a\nP002,2017-03-04,"a\n' + "P003,2017-03-04,b\n" * 9),
    ],
)
def test_a_file_of_another_layout_is_read_alike(
    name: str, rows: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "surgeries.csv").write_text(rows)
    monkeypatch.setattr(delimited, "_PIECE", 50)
    (table,) = find_tables([tmp_path])
    assert name == "gap" or not table.header_problems()
    if table.source().lines is None:
        assert name in ("gap", "marked", "trailing")
    else:
        _read_alike(table)


def test_rows_of_lines_are_staged_alike(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "patients.csv").write_text(
        "patient_id,centre,sex,birth_date,diagnosed_on,diagnosis\n"
        "P001,A,male,2005-03-04,2015,CD\nP002,A,m,2005-03-04,2015,CD\n"
        'P003,B,female,2005-02-30,2015,CD\nP004,"B",female,2005-03-04,2015-06,CD\n'
        "P005,B,female,2005-03-04,2015-06-07,CD\n"
    )

    def everything() -> list[Any]:
        savepoint = connection.begin_nested()
        found = import_files(connection, [tmp_path])
        rows = connection.exec_driver_sql(f"select * from {staged_patients}").all()
        savepoint.rollback()
        return [found.to_json(), sorted(map(str, rows))]

    (entity,) = {table.entity for table in find_tables([tmp_path])}
    staged_patients = staged(entity)
    together = everything()
    read = TableReader.read

    def one_by_one(reader: TableReader) -> Source:
        return read(reader)._replace(lines=None)

    monkeypatch.setattr(run.TableReader, "read", one_by_one)
    assert together == everything()
    assert len(together[1]) == 5
