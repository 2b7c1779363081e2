"""Each rule of plausibility speaks in the same words at every one of its five places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from registry.cli.analyse.analyses import BY_NAME
from registry.cli.analyse.data import Data
from registry.database.engine import Database
from registry.entry.answers.answer import answer
from registry.entry.save import add as enter
from registry.importing.run import import_files
from registry.quality.findings import list_findings
from registry.quality.run import count_rules
from registry.records.rows import Notice
from registry.report import listing_tables
from registry.views import plausibility
from registry.worklist.read import Filters, Item, read_worklist
from tests.entry.children import add, add_child
from tests.quality.case import Case
from tests.quality.cases import CASES
from tests.quality.rows import given, tried, write


@dataclass(frozen=True)
class Told:
    """What was said at each place; answers by child."""

    answers: dict[str, list[str]]
    notices: list[Notice]
    lines: dict[str, tuple[str, int]]
    worklist: list[Item]
    findings: list[tuple[str, str, str]]
    counts: dict[str, tuple[int, int]]
    report: dict[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def told(_shared_registry: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("quality")
    with _shared_registry.engine.connect() as connection:
        transaction = connection.begin()
        assert import_files(connection, [write(list(given()), folder / "given")]).errors == []
        yield _told(connection, folder / "tried")
        transaction.rollback()


def _told(connection: Connection, folder: Path) -> Told:
    rows = [
        tried(number, case, failing)
        for number, case in enumerate(CASES)
        for failing in (True, False)
    ]
    attempt = connection.begin_nested()
    imported = import_files(connection, [write(rows, folder)])
    attempt.rollback()
    assert imported.errors == []
    lines: dict[str, tuple[str, int]] = {}
    for row in rows:
        before = sum(table == f"{row.table}.csv" for table, _ in lines.values())
        lines[row.patient] = (f"{row.table}.csv", before + 2)
    answers = {}
    for row in rows:
        [stored] = enter(connection, [row.draft()])
        answers[row.patient] = answer(
            connection, stored.entity, stored.patient, stored.record
        ).warnings
    reported = BY_NAME["quality"].run(Data(lambda: (connection, "paper")))
    return Told(
        answers,
        imported.warnings,
        lines,
        read_worklist(connection, Filters(kinds=["contradiction"], on=date(2023, 12, 31))),
        [(one.patient_id, one.rule, one.said) for one in list_findings(connection)],
        {count.id: (count.tried, count.failed) for count in count_rules(connection)},
        {row[0]: row for row in listing_tables.quality(reported).rows},
    )


def numbered() -> list[object]:
    return [pytest.param(n, case, id=f"{case.rule}-{n}") for n, case in enumerate(CASES)]


@pytest.mark.parametrize(("number", "case"), numbered())
def test_a_rule_speaks_in_the_same_words_everywhere(told: Told, number: int, case: Case) -> None:
    row = tried(number, case, failing=True)
    patient = row.patient
    assert case.says in told.answers[patient]
    file, line = told.lines[patient]
    [notice] = [
        one
        for one in told.notices
        if (one.file, one.line, one.rule, one.column) == (file, line, case.rule, case.column)
    ]
    assert notice.problem == case.says
    written = {"patient_id": patient, **row.cells}
    assert (notice.value or None) == (case.column and written.get(case.column))
    [item] = [i for i in told.worklist if (i.patient_id, i.rule) == (patient, case.rule)]
    assert item.why == case.says
    assert "{" not in item.action + item.source
    assert (patient, case.rule, case.says) in told.findings
    failed = sum(rule == case.rule for _, rule, _ in told.findings)
    assert told.counts[case.rule][1] == failed
    assert told.counts[case.rule][0] > failed
    assert told.report[case.rule][2:5] == (
        plausibility.rules()[case.rule].why,
        *map(str, told.counts[case.rule]),
    )


@pytest.mark.parametrize(("number", "case"), numbered())
def test_a_rule_is_silent_just_inside(told: Told, number: int, case: Case) -> None:
    patient = tried(number, case, failing=False).patient
    assert (patient, case.rule) not in {(one, rule) for one, rule, _ in told.findings}
    assert (patient, case.rule) not in {(item.patient_id, item.rule) for item in told.worklist}
    file, line = told.lines[patient]
    assert (file, line, case.rule) not in {(n.file, n.line, n.rule) for n in told.notices}


def test_every_rule_has_a_case() -> None:
    """But for one whose records the database refuses, so that none of the places has it."""
    assert {case.rule for case in CASES} == set(plausibility.rules()) - {"before_birth"}


def test_a_record_before_the_birth_is_found_where_somebody_went_round_the_database(
    registry: Database,
) -> None:
    with registry.engine.begin() as connection:
        patient = add_child(connection, birth=date(2012, 3, 1))
        connection.execute(text("alter table clinical.surgery disable trigger user"))
        cells = {"performed_on": date(2012, 2, 29), "procedure": "seton"}
        record = add(connection, "surgery", patient, **cells)
        [found] = list_findings(connection, rule="before_birth")
    assert (found.from_table, found.record_id) == ("surgery", record)
    assert found.said == "A record of 2012-02-29 (surgery) lies before the birth on 2012-03-01."
