"""The search for identities, which every run of the tests ends with, can find one."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook
from sqlalchemy import text

from registry.database.engine import Database
from tests.identifiers import DIGITS, NAME, SEARCH, SIGNS, Search
from tests.programs import Program

WHY = ("--reason", "a drill")


def _workbook(file: Path) -> None:
    book = Workbook()
    book.create_sheet("far behind").append(["x", f"of {SIGNS}"])
    book.save(file)


def _nested(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inner.gz", gzip.compress(f"tel. {DIGITS}".encode()))


PLANTED: dict[str, Callable[[Path], object]] = {
    "a.csv": lambda file: file.write_text(f"name\n{NAME.upper()}\n", encoding="utf-8"),
    "b.csv": lambda file: file.write_text(f"姓名\n{SIGNS}\n", encoding="gb18030"),
    "c.txt": lambda file: file.write_text(f"x\t{NAME}\n", encoding="utf-16"),
    "d.json": lambda file: file.write_text(json.dumps({"name": SIGNS}), encoding="ascii"),
    "e.xlsx": _workbook,
    "f.zip": _nested,
    "g.parquet": lambda file: pd.DataFrame({"id": [f"{DIGITS}017"] * 99}).to_parquet(file),
    "h.dta": lambda file: pd.DataFrame({"id": [NAME]}).to_stata(file),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_file_with_an_identity_fails_the_run(tmp_path: Path, name: str) -> None:
    file = tmp_path / "deep" / name
    file.parent.mkdir()
    PLANTED[name](file)
    SEARCH.allow(file)
    search = Search()
    search.folder(tmp_path)
    with pytest.raises(AssertionError, match=name):
        search.ends()
    search = Search()
    search.allow(file)
    search.folder(tmp_path)
    search.ends()


def test_a_backup_with_identities_is_seen_for_one(
    known: Database, program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "with.backup"
    SEARCH.allow(file)
    assert program(known, "db", "backup", str(file), "--with-identity").status == 0
    search = Search()
    search.file(file)
    with pytest.raises(AssertionError, match=r"with\.backup"):
        search.ends()


def test_every_child_has_an_identity_and_a_table_that_takes_one_is_named(
    shared_study: Database,
) -> None:
    search = Search()
    with shared_study.engine.connect() as connection:
        kept = connection.execute(text("select count(*) from identity.kept() where has_name"))
        children = connection.execute(text("select count(*) from clinical.patient"))
        assert kept.scalar_one() == children.scalar_one() > 80
        search.tables(connection)
        search.ends()
        connection.exec_driver_sql(
            "create table derived.planted as select 'x' as a, name from identity.person"
        )
        search.tables(connection)
        connection.rollback()
    with pytest.raises(AssertionError, match=r"derived\.planted"):
        search.ends()


def test_what_is_printed_is_read_at_once(shared_study: Database, program: Program) -> None:
    shown = program(shared_study, "identity", "show", "P001", *WHY)
    assert NAME in shown.out
    with pytest.raises(AssertionError, match="in the output of sql"):
        program(shared_study, "sql", f"select 'q{NAME}' as x")
    with pytest.raises(AssertionError, match="in the errors of sql"):
        program(shared_study, "sql", f"select '{DIGITS}'::date")
    code = "import sys; sys.exit('at ' + bytes.fromhex(sys.argv[1]).decode())"
    with pytest.raises(AssertionError, match="in the errors"):
        subprocess.run(
            [sys.executable, "-S", "-c", code, SIGNS.encode().hex()],
            capture_output=True,
            check=False,
        )


def test_no_view_nor_function_outside_reads_an_identity(shared_study: Database) -> None:
    depends = """
        select c.oid::regclass::text from pg_depend d join pg_rewrite r on r.oid = d.objid
        join pg_class c on c.oid = r.ev_class join pg_class held on held.oid = d.refobjid
        where held.relnamespace = 'identity'::regnamespace
            and c.relnamespace <> 'identity'::regnamespace
    """
    with shared_study.engine.connect() as connection:
        assert connection.execute(text(depends)).all() == []
