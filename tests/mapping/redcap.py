"""The study cohort as a REDCap project exports it, written apart from the program.

The project's fields are named as the registry's own project names them; its choices are numbered,
as most projects number theirs.
"""

from __future__ import annotations

from pathlib import Path

from tests.importing.broken_rows import SINGULAR
from tests.oracle.records import COLUMNS

from .cohort import Cells, cohort_rows, write_csv

CHOICES = {
    ("patients", "sex"): ["female", "male"],
    ("patients", "diagnosis"): ["CD", "UC", "IBDU"],
    ("phenotypes", "location"): ["L1", "L2", "L3", "none"],
    ("phenotypes", "upper_gi"): ["L4a", "L4b", "L4ab"],
    ("phenotypes", "behaviour"): ["B1", "B2", "B3", "B2B3"],
    ("phenotypes", "growth"): ["G0", "G1"],
    ("lab_results", "analyte"): ["CRP", "ESR", "WBC", "HGB", "HCT", "PLT", "ALB", "FCAL"],
    ("lab_results", "unit"): ["mg/L", "mm/h", "10^9/L", "g/L"],
    ("medications", "drug"): [
        "azathioprine", "prednisone", "EEN", "methotrexate", "adalimumab", "thalidomide",
    ],
    ("gene_findings", "zygosity"): ["heterozygous", "hemizygous"],
    ("gene_findings", "acmg_class"): ["pathogenic", "uncertain"],
    ("conditions", "condition"): ["lymphoma", "active_tuberculosis"],
    ("follow_up_ends", "reason"): ["ifx_stopped", "transferred_to_adult_care"],
}  # fmt: skip
YES_NO = {"yes": ("1", "Yes"), "no": ("0", "No"), "": ("", "")}
DICTIONARY = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note",
    "Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max",
    "Identifier?", "Branching Logic (Show field only if...)", "Required Field?",
    "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?",
    "Field Annotation",
)  # fmt: skip


def write_dictionary(path: Path) -> Path:
    rows = [row("record_id", "patients", "text", "Record ID", "")]
    for table, columns in COLUMNS.items():
        for column, kind in columns.items():
            choices = CHOICES.get((table, column))
            if column != "patient_id":
                rows.append(
                    row(
                        f"{SINGULAR[table]}_{column}",
                        table,
                        "radio" if choices else "yesno" if kind == "flag" else "text",
                        f"<b>{table}</b>: {column}",
                        " | ".join(f"{n}, {one}" for n, one in enumerate(choices or (), start=1)),
                    )
                )
    return write_csv(path, rows)


def row(field: str, form: str, kind: str, label: str, choices: str) -> Cells:
    return dict.fromkeys(DICTIONARY, "") | dict(
        zip(
            (DICTIONARY[0], DICTIONARY[1], DICTIONARY[3], DICTIONARY[4], DICTIONARY[5]),
            (field, form, kind, label, choices),
            strict=True,
        )
    )


def write_export(path: Path, *, labels: bool = False) -> Path:
    """One ragged table, record by record: the patient's row, then each instrument's instances.

    With `labels` the header and the cells say what the raw values stand for.
    """
    header = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance"]
    header += [
        f"{SINGULAR[table]}_{column}" if column else f"{table}_complete"
        for table, columns in COLUMNS.items()
        for column in [*(name for name in columns if name != "patient_id"), None]
    ]
    rows = []
    for patient in (one["patient_id"] for one in cohort_rows("patients")):
        for table in COLUMNS:
            records = [one for one in cohort_rows(table) if one["patient_id"] == patient]
            for instance, record in enumerate(records, start=1):
                repeats = (table, str(instance)) if table != "patients" else ("", "")
                if labels:
                    repeats = (repeats[0].replace("_", " ").title(), repeats[1])
                cells = dict.fromkeys(header, "") | dict(
                    zip(header[:3], (patient, *repeats), strict=True)
                )
                cells |= {
                    f"{SINGULAR[table]}_{column}": shown(table, column, cell, labels)
                    for column, cell in record.items()
                    if column != "patient_id"
                }
                cells[f"{table}_complete"] = "Complete" if labels else "2"
                rows.append(cells)
    if labels:
        return write_labelled(path, header, rows)
    return write_csv(path, rows)


def shown(table: str, column: str, cell: str, labels: bool) -> str:
    if COLUMNS[table][column] == "flag":
        return YES_NO[cell][labels]
    choices = CHOICES.get((table, column))
    return cell if labels or not choices or not cell else str(choices.index(cell) + 1)


def write_labelled(path: Path, header: list[str], rows: list[Cells]) -> Path:
    """Labels in the header too, where "Complete?" stands once a form."""
    labels = {
        "record_id": "Record ID",
        "redcap_repeat_instrument": "Repeat Instrument",
        "redcap_repeat_instance": "Repeat Instance",
    } | {
        f"{SINGULAR[table]}_{column}": f"{table}: {column}"
        for table, columns in COLUMNS.items()
        for column in columns
    }
    lines = [[labels.get(name, "Complete?") for name in header]]
    lines += [[cells[name] for name in header] for cells in rows]
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    path.write_text("\n".join(quoted) + "\n", encoding="utf-8")
    return path
