"""Writes the common data elements for rare disease registration (European Commission, JRC 2017).

A row a child, the sixteen elements under their numbers. What the registry does not record is empty,
and `elements.json` says where each comes from.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

from sqlalchemy import text

from registry.drawing.formats import FOR_SPREADSHEETS
from registry.export.leaving import Leaving, Row
from registry.models import ENTITIES, Consent, FollowUpEnd, GeneFinding, Patient

NOT_RECORDED = "not recorded in this registry"
# Number of the element -> column, what it is called, whence it comes.
ELEMENTS = {
    "1.1": ("pseudonym", "Pseudonym", "study id"),
    "2.1": ("date_of_birth", "Date of birth", "patients.birth_date"),
    "2.2": ("sex", "Sex", "patients.sex"),
    "3.1": ("patient_status", "Patient's status", "follow_up_ends.reason; alive without one"),
    "3.2": ("date_of_death", "Date of death", "follow_up_ends.ended_on of who died"),
    "4.1": ("first_contact", "First contact with specialised centre",
            "first record on which the child was seen; not a date of referral"),
    "5.1": ("age_at_onset", "Age at onset", "patients.onset_on, as far as it is known"),
    "5.2": ("age_at_diagnosis", "Age at diagnosis", "patients.diagnosed_on, as far as known"),
    "6.1": ("diagnosis", "Diagnosis of the rare disease", "patients.diagnosis, ORPHA or ICD-10"),
    "6.2": ("genetic_diagnosis", "Genetic diagnosis", "gene_findings, HGVS with the gene"),
    "6.3": ("undiagnosed_case", "Undiagnosed case", "no: each child has a diagnosis"),
    "7.1": ("agreement_to_be_contacted", "Agreement to be contacted for research purposes",
            "consents, scope contact"),
    "7.2": ("consent_to_reuse", "Consent to the reuse of data", "consents, scope research"),
    "7.3": ("biological_sample", "Biological sample", NOT_RECORDED),
    "7.4": ("link_to_biobank", "Link to a biobank", NOT_RECORDED),
    "8.1": ("functioning", "Classification of functioning/disability", NOT_RECORDED),
}  # fmt: skip
_STATUS = {"died": "dead", "lost_to_follow_up": "lost in follow-up"}


def write_rare_disease(leaving: Leaving, part: Path) -> tuple[int, dict[str, int]]:
    """Fills the folder with `common_data_elements.csv` and what says whence they come."""
    today: date = leaving.connection.execute(text("select rules.today()")).scalar_one()
    ends = leaving.by_child(FollowUpEnd)
    genes = leaving.by_child(GeneFinding)
    consents = leaving.by_child(Consent)
    first = _first_contacts(leaving)
    rows = 0
    with (part / "common_data_elements.csv").open(
        "w", encoding=FOR_SPREADSHEETS, newline=""
    ) as file:
        writer = csv.DictWriter(
            file, [column for column, _, _ in ELEMENTS.values()], restval="", lineterminator="\n"
        )
        writer.writeheader()
        for child in leaving.records(Patient):
            number = child["patient_id"]
            reason, ended = next(
                ((end["reason"], end["ended_on"]) for end in ends.get(number, [])), (None, None)
            )
            given = consents.get(number, [])
            writer.writerow(
                {
                    "pseudonym": child["study_id"],
                    "date_of_birth": child["birth_date"],
                    "sex": child["sex"],
                    "patient_status": _STATUS.get(reason or "", "alive"),
                    "date_of_death": ended if reason == "died" else "",
                    "first_contact": first.get(number, ""),
                    "age_at_onset": _as_known(child, "onset_on"),
                    "age_at_diagnosis": _as_known(child, "diagnosed_on"),
                    "diagnosis": _diagnosis(leaving, child["diagnosis"]),
                    "genetic_diagnosis": "; ".join(
                        f"{row['gene']} {row['hgvs_c']}" for row in genes.get(number, [])
                    ),
                    "undiagnosed_case": "no",
                    "agreement_to_be_contacted": _agreed(given, "contact", today),
                    "consent_to_reuse": _agreed(given, "research", today),
                }
            )
            rows += 1
    about = [
        {"element": number, "column": column, "name": name, "from": source}
        for number, (column, name, source) in ELEMENTS.items()
    ]
    (part / "elements.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return rows, {"common_data_elements.csv": rows}


def _first_contacts(leaving: Leaving) -> dict[int, date]:
    """The first day on which a record says that a child was seen."""
    first: dict[int, date] = {}
    for entity in ENTITIES:
        declared = entity.declared
        # Of an illness or a drug the day it began is told later; a child is seen on a record's own.
        if not declared.is_contact or declared.name not in _SEEN:
            continue
        for row in leaving.records(entity):
            day = row[declared.dates[0]]
            known = first.get(row["patient_id"])
            first[row["patient_id"]] = day if known is None else min(day, known)
    return first


_SEEN = ("phenotype", "anthropometry", "infusion", "pcdai_visit", "lab_result", "tdm_level",
         "endoscopy")  # fmt: skip


def _diagnosis(leaving: Leaving, name: str) -> str:
    """The ORPHA code with its name, which says that Crohn's disease is not rare; else ICD-10's."""
    for code in leaving.coder.all("diagnosis", name, "ORPHA", "ICD-10"):
        return f"{code.code if code.system == 'ORPHA' else 'ICD-10 ' + code.code} {code.display}"
    return name


def _agreed(consents: list[Row], scope: str, today: date) -> str:
    """Yes or no by the last signed consent of the scope; empty where there is none."""
    signed = [row for row in consents if row["scope"] == scope and row["signed_on"] <= today]
    if not signed:
        return ""
    last = max(signed, key=lambda row: row["signed_on"])
    withdrawn = last["withdrawn_on"] is not None and last["withdrawn_on"] <= today
    expired = last["valid_until"] is not None and last["valid_until"] < today
    return "no" if withdrawn or expired else "yes"


def _as_known(child: Row, column: str) -> str:
    """Completed years of age; with `~` where the day is not known."""
    day: date | None = child[column]
    if day is None:
        return ""
    born: date = child["birth_date"]
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return f"{'' if child[f'{column}_precision'] == 'day' else '~'}{max(years, 0)}"
