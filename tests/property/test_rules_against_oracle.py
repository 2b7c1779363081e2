"""The database's rules against a plain reading of them, patient by patient and field by field.

Random patients, full of the cases on which readings part, go the whole way: written as files,
imported, derived and read from the analysts' views. REGISTRY_TEST_SEED draws other patients and
other definitions, REGISTRY_TEST_PATIENTS and REGISTRY_TEST_DEFINITIONS more of them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from registry.database.engine import Database, open_database
from registry.definitions.store import add_definition, get_definition
from registry.derivation.run import derive
from registry.importing.run import import_files
from registry.models import ENTITIES, table_of
from registry.models.definition import Definition as StoredDefinition
from tests.conftest import Databases, settings_for
from tests.oracle.after_loss import lor_outcome, week14_trough
from tests.oracle.covariates import covariates, values_at_baseline
from tests.oracle.deciding import stored_status
from tests.oracle.definition import CURRENT, PAPER, RECOMMENDED, Definition
from tests.oracle.patients import random_patients, write_csv
from tests.oracle.random_definition import random_definition
from tests.oracle.records import Records
from tests.oracle.rules import observe, status
from tests.property.growth import Growth

SEED = int(os.environ.get("REGISTRY_TEST_SEED", "20231231"))
PATIENTS = int(os.environ.get("REGISTRY_TEST_PATIENTS", "1500"))
DEFINITIONS = int(os.environ.get("REGISTRY_TEST_DEFINITIONS", "20"))

# The two readings name these parameters differently; all others have one name.
STORED_NAMES = {
    "adult_years": "age_limit_years",
    "veo_years": "veo_before_years",
    "duration_months": "duration_from_months",
    "dose_mg_per_kg": "dose_from_mg_per_kg",
    "mild_from": "severity_mild_from",
    "moderate_from": "severity_moderate_from",
    "severe_from": "severity_severe_from",
}

# A computed Z-score so near its cut-off depends on how the last digits are rounded.
TOO_NEAR = 0.0001

# So many differences are shown; the rest are counted.
SHOWN = 25

TABLES = {entity.file_name: table_of(entity).name for entity in ENTITIES}
NATURAL_KEYS = {
    "infusion": ("infused_on",),
    "pcdai_visit": ("visited_on",),
    "medication": ("started_on", "drug"),
    "condition": ("onset_on", "condition"),
    "follow_up_end": ("ended_on",),
}

Answer = Mapping[str, Any]
Answers = dict[tuple[str, str], Answer]
"""Definition and study id -> field -> value."""


def parameters_of(definition: Definition) -> dict[str, Any]:
    """A definition's parameters by the names that the registry gives them."""
    return {
        STORED_NAMES.get(field.name, field.name): getattr(definition, field.name)
        for field in fields(definition)
    }


def written(value: Any) -> str:
    """A parameter as a person writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def changes_from_paper(definition: Definition) -> list[str]:
    """What to set in a copy of the study's definition."""
    study = parameters_of(PAPER)
    return [
        f"{name}={written(value)}"
        for name, value in parameters_of(definition).items()
        if value != study[name]
    ]


@dataclass(frozen=True)
class Comparison:
    """The patients and definitions that both sides hold."""

    database: Database
    patients: dict[str, Records]
    definitions: dict[str, Definition]
    statuses: dict[tuple[str, Definition], Answer] = field(default_factory=dict)

    def status(self, records: Records, definition: Definition) -> Answer:
        """The oracle's; several tests ask for everybody's."""
        asked = records["patients"][0]["patient_id"], definition
        if asked not in self.statuses:
            self.statuses[asked] = status(records, definition)
        return self.statuses[asked]

    def stored(self, statement: str) -> Answers:
        """Rows of a query by their definition and study id."""
        with self.database.engine.connect() as connection:
            rows = connection.execute(text(statement)).mappings().all()
        answers = {(row["definition"], row["patient_id"]): row for row in rows}
        assert len(answers) == len(rows)
        return answers

    def expected(self, answer: Callable[[Records, Definition], Answer | None]) -> Answers:
        """The oracle's answers, without the pairs for which it has none."""
        return {
            (name, patient): found
            for name, definition in self.definitions.items()
            for patient, records in self.patients.items()
            if (found := answer(records, definition)) is not None
        }

    def report(self, stored: Answers, expected: Answers) -> str:
        """Every difference in a field that the oracle speaks of; empty without one."""
        assert expected
        found = [
            (name, patient, "row", "stored" if (name, patient) in stored else "missing")
            for name, patient in sorted(stored.keys() ^ expected.keys())
        ]
        for key in sorted(stored.keys() & expected.keys()):
            for column, value in expected[key].items():
                if stored[key][column] != value:
                    words = f"stored {stored[key][column]}, by the oracle {value}"
                    found.append((*key, column, words))
        if not found:
            return ""
        lines = [f"{patient} {name} {field}: {words}" for name, patient, field, words in found]
        if len(lines) > SHOWN:
            by_field = Counter(field for _, _, field, _ in found)
            lines = [*lines[:SHOWN], f"and {len(lines) - SHOWN} more; by field {dict(by_field)}"]
        for name in sorted({name for name, *_ in found[:SHOWN]}):
            changes = ", ".join(changes_from_paper(self.definitions[name]))
            lines.append(f"{name} is paper with {changes or 'nothing changed'}")
        return "\n".join([f"With seed {SEED}:", *lines])


@pytest.fixture(scope="module")
def comparison(
    databases: Databases, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Comparison]:
    """The random patients in a registry of their own, derived by presets and random definitions."""
    patients = list(random_patients(SEED, PATIENTS))
    rng = Random(SEED)
    drawn = {f"random_{number:02}": random_definition(rng) for number in range(DEFINITIONS)}
    folder = tmp_path_factory.mktemp("random_patients")
    write_csv(patients, folder)
    url = databases.create(migrated_template)
    with open_database(settings_for(url)) as database:
        with database.engine.begin() as connection:
            assert import_files(connection, [folder]).errors == []
            for name, definition in drawn.items():
                add_definition(connection, name, "paper", changes_from_paper(definition))
        derive(database.engine, user="tester")
        yield Comparison(
            database,
            {records["patients"][0]["patient_id"]: records for records in patients},
            {"current": CURRENT, "paper": PAPER, "recommended": RECOMMENDED} | drawn,
        )
    assert url.database is not None
    databases.drop(url.database)


def test_both_sides_hold_the_same_parameters(comparison: Comparison) -> None:
    """No parameter is missing on either side, and the presets are the same."""
    with comparison.database.engine.connect() as connection:
        for name, definition in comparison.definitions.items():
            stored = get_definition(connection, name)
            held = {key: stored[key] for key in StoredDefinition.of_rules()}
            assert held == parameters_of(definition), name


def test_status(comparison: Comparison) -> None:
    """Every field of the stored status, and the record that decided it."""
    record_keys = {}
    with comparison.database.engine.connect() as connection:
        for table, columns in NATURAL_KEYS.items():
            listed = ", ".join(columns)
            for patient, record, *key in connection.execute(
                text(f"select patient_id, record_id, {listed} from analytics.{table}")
            ):
                values = dict(zip(columns, key, strict=True))
                record_keys[table, patient, record] = values
        hashes = dict(connection.execute(text("select name, hash from reference.definition")).all())
    stored = {}
    for key, row in comparison.stored("select * from analytics.status").items():
        record = (row["deciding_table"], row["patient_id"], row["deciding_record_id"])
        decided = None if row["deciding_record_id"] is None else record_keys[record]
        stored[key] = dict(row) | {"deciding_record": decided}
        assert row["definition_hash"] == hashes[row["definition"]]

    def answer(records: Records, definition: Definition) -> Answer:
        found = stored_status(observe(records, definition), definition)
        table = found["deciding_table"]
        return found | {"deciding_table": TABLES[table] if table else None}

    expected = comparison.expected(answer)
    fields_compared = set(next(iter(expected.values())))
    columns_compared = fields_compared - {"deciding_record"} | {"deciding_record_id"}
    of_the_row = {"definition", "patient_id", "definition_hash", "run_id"}
    assert columns_compared | of_the_row == {*next(iter(stored.values()))} - {"deciding_record"}
    assert not (found := comparison.report(stored, expected)), found


def test_covariates(comparison: Comparison) -> None:
    """Time, event and the 21 covariates of every eligible patient; computed Z-scores count too."""
    growth = Growth()
    undecided = []

    def answer(records: Records, definition: Definition) -> Answer | None:
        growth.given.clear()
        found = covariates(records, definition, growth)
        if found is None:
            return None
        cut = float(definition.bmi_z_at_most)
        if any(abs(score - cut) <= TOO_NEAR for score in growth.given):
            undecided.append(found.pop("bmi_z_low"))
        derived = comparison.status(records, definition)
        assert len(found) + len(undecided[-1:]) >= 21
        shared = ("start_on", "time_days", "event", "censor_reason", "induction_outcome")
        return found | {name: derived[name] for name in shared}

    stored = comparison.stored("select * from analytics.analysis_set")
    expected = comparison.expected(answer)
    assert not (found := comparison.report(stored, expected)), found
    compared = sum("bmi_z_low" in fields for fields in expected.values())
    assert len(undecided) < compared / 100


def test_values_at_baseline(comparison: Comparison) -> None:
    """The values that the levels are made from."""
    stored = comparison.stored("select * from analytics.baseline")
    found = comparison.report(stored, comparison.expected(values_at_baseline))
    assert not found, found


def test_outcomes_after_loss(comparison: Comparison) -> None:
    """A row for every patient with a loss, and for no other."""
    names = ("outcome", "regained", "intensified_on", "last_pcdai_on", "last_pcdai")

    def answer(records: Records, definition: Definition) -> Answer | None:
        found = lor_outcome(records, definition)
        if found is None:
            return None
        derived = comparison.status(records, definition)
        return {name: found[name] for name in names} | {
            name: derived[name] for name in ("event_on", "end_on")
        }

    stored = comparison.stored("select * from analytics.lor_outcome")
    assert not (found := comparison.report(stored, comparison.expected(answer))), found


def test_week14_troughs(comparison: Comparison) -> None:
    """A row for every eligible patient with a trough at week 14, and for no other."""

    def answer(records: Records, definition: Definition) -> Answer | None:
        derived = comparison.status(records, definition)
        found = week14_trough(records, definition) if derived["eligible"] else None
        if found is None:
            return None
        level = found["value"]
        return {
            "event": derived["event"],
            "infused_on": found["infused_on"],
            "sampled_on": found["sampled_on"],
            "days_before_infusion": (found["infused_on"] - found["sampled_on"]).days,
            "assay": found["assay"],
            "ifx_ug_ml": level.number,
            "ifx_comparator": level.comparator,
            "ifx_for_mean": found["used"],
            "censored": level.comparator is not None,
        }

    stored = comparison.stored("select * from analytics.tdm_week14")
    assert not (found := comparison.report(stored, comparison.expected(answer))), found


def test_flow(comparison: Comparison) -> None:
    """Every exclusion with the number of patients it is the first of."""
    reasons = Counter(
        (name, comparison.status(records, definition)["reason"])
        for name, definition in comparison.definitions.items()
        for records in comparison.patients.values()
    )
    with comparison.database.engine.connect() as connection:
        rows = connection.execute(
            text(
                "select definition, coalesce(reason, nullif(step, 'eligible')), n "
                "from analytics.cohort_flow where step in ('excluded', 'no_infliximab', 'eligible')"
            )
        ).all()
    assert {(name, reason): n for name, reason, n in rows if n} == dict(reasons)
