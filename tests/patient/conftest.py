"""One registry of hand-made and of random children, for all tests of the patient's screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from registry.database.engine import Database, open_database
from registry.derivation.explanation import explain
from registry.derivation.run import derive
from registry.importing.run import import_files
from registry.patient.reading import read_patient
from tests.conftest import Databases, settings_for
from tests.oracle.cohort import write_csv
from tests.oracle.patients import random_patients
from tests.oracle.records import Records, empty_records
from tests.views.clinic import INDUCTION, child, on

RANDOM = {records["patients"][0]["patient_id"]: records for records in random_patients(14, 25)}
Read = Callable[..., dict[str, Any]]


def lost() -> Records:
    """A child that loses response on day 154, with one record of everything."""
    records = child(
        "LOST",
        infusions=[*INDUCTION, (154, "240"), 210],
        scores={0: "40", 98: "5", 154: "22.5", 210: "10"},
        drugs=[("azathioprine", -30, 60), ("prednisone", 154, None)],
        levels=[(98, "<0.4", "<10", "ELISA"), (150, "9.5", "", "ELISA"), (210, "8", "", "")],
        phenotypes=[(0, "yes")],
        genes=[(30, "XIAP", "c.664C>T", "p.R222X")],
        end=(224, "ifx_stopped"),
        diagnosed_on="2018-05-02",
    )
    patient = {"patient_id": "LOST"}
    records["phenotypes"][0] |= {"location": "L3", "behaviour": "B1", "growth": "G0"}
    records["endoscopies"].append(patient | {"performed_on": on(-10), "cdeis": 12})
    records["surgeries"].append(patient | {"performed_on": on(200), "procedure": "fistulotomy"})
    records["conditions"].append(
        patient | {"condition": "other", "onset_on": on(5), "resolved_on": None}
    )
    records["lab_results"] += [
        patient | {"collected_on": on(-1), "analyte": "CRP", "value": "30", "unit": "mg/L"},
        patient | {"collected_on": on(98), "analyte": "CRP", "value": "<20", "unit": "mg/L"},
        patient | {"collected_on": on(98), "analyte": "HGB", "value": "10.9", "unit": "g/dL"},
        patient | {"collected_on": on(98), "analyte": "ESR", "value": "20", "unit": "mm/h"},
        patient | {"collected_on": on(98), "analyte": "HCT", "value": "34", "unit": "%"},
    ]
    return records


def nobody() -> Records:
    """A child of whom nothing is known but who he is."""
    records = empty_records()
    records["patients"] = child("NOBODY", infusions=(), scores={})["patients"]
    return records


HAND_MADE = [
    lost(),
    nobody(),
    child("ONEVISIT", infusions=(), scores={0: "30"}),
    child("ONEINFUSION", infusions=[0], scores={}),
    child("AFTERCUT", infusions=[*INDUCTION, 1500], scores={0: "40", 98: "5", 1500: "30"}),
    child(
        "WEAK",
        scores={0: "40", 98: "27.5"},
        levels=[(14, ">20", "", "ELISA"), (90, "3", "12", "ELISA")],
    ),
]


@pytest.fixture(scope="session")
def children(databases: Databases, migrated_template: str, tmp_path_factory: Any) -> Iterator[Any]:
    """The registry of the hand-made and the random children, derived."""
    folder = tmp_path_factory.mktemp("children")
    write_csv([*HAND_MADE, *RANDOM.values()], folder)
    with open_database(settings_for(databases.create(migrated_template))) as database:
        with database.engine.begin() as connection:
            assert import_files(connection, [folder], allow_ids=True).errors == []
        derive(database.engine, user="tester")
        yield database


@pytest.fixture(scope="session")
def read(children: Database) -> Read:
    """A child's document as the command makes it."""

    known: dict[tuple[str, str], dict[str, Any]] = {}

    def document(patient: str, definition: str = "paper") -> dict[str, Any]:
        key = patient, definition
        if key not in known:
            known[key] = document_of(children, patient, definition)
        return deepcopy(known[key])

    return document


def document_of(database: Database, patient: str, definition: str = "paper") -> dict[str, Any]:
    """The record of a patient with the explanation of the status beside it."""
    with database.engine.connect() as connection:
        record = read_patient(connection, patient, definition)
        return record | {"explanation": explain(connection, patient, definition).to_json()}
