"""The methods text against the rules: every number in a sentence is where the rule turns.

For each parameter, at the study's value and at another, the number is read out of the text, a child
is made that lies just on the one side of it and one just on the other, and the views say which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from registry.definitions.store import get_definition
from registry.models.definition import Definition
from registry.parsing.parameter import read_parameter
from registry.report.methods_text import methods
from registry.words import in_english
from tests.oracle.definition import PAPER
from tests.oracle.records import Records
from tests.property.test_rules_against_oracle import parameters_of
from tests.views import methods_cases, methods_covariates
from tests.views.clinic import START, Clinic, child
from tests.views.conftest import OpenClinic
from tests.views.methods_cases import Case

CASES = [*methods_cases.CASES, *methods_covariates.CASES]


@dataclass(frozen=True)
class Drawn:
    """A case at one value: its definition, the number that the text gives, and its children."""

    case: Case
    definition: str
    changes: list[str]
    number: Decimal
    inside: Records
    outside: Records | None


def told(parameters: dict[str, Any]) -> str:
    """All of the methods text as one line."""
    with in_english():
        return " ".join(sentence for _, said in methods(parameters) for sentence in said)


def parameters_with(changes: list[str]) -> dict[str, Any]:
    declared = Definition.parameters()
    today = {"cut_on": date.today()}
    return parameters_of(PAPER) | today | dict(read_parameter(one, declared, "") for one in changes)


def draw() -> Iterator[Drawn]:
    for place, (case, value) in enumerate((c, v) for c in CASES for v in c.values):
        changes = [f"{case.parameter}={value}", *case.also]
        text = told(parameters_with(changes))
        found = re.search(case.says, text)
        assert found is not None, (changes, case.says, text)
        read = found[1] if found.groups() else "0"
        number = Decimal((date.fromisoformat(read) - START).days if read.count("-") == 2 else read)
        made = [
            None if side is None else child(f"B{place:03}{letter}", **side(number))
            for letter, side in (("I", case.inside), ("O", case.outside))
        ]
        assert made[0] is not None
        yield Drawn(case, f"case{place:03}", changes, number, made[0], made[1])


@pytest.fixture(scope="module")
def drawn() -> list[Drawn]:
    return list(draw())


@pytest.fixture(scope="module")
def clinic(open_clinic: OpenClinic, drawn: list[Drawn]) -> Clinic:
    children = [one for case in drawn for one in (case.inside, case.outside) if one is not None]
    return open_clinic(children, definitions={case.definition: case.changes for case in drawn})


def test_every_number_of_the_text_is_where_the_rule_turns(
    clinic: Clinic, drawn: list[Drawn]
) -> None:
    wrong = []
    for one in drawn:
        seen = one.case.seen.format(n=one.number)
        for records, expected in ((one.inside, True), (one.outside, False)):
            if records is None:
                continue
            rows = clinic.rows(
                f"select {seen} as seen from analytics.{one.case.view} "
                "where definition = :definition and patient_id = :patient",
                definition=one.definition,
                patient=records["patients"][0]["patient_id"],
            )
            if bool(rows and rows[0]["seen"]) is not expected:
                wrong.append((one.changes, one.number, expected, rows))
    assert wrong == []


def test_the_text_is_of_the_stored_definition(clinic: Clinic, drawn: list[Drawn]) -> None:
    with clinic.database.engine.connect() as connection:
        for one in drawn[::7]:
            stored = get_definition(connection, one.definition)
            assert told(stored) == told(parameters_with(one.changes))


def test_every_parameter_has_a_case_and_is_told(drawn: list[Drawn]) -> None:
    assert {case.parameter for case in CASES} == set(Definition.of_rules())
    study = parameters_with([])
    for one in drawn:
        changed = parameters_with(one.changes[:1]) != study
        assert (told(parameters_with(one.changes[:1])) != told(study)) is changed, one.changes
