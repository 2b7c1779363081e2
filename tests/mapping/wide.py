"""The study cohort as one wide sheet: a row a child and day, or a row a child."""

from __future__ import annotations

from pathlib import Path

from tests.oracle.records import DATED_BY

from .cohort import Cells, cohort_rows, write_csv

# Table -> column of the dictionary -> header of the wide sheet; the day stands in `visit date`.
HEADERS = {
    "phenotypes": {
        "location": "Paris L",
        "upper_gi": "Paris L4",
        "behaviour": "Paris B",
        "perianal": "Paris p",
        "growth": "Paris G",
    },
    "anthropometry": {
        "height_cm": "Height (cm)",
        "weight_kg": "Weight (kg)",
        "height_z": "Height SDS",
        "bmi_z": "BMI SDS",
    },
    "infusions": {
        "dose_mg": "IFX dose (mg)",
        "weight_kg": "Weight at infusion (kg)",
        "product": "IFX product",
    },
    "tdm_levels": {
        "ifx_ug_ml": "IFX trough (ug/mL)",
        "ada_au_ml": "ADA (AU/mL)",
        "assay": "Assay",
    },
    "pcdai_visits": {
        "abdominal_pain": "PCDAI pain",
        "stools": "PCDAI stools",
        "functioning": "PCDAI functioning",
        "hematocrit": "PCDAI HCT",
        "esr": "PCDAI ESR",
        "albumin": "PCDAI albumin",
        "weight": "PCDAI weight",
        "height": "PCDAI height",
        "abdomen": "PCDAI abdomen",
        "perirectal": "PCDAI perirectal",
        "extraintestinal": "PCDAI EIM",
        "total": "PCDAI total",
    },
    "medications": {"drug": "Medication", "stopped_on": "Date stopped"},
    "endoscopies": {"cdeis": "CDEIS"},
    "surgeries": {"procedure": "Type of surgery"},
    "gene_findings": {
        "gene": "Gene",
        "hgvs_c": "cDNA change",
        "hgvs_p": "Protein change",
        "zygosity": "Zygosity",
        "acmg_class": "ACMG class",
        "diagnosis": "Monogenic disease",
    },
    "conditions": {"condition": "Comorbidity", "resolved_on": "Resolved"},
    "follow_up_ends": {"reason": "Reason for end", "note": "Remark"},
}
LABS = {
    "CRP": "CRP (mg/L)",
    "ESR": "ESR (mm/h)",
    "WBC": "WBC (10^9/L)",
    "HGB": "Hb (g/L)",
    "PLT": "Platelets (10^9/L)",
    "ALB": "Albumin (g/L)",
}
PATIENT = {
    "centre": "Site",
    "sex": "Gender",
    "birth_date": "Date of birth",
    "onset_on": "Symptom onset",
    "diagnosed_on": "Date of diagnosis",
    "diagnosis": "Diagnosis",
}
NAMES = {"female": "F", "male": "M", "yes": "Yes", "no": "No"}
FIRST_INFUSIONS = 4


def write_day_sheet(path: Path) -> Path:
    """A row a child and day with all of the day's values; a second drug of a day in a row more.

    What is known of the child stands in each of the child's rows.
    """
    children = {
        child["patient_id"]: {
            PATIENT[name]: NAMES.get(child[name], child[name]) for name in PATIENT
        }
        for child in cohort_rows("patients")
    }
    days: dict[tuple[str, str], list[Cells]] = {}

    def put(patient: str, day: str, cells: Cells) -> None:
        rows = days.setdefault((patient, day), [])
        row = next((row for row in rows if not row.keys() & cells.keys()), None)
        if row is None:
            row = {"Subject": patient, "Visit date": day.replace("-", "/")} | children[patient]
            rows.append(row)
        row.update(cells)

    for table, headers in HEADERS.items():
        for record in cohort_rows(table):
            cells = {header: NAMES.get(record[name], record[name])
                     for name, header in headers.items()}  # fmt: skip
            put(record["patient_id"], record[DATED_BY[table]], cells)
    for record in cohort_rows("lab_results"):
        cells = {LABS[record["analyte"]]: record["value"]}
        put(record["patient_id"], record["collected_on"], cells)
    rows = [row for key in sorted(days) for row in days[key]]
    return write_csv(path, rows)


def write_child_sheet(path: Path) -> tuple[Path, dict[str, list[Cells]]]:
    """A row a child with repeated columns, and the records of the dictionary that it holds.

    The first four infusions as `Dose 1`, the laboratory of week 0 as `CRP_w0` and the first two
    visits as `PCDAI_w0` and `PCDAI_w14`, each with its date beside it.
    """
    expected: dict[str, list[Cells]] = {
        "patients": cohort_rows("patients"), "infusions": [], "lab_results": [], "pcdai_visits": []
    }  # fmt: skip
    rows = []
    for child in expected["patients"]:
        patient = child["patient_id"]
        row = {"Study ID": patient, "Name": "*", "Gender": NAMES[child["sex"]]}
        row |= {PATIENT[name]: child[name] for name in PATIENT if name != "sex"}
        for number, one in enumerate(_of(patient, "infusions")[:FIRST_INFUSIONS], start=1):
            expected["infusions"].append(one | {"product": ""})
            row |= {f"Infusion date {number}": one["infused_on"], f"Dose {number}": one["dose_mg"],
                    f"Infusion weight {number}": one["weight_kg"]}  # fmt: skip
        for one in _of(patient, "lab_results"):
            expected["lab_results"].append(one)
            row |= {"Lab date_w0": one["collected_on"], f"{one['analyte']}_w0": one["value"]}
        for week, one in zip((0, 14), _of(patient, "pcdai_visits"), strict=False):
            items = {name: "" for name in HEADERS["pcdai_visits"] if name != "total"}
            expected["pcdai_visits"].append(one | items)
            row |= {f"PCDAI date_w{week}": one["visited_on"], f"PCDAI_w{week}": one["total"]}
        rows.append(row)
    return write_csv(path, rows), expected


def _of(patient: str, table: str) -> list[Cells]:
    return [one for one in cohort_rows(table) if one["patient_id"] == patient]
