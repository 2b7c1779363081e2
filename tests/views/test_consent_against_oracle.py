"""Consents that count and that are due, by the SQL and by a plain reading, on random consents."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, text

from registry.database.engine import Database
from registry.definitions.store import add_definition
from tests.oracle.consents import due, may_be_used

SCOPES = ("registry", "research", "genetics", "contact", "sharing")
GIVERS = ("parent_or_guardian", "adolescent", "adult")


def drawn(rng: Random, today: date) -> list[dict[str, Any]]:
    """Up to five consents of a child, whose days often fall on each other's and on today."""
    days = [today + timedelta(days=number) for number in (-400, -30, -2, -1, 0)]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for _ in range(rng.randrange(6)):
        signed = rng.choice(days)
        later = [day for day in (*days, today + timedelta(days=1)) if day >= signed]
        row = {
            "scope": rng.choice(SCOPES[:2] if rng.random() < 0.7 else SCOPES),
            "signed_on": signed,
            "given_by": rng.choice(GIVERS),
            "valid_until": rng.choice(later) if rng.random() < 0.25 else None,
            "withdrawn_on": rng.choice(later) if rng.random() < 0.4 else None,
            "form_version": rng.choice(["1", "2", None]),
        }
        found[row["scope"], signed, row["given_by"]] = row
    return list(found.values())


def entered(connection: Connection, rng: Random, today: date) -> dict[int, list[dict[str, Any]]]:
    """Consents of every child of the study, in the order in which they are entered."""
    patients = connection.execute(text("select patient_id from clinical.patient")).scalars()
    consents = {patient: drawn(rng, today) for patient in patients}
    for patient, rows in consents.items():
        for row in rows:
            connection.execute(
                text(
                    "insert into clinical.consent (patient_id, scope, signed_on, given_by, "
                    "valid_until, withdrawn_on, form_version) values (:patient, :scope, "
                    ":signed_on, :given_by, :valid_until, :withdrawn_on, :form_version)"
                ),
                row | {"patient": patient},
            )
    return consents


def test_who_is_left_out(study: Database) -> None:
    rng = Random(20261129)
    seen: set[tuple[bool, bool]] = set()
    with study.engine.connect() as connection:
        today = connection.execute(text("select rules.today()")).scalar_one()
        add_definition(connection, "asked", "current", ["consent_required=yes"])
        consents = entered(connection, rng, today)
        # As of today, also where the last derivation was on another day.
        connection.execute(text("update reference.definition set derived_on = rules.today()"))
        reasons = connection.execute(
            text(
                "select definition, patient_id, reason from rules.eligibility "
                "where definition in ('current', 'asked')"
            )
        ).all()
        connection.rollback()
    assert len(reasons) == 2 * len(consents)
    for definition, patient, reason in reasons:
        used = may_be_used(consents[patient], consent_required=definition == "asked", on=today)
        assert (reason != "no_research_consent") == used, (definition, consents[patient])
        seen.add((definition == "asked", used))
    assert len(seen) == 4


def test_what_is_to_be_asked_for(study: Database) -> None:
    with study.engine.connect() as connection:
        today = connection.execute(text("select rules.today()")).scalar_one()
        connection.execute(
            text(
                "insert into reference.consent_form (scope, version, used_from) values "
                "('research', '2', :since), ('registry', '1', :since), ('registry', '2', :later)"
            ),
            {"since": today - timedelta(days=20), "later": today + timedelta(days=1)},
        )
        consents = entered(connection, Random(20261130), today)
        children = connection.execute(
            text(
                "select patient_id, birth_date, age_of_majority from clinical.patient "
                "join reference.centre on code = centre"
            )
        ).all()
        found = set(
            map(
                tuple,
                connection.execute(
                    text("select patient_id, rule, about, record_on from present.consent_due")
                ),
            )
        )
        connection.rollback()
    forms = {
        "research": ("2", today - timedelta(days=20)),
        "registry": ("1", today - timedelta(20)),
    }
    expected = {
        (child.patient_id, *one)
        for child in children
        for one in due(
            consents[child.patient_id], child.birth_date, child.age_of_majority, forms, on=today
        )
    }
    assert {row[1] for row in expected} == {
        *("consent_of_age", "consent_form_replaced", "consent_ended")
    }
    assert found == expected
