"""The row of a definition: the database stamps it with a hash of its parameters."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.models.definition import Definition
from registry.variables import Kind

PARAMETERS = Definition.parameters()
# Where one more than the preset's value would not do: a value that fits the others.
OTHER: dict[str, Any] = {
    "unknown_stop": "left_out",
    "covariates": "perianal,alb_low",
    "data_cut": "2022-12-31",
    "time_zero": "week14_visit",
    "exposure_tail_days": 57,
    "duration_origin": "diagnosis",
    "lor_confirmations": 2,
    "required_infusions": 3,
    "week14_target_day": 99,
    "severity_moderate_from": 31,
}


def stamp(connection: Connection, name: str = "paper") -> tuple[str, int]:
    """Hash and version."""
    row = connection.execute(
        text("select hash, version from reference.definition where name = :name"), {"name": name}
    ).one()
    return row[0], row[1]


def change(connection: Connection, **values: Any) -> None:
    assignments = ", ".join(f"{column} = :{column}" for column in values)
    connection.execute(
        text(f"update reference.definition set {assignments} where name = 'paper'"), values
    )


def other_value(connection: Connection, key: str) -> Any:
    if key in OTHER:
        return OTHER[key]
    now = connection.execute(
        text(f"select {key} from reference.definition where name = 'paper'")
    ).scalar_one()
    return not now if PARAMETERS[key].kind is Kind.FLAG else now + 1


def test_every_parameter_is_part_of_the_hash(database: Connection) -> None:
    hashes = {stamp(database)[0]}
    for number, key in enumerate(PARAMETERS, start=2):
        change(database, **{key: other_value(database, key)})
        changed, version = stamp(database)
        assert re.fullmatch("[0-9a-f]{64}", changed)
        assert changed not in hashes, key
        assert version == number, key
        hashes.add(changed)


def test_the_way_a_number_is_written_is_no_part_of_it(database: Connection) -> None:
    before = stamp(database)
    for written in ("15.0", "15.000", "15"):
        change(database, lor_above=Decimal(written), response_drop=Decimal(written))
        assert stamp(database) == before
    change(database, lor_above=Decimal("15.5"))
    changed = stamp(database)
    change(database, lor_above=Decimal("15.50"))
    assert stamp(database) == changed != before


def test_what_describes_a_definition_is_no_part_of_it(database: Connection) -> None:
    before = stamp(database)
    change(database, description="other words", based_on="recommended", derived_hash="x")
    assert stamp(database) == before


def test_the_same_parameters_have_the_same_hash_under_any_name(database: Connection) -> None:
    columns = ", ".join(PARAMETERS)
    database.execute(
        text(
            f"insert into reference.definition (name, description, {columns}) "
            f"select 'twin', 'a twin', {columns} from reference.definition where name = 'paper'"
        )
    )
    assert stamp(database, "twin") == (stamp(database)[0], 1)
    assert stamp(database, "recommended")[0] != stamp(database)[0]


def test_nobody_writes_the_hash_by_hand(database: Connection) -> None:
    before = stamp(database)
    change(database, hash="0" * 64)
    assert stamp(database) == before


def test_the_presets_differ_in_a_few_parameters(database: Connection) -> None:
    rows = database.execute(text("select * from reference.definition order by name")).mappings()
    [current, paper, recommended] = rows.all()
    assert (paper["name"], recommended["name"]) == ("paper", "recommended")
    assert (current["name"], current["based_on"]) == ("current", "recommended")
    assert {key: current[key] for key in PARAMETERS if current[key] != recommended[key]} == {
        "data_cut": None
    }
    assert {key: recommended[key] for key in PARAMETERS if paper[key] != recommended[key]} == {
        "remission_overrides_drop": True,
        "lor_requires_rise": True,
        "exposure_tail_days": 56,
        "covariates": "perianal,severity_moderate_severe,alb_low",
    }
    assert recommended["based_on"] == "paper"


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("week14_window_around_target", {"week14_from_day": 99}),
        ("week14_window_around_target", {"week14_to_day": 97}),
        ("induction_days_in_order", {"induction_day_2": 42}),
        ("induction_days_in_order", {"induction_day_4": 41}),
        ("severity_in_order", {"severity_mild_from": 30}),
        ("severity_in_order", {"severity_severe_from": 30}),
        ("time_zero", {"time_zero": "diagnosis"}),
        ("lor_confirmations", {"lor_confirmations": 3}),
        ("lor_above", {"lor_above": 100}),
        ("data_cut", {"data_cut": "2999-01-01"}),
        ("name", {"name": "Paper"}),
        ("name", {"name": "a b"}),
    ],
)
def test_parameters_that_cannot_be_are_refused(
    database: Connection, rule: str, values: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError, match=f'"ck_definition_{rule}"'):
        change(database, **values)


def test_a_definition_takes_its_statuses_with_it(database: Connection) -> None:
    """They are derived, so that nothing is lost; what it once said stays in the transitions."""
    rule = database.execute(
        text(
            "select confdeltype::text from pg_constraint where contype = 'f' "
            "and conrelid = 'derived.lor_status'::regclass"
        )
    ).scalar_one()
    assert rule == "c"
