"""Writes the records as FHIR R4 resources, a file a type, as the bulk data access has them.

An id is made of the study id, the table and the record's own number, so the next export has the
same for the same record, and whoever has imported the first one updates it. A value that is a limit
keeps its comparator. What has no code of a standard has the registry's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from registry.codes import Code
from registry.export.leaving import PARIS, Leaving, Row
from registry.models import (
    Anthropometry,
    Condition,
    Endoscopy,
    FollowUpEnd,
    Infusion,
    LabResult,
    Medication,
    Patient,
    PcdaiVisit,
    Phenotype,
    TdmLevel,
    table_of,
)
from registry.models.pcdai_visit import ITEMS
from registry.variables import as_known
from registry.vocabulary import MEANINGS

MANIFEST = "manifest.json"
OWN = "urn:crohn-registry:"
SYSTEMS = {
    "LOINC": "http://loinc.org",
    "SNOMED": "http://snomed.info/sct",
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
    "ATC": "http://www.whocc.no/atc",
    "UCUM": "http://unitsofmeasure.org",
}
_HL7 = "http://terminology.hl7.org/CodeSystem/"
_ASSERTED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
# What an analyte is measured in; the specimen of a drug level is serum.
_SPECIMEN_OF = dict.fromkeys(("ESR", "WBC", "HGB", "HCT", "PLT"), "blood") | {"FCAL": "stool"}

Resource = dict[str, Any]


def write_fhir(leaving: Leaving, part: Path) -> tuple[int, dict[str, int]]:
    """Fills the folder with `<type>.ndjson` and `manifest.json`; children and rows of each file."""
    begun = datetime.now(UTC)
    files: dict[str, TextIO] = {}
    rows: dict[str, int] = {}
    with ExitStack() as stack:
        for resource in _resources(leaving):
            kind = resource["resourceType"]
            if kind not in files:
                opened = (part / f"{kind}.ndjson").open("w", encoding="utf-8", newline="\n")
                files[kind] = stack.enter_context(opened)
                rows[kind] = 0
            # `dump` would take each part by itself, in Python.
            line = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
            files[kind].write(f"{line}\n")
            rows[kind] += 1
    manifest = {
        "transactionTime": begun.isoformat(timespec="seconds"),
        "request": "registry export fhir",
        "requiresAccessToken": False,
        "output": [
            {"type": kind, "url": f"{kind}.ndjson", "count": count} for kind, count in rows.items()
        ],
        "error": [],
    }
    (part / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return rows.get("Patient", 0), {f"{kind}.ndjson": count for kind, count in rows.items()}


def _resources(leaving: Leaving) -> Iterator[Resource]:
    told = _Telling(leaving)
    ends = leaving.by_child(FollowUpEnd)
    phenotypes = leaving.by_child(Phenotype)
    centres: set[str] = set()
    for row in leaving.records(Patient):
        if row["centre"] not in centres:
            centres.add(row["centre"])
            yield told.centre(row["centre"])
        yield told.patient(row, ends.get(row["patient_id"], []))
        yield told.disease(row, phenotypes.get(row["patient_id"], []))
    for rows in phenotypes.values():
        yield from map(told.phenotype, rows)
    for row in leaving.records(Condition):
        yield told.condition(row)
    for row in leaving.records(Infusion):
        yield told.infusion(row)
    for row in leaving.records(Medication):
        yield told.medication(row)
    yield from told.laboratory(leaving.records(LabResult))
    for row in leaving.records(TdmLevel):
        yield from told.level(row)
    for row in leaving.records(PcdaiVisit):
        yield told.pcdai(row)
    for row in leaving.records(Endoscopy):
        if row["cdeis"] is not None:
            yield told.observation(row, "endoscopy", "performed_on", "cdeis", "procedure", "points")
    for row in leaving.records(Anthropometry):
        for column, unit in (("height_cm", "cm"), ("weight_kg", "kg")):
            if row[column] is not None:
                yield told.observation(
                    row, "anthropometry", "measured_on", column, "vital-signs", unit
                )


class _Telling:
    """Each record as a resource."""

    def __init__(self, leaving: Leaving) -> None:
        self._coder = leaving.coder

    def centre(self, code: str) -> Resource:
        return {
            "resourceType": "Organization",
            "id": _id(f"centre-{code}"),
            "identifier": [{"system": f"{OWN}centre", "value": code}],
            "name": code,
        }

    def patient(self, row: Row, ends: list[Row]) -> Resource:
        died = [end["ended_on"] for end in ends if end["reason"] == "died"]
        return {
            "resourceType": "Patient",
            "id": _id(row["study_id"]),
            "identifier": [{"system": f"{OWN}study-id", "value": row["study_id"]}],
            "gender": row["sex"],
            "birthDate": row["birth_date"].isoformat(),
            **({"deceasedDateTime": died[0].isoformat()} if died else {}),
            "managingOrganization": {"reference": f"Organization/{_id('centre-' + row['centre'])}"},
        }

    def disease(self, row: Row, phenotypes: list[Row]) -> Resource:
        """The disease that the child is in the registry for, staged as at its last assessment."""
        stages = [
            {
                "summary": self._own("paris", f"{column}={_said(last[column])}"),
                "assessment": [_to("Observation", last["study_id"], "phenotype", last)],
                "type": {"text": _label(Phenotype, column)},
            }
            for last in phenotypes[-1:]
            for column in PARIS
            if last[column] is not None
        ]
        diagnosed = _period(row, "diagnosed_on")
        asserted = {"extension": [{"url": _ASSERTED, "valueDateTime": diagnosed}]}
        return {
            "resourceType": "Condition",
            "id": _id(row["study_id"], "diagnosis"),
            **(asserted if diagnosed else {}),
            "clinicalStatus": _hl7("condition-clinical", "active"),
            "verificationStatus": _hl7("condition-ver-status", "confirmed"),
            "code": self._concept("diagnosis", row["diagnosis"], "SNOMED", "ICD-10"),
            "subject": _subject(row),
            **_given("onsetDateTime", _period(row, "onset_on")),
            **_given("stage", stages),
        }

    def phenotype(self, row: Row) -> Resource:
        components = [
            {
                "code": self._own("paris", column, _label(Phenotype, column)),
                **(
                    {"valueBoolean": row[column]}
                    if isinstance(row[column], bool)
                    else {"valueCodeableConcept": self._own("paris", row[column])}
                ),
            }
            for column in PARIS
            if row[column] is not None
        ]
        return {
            **self._observed(row, "phenotype", "assessed_on", "exam"),
            "code": self._own("measure", "paris_classification", "Paris classification"),
            **_given("component", components),
        }

    def condition(self, row: Row) -> Resource:
        resolved = row["resolved_on"]
        return {
            "resourceType": "Condition",
            "id": _id(row["study_id"], "condition", row["record_id"]),
            "clinicalStatus": _hl7("condition-clinical", "resolved" if resolved else "active"),
            "verificationStatus": _hl7("condition-ver-status", "confirmed"),
            "code": self._concept("condition", row["condition"], "SNOMED", "ICD-10"),
            "subject": _subject(row),
            "onsetDateTime": row["onset_on"].isoformat(),
            **_given("abatementDateTime", resolved and resolved.isoformat()),
        }

    def infusion(self, row: Row) -> Resource:
        drug = self._concept("drug", "infliximab", "ATC", "SNOMED")
        return {
            "resourceType": "MedicationAdministration",
            "id": _id(row["study_id"], "infusion", row["record_id"]),
            "status": "completed",
            "medicationCodeableConcept": drug | _given("text", row["product"]),
            "subject": _subject(row),
            "effectiveDateTime": row["infused_on"].isoformat(),
            "reasonReference": [{"reference": f"Condition/{_id(row['study_id'], 'diagnosis')}"}],
            "dosage": {
                "route": self._concept("route", "intravenous", "SNOMED"),
                "dose": self._quantity(row["dose_mg"], "mg"),
            },
        }

    def medication(self, row: Row) -> Resource:
        stopped = row["stopped_on_precision"] is not None
        ended = _given("end", _period(row, "stopped_on"))
        return {
            "resourceType": "MedicationStatement",
            "id": _id(row["study_id"], "medication", row["record_id"]),
            "status": "stopped" if stopped else "active",
            "medicationCodeableConcept": self._concept("drug", row["drug"], "ATC", "SNOMED"),
            "subject": _subject(row),
            "effectivePeriod": {"start": row["started_on"].isoformat()} | ended,
        }

    def laboratory(self, rows: Iterator[Row]) -> Iterator[Resource]:
        """The values, and a specimen a child, day and kind before the first of them."""
        child, drawn = None, set[str]()
        for row in rows:
            if row["patient_id"] != child:
                child, drawn = row["patient_id"], set()
            kind = _SPECIMEN_OF.get(row["analyte"], "serum")
            day = row["collected_on"]
            specimen = _id(row["study_id"], "specimen", kind, f"{day:%Y%m%d}")
            if specimen not in drawn:
                drawn.add(specimen)
                yield self._specimen(row, specimen, kind, day)
            yield {
                **self._observed(row, "lab_result", "collected_on", "laboratory"),
                "code": self._concept("analyte", row["analyte"], "LOINC"),
                "valueQuantity": self._quantity(row["value"], row["unit"], row["value_comparator"]),
                "specimen": {"reference": f"Specimen/{specimen}"},
            }

    def level(self, row: Row) -> Iterator[Resource]:
        """The specimen, and the drug and the antibodies as far as they were measured."""
        specimen = _id(row["study_id"], "tdm_level", row["record_id"], "specimen")
        yield self._specimen(row, specimen, "serum", row["sampled_on"])
        for column, unit in (("ifx_ug_ml", "ug/mL"), ("ada_au_ml", "AU/mL")):
            if row[column] is not None:
                yield self.observation(
                    row, "tdm_level", "sampled_on", column, "laboratory", unit
                ) | {
                    "specimen": {"reference": f"Specimen/{specimen}"},
                    **_given("method", row["assay"] and {"text": row["assay"]}),
                }

    def pcdai(self, row: Row) -> Resource:
        items = [
            {
                "code": self._own("pcdai", name, _label(PcdaiVisit, name)),
                "valueQuantity": self._quantity(row[name], "points"),
            }
            for name in ITEMS
            if row[name] is not None
        ]
        scored = self.observation(row, "pcdai_visit", "visited_on", "score", "survey", "points")
        return scored | {"code": self._concept("measure", "pcdai", "LOINC")} | _given(
            "component", items
        )  # fmt: skip

    def observation(
        self, row: Row, table: str, day: str, column: str, category: str, unit: str
    ) -> Resource:
        """A measured column of a record."""
        return {
            **self._observed(row, table, day, category, column),
            **({} if column == "score" else {"code": self._concept("measure", column, "LOINC")}),
            "valueQuantity": self._quantity(row[column], unit, row.get(f"{column}_comparator")),
        }

    def _observed(self, row: Row, table: str, day: str, category: str, *more: str) -> Resource:
        return {
            "resourceType": "Observation",
            "id": _id(row["study_id"], table, row["record_id"], *more),
            "status": "final",
            "category": [_hl7("observation-category", category)],
            "subject": _subject(row),
            "effectiveDateTime": row[day].isoformat(),
        }

    def _specimen(self, row: Row, specimen: str, kind: str, day: date) -> Resource:
        return {
            "resourceType": "Specimen",
            "id": specimen,
            "type": self._concept("specimen", kind, "SNOMED"),
            "subject": _subject(row),
            "collection": {"collectedDateTime": day.isoformat()},
        }

    def _concept(self, kind: str, name: str, *systems: str) -> Resource:
        """A name of ours with its codes in the systems; our own code is always the last."""
        found = [_coding(code) for code in self._coder.all(kind, name, *systems)]
        return {"coding": [*found, *self._own(kind, name)["coding"]]}

    def _own(self, kind: str, name: str, words: str | None = None) -> Resource:
        """A name of ours that no standard has."""
        said = words or _MEANT.get(name)
        return {"coding": [{"system": f"{OWN}{kind}", "code": name} | _given("display", said)]}

    def _quantity(self, value: Decimal, unit: str, comparator: str | None = None) -> Resource:
        code = self._coder.find("unit", unit, "UCUM")
        return {
            "value": int(value) if value == value.to_integral_value() else float(value),
            **_given("comparator", comparator),
            "unit": unit,
            **({"system": SYSTEMS["UCUM"], "code": code.code} if code else {}),
        }


# A code of ours -> what it means.
_MEANT = {code: words for meanings in MEANINGS.values() for code, words in meanings.items()}


def _id(*parts: object) -> str:
    """An id of letters, digits, hyphens and dots; a study id has no dot, so two stay two."""
    return "-".join(str(part) for part in parts).replace("_", ".")


def _to(kind: str, study_id: str, table: str, row: Row) -> Resource:
    return {"reference": f"{kind}/{_id(study_id, table, row['record_id'])}"}


def _subject(row: Row) -> Resource:
    return {"reference": f"Patient/{_id(row['study_id'])}"}


def _period(row: Row, column: str) -> str | None:
    """A date as far as it is known: FHIR has months and years too."""
    day, precision = row[column], row[f"{column}_precision"]
    if day is None:
        return None
    return as_known(day, precision)


def _given(key: str, value: Any) -> Resource:
    return {key: value} if value else {}


def _said(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _hl7(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{_HL7}{system}", "code": code}]}


def _coding(code: Code) -> Resource:
    return {"system": SYSTEMS[code.system], "code": code.code} | _given("display", code.display)


def _label(entity: Any, column: str) -> str:
    return str(table_of(entity).columns[column].info["variable"].label)
