"""The study cohort as hospitals keep it: each form imports to the tables of the study's files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Connection

from registry.importing.drafting.suggest import draft as drafted_of
from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.run import import_mapped
from registry.records.rows import WriteResult
from tests.oracle.records import COLUMNS

from .chinese import write_workbook
from .cohort import Contents, all_contents
from .wide import write_child_sheet, write_day_sheet

MAPS = Path(__file__).parent / "maps"


def take(connection: Connection, path: Path, mapping: Path) -> WriteResult:
    result = import_mapped(connection, [path], read_mapping(mapping))
    assert [str(problem) for problem in result.errors] == []
    return result


def drafted(path: Path) -> Path:
    """The draft of a mapping, in which nothing is left to decide once its units are confirmed."""
    draft = path.with_suffix(".toml")
    draft.write_text(drafted_of([path]).text.replace('?"', '"'), encoding="utf-8")
    return draft


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workbook(tmp_path_factory.mktemp("chinese") / "随访.xlsx")


def test_a_chinese_workbook_by_its_draft(
    database: Connection, canonical: Contents, workbook: Path
) -> None:
    draft = drafted(workbook)
    assert "unsure" not in draft.read_text(encoding="utf-8").partition("[[source]]")[2]
    result = take(database, workbook, draft)
    assert all_contents(database) == canonical
    assert result.notes == ["随访.xlsx [体格测量]: height_cm converted from m to cm, values: 85"]


def test_a_chinese_workbook_by_a_mapping_of_hand(
    database: Connection, canonical: Contents, workbook: Path
) -> None:
    take(database, workbook, MAPS / "chinese.toml")
    assert all_contents(database) == canonical


def test_a_row_a_child_and_day(database: Connection, canonical: Contents, tmp_path: Path) -> None:
    sheet = write_day_sheet(tmp_path / "all.csv")
    take(database, sheet, drafted(sheet))
    assert all_contents(database) == canonical


def test_a_row_a_child(database: Connection, tmp_path: Path) -> None:
    sheet, expected = write_child_sheet(tmp_path / "children.csv")
    take(database, sheet, drafted(sheet))
    found = all_contents(database)
    for table, columns in COLUMNS.items():
        rows = Counter(
            tuple(_plain(one[name], kind) for name, kind in columns.items())
            for one in expected.get(table, [])
        )
        assert found[table] == rows, table


def _plain(cell: str, kind: str) -> str:
    """A number without the zeros behind its point."""
    return cell.rstrip("0").rstrip(".") if kind == "number" and "." in cell else cell
