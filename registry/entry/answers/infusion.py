"""Answers an infusion: dose per kg, interval, number, the next planned date; what is unusual."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from registry.entry.answers.findings import Answer, measured, rounded, shown
from registry.words import tr

INFUSION = text(
    "select u.*, s.value as interval_short, l.value as interval_long, "
    "(select count(*) from clinical.infusion c where c.patient_id = u.patient_id) as infusions, "
    "p.infused_on as previous_on, p.product as previous_product, n.infused_on as next_on, "
    "e.ended_on, exists (select from clinical.tdm_level v where v.patient_id = u.patient_id "
    "and v.sampled_on > p.infused_on and v.sampled_on <= u.infused_on) as has_levels "
    "from rules.infusion_usual u "
    "join reference.entry_limit s on s.key = 'interval_short' "
    "join reference.entry_limit l on l.key = 'interval_long' "
    "left join lateral (select o.infused_on, o.product from clinical.infusion o "
    "where o.patient_id = u.patient_id and o.infused_on < u.infused_on "
    "order by o.infused_on desc limit 1) p on true "
    "left join lateral (select min(o.infused_on) as infused_on from clinical.infusion o "
    "where o.patient_id = u.patient_id and o.infused_on > u.infused_on) n on true "
    "left join clinical.follow_up_end e on e.patient_id = u.patient_id "
    "where u.patient_id = :patient and u.record_id = :record and u.definition = :definition"
)
TROUGHS = text(
    "select sampled_on, ifx_ug_ml, ifx_ug_ml_comparator, trough_level, threshold_ug_ml "
    "from present.level_reading where patient_id = :patient and definition = :definition "
    "and is_trough and next_infusion_on = :infused_on order by sampled_on, assay"
)


def answer_infusion(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """Dose in mg/kg, days since the infusion before, place in the course, next planned day."""
    values: dict[str, Any] = {"patient": patient, "record": record, "definition": definition}
    infusion = connection.execute(INFUSION, values).one()
    answer = Answer()
    dose = infusion.dose_mg_per_kg
    answer.add(
        "dose_mg_per_kg",
        tr("Dose"),
        dose.quantize(Decimal("0.01")),
        f"{rounded(dose, '0.01')} mg/kg",
    )
    answer.add(
        "number",
        tr("Number"),
        infusion.number_in_course,
        tr("{number} of {all}", number=infusion.number_in_course, all=infusion.infusions),
    )
    answer.add(
        "interval_days",
        tr("Interval"),
        infusion.interval_days,
        tr("first infusion")
        if infusion.interval_days is None
        else tr("{days:day|days} since {on}", days=infusion.interval_days, on=infusion.previous_on),
    )
    _add_next(answer, infusion)
    # Most have none, and to plan the rule of troughs takes longer than to look.
    if infusion.has_levels:
        _add_troughs(connection, answer, values | {"infused_on": infusion.infused_on})
    _warn(answer, infusion)
    return answer


def _add_next(answer: Answer, infusion: Any) -> None:
    label = tr("Next planned")
    planned = infusion.next_planned_on
    if infusion.next_on is not None:
        words = tr("{planned}; given on {on}", planned=planned, on=infusion.next_on)
    elif infusion.ended_on is not None and infusion.ended_on <= planned:
        planned, words = None, tr("none: follow-up ended on {on}", on=infusion.ended_on)
    else:
        words = shown(planned)
    answer.add("next_planned_on", label, planned, words)


def _add_troughs(connection: Connection, answer: Answer, values: dict[str, Any]) -> None:
    """The levels of which this infusion makes a trough."""
    levels = connection.execute(TROUGHS, values).all()
    if levels:
        held = [measured(level.ifx_ug_ml, level.ifx_ug_ml_comparator) for level in levels]
        answer.add("troughs", tr("Its trough"), held, "; ".join(map(_trough, levels)))


def _trough(level: Any) -> str:
    value = measured(level.ifx_ug_ml, level.ifx_ug_ml_comparator)
    limit = shown(level.threshold_ug_ml)
    reading = {
        "below": tr("below {limit}", limit=limit),
        "above": tr("at or above {limit}", limit=limit),
        "undetermined": tr("as a limit not decided against {limit}", limit=limit),
    }[level.trough_level]
    return tr("{value} ug/mL of {on}, {reading}", value=value, on=level.sampled_on, reading=reading)


def _warn(answer: Answer, infusion: Any) -> None:
    if infusion.timing_is in ("early", "late") and infusion.planned_day is not None:
        answer.warn(
            tr(
                "Infusion {number} is on day {day} of the course, planned is day {planned} "
                "± {tolerance}.",
                number=infusion.number_in_course,
                day=infusion.course_day,
                planned=infusion.planned_day,
                tolerance=infusion.tolerance_days,
            )
        )
    elif infusion.timing_is in ("early", "late"):
        answer.warn(
            tr(
                "An interval of {days:day|days} is unusual: usual are {short} to {long}.",
                days=infusion.interval_days,
                short=shown(infusion.interval_short),
                long=shown(infusion.interval_long),
            )
        )
    if infusion.product and infusion.previous_product not in (None, infusion.product):
        answer.warn(
            tr(
                "The product changes from {before} to {now}.",
                before=infusion.previous_product,
                now=infusion.product,
            )
        )
