"""Answers height and weight: Z-scores by the WHO's references."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, text

from registry.covariates import MEASURES
from registry.entry.answers.findings import Answer, rounded, shown
from registry.words import spoken, tr

MEASURED = text(
    "select z.height_z, z.height_z_source, z.bmi_z, z.bmi_z_source, w.weight_z, a.height_cm, "
    "a.weight_kg, "
    "round(a.weight_kg * 10000 / (a.height_cm * a.height_cm), 2) as bmi "
    "from clinical.anthropometry a join rules.anthropometry_z z using (patient_id, record_id) "
    "left join rules.weight_z w using (patient_id, record_id) "
    "where a.patient_id = :patient and a.record_id = :record"
)


def answer_growth(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """Z-scores of height, weight and BMI for age; an entered one wins."""
    row = connection.execute(MEASURED, {"patient": patient, "record": record}).one()
    answer = Answer()
    if row.bmi is not None:
        answer.add("bmi", tr("BMI"), row.bmi, f"{shown(row.bmi)} kg/m2")
    _add_score(
        answer, "height_z", spoken(MEASURES["height_z"].label), row.height_z, row.height_z_source
    )
    answer.add("height_z_source", tr("Height Z-score is"), row.height_z_source, "")
    weight_source = None if row.weight_z is None else "computed"
    _add_score(answer, "weight_z", tr("Weight Z-score"), row.weight_z, weight_source)
    _add_score(answer, "bmi_z", spoken(MEASURES["bmi_z"].label), row.bmi_z, row.bmi_z_source)
    answer.add("bmi_z_source", tr("BMI Z-score is"), row.bmi_z_source, "")
    return answer


def _add_score(
    answer: Answer, key: str, label: str, score: Decimal | None, source: str | None
) -> None:
    words = tr("none")
    if score is not None:
        by = tr("entered") if source == "entered" else tr("computed, WHO")
        words = f"{rounded(score, '0.01')} SD ({by})"
    answer.add(key, label, score, words)
