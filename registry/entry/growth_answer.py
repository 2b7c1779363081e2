"""Answers height and weight: Z-scores by the WHO's references, and where an entered one differs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from registry.entry.facts import Answer, rounded, shown
from registry.entry.reference import contradictions, limits
from registry.entry.weight_warning import warn_of_weight
from registry.words import tr

MEASURED = text(
    "select z.height_z, z.height_z_source, z.computed_height_z, "
    "z.bmi_z, z.bmi_z_source, z.computed_bmi_z, w.weight_z, a.height_cm, a.weight_kg, "
    "round(a.weight_kg * 10000 / (a.height_cm * a.height_cm), 2) as bmi "
    "from clinical.anthropometry a join rules.anthropometry_z z using (patient_id, record_id) "
    "left join rules.weight_z w using (patient_id, record_id) "
    "where a.patient_id = :patient and a.record_id = :record"
)


def answer_growth(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """Z-scores of height, weight and BMI for age; an entered one wins."""
    row = connection.execute(MEASURED, {"patient": patient, "record": record}).one()
    limit = limits(connection)
    answer = Answer()
    if row.bmi is not None:
        answer.add("bmi", tr("BMI"), row.bmi, f"{shown(row.bmi)} kg/m2")
    _add_score(answer, "height_z", tr("Height Z-score"), row.height_z, row.height_z_source)
    answer.add("height_z_source", tr("Height Z-score is"), row.height_z_source, "")
    weight_source = None if row.weight_z is None else "computed"
    _add_score(answer, "weight_z", tr("Weight Z-score"), row.weight_z, weight_source)
    _add_score(answer, "bmi_z", tr("BMI Z-score"), row.bmi_z, row.bmi_z_source)
    answer.add("bmi_z_source", tr("BMI Z-score is"), row.bmi_z_source, "")
    _warn_of_entered(answer, tr("height"), row.height_z, row.computed_height_z, limit)
    _warn_of_entered(answer, tr("BMI"), row.bmi_z, row.computed_bmi_z, limit)
    for measure, name, score in (
        ("height", tr("height"), row.height_z),
        ("weight", tr("weight"), row.weight_z),
        ("bmi", tr("BMI"), row.bmi_z),
    ):
        if score is not None and abs(score) > limit[f"z_implausible_{measure}"]:
            answer.warn(
                tr(
                    "A Z-score of {score} for {measure} is implausible: check height, weight, "
                    "date and birth.",
                    score=rounded(score, "0.01"),
                    measure=name,
                )
            )
    for found in contradictions(connection, "height", patient, record):
        answer.warn(
            tr(
                "The height of {height} cm is less than the {before} cm of {on}.",
                height=found["height_cm"],
                before=found["before_cm"],
                on=found["before_on"],
            )
        )
    warn_of_weight(connection, answer, "anthropometry", patient, record)
    return answer


def _add_score(
    answer: Answer, key: str, label: str, score: Decimal | None, source: str | None
) -> None:
    words = tr("none")
    if score is not None:
        by = tr("entered") if source == "entered" else tr("computed, WHO")
        words = f"{rounded(score, '0.01')} SD ({by})"
    answer.add(key, label, score, words)


def _warn_of_entered(
    answer: Answer,
    measure: str,
    score: Decimal | None,
    computed: Decimal | None,
    limit: dict[str, Any],
) -> None:
    """Points out an entered Z-score far from the computed one; a computed one is itself."""
    if score is None or computed is None or abs(score - computed) <= limit["z_difference"]:
        return
    answer.warn(
        tr(
            "The entered Z-score of {measure}, {entered}, is {difference} SD from the {computed} "
            "computed by the WHO's reference; the entered one is kept.",
            measure=measure,
            entered=shown(score),
            difference=rounded(abs(score - computed), "0.01"),
            computed=rounded(computed, "0.01"),
        )
    )
