"""Answers a laboratory value: in the analyte's own unit, and against the definition's limit."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, text

from registry.entry.facts import Answer, measured, shown
from registry.vocabulary import ANALYTE_UNITS, STEADY_ANALYTES, USUAL_VALUES
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

# Near and far are ratios: the unit with the smallest ratio to the last value is the likely one.
NEARER_UNIT = text(
    "select l.unit, u.own_unit, o.own_value as last_value, o.collected_on as last_on, "
    "x.unit as other_unit from clinical.lab_result l "
    "join reference.analyte_unit u using (analyte, unit) "
    "cross join lateral (select e.value * f.factor as own_value, e.collected_on "
    "from clinical.lab_result e join reference.analyte_unit f using (analyte, unit) "
    "where e.patient_id = l.patient_id and e.analyte = l.analyte and e.record_id <> l.record_id "
    "and e.collected_on <= l.collected_on and e.value > 0 "
    "order by e.collected_on desc limit 1) o "
    "cross join lateral (select a.unit, a.factor from reference.analyte_unit a "
    "where a.analyte = l.analyte order by abs(ln(l.value * a.factor / o.own_value)), a.unit limit 1"
    ") x where l.patient_id = :patient and l.record_id = :record and l.value > 0 "
    "and x.factor <> u.factor"
)

HAS_LAST = text(
    "select exists (select from clinical.lab_result l join clinical.lab_result e "
    "on e.patient_id = l.patient_id and e.analyte = l.analyte and e.record_id <> l.record_id "
    "and e.collected_on <= l.collected_on and e.value > 0 "
    "where l.patient_id = :patient and l.record_id = :record)"
)

# So many times more or less than usual is no illness but a unit.
FAR_FROM_USUAL = 5


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
    has_last = connection.execute(HAS_LAST, {"patient": patient, "record": record}).scalar_one()
    if result.analyte in STEADY_ANALYTES and has_last:
        _compare_with_last(connection, answer, patient, record)
    else:
        _compare_with_usual(answer, result.analyte, result.value, result.unit)
    return answer


def _compare_with_last(connection: Connection, answer: Answer, patient: int, record: int) -> None:
    """Warns where the value is like the last one only if it is read in another unit."""
    found = connection.execute(NEARER_UNIT, {"patient": patient, "record": record}).one_or_none()
    if found is not None:
        answer.warn(
            tr(
                "In {entered} it is far from {last} of {on}; in {other} it would be like it. "
                "Is the unit right?",
                entered=found.unit,
                last=f"{shown(found.last_value)} {found.own_unit}",
                on=found.last_on,
                other=found.other_unit,
            )
        )


def _compare_with_usual(answer: Answer, analyte: str, value: Decimal, unit: str) -> None:
    """Warns where a value is far from what is usual, and nearer to it in another unit."""
    usual = USUAL_VALUES.get(analyte)
    if usual is None or value <= 0:
        return
    units = ANALYTE_UNITS[analyte]

    def far(factor: Decimal) -> Decimal:
        own = value * factor
        return max(own / usual, usual / own)

    nearest = min(units, key=lambda one: far(units[one]))
    if far(units[unit]) >= FAR_FROM_USUAL and units[nearest] != units[unit]:
        answer.warn(
            tr(
                "In {entered} it is far from the usual, about {usual}; in {other} it would be "
                "nearer. Is the unit right?",
                entered=unit,
                usual=f"{shown(usual)} {next(iter(units))}",
                other=nearest,
            )
        )


def _judged(found: bool | None, limit: str) -> str:
    if found is None:
        return tr("not decided by a limit ({limit})", limit=limit)
    if found:
        return tr("yes ({limit})", limit=limit)
    return tr("no ({limit})", limit=limit)
