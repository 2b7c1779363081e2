"""Consents: who is left out of research on which day, where, and how it is withdrawn."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.derivation.status import bring_up_to_date
from tests.clock import Clock
from tests.programs import Program

TOMORROW = (date.today() + timedelta(days=1)).isoformat()
# Child: what was signed (scope, day, by whom, until, withdrawn), whether research may use the data,
# and whether it may where a consent is required. From what the columns mean, not from the view.
CASES = {
    "P001": ([], "yes", "no"),
    "P002": (["research 2020-01-01 parent_or_guardian - -"], "yes", "yes"),
    "P003": (["research 2020-01-01 parent_or_guardian - 2021-01-01"], "no", "no"),
    "P004": (
        [
            "research 2020-01-01 parent_or_guardian - 2021-01-01",
            "research 2022-01-01 adult - -",
        ],
        "yes",
        "yes",
    ),
    "P005": (
        [
            "research 2020-01-01 parent_or_guardian - -",
            "research 2020-01-01 adolescent - 2020-01-01",
        ],
        "no",
        "no",
    ),
    "P006": (["research 2020-01-01 parent_or_guardian 2021-01-01 -"], "yes", "no"),
    "P007": (["registry 2020-01-01 parent_or_guardian - 2021-01-01"], "no", "no"),
    "P008": ([f"research 2020-01-01 parent_or_guardian - {TOMORROW}"], "yes", "yes"),
    "P009": (["genetics 2020-01-01 parent_or_guardian - 2021-01-01"], "yes", "no"),
    "P010": (["contact 2020-01-01 parent_or_guardian - 2021-01-01"], "yes", "no"),
    "P011": (
        ["research 2020-01-01 adolescent - 2021-01-01", "research 2021-01-01 adult - -"],
        "no",
        "no",
    ),
}  # fmt: skip
COLUMNS = ("scope", "signed_on", "given_by", "valid_until", "withdrawn_on")
# The only views that name a child who was withdrawn: that it is, and the clinic's own work.
NAMING = {"status", "status_transition", "eligibility", "worklist"}


def consents(folder: Path) -> Path:
    path = folder / "consents.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["patient_id", *COLUMNS])
        for child, (signed, _, _) in CASES.items():
            lines.writerows([child, *one.replace(" -", " ").split(" ")] for one in signed)
    return path


def left_out(database: Database, definition: str) -> set[str]:
    with database.engine.connect() as connection:
        found = connection.execute(
            text(
                "select patient_id from analytics.status "
                "where definition = :definition and reason = 'no_research_consent'"
            ),
            {"definition": definition},
        )
        return set(found.scalars())


@pytest.fixture
def asked(study: Database, program: Program, tmp_path: Path) -> Database:
    done = program(study, "import", str(consents(tmp_path)))
    assert done.status == 0, done.err
    added = program(
        study, "definition", "add", "asked", "--from", "paper", "--set", "consent_required=yes"
    )
    assert added.status == 0, added.err
    bring_up_to_date(study.engine, user="test")
    return study


def test_who_is_left_out_and_where(asked: Database, program: Program) -> None:
    without = {child for child, (_, allowed, _) in CASES.items() if allowed == "no"}
    assert left_out(asked, "paper") == without
    required = left_out(asked, "asked")
    assert required & set(CASES) == {child for child, (*_, may) in CASES.items() if may == "no"}
    # Of the study's children nobody else has signed anything.
    assert len(required) == 85 - sum(may == "yes" for *_, may in CASES.values())
    flow = json.loads(program(asked, "analyse", "flow", "--format", "json").out)
    assert {"reason": "no_research_consent", "n": len(without)}.items() <= flow["excluded"][
        0
    ].items()
    assert flow["started"] == 85
    named = set()
    with asked.engine.connect() as connection:
        columns = connection.execute(
            text(
                "select table_name::text, column_name::text from information_schema.columns "
                "where table_schema = 'analytics' and column_name in ('patient_id', 'usubjid')"
            )
        ).all()
        assert len(columns) > 25
        for view, column in columns:
            found = connection.execute(
                text(f"select exists (select from analytics.{view} where {column} = any(:ids))"),
                {"ids": sorted(without)},
            )
            named |= {view} if found.scalar_one() else set()
        gone = connection.execute(
            text("select count(*) from analytics.gene_finding where patient_id = 'P009'")
        )
        assert gone.scalar_one() == 0
        values = connection.execute(
            text(
                "select distinct start_on, baseline_pcdai, week14_pcdai, time_days "
                "from analytics.status where reason = 'no_research_consent'"
            )
        ).all()
    assert named <= NAMING
    assert values == [(None, None, None, None)]


def test_the_day_brings_a_withdrawal(asked: Database) -> None:
    clock = Clock(asked.engine)
    assert "P008" not in left_out(asked, "paper")
    clock.set(date.today() + timedelta(days=1))
    bring_up_to_date(asked.engine, user="test")
    assert "P008" in left_out(asked, "paper")
    clock.set(None)
    bring_up_to_date(asked.engine, user="test")
    assert "P008" not in left_out(asked, "paper")


def test_a_withdrawal_by_command(asked: Database, program: Program) -> None:
    said = program(asked, "patient", "withdraw", "P002", "--scope", "research")
    assert (said.status, "--reason" in said.err) == (2, True)
    said = program(asked, "patient", "withdraw", "P002", "--scope", "all", "--reason", "x")
    assert said.status == 2
    assert "research" in said.err
    assert program(asked, "patient", "withdraw", "P999", "--reason", "x").status == 1
    done = program(
        asked, "patient", "withdraw", "P002", "--from", "2024-05-01", "--scope", "research",
        "--reason", "letter of the parents", "--format", "json",
    )  # fmt: skip
    document = json.loads(done.out)
    assert document["patient_id"] == "P002"
    assert (document["consents"], document["values_removed"]) == (1, 0)
    assert "P002" in left_out(asked, "paper")
    explained = program(asked, "explain", "P002", "--definition", "paper").out
    assert "withdrawn on 2024-05-01" in explained
    later = program(asked, "patient", "withdraw", "P021", "--from", TOMORROW, "--reason", "x")
    assert (later.status, "could end on" in later.err) == (1, True)
    asking = program(asked, "sql", "select count(*) as n from infusion", "--format", "json")
    # Those of the table, and the one who has just withdrawn.
    number = 1 + sum(allowed == "no" for _, allowed, _ in CASES.values())
    assert f"{number} children are left out: no consent to research" in asking.err
    # A child without any form is left out too: the refusal is kept.
    done = program(asked, "patient", "withdraw", "P020", "--reason", "telephone")
    assert done.status == 0, done.err
    assert "P020" in left_out(asked, "paper")
    again = program(asked, "patient", "withdraw", "P020", "--reason", "telephone")
    assert "nothing is left" in again.out


def test_the_worklist_asks_for_consents(asked: Database, program: Program) -> None:
    used = program(
        asked, "consent", "use-form", "research", "2", "--from", "2023-01-01", "--reason", "vote"
    )
    assert used.status == 0, used.err
    twice = program(asked, "consent", "use-form", "research", "2", "--reason", "vote")
    assert (twice.status, "known already" in twice.err) == (1, True)
    amended = program(
        asked, "consent", "amend", "P002", "research", "2020-01-01", "parent_or_guardian",
        "--form-version", "1", "--reason", "seen",
    )  # fmt: skip
    assert amended.status == 0, amended.err
    youngest = program(asked, "centre", "amend", "BCH", "--age-of-majority", "10", "--reason", "x")
    assert youngest.status == 0, youngest.err
    listed = json.loads(program(asked, "worklist", "list", "--format", "json").out)
    rows = listed["items"] if isinstance(listed, dict) else listed
    found = {(one["patient_id"], one["rule"]) for one in rows}
    assert ("P002", "consent_form_replaced") in found
    assert ("P002", "consent_of_age") in found
    assert ("P004", "consent_of_age") not in found
    assert ("P006", "consent_ended") in found
    assert ("P003", "consent_of_age") not in found
