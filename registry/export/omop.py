"""Writes the records as tables of the OMOP common data model, version 5.4.

A person's number is the registry's own of the child, which is never given twice; other numbers run
through their table and are new at every export, as a model is loaded whole. What has no standard
concept has the concept 0 and, as its source concept, one of the registry's own from 2,000,000,000
on, which `concept.csv` describes.
"""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import text

from registry import __version__
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
)
from registry.models.pcdai_visit import ITEMS

OWN = "OMOP-own"
VOCABULARY = "CrohnRegistry"
# Table -> the columns that are filled; what the model has more is optional and left out.
TABLES = {
    "person": "person_id gender_concept_id year_of_birth month_of_birth day_of_birth "
    "race_concept_id ethnicity_concept_id care_site_id person_source_value gender_source_value",
    "care_site": "care_site_id care_site_name care_site_source_value",
    "observation_period": "observation_period_id person_id observation_period_start_date "
    "observation_period_end_date period_type_concept_id",
    "visit_occurrence": "visit_occurrence_id person_id visit_concept_id visit_start_date "
    "visit_end_date visit_type_concept_id care_site_id",
    "condition_occurrence": "condition_occurrence_id person_id condition_concept_id "
    "condition_start_date condition_end_date condition_type_concept_id visit_occurrence_id "
    "condition_source_value condition_source_concept_id",
    "drug_exposure": "drug_exposure_id person_id drug_concept_id drug_exposure_start_date "
    "drug_exposure_end_date verbatim_end_date drug_type_concept_id quantity route_concept_id "
    "visit_occurrence_id drug_source_value drug_source_concept_id route_source_value "
    "dose_unit_source_value",
    "measurement": "measurement_id person_id measurement_concept_id measurement_date "
    "measurement_type_concept_id operator_concept_id value_as_number unit_concept_id "
    "visit_occurrence_id measurement_source_value measurement_source_concept_id "
    "unit_source_value value_source_value",
    "observation": "observation_id person_id observation_concept_id observation_date "
    "observation_type_concept_id value_as_string visit_occurrence_id observation_source_value "
    "observation_source_concept_id value_source_value",
    "death": "person_id death_date death_type_concept_id",
    "cdm_source": "cdm_source_name cdm_source_abbreviation cdm_holder source_description "
    "cdm_etl_reference source_release_date cdm_release_date cdm_version cdm_version_concept_id "
    "vocabulary_version",
    "concept": "concept_id concept_name domain_id vocabulary_id concept_class_id concept_code "
    "valid_start_date valid_end_date",
    "vocabulary": "vocabulary_id vocabulary_name vocabulary_reference vocabulary_version "
    "vocabulary_concept_id",
    "concept_class": "concept_class_id concept_class_name concept_class_concept_id",
}
_DOMAINS = {
    "diagnosis": "Condition",
    "condition": "Condition",
    "drug": "Drug",
    "paris": "Observation",
    "follow_up": "Observation",
    "vocabulary": "Metadata",
}
# What a source value has room for.
_LONGEST = 50


def write_omop(leaving: Leaving, part: Path) -> tuple[int, dict[str, int]]:
    """Fills the folder with a CSV file a table; children and rows of each file."""
    with ExitStack() as stack:
        model = _Model(leaving, part, stack)
        model.children()
        model.days()
        model.conditions()
        model.measurements()
        model.observations()
        model.drugs()
        model.periods()
        model.about()
    return model.rows["person"], {f"{name}.csv": model.rows[name] for name in TABLES}


class _Model:
    """The tables as they are filled."""

    def __init__(self, leaving: Leaving, part: Path, stack: ExitStack) -> None:
        self._leaving, self._coder = leaving, leaving.coder
        self.rows: Counter[str] = Counter()
        self._writers = {}
        for table, columns in TABLES.items():
            file = (part / f"{table}.csv").open("w", encoding="utf-8", newline="")
            writer = csv.DictWriter(
                stack.enter_context(file), columns.split(), restval="", lineterminator="\n"
            )
            writer.writeheader()
            self._writers[table] = writer
        self._sites: dict[str, int] = {}
        self._site_of: dict[int, int] = {}
        self._visits: dict[tuple[int, date], int] = {}
        # Person -> the first and last day of which something is told.
        self._told: dict[int, tuple[date, date]] = {}
        self._ends = leaving.by_child(FollowUpEnd)
        self._type = self._standard("provenance", "registry")

    def children(self) -> None:
        """Persons, their centres, the disease that they are registered for, deaths."""
        for row in self._leaving.records(Patient):
            person = row["patient_id"]
            site = self._sites.get(row["centre"])
            if site is None:
                site = self._sites[row["centre"]] = len(self._sites) + 1
                self._write(
                    "care_site",
                    care_site_id=site,
                    care_site_name=row["centre"],
                    care_site_source_value=row["centre"][:_LONGEST],
                )
            self._site_of[person] = site
            born = row["birth_date"]
            self._write(
                "person",
                person_id=person,
                gender_concept_id=self._standard("sex", row["sex"]),
                year_of_birth=born.year,
                month_of_birth=born.month,
                day_of_birth=born.day,
                race_concept_id=0,
                ethnicity_concept_id=0,
                care_site_id=site,
                person_source_value=row["study_id"],
                gender_source_value=row["sex"],
            )
            since = row["onset_on"] or row["diagnosed_on"]
            if since is not None:
                # The first day of a month may lie before the birth.
                self._condition(row, "diagnosis", row["diagnosis"], max(since, born), None)
            for end in self._ends.get(person, []):
                self._tell(person, end["ended_on"])
                if end["reason"] == "died":
                    self._write(
                        "death",
                        person_id=person,
                        death_date=end["ended_on"],
                        death_type_concept_id=self._type,
                    )

    def days(self) -> None:
        """A visit for each day on which a child was seen."""
        for entity, day in (
            (Infusion, "infused_on"),
            (PcdaiVisit, "visited_on"),
            (Endoscopy, "performed_on"),
            (Anthropometry, "measured_on"),
        ):
            for row in self._leaving.records(entity):
                key = row["patient_id"], row[day]
                if key not in self._visits:
                    self._visits[key] = self.rows["visit_occurrence"] + 1
                    self._event(
                        "visit_occurrence",
                        *key,
                        visit_concept_id=self._standard("visit", "outpatient"),
                        visit_start_date=row[day],
                        visit_end_date=row[day],
                        visit_type_concept_id=self._type,
                        care_site_id=self._site_of[row["patient_id"]],
                    )

    def conditions(self) -> None:
        """Other illnesses."""
        for row in self._leaving.records(Condition):
            self._condition(row, "condition", row["condition"], row["onset_on"], row["resolved_on"])

    def measurements(self) -> None:
        """Laboratory values, levels, scores, heights and weights."""
        for row in self._leaving.records(LabResult):
            self._measurement(row, "analyte", row["analyte"], "collected_on", "value", row["unit"])
        for entity, day, columns in (
            (TdmLevel, "sampled_on", {"ifx_ug_ml": "ug/mL", "ada_au_ml": "AU/mL"}),
            (Anthropometry, "measured_on", {"height_cm": "cm", "weight_kg": "kg"}),
            (Endoscopy, "performed_on", {"cdeis": "points"}),
        ):
            for row in self._leaving.records(entity):
                for column, unit in columns.items():
                    self._measurement(row, "measure", column, day, column, unit)
        for row in self._leaving.records(PcdaiVisit):
            self._measurement(row, "measure", "pcdai", "visited_on", "score", "points")
            for item in ITEMS:
                self._measurement(row, "pcdai", item, "visited_on", item, "points")

    def observations(self) -> None:
        """What the Paris classification says, and why a follow-up ended."""
        for row in self._leaving.records(Phenotype):
            for column in PARIS:
                if row[column] is not None:
                    self._observation(row, "paris", column, row["assessed_on"], row[column])
        for ends in self._ends.values():
            for row in ends:
                self._observation(row, "follow_up", "reason", row["ended_on"], row["reason"])

    def drugs(self) -> None:
        """Infusions, then courses: one that is still taken ends with what is told of the child."""
        for row in self._leaving.records(Infusion):
            product = f"infliximab {row['product'] or ''}".strip()
            self._drug(
                row,
                "infliximab",
                row["infused_on"],
                row["infused_on"],
                verbatim_end_date=row["infused_on"],
                quantity=row["dose_mg"],
                route_concept_id=self._standard("route", "intravenous"),
                route_source_value="intravenous",
                dose_unit_source_value="mg",
                drug_source_value=product[:_LONGEST],
            )
        for row in self._leaving.records(Medication):
            begun, stopped = row["started_on"], row["stopped_on"]
            last = stopped or self._told.get(row["patient_id"], (begun, begun))[1]
            self._drug(
                row,
                row["drug"],
                begun,
                max(begun, last),
                verbatim_end_date=stopped and max(begun, stopped),
                drug_source_value=row["drug"],
            )

    def periods(self) -> None:
        """From the first to the last day of which something is told."""
        for person, (first, last) in sorted(self._told.items()):
            self._event(
                "observation_period",
                person,
                first,
                observation_period_start_date=first,
                observation_period_end_date=last,
                period_type_concept_id=self._type,
            )

    def about(self) -> None:
        """Whence the data come, and the concepts of the registry's own."""
        today = self._leaving.connection.execute(text("select rules.today()")).scalar_one()
        self._write(
            "cdm_source",
            cdm_source_name="Registry of children with Crohn's disease on infliximab",
            cdm_source_abbreviation="CrohnRegistry",
            cdm_holder="not stated",
            source_description=f"crohn-registry {__version__}; codes.csv says what was mapped",
            cdm_etl_reference=f"registry export omop {__version__}",
            source_release_date=today,
            cdm_release_date=today,
            cdm_version="5.4",
            cdm_version_concept_id=self._standard("model", "5.4"),
            vocabulary_version="see codes.csv",
        )
        self._write(
            "vocabulary",
            vocabulary_id=VOCABULARY,
            vocabulary_name="Names of the Crohn registry",
            vocabulary_reference="crohn-registry",
            vocabulary_version=__version__,
            vocabulary_concept_id=self._own("vocabulary", "registry"),
        )
        self._write(
            "concept_class",
            concept_class_id=VOCABULARY,
            concept_class_name="Names of the Crohn registry",
            concept_class_concept_id=self._own("vocabulary", "registry"),
        )
        for code in self._coder.of_system(OWN):
            self._write(
                "concept",
                concept_id=code.code,
                concept_name=code.display,
                domain_id=_DOMAINS.get(code.kind, "Measurement"),
                vocabulary_id=VOCABULARY,
                concept_class_id=VOCABULARY,
                concept_code=f"{code.kind}:{code.name}"[:_LONGEST],
                valid_start_date="1970-01-01",
                valid_end_date="2099-12-31",
            )

    def _condition(self, row: Row, kind: str, name: str, since: date, until: date | None) -> None:
        self._event(
            "condition_occurrence",
            row["patient_id"],
            since,
            condition_concept_id=self._standard(kind, name),
            condition_start_date=since,
            condition_end_date=until,
            condition_type_concept_id=self._type,
            visit_occurrence_id=self._visits.get((row["patient_id"], since)),
            condition_source_value=name,
            condition_source_concept_id=self._own(kind, name),
        )
        if until is not None:
            self._tell(row["patient_id"], until)

    def _measurement(
        self, row: Row, kind: str, name: str, day: str, column: str, unit: str
    ) -> None:
        value: Decimal | None = row[column]
        if value is None:
            return
        comparator = row.get(f"{column}_comparator")
        self._event(
            "measurement",
            row["patient_id"],
            row[day],
            measurement_concept_id=self._standard(kind, name),
            measurement_date=row[day],
            measurement_type_concept_id=self._type,
            operator_concept_id=comparator and self._standard("comparator", comparator),
            value_as_number=f"{value:f}",
            unit_concept_id=self._standard("unit", unit),
            visit_occurrence_id=self._visits.get((row["patient_id"], row[day])),
            measurement_source_value=name,
            measurement_source_concept_id=self._own(kind, name),
            unit_source_value=unit,
            value_source_value=f"{comparator or ''}{value:f}",
        )

    def _observation(self, row: Row, kind: str, name: str, day: date, value: object) -> None:
        said = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
        self._event(
            "observation",
            row["patient_id"],
            day,
            observation_concept_id=self._standard(kind, name),
            observation_date=day,
            observation_type_concept_id=self._type,
            value_as_string=said,
            visit_occurrence_id=self._visits.get((row["patient_id"], day)),
            observation_source_value=f"{kind} {name}",
            observation_source_concept_id=self._own(kind, name),
            value_source_value=said,
        )

    def _drug(self, row: Row, name: str, begun: date, ended: date, **more: Any) -> None:
        self._event(
            "drug_exposure",
            row["patient_id"],
            begun,
            drug_concept_id=self._standard("drug", name),
            drug_exposure_start_date=begun,
            drug_exposure_end_date=ended,
            drug_type_concept_id=self._type,
            visit_occurrence_id=self._visits.get((row["patient_id"], begun)),
            drug_source_concept_id=self._own("drug", name),
            **more,
        )
        self._tell(row["patient_id"], ended)

    def _event(self, table: str, person: int, day: date, **cells: Any) -> None:
        """A row of something that happened to somebody on a day."""
        self._tell(person, day)
        self._write(table, **{f"{table}_id": self.rows[table] + 1, "person_id": person}, **cells)

    def _write(self, table: str, **cells: Any) -> None:
        self._writers[table].writerow(cells)
        self.rows[table] += 1

    def _tell(self, person: int, day: date) -> None:
        first, last = self._told.get(person, (day, day))
        self._told[person] = min(first, day), max(last, day)

    def _standard(self, kind: str, name: str) -> int:
        """The standard concept, or 0."""
        found = self._coder.one(kind, name, "OMOP")
        return int(found.code) if found is not None else 0

    def _own(self, kind: str, name: str) -> int:
        """The registry's own concept; 0 for what it has no name for."""
        found = self._coder.find(kind, name, OWN)
        return int(found.code) if found is not None else 0
