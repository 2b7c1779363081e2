"""Files made to fill the memory: each is refused or complained of, and none takes 500 MB."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from registry.importing import reading
from registry.importing.run import import_files
from registry.records import checks
from registry.records import rows as complaints

MEGABYTE = 1 << 20
MAIN = b'<workbook xmlns:r="r"><sheets><sheet name="patients" r:id="r1"/></sheets></workbook>'
ROOT = b'<Relationships><Relationship Id="r0" Type="x/officeDocument" Target="xl/workbook.xml"/>'
PARTS = (
    b'<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>'
    b'<Relationship Id="r2" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
HEADER = b'<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>patient_id</v></c></row>'

# Reads each file as an import does and prints what comes of it, then the peak in megabytes.
READ = """
import json, sys
from pathlib import Path
from registry.errors import RegistryError
from registry.importing.files.find import find_tables
import registry.importing.run
import registry.importing.files.xlsx
registry.importing.files.xlsx.LARGEST_SHEET = 24 << 20  # quick to reach
said = {}
for name in sys.argv[1:]:
    try:
        problems = []
        [table] = find_tables([Path(name)])
        for _ in table.source().rows(problems):
            pass
        said[name] = [one.problem for one in table.table.problems + problems]
    except RegistryError as error:
        said[name] = [str(error)]
    # Not the ru_maxrss of getrusage: that is inherited from the process that ran pytest.
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    said[name].append(peak)
print(json.dumps(said))
"""


def xlsx(path: Path, start: bytes, piece: bytes, times: int, shared: bool = False) -> None:
    """A workbook of one sheet, or of its shared texts, in which a piece stands many times."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        made.writestr("_rels/.rels", ROOT + b"</Relationships>")
        made.writestr("xl/workbook.xml", MAIN)
        made.writestr("xl/_rels/workbook.xml.rels", PARTS)
        if shared:
            made.writestr("xl/worksheets/sheet1.xml", HEADER + b"</sheetData></worksheet>")
        else:
            made.writestr("xl/sharedStrings.xml", "<sst/>")
        name = "xl/sharedStrings.xml" if shared else "xl/worksheets/sheet1.xml"
        with made.open(name, "w") as member:
            member.write(start)
            for _ in range(times):
                member.write(piece)


def one_cell(path: Path) -> None:
    xlsx(path, HEADER + b'<row r="2"><c r="A2" t="str"><v>', b"A" * MEGABYTE, 80)


def blanks(path: Path) -> None:
    xlsx(path, HEADER, b" " * MEGABYTE, 26)


def empty_rows(path: Path) -> None:
    xlsx(path, HEADER, b"<row/>" * 100_000, 30)


def one_tag(path: Path) -> None:
    xlsx(path, HEADER + b'<row r="', b"2" * MEGABYTE, 80)


def pieces_of_a_cell(path: Path) -> None:
    piece = b"<r><t>AAAAAAAAAA</t></r>" * 10_000
    xlsx(path, HEADER + b'<row r="2"><c r="A2" t="inlineStr"><is>', piece, 100)


def wide_rows(path: Path) -> None:
    row = b'<row><c r="XFD1"><v>1</v></c></row>'
    xlsx(path, HEADER, row * 1000, 100)


def cells_beyond_the_last(path: Path) -> None:
    xlsx(path, HEADER + b"<row>", b"<c><v>1</v></c>" * 100_000, 20)


def shared_texts(path: Path) -> None:
    xlsx(path, b"<sst>", b"<si><t>A</t></si>" * 100_000, 20, shared=True)


def document_type(path: Path) -> None:
    xlsx(path, b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">]><worksheet>', b"&a;" * 1000, 1)


def repeated_rows(path: Path) -> None:
    cell = '<table:table-cell office:value-type="string"><text:p>patient_id</text:p>'
    content = (
        '<document xmlns:table="t" xmlns:office="o" xmlns:text="x">'
        '<table:table table:name="patients">'
        f'<table:table-row table:number-rows-repeated="900000000">{cell}</table:table-cell>'
        "</table:table-row></table:table></document>"
    )
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("content.xml", content)


def long_list_of_members(path: Path) -> None:
    one_cell(path)
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x05\x06")
    content[at + 12 : at + 16] = (5 * MEGABYTE).to_bytes(4, "little")
    path.write_bytes(content)


def one_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"patient_id,centre\n")
        file.truncate(1536 * MEGABYTE)


def lines_in_quotes(path: Path) -> None:
    path.write_bytes(b"patient_id,centre\n" + b'"\n",' * (MEGABYTE // 2))


def one_text(path: Path) -> None:
    path.write_bytes(b"patient_id\n" + b"A" * 400_000)


BOUNDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "patients_cell.xlsx": (one_cell, "a cell has more than 131072 characters"),
    "patients_blanks.xlsx": (blanks, "it unpacks to more than 24 MB"),
    "patients_empty.xlsx": (empty_rows, "it has more than 1,048,576 rows"),
    "patients_tag.xlsx": (one_tag, "a tag is too long"),
    "patients_pieces.xlsx": (pieces_of_a_cell, "a cell has more than 131072 characters"),
    "patients_wide.xlsx": (wide_rows, "it has more than 50,000,000 cells"),
    "patients_cells.xlsx": (cells_beyond_the_last, "it has more than 16,384 columns"),
    "patients_texts.xlsx": (shared_texts, "it has more than 1,000,000 texts or 50,000,000 char"),
    "patients_entities.xlsx": (document_type, "it declares a document type"),
    "patients_list.xlsx": (long_list_of_members, "is no XLSX workbook"),
    "patients_rows.ods": (repeated_rows, "it has more than 1,048,576 rows"),
    "patients_line.csv": (one_line, "a row of more than 1,048,576 characters"),
    "patients_quotes.csv": (lines_in_quotes, "a row of more than 1,048,576 characters"),
    "patients_text.csv": (one_text, "field larger than field limit (131072)"),
}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str | float]]:
    """What was said of each file, and the peak after it, of one process that reads them all."""
    folder = tmp_path_factory.mktemp("bounds")
    for name, (make, _) in BOUNDS.items():
        make(folder / name)
    names = [str(folder / name) for name in BOUNDS]
    run = subprocess.run(
        [sys.executable, "-c", READ, *names], capture_output=True, text=True, check=True
    )
    # Whoever looks through what a run leaves would unpack them all once more.
    shutil.rmtree(folder)
    return {Path(name).name: found for name, found in json.loads(run.stdout).items()}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_file_beyond_a_bound(outcome: dict[str, list[str | float]], name: str) -> None:
    *said, peak = outcome[name]
    assert any(BOUNDS[name][1] in str(words) for words in said), said
    assert float(peak) < 400


def test_complaints_end_where_they_would_fill_the_memory(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (complaints, checks, reading):
        monkeypatch.setattr(module, "MOST_COMPLAINTS", 10)
    path = tmp_path / "infusions.csv"
    rows = "".join(f"P{n},03/04/2010,1*,2\n" for n in range(2, 100))
    path.write_text(f"patient_id,infused_on,dose_mg,weight_kg\n{rows}")
    errors = import_files(connection, [path]).errors
    assert any("more than 10 complaints" in one.problem for one in errors)
    assert len(errors) < 50
    assert max(one.line or 0 for one in errors) < 50
