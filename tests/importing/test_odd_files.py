"""Files as they come, each beside what it must give: its rows, or the exact complaints."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from registry.errors import RegistryError
from registry.importing.run import import_files
from registry.models import ENTITIES
from registry.parsing.conventions import Conventions
from tests.oracle.records import COLUMNS

from .tables import accepted, contents, row, write

FOLDER = Path(__file__).parent / "odd_files"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(
    (FOLDER / "expectations.toml").read_text(encoding="utf-8")
)
SAID = ("date_order", "decimal", "encoding")
TABLES = [entity.file_name for entity in ENTITIES]


@pytest.fixture(scope="module")
def children(bench: Connection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A registry with the two children of whom the files speak."""
    savepoint = bench.begin_nested()
    known = {"birth_date": "2001-01-01", "onset_on": "", "diagnosed_on": ""}
    rows = [row("patients", patient_id=name, **known) for name in ("P1", "P2")]
    accepted(bench, write(tmp_path_factory.mktemp("children"), "patients", rows))
    yield bench
    savepoint.rollback()


@pytest.mark.parametrize("name", EXPECTED)
def test_an_odd_file(children: Connection, tmp_path: Path, name: str) -> None:
    expected = EXPECTED[name]
    folder, _, file = name.partition("/")
    stem = "cohort" if folder == "workbook" else folder
    path = Path(shutil.copy(FOLDER / name, tmp_path / f"{stem}{Path(file).suffix}"))
    conventions = Conventions(**{said: expected.get(said) for said in SAID})
    if "refused" in expected:
        with pytest.raises(RegistryError) as refused:
            import_files(children, [path], conventions=conventions)
        assert str(refused.value).startswith(expected["refused"])
        return
    savepoint = children.begin_nested()
    result = import_files(children, [path], conventions=conventions)
    found = _found(children, folder, expected)
    savepoint.rollback()
    assert [str(problem) for problem in result.errors] == expected.get("complaints", [])
    assert found == _asked(folder, expected)
    if not result.errors:
        assert result.notes == expected.get("notes", [])


def _asked(folder: str, expected: dict[str, Any]) -> dict[str, list[str]]:
    """What the file must bring: by table, or by column of the one table that it is."""
    return {
        name: cells
        for name, cells in expected.items()
        if name in TABLES or name == "rows" or name in COLUMNS.get(folder, ())
    }


def _found(connection: Connection, folder: str, expected: dict[str, Any]) -> dict[str, list[str]]:
    """The same from the registry, without the children who were there before."""
    found = {}
    for name in _asked(folder, expected):
        table = name if name in TABLES else folder
        rows = [cells for cells in contents(connection, table) if cells[0] != "P2"]
        if table == "patients":
            rows = [cells for cells in rows if cells[0] != "P1"]
        rows.sort(key=lambda cells: (len(cells[0]), cells))
        if name in ("rows", *TABLES):
            found[name] = ["|".join(cells) for cells in rows]
        else:
            place = list(COLUMNS[table]).index(name)
            found[name] = [cells[place] for cells in rows]
    return found


def test_every_file_has_its_line_and_there_are_many() -> None:
    files = {
        path.relative_to(FOLDER).as_posix()
        for path in FOLDER.rglob("*.*")
        if path.parent != FOLDER and path.parent.name != "__pycache__"
    }
    assert files == set(EXPECTED)
    assert len(files) >= 150
