"""Which files of a folder are read, for which tables, and what is said of the others."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import Connection

from registry.database.engine import Database
from registry.errors import Refused
from registry.importing.drafting.names import table_called
from registry.importing.run import import_files
from registry.parsing.conventions import Conventions
from registry.parsing.missing import read_missing
from registry.records.rows import WriteResult
from tests.programs import Program

from .tables import VALID, accepted, complaints, counts, row, stored, take, write


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("infusions_A", "infusions"),
        ("Infusions 2023", "infusions"),
        ("labs-2", "lab_results"),
        ("lab_results.old", "lab_results"),
        ("infusions (2)", "infusions"),
        ("化验2023", "lab_results"),
        ("PCDAI_visits.site-B", "pcdai_visits"),
        ("infusionsA", None),
        ("notes", None),
        ("2023 infusions", None),
    ],
)
def test_the_table_after_which_a_file_is_named(name: str, table: str | None) -> None:
    assert table_called(name) == table


def test_several_files_of_one_table(connection: Connection, tmp_path: Path) -> None:
    write(tmp_path, "patients", [VALID["patients"]])
    days = ["2018-07-01", "2018-07-15", "2018-08-12"]
    for name, day in zip(["infusions_A", "infusions-2"], days, strict=False):
        write(tmp_path, "infusions", [row("infusions", infused_on=day)]).rename(
            tmp_path / f"{name}.csv"
        )
    book = Workbook()
    assert book.active is not None
    book.active.append(list(VALID["infusions"]))
    book.active.append([*row("infusions", infused_on=days[2]).values()])
    book.save(tmp_path / "infusions 2023.xlsx")
    result = accepted(connection, tmp_path)
    assert result.tables["infusions"] == counts(3, inserted=3)
    assert [str(day) for day in stored(connection, "infusions", "infused_on")] == days


def test_a_record_in_two_files_is_a_complaint_that_names_both(
    connection: Connection, tmp_path: Path
) -> None:
    write(tmp_path, "patients", [VALID["patients"]])
    write(tmp_path, "infusions", [row("infusions", dose_mg="200")]).rename(
        tmp_path / "infusions_B.csv"
    )
    write(tmp_path, "infusions", [VALID["infusions"]])
    [(file, line, _, _, problem)] = complaints(take(connection, tmp_path))
    assert {file, *(name for name in ("infusions.csv", "infusions_B.csv") if name in problem)} == {
        "infusions.csv",
        "infusions_B.csv",
    }
    assert line == 2


def test_what_belongs_to_no_table_is_named_and_passed_over(
    connection: Connection, tmp_path: Path
) -> None:
    write(tmp_path, "patients", [VALID["patients"]])
    for name in (".patients.csv", "~$patients.xlsx", "._infusions.csv", ".DS_Store"):
        (tmp_path / name).write_bytes(b"\x00")
    for name in ("README.md", "notes.csv", "infusion plan.csv", "scan.pdf"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    [note] = accepted(connection, tmp_path).notes
    assert note.endswith(": README.md, infusion plan.csv, notes.csv, scan.pdf")


def test_a_sheet_that_belongs_to_no_table_is_named_and_passed_over(
    connection: Connection, tmp_path: Path
) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = "patients"
    book.active.append(list(VALID["patients"]))
    book.active.append(list(VALID["patients"].values()))
    book.create_sheet("Notes").append(["call the ward"])
    book.save(tmp_path / "cohort.xlsx")
    [note] = accepted(connection, tmp_path).notes
    assert note.endswith(": cohort.xlsx [Notes]")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path)


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def plug(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (device, "a device"),
        (loop, "a loop of links"),
        (link_to_nothing, "a link to nothing"),
        (os.mkfifo, "a pipe"),
        (plug, "a socket"),
    ],
)
def test_only_regular_files_are_read(
    connection: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], None],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("infusions.xlsx")
    make(path)
    with pytest.raises(Refused, match=f"infusions.xlsx is {words}; only files are read"):
        take(connection, path)
    write(tmp_path, "patients", [VALID["patients"]])
    [note] = accepted(connection, tmp_path).notes
    assert note.endswith(f": infusions.xlsx ({words})")


# What a person says of the files, without a mapping


def taken(connection: Connection, path: Path, conventions: Conventions) -> WriteResult:
    result = import_files(connection, [path], conventions=conventions)
    assert result.errors == []
    return result


def test_cells_that_are_said_to_mean_nothing(connection: Connection, tmp_path: Path) -> None:
    write(tmp_path, "patients", [VALID["patients"]])
    levels = [
        row("tdm_levels", ifx_ug_ml="ND", ada_au_ml="12", assay=" - "),
        row("tdm_levels", sampled_on="2018-11-05", ada_au_ml="未测"),
    ]
    write(tmp_path, "tdm_levels", levels)
    result = taken(connection, tmp_path, Conventions(missing=read_missing("-,ND,未测")))
    assert result.notes == [
        "tdm_levels.csv: ND taken as empty, cells: 1",
        "tdm_levels.csv: - taken as empty, cells: 1",
        "tdm_levels.csv: 未测 taken as empty, cells: 1",
    ]
    assert stored(connection, "tdm_levels", "assay") == [None, None]


def test_words_for_nothing_are_parted_by_commas() -> None:
    assert set(read_missing('-, ND ,"a, b",')) == {"-", "ND", "a, b"}


def test_the_header_of_the_study_id_and_the_sheet_that_is_meant(
    connection: Connection, tmp_path: Path
) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = "old"
    book.active.append(["a"])
    sheet = book.create_sheet("2024")
    sheet.append(["Kind", *list(VALID["patients"])[1:]])
    sheet.append(list(VALID["patients"].values()))
    book.save(tmp_path / "patients.xlsx")
    said = Conventions(patient_id="Kind", sheet="2024")
    result = taken(connection, tmp_path / "patients.xlsx", said)
    assert result.tables == {"patients": counts(1, inserted=1)}
    with pytest.raises(Refused, match="no sheet 2025"):
        import_files(
            connection, [tmp_path / "patients.xlsx"], conventions=Conventions(sheet="2025")
        )


def filtered(path: Path) -> Path:
    """Two rows of which one is filtered out, below a hidden title."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "patients"
    sheet.append(["Cohort of the ward"])
    sheet.append(list(VALID["patients"]))
    for name in ("P1", "P2"):
        sheet.append([*row("patients", patient_id=name).values()])
    for line in (1, 4):
        sheet.row_dimensions[line].hidden = True
    book.save(path)
    return path


def test_rows_that_a_workbook_hides_are_counted_or_left_out(
    connection: Connection, tmp_path: Path
) -> None:
    path = filtered(tmp_path / "patients.xlsx")
    result = accepted(connection, path)
    assert result.tables == {"patients": counts(2, inserted=2)}
    assert result.notes == [
        "patients.xlsx [patients]: what stands above the header in line 2 was left out",
        "patients.xlsx [patients]: 1 row hidden or filtered out read like the others; "
        "--skip-hidden leaves them out",
    ]


def test_hidden_rows_can_be_left_out(connection: Connection, tmp_path: Path) -> None:
    path = filtered(tmp_path / "patients.xlsx")
    result = taken(connection, path, Conventions(skip_hidden=True))
    assert result.tables == {"patients": counts(1, inserted=1)}
    assert result.notes == ["patients.xlsx [patients]: 1 row hidden or filtered out left out"]


def test_the_options_by_command(registry: Database, program: Program, tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    header = ",".join(["Kind", *list(VALID["patients"])[1:]])
    path.write_text(f"{header}\n{','.join(row('patients', diagnosed_on='ND').values())}\n")
    options = ["--patient-id", "Kind", "--missing", "-,ND"]
    done = program(registry, "import", str(path), *options)
    assert done.status == 0, done.err
    assert "ND taken as empty, cells: 1" in done.err
    program(registry, "import", str(path), "--map", "m.toml", "--sheet", "a").refused(2)
