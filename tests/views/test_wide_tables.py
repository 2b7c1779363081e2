"""A view that names the columns of a wide table against the same view over the whole table."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.database.engine import Database
from registry.views.sources import FOLDER, PRESENT, select_of, source
from registry.views.view import ANALYTICS, RULES, read_view

SCHEMAS = {RULES: RULES, "worklist": PRESENT, "quality": PRESENT, ANALYTICS: ANALYTICS}
PATH = "rules, clinical, derived, reference, analytics, present, audit"


def _files() -> list[Path]:
    return sorted(path for folder in SCHEMAS for path in (FOLDER / folder).glob("*.sql"))


def _whole(path: Path) -> str:
    text = source(path.parent.name, path.stem)
    return text.partition(f"create view {path.stem} as\n")[2].rstrip().removesuffix(";")


NARROWED = [path for path in _files() if select_of(path.parent.name, path.stem) != _whole(path)]


def test_there_are_views_that_read_few_columns_of_wide_tables() -> None:
    assert len(NARROWED) > 30
    narrow = read_view(RULES, RULES, "course").statement
    assert "from (select cut_on, name from definition) d" in narrow


@pytest.mark.parametrize("path", NARROWED, ids=lambda path: path.stem)
def test_a_view_over_few_columns_has_the_rows_of_one_over_all(
    shared_study: Database, path: Path
) -> None:
    schema = SCHEMAS[path.parent.name]
    built = f"select x::text from {schema}.{path.stem} x"
    whole = f"select x::text from ({_whole(path)}) x"
    first = f"{PRESENT}, " if schema == PRESENT else ""
    with shared_study.engine.connect() as connection:
        connection.exec_driver_sql(f"set local search_path = {first}{PATH}")
        for one, other in ((built, whole), (whole, built)):
            query = f"select count(*) from ({one} except all {other}) x".replace("%", "%%")
            assert connection.exec_driver_sql(query).scalar_one() == 0
        connection.rollback()
