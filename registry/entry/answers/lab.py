"""Answers a laboratory value: in the analyte's own unit, and against the definition's limit."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.entry.answers.findings import Answer, measured, shown
from registry.words import tr

# A value reported as a limit is high or low only if the limit proves it.
RESULT = text(
    "select l.analyte, l.value, l.value_comparator as comparator, l.unit, u.own_unit, "
    "l.value * u.factor as own_value, h.above, h.below, "
    "rules.is_above(l.value * u.factor, l.value_comparator, h.above) as high, "
    "rules.is_below(l.value * u.factor, l.value_comparator, h.below) as low "
    "from clinical.lab_result l join reference.analyte_unit u using (analyte, unit) "
    "join reference.definition d on d.name = :definition "
    "cross join lateral (select "
    "case l.analyte when 'CRP' then d.crp_above when 'ESR' then d.esr_above "
    "when 'WBC' then d.wbc_above when 'PLT' then d.plt_above end as above, "
    "case l.analyte when 'HGB' then d.hb_below when 'ALB' then d.alb_below end as below) h "
    "where l.patient_id = :patient and l.record_id = :record"
)


def answer_lab(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """The value in the analyte's own unit, and high or low by the limits of the covariates."""
    values = {"patient": patient, "record": record, "definition": definition}
    result = connection.execute(RESULT, values).one()
    answer = Answer()
    words = f"{measured(result.own_value, result.comparator)} {result.own_unit}"
    if result.unit != result.own_unit:
        entered = f"{measured(result.value, result.comparator)} {result.unit}"
        words = tr("{value}, entered as {entered}", value=words, entered=entered)
    answer.add("value", tr("Value"), result.own_value, words)
    answer.add("unit", tr("Unit"), result.own_unit, "")
    answer.add("comparator", tr("Reported as"), result.comparator, "")
    if result.above is not None:
        limit = tr("above {n}", n=f"{shown(result.above)} {result.own_unit}")
        answer.add("high", tr("High"), result.high, _judged(result.high, limit))
    if result.below is not None:
        limit = tr("below {n}", n=f"{shown(result.below)} {result.own_unit}")
        answer.add("low", tr("Low"), result.low, _judged(result.low, limit))
    return answer


def _judged(found: bool | None, limit: str) -> str:
    if found is None:
        return tr("not decided by a limit ({limit})", limit=limit)
    if found:
        return tr("yes ({limit})", limit=limit)
    return tr("no ({limit})", limit=limit)
