"""What is told of a variable where it leaves the centre follows from its redaction class alone."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Connection, Text, text

from registry.models import ENTITIES, Patient, table_of
from registry.releases.choose import COMPARED
from registry.variables import Redaction, Variable
from registry.views.deidentified_tables import QUASI_IDENTIFIERS, _told

SCHEMA = "analytics_deidentified"


def told_columns(connection: Connection) -> dict[str, dict[str, str]]:
    """View -> column -> its type, as the database has them."""
    found: dict[str, dict[str, str]] = {}
    for view, column, kind in connection.execute(
        text(
            "select table_name, column_name, data_type from information_schema.columns "
            f"where table_schema = '{SCHEMA}'"
        )
    ):
        found.setdefault(view, {})[column] = kind
    return found


def test_every_variable_of_every_table_is_told_as_its_class_says(database: Connection) -> None:
    told = told_columns(database)
    seen = dict.fromkeys(Redaction, 0)
    for entity in ENTITIES:
        table = table_of(entity)
        if not entity.declared.is_released:
            assert table.name not in told
            continue
        left = dict(told[table.name])
        assert (left.pop("release"), left.pop("child_id")) == ("text", "text")
        for column in table.columns:
            variable: Variable | None = column.info.get("variable")
            if variable is None:
                continue
            seen[variable.redacted_as] += 1
            name = f"{column.name.removesuffix('_on')}_day"
            match variable.redacted_as:
                case Redaction.IDENTIFIER | Redaction.FREE_TEXT:
                    assert column.name not in left
                case Redaction.DATE:
                    assert column.name not in left
                    assert left.pop(name) == "integer"
                case Redaction.BIRTH:
                    assert column.name not in left
                    assert left.pop("age_years") == "integer"
                case Redaction.QUASI_IDENTIFIER | Redaction.CLINICAL:
                    assert left.pop(column.name)
        # What is left says how exact a value is, or why there is none.
        assert all(name.endswith(("_missing", "_comparator", "_known_to")) for name in left), left
    assert seen[Redaction.BIRTH] == 1
    assert seen[Redaction.DATE] > 10


def test_no_view_has_a_date_a_moment_or_a_number_of_the_registry(database: Connection) -> None:
    told = told_columns(database)
    assert {"status", "analysis_set", "trough"} <= set(told)
    kinds = {kind for columns in told.values() for kind in columns.values()}
    assert kinds == {"text", "boolean", "integer", "numeric", "bigint"}
    for view, columns in told.items():
        # Only counts are of the type that the registry's numbers have.
        assert {name for name, kind in columns.items() if kind == "bigint"} <= {
            "infusions",
            "infusion_number",
        }, view
        assert {"release", "child_id"} <= set(columns), view
        assert not {"patient_id", "record_id", "run_id", "usubjid"} & set(columns), view
        assert not {name for name in columns if name.endswith(("_on", "_at", "dt"))}, view


def test_a_column_of_no_class_is_not_told() -> None:
    assert _told(Patient, Column("remark", Text)) is None
    assert _told(Patient, table_of(Patient).columns["missing_reasons"]) is None


def test_the_quasi_identifiers_are_those_that_the_children_declare() -> None:
    declared = {
        column.name
        for column in table_of(Patient).columns
        if "variable" in column.info
        and column.info["variable"].redacted_as in (Redaction.QUASI_IDENTIFIER, Redaction.BIRTH)
    }
    assert set(QUASI_IDENTIFIERS) == declared == set(COMPARED)


@pytest.mark.parametrize("known_to", ["month", "year"])
def test_days_to_a_date_half_known_do_not_give_the_other_date_away(
    database: Connection, known_to: str
) -> None:
    # First infusions on every day of a month; the onset is known as 2015, or as January of it.
    days = database.execute(
        text(
            "select rules.blurred(date '2015-01-01' - d::date, :known), "
            "rules.blurred(date '2015-01-01' - d::date, 'day') from generate_series("
            "date '2016-02-20', date '2016-03-10', interval '1 day') d"
        ),
        {"known": known_to},
    ).all()
    blurred = [one for one, _ in days]
    assert len({exact for _, exact in days}) == 20
    assert len(set(blurred)) <= 2
    assert all(abs(one - exact) <= 184 for one, exact in days)
