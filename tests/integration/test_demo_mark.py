"""The demo's registry says what it is and keeps real children out; reading makes no registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.views.build import is_built
from tests.programs import Program

SAID = "synthetic demo data\n"
CHILD = ("patient", "add", "T900", "--centre", "BCH", "--sex", "male", "--birth-date",
         "2010-02-03", "--diagnosis", "CD")  # fmt: skip
PEOPLE = "patient_id,centre,sex,birth_date,diagnosis\nT901,BCH,male,2010-02-03,CD\n"


@pytest.fixture
def demo(study: Database) -> Database:
    """The study's registry as the demo leaves it."""
    with study.engine.begin() as connection:
        connection.execute(text("update reference.registry_setting set is_demo = true"))
    return study


def number(database: Database) -> int:
    with database.engine.connect() as connection:
        return int(connection.execute(text("select count(*) from clinical.patient")).scalar_one())


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "P023"),
        ("patient", "list"),
        ("patient", "show", "P023"),
        ("status", "P023", "--format", "json"),
        ("sql", "select 1 as one", "--format", "json"),
        ("db", "status", "--format", "json"),
        ("worklist",),
    ],
)
def test_every_command_says_so_once(
    demo: Database, program: Program, arguments: tuple[str, ...]
) -> None:
    done = program(demo, *arguments)
    assert done.status == 0, done.err
    assert done.err.count(SAID) == 1
    assert SAID.strip() not in done.out
    if "json" in arguments:
        assert done.document is not None


def test_another_registry_does_not(study: Database, program: Program) -> None:
    assert SAID not in program(study, "explain", "P023").err
    assert program(study, *CHILD).status == 0


def test_a_record_that_is_not_the_demo_s_is_refused_in_a_pipe(
    demo: Database, program: Program, tmp_path: Path
) -> None:
    (tmp_path / "patients.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "visit.toml").write_text("on = 2024-03-01\n[lab]\nCRP = 5\n", encoding="utf-8")
    visit = ("visit", "P023", "--file", str(tmp_path / "visit.toml"))
    before = number(demo)
    for arguments in (CHILD, ("import", str(tmp_path / "patients.csv")), visit):
        refused = program(demo, *arguments).refused(1)
        assert "This is the demo's registry" in refused
        assert "--into-demo" in refused
    assert number(demo) == before
    assert program(demo, "import", str(tmp_path / "patients.csv"), "--dry-run").status == 0
    for arguments in (CHILD, ("import", str(tmp_path / "patients.csv")), visit):
        assert program(demo, *arguments, "--into-demo").status == 0
    assert number(demo) == before + 2


def test_what_the_demo_has_is_the_demo_s(demo: Database, program: Program, tmp_path: Path) -> None:
    listed = program(demo, "surgery", "list", "--format", "csv").out
    (tmp_path / "surgeries.csv").write_text(listed, encoding="utf-8")
    assert program(demo, "import", str(tmp_path / "surgeries.csv")).status == 0


def test_its_report_keeps_the_banner(demo: Database, program: Program, tmp_path: Path) -> None:
    done = program(demo, "report", "--out", str(tmp_path / "report.html"))
    assert done.status == 0, done.err
    assert 'class="nature"' in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments", [("explain", "P023"), ("db", "status"), ("sql", "select 1"), CHILD]
)
def test_a_mistyped_home_holds_no_registry_and_gets_none(
    program: Program, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    home = tmp_path / "mistyped"
    refused = program(home, *arguments).refused(3)
    assert f"There is no registry in {home}." in refused
    assert "registry db upgrade" in refused
    assert not home.exists()


def test_views_of_another_program_are_known(study: Database) -> None:
    """By which the demo decides whether it builds them anew; an empty server has none."""
    with study.engine.begin() as connection:
        assert is_built(connection)
        connection.execute(text("comment on schema analytics is 'of another program'"))
        assert not is_built(connection)
        connection.execute(text("drop schema analytics cascade"))
        assert not is_built(connection)
        connection.rollback()
