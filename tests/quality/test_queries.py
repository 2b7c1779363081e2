"""Queries: a finding asks by itself, people ask too; answered by who and why, for that value only.

The states are OpenClinica's: New, Updated, Resolution Proposed, Closed, Not Applicable.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.database.engine import Database
from registry.errors import Refused
from registry.records.change import declare_change
from registry.records.queries import close, list_queries
from tests.programs import Program
from tests.records.conftest import CHILD

# An albumin of 3.5 g/L is one of 35 g/L in the wrong unit, or a child in great danger.
ALBUMIN = ("T1", "2020-01-07", "ALB")


@pytest.fixture
def ward(registry: Database, program: Program) -> Database:
    assert program(registry, *CHILD).status == 0
    added = program(
        registry, "lab", "add", "T1", "--collected-on", "2020-01-07", "--analyte", "ALB",
        "--value", "3.5", "--unit", "g/L",
    )  # fmt: skip
    assert "Is the unit right?" in added.err
    return registry


def queries(database: Database, program: Program, *options: str) -> list[dict[str, Any]]:
    document = program(database, "query", "list", *options, "--format", "json").document
    assert isinstance(document, list)
    return document


def the_query(database: Database, program: Program) -> str:
    [query] = queries(database, program)
    return str(query["query_id"])


def amend(database: Database, program: Program, *cells: str) -> str:
    ended = program(database, "lab", "amend", *ALBUMIN, *cells, "--reason", "the letter")
    assert ended.status == 0, ended.err
    return ended.err


def settled(database: Database, program: Program) -> tuple[int, int, int, int]:
    """Findings listed, failed, answered and open contradictions of the worklist."""
    listed = program(database, "quality", "list", "--format", "json").document
    counts = program(database, "quality", "run", "--format", "json").document["rules"]
    worklist = program(database, "worklist", "list", "--format", "json").document
    return (
        len(listed),
        sum(count["failed"] for count in counts),
        sum(count["answered"] for count in counts),
        sum(item["kind"] == "contradiction" for item in worklist),
    )


def test_a_finding_is_a_new_query(ward: Database, program: Program) -> None:
    [query] = queries(ward, program)
    assert query["query_id"].startswith("T1:lab_unit:lab_result:")
    assert {name: query[name] for name in ("patient_id", "rule", "state", "table", "column")} == {
        "patient_id": "T1",
        "rule": "lab_unit",
        "state": "new",
        "table": "lab_result",
        "column": "unit",
    }
    assert "ALB of 3.5 g/L" in query["said"]
    assert queries(ward, program, "--patient", "T1", "--rule", "lab_unit") == [query]
    assert queries(ward, program, "--rule", "lab_slip") == []
    assert queries(ward, program, "--state", "closed") == []
    assert settled(ward, program) == (1, 1, 0, 1)
    counted = program(ward, "quality", "run")
    assert "1 query is open: registry query list" in counted.err


def test_a_value_that_is_right_is_told_no_more(ward: Database, program: Program) -> None:
    query = the_query(ward, program)
    steps = (
        ("answer", "asked the laboratory", (), "updated"),
        ("answer", "they measured it twice", ("--proposed",), "resolution_proposed"),
        ("close", "right: the child was in shock", (), "closed"),
    )
    for verb, words, options, state in steps:
        assert settled(ward, program) == (1, 1, 0, 1)
        ended = program(
            ward, "query", verb, query, *options, "--reason", words, "--user", verb,
            "--format", "json",
        )  # fmt: skip
        assert ended.document[0]["state"] == state
    assert settled(ward, program) == (0, 1, 1, 0)
    assert queries(ward, program) == []
    shown = program(ward, "query", "show", query, "--format", "json").document
    assert [(s["by"], s["state"], s["words"]) for s in shown["history"]] == [
        (verb, state, words) for verb, words, _, state in steps
    ]
    history = program(ward, "history", "T1").out
    assert all(words in history for _, words, _, _ in steps)
    # Nothing is said of the value when something else is entered of the record.
    again = program(ward, "lab", "show", *ALBUMIN)
    assert "Is the unit right?" not in again.err
    refused = program(ward, "query", "close", query, "--reason", "x")
    assert refused.status == 1
    assert "is settled already (close, " in refused.err
    # Another value is another matter.
    assert "Is the unit right?" in amend(ward, program, "--value", "3.6")
    assert settled(ward, program) == (1, 1, 0, 1)
    assert the_query(ward, program) != query


def test_a_query_is_closed_by_itself_when_the_value_is_mended(
    ward: Database, program: Program
) -> None:
    query = the_query(ward, program)
    program(ward, "query", "answer", query, "--reason", "asked the laboratory")
    amend(ward, program, "--value", "35")
    assert queries(ward, program) == []
    [closed] = queries(ward, program, "--all")
    assert (closed["query_id"], closed["state"], closed["mended"]) == (query, "closed", True)
    assert closed["last_words"] == "asked the laboratory"
    for verb, words in (("answer", "is settled"), ("reopen", "the value is mended")):
        refused = program(ward, "query", verb, query, "--reason", "x")
        assert (refused.status, words in refused.err) == (1, True), refused.err


def test_what_was_settled_can_be_asked_again(ward: Database, program: Program) -> None:
    query = the_query(ward, program)
    assert program(ward, "query", "reopen", query, "--reason", "x").status == 1
    closed = program(ward, "query", "close", query, "--not-applicable", "--reason", "an adult's")
    assert "Not Applicable" in closed.out
    assert settled(ward, program) == (0, 1, 1, 0)
    assert program(ward, "query", "reopen", query, "--reason", "a child's").status == 0
    assert [one["state"] for one in queries(ward, program)] == ["updated"]
    assert settled(ward, program) == (1, 1, 0, 1)


def test_setting_aside_and_settling_are_one_thing(ward: Database, program: Program) -> None:
    query = the_query(ward, program)
    [item] = [
        one["item"]
        for one in program(ward, "worklist", "list", "--format", "json").document
        if one["kind"] == "contradiction"
    ]
    # For a time it is only out of sight.
    aside = ("worklist", "dismiss", item, "--until", "2199-01-01", "--reason", "on holiday")
    assert program(ward, *aside).status == 0
    assert settled(ward, program) == (1, 1, 0, 0)
    assert program(ward, "worklist", "resume", item, "--reason", "back").status == 0
    assert settled(ward, program) == (1, 1, 0, 1)
    assert program(ward, "worklist", "dismiss", item, "--reason", "it is right").status == 0
    assert settled(ward, program) == (0, 1, 1, 0)
    shown = program(ward, "query", "show", query, "--format", "json").document
    assert (shown["state"], shown["last_words"]) == ("closed", "it is right")
    assert program(ward, "worklist", "resume", item, "--reason", "not so sure").status == 0
    assert settled(ward, program) == (1, 1, 0, 1)
    program(ward, "query", "close", query, "--reason", "it is")
    assert settled(ward, program) == (0, 1, 1, 0)
    amend(ward, program, "--value", "3.6")
    assert settled(ward, program) == (1, 1, 0, 1)


def test_an_answered_finding_is_no_warning_of_an_import(
    ward: Database, program: Program, tmp_path: Any
) -> None:
    program(ward, "query", "close", the_query(ward, program), "--reason", "right")
    path = tmp_path / "lab_results.csv"
    path.write_text(
        "patient_id,collected_on,analyte,value,unit\nT1,2020-01-07,ALB,3.5,g/L\n"
        "T1,2020-01-08,ALB,3.5,g/L\n"
    )
    result = program(ward, "import", str(path), "--format", "json").document
    assert [(one["line"], one["column"]) for one in result["warnings"]] == [(3, "unit")]


def asked_of_people(ward: Database, program: Program) -> list[dict[str, Any]]:
    """What the worklist has of queries that people raised."""
    asked = ("worklist", "list", "--kind", "query_raised", "--format", "json")
    found: list[dict[str, Any]] = program(ward, *asked).document
    return found


def test_people_ask_too(ward: Database, program: Program) -> None:
    ask = ("query", "raise", "T1", "lab", "2020-01-07", "ALB", "--column", "value")
    assert program(ward, *ask).status == 2
    assert program(ward, *ask[:-1], "nothing", "--reason", "x").status == 1
    raised = program(ward, *ask, "--reason", "is it 3.5?", "--format", "json").document[0]
    assert (raised["rule"], raised["state"], raised["value"]) == (None, "new", "3.5")
    again = program(ward, *ask, "--reason", "really?", "--format", "json").document[0]
    assert (again["query_id"], again["state"]) == (raised["query_id"], "updated")
    assert [q["query_id"] for q in queries(ward, program) if q["rule"] is None] == [
        raised["query_id"]
    ]
    [item] = asked_of_people(ward, program)
    assert raised["query_id"] in item["action"]
    assert "asked about value of lab_result" in item["why"]
    # Setting the item aside closes the query, and taking it up opens it again.
    program(ward, "worklist", "dismiss", item["item"], "--reason", "it is 3.5")
    assert [q for q in queries(ward, program) if q["rule"] is None] == []
    assert asked_of_people(ward, program) == []
    program(ward, "worklist", "resume", item["item"], "--reason", "is it?")
    assert [one["item"] for one in asked_of_people(ward, program)] == [item["item"]]
    amend(ward, program, "--value", "35")
    [closed] = [q for q in queries(ward, program, "--all") if q["rule"] is None]
    assert (closed["state"], closed["mended"]) == ("closed", True)
    assert asked_of_people(ward, program) == []
    # Why a value is missing can be asked as well.
    missing = program(
        ward, "query", "raise", "T1", "patient", "--column", "onset_on", "--reason", "since when?",
        "--format", "json",
    ).document[0]  # fmt: skip
    assert (missing["value"], missing["mended"]) == (None, False)
    program(ward, "patient", "amend", "T1", "--onset-on", "2018", "--reason", "asked")
    assert queries(ward, program) == []


def test_a_record_that_was_taken_out_is_asked_about_no_more(
    ward: Database, program: Program
) -> None:
    query = the_query(ward, program)
    program(ward, "query", "answer", query, "--reason", "another child's?")
    ask = ("query", "raise", "T1", "patient", "--column", "onset_on", "--reason", "since when?")
    assert program(ward, *ask).status == 0
    program(ward, "lab", "void", *ALBUMIN, "--reason", "another child's")
    assert len(queries(ward, program)) == 1
    program(ward, "patient", "void", "T1", "--reason", "entered twice")
    assert queries(ward, program) == []
    assert [q["state"] for q in queries(ward, program, "--all")] == ["closed", "closed"]


def test_two_people_who_settle_at_once_do_it_once(ward: Database, program: Program) -> None:
    query = the_query(ward, program)
    together, ended = threading.Barrier(2), []

    def settle(who: str) -> None:
        with ward.engine.begin() as connection:
            declare_change(connection, user=who, command="query close", reason="a test")
            together.wait()
            try:
                close(connection, query, f"{who} says so")
                ended.append(who)
            except Refused as refused:
                ended.append(str(refused))

    people = [threading.Thread(target=settle, args=(who,)) for who in ("ann", "bob")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    [first] = [one for one in ended if one in ("ann", "bob")]
    [second] = [one for one in ended if one != first]
    assert f"is settled already ({first}, " in second
    with ward.engine.connect() as connection:
        [closed] = list_queries(connection, query=query)
    assert (closed.last_by, closed.last_words, closed.steps) == (first, f"{first} says so", 1)


def test_steps_are_only_ever_added_and_analysts_do_not_read_words(
    ward: Database, program: Program
) -> None:
    query = the_query(ward, program)
    program(ward, "query", "close", query, "--reason", "mother of T1 telephoned")
    for statement in (
        "update reference.query_step set words = 'x'",
        "delete from reference.query_step",
        "truncate reference.query_step",
    ):
        with ward.engine.begin() as connection, pytest.raises(DBAPIError):
            connection.execute(text(statement))
    with ward.engine.connect() as connection:
        rows = connection.execute(text("select * from analytics.query")).mappings().all()
        assert [(row["query"], row["state"], row["steps"]) for row in rows] == [
            (query, "closed", 1)
        ]
        assert "telephoned" not in str(rows)
        # The words hang on the patient alone.
        reasons = connection.execute(text("select reason from reference.change_set")).scalars()
        assert not [why for why in reasons if why and "telephoned" in why]
