"""FHIR resources: of the standard's own form, referring to each other, true to the records."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import text

from tests.conftest import Databases, opened_for_test
from tests.neighbours.conftest import LEAVING, WHOLE, Export
from tests.programs import Program

Resources = dict[str, dict[str, Any]]


def resources_of(folder: Path) -> Resources:
    """Type and id -> resource, each of the form that the standard gives its type."""
    found: Resources = {}
    for file in folder.glob("*.ndjson"):
        for line in file.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            assert one["resourceType"] == file.stem
            get_fhir_model_class(file.stem).model_validate(one)
            found[f"{file.stem}/{one['id']}"] = one
        assert len(file.read_text(encoding="utf-8").splitlines()) == sum(
            key.startswith(f"{file.stem}/") for key in found
        )
    return found


def references(value: Any) -> set[str]:
    """Every reference that stands somewhere in it."""
    match value:
        case dict():
            own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
            return own.union(*map(references, value.values()))
        case list():
            return set().union(*map(references, value))
    return set()


@pytest.fixture
def exported(export: Export) -> tuple[str, Path, Resources]:
    outcome, folder = export("fhir")
    assert outcome.status == 0, outcome
    return outcome.err, folder, resources_of(folder)


def test_resources_are_whole_and_every_reference_resolves(
    exported: tuple[str, Path, Resources],
) -> None:
    _, folder, found = exported
    assert set().union(*map(references, found.values())) <= set(found)
    manifest = json.loads((folder / "manifest.json").read_text())
    counts = {one["type"]: one["count"] for one in manifest["output"]}
    assert counts == {
        "Organization": 1, "Patient": 3, "Condition": 4, "MedicationAdministration": 2,
        "MedicationStatement": 2, "Specimen": 4, "Observation": 13,
    }  # fmt: skip
    assert sum(counts.values()) == len(found)
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_who_does_not_leave_is_left_out_and_said(exported: tuple[str, Path, Resources]) -> None:
    said, folder, found = exported
    ids = {one["identifier"][0]["value"] for key, one in found.items() if key[:8] == "Patient/"}
    assert ids == LEAVING
    assert "1 child is left out: no consent to research." in said
    assert "1 child is left out: no consent to sharing." in said
    everything = "".join(file.read_text() for file in folder.glob("*.ndjson"))
    assert "R1" not in everything
    assert "S1" not in everything


def test_values_are_those_of_the_records(exported: tuple[str, Path, Resources]) -> None:
    _, _, found = exported
    told = {
        (one["code"]["coding"][0]["code"], one["effectiveDateTime"]): one["valueQuantity"]
        for one in found.values()
        if "valueQuantity" in one
    }
    ucum = {"system": "http://unitsofmeasure.org"}
    assert told["39803-2", "2018-10-05"] == ucum | {
        "value": 0.4, "comparator": "<", "unit": "ug/mL", "code": "ug/mL",
    }  # fmt: skip
    assert told["ada_au_ml", "2018-10-05"] == ucum | {
        "value": 200, "comparator": ">", "unit": "AU/mL", "code": "[arb'U]/mL",
    }  # fmt: skip
    assert told["39803-2", "2018-12-05"]["value"] == 4.25
    assert "comparator" not in told["39803-2", "2018-12-05"]
    assert told["30341-2", "2018-06-28"]["comparator"] == ">"
    # As it was entered, in the unit that it was entered in.
    assert told["26515-7", "2018-06-28"] == ucum | {
        "value": 41.5, "unit": "10^4/uL", "code": "10*4/uL",
    }  # fmt: skip
    assert told["pcdai", "2018-06-28"]["value"] == 37.5
    assert told["29463-7", "2018-06-03"]["value"] == 23.75
    (patient,) = [one for one in found.values() if one.get("deceasedDateTime")]
    assert (patient["id"], patient["deceasedDateTime"]) == ("A-1", "2021-05-05")


def test_a_disease_has_its_period_and_its_last_phenotype(
    exported: tuple[str, Path, Resources],
) -> None:
    _, _, found = exported
    disease = found["Condition/A.1-diagnosis"]
    assert disease["onsetDateTime"] == "2018-03"
    assert disease["extension"][0]["valueDateTime"] == "2018-06-01"
    codings = {(one["system"], one["code"]) for one in disease["code"]["coding"]}
    assert ("http://snomed.info/sct", "34000006") in codings
    assert ("http://hl7.org/fhir/sid/icd-10", "K50") in codings
    assert [one["summary"]["coding"][0]["code"] for one in disease["stage"]] == [
        "location=L3", "upper_gi=L4a", "behaviour=B2", "perianal=yes", "growth=G0",
    ]  # fmt: skip
    other = found["Condition/A-1-diagnosis"]
    assert other["onsetDateTime"] == "2018"
    assert "extension" not in other
    (een,) = [one for one in found.values() if one.get("effectivePeriod", {}).get("end")]
    assert (een["effectivePeriod"], een["status"]) == (
        {"start": "2018-02-01", "end": "2018-04"},
        "stopped",
    )


def test_the_same_records_have_the_same_ids_again(
    exported: tuple[str, Path, Resources], export: Export
) -> None:
    outcome, folder = export("fhir", "--force")
    assert outcome.status == 0
    assert resources_of(folder) == exported[2]
    assert export("fhir")[0].refused(1)


def test_codes_are_listed_with_what_was_checked_and_amended(
    exported: tuple[str, Path, Resources], export: Export, tmp_path: Path
) -> None:
    said, folder, found = exported
    with (folder / "codes.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = {(row["name"], row["system"]): row for row in csv.DictReader(file)}
    assert listed["ifx_ug_ml", "LOINC"]["values"] == "2"
    assert listed["azathioprine", "ATC"]["written"] == "no"
    assert listed["pcdai", "LOINC"]["code"] == ""
    own = tmp_path / "own.csv"
    own.write_text(
        "kind,name,system,code,display,checked,source\n"
        "measure,pcdai,LOINC,99999-0,ours,yes,our laboratory\n"
    )
    outcome, folder = export("fhir", "--force", "--codes", str(own), "--unchecked")
    assert outcome.status == 0
    assert outcome.err != said
    again = resources_of(folder)
    assert again.keys() == found.keys()
    codes = {coding["code"] for one in again.values() for coding in _codings(one)}
    assert {"99999-0", "L04AX01"} <= codes
    assert "L04AX01" not in {coding["code"] for one in found.values() for coding in _codings(one)}


def _codings(resource: dict[str, Any]) -> list[dict[str, Any]]:
    concept = resource.get("code") or resource.get("medicationCodeableConcept") or {}
    return list(concept.get("coding", []))


def test_the_past_leaves_without_whoever_withdrew_since(
    databases: Databases, few_template: str, program: Program, tmp_path: Path
) -> None:
    with opened_for_test(databases.create(few_template)) as own:
        moment = datetime.now(UTC).isoformat()
        with own.engine.begin() as connection:
            connection.execute(
                text(
                    "update clinical.consent set withdrawn_on = current_date "
                    "where withdrawn_on is null"
                )
            )
        words = ("export", "fhir", "--as-of", moment, "--to", str(tmp_path / "then"))
        outcome = program(own, *words)
        assert outcome.status == 0, outcome
        assert "2 children are left out: no consent to research." in outcome.err
        # The one who withdrew signed research; his records of that moment stay all the same.
        found = resources_of(tmp_path / "then")
        assert {key for key in found if key.startswith("Patient/")} == {
            f"Patient/{child}" for child in LEAVING - {WHOLE}
        }


def test_a_list_of_children_is_not_published(export: Export, program: Program) -> None:
    outcome, folder = export("fhir", "--disclosure", "publish")
    assert "tells of single children" in outcome.refused(1)
    assert not folder.exists()
    assert "An export is of one view" in export("fhir", "--format", "csv")[0].refused(2)
    assert "Name it: registry export fhir --to DIR" in program(None, "export", "fhir").refused(2)
