"""Answers a drug level: trough or not, against which threshold, what the antibodies say."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from registry.entry.answers.findings import Answer, coded, measured, shown
from registry.words import spoken, tr

LEVEL = text(
    "select r.*, d.trough_days_before, coalesce(a.ada_positive_from is not null, false) "
    "as has_cut_off from present.level_reading r "
    "join reference.definition d on d.name = r.definition "
    "left join reference.assay a on a.name = r.assay "
    "where r.patient_id = :patient and r.record_id = :record and r.definition = :definition"
)


def answer_level(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """Whether the level is a trough, its threshold in ug/mL with the source, the antibodies."""
    values = {"patient": patient, "record": record, "definition": definition}
    level = connection.execute(LEVEL, values).one()
    answer = Answer()
    is_trough, words = _trough(level)
    answer.add("is_trough", tr("Trough"), is_trough, words)
    answer.add("timepoint", tr("Time"), level.timepoint, "")
    _add_threshold(answer, level)
    if level.ifx_ug_ml is not None:
        censored = level.ifx_ug_ml_comparator is not None
        words = f"{measured(level.ifx_ug_ml, level.ifx_ug_ml_comparator)} ug/mL"
        if censored:
            words = tr("{value}, a limit of the assay", value=words)
        answer.add("censored", tr("Infliximab"), censored, words)
    answer.add("ada_status", tr("Antibodies"), level.ada_status, _antibodies(level))
    if level.ada_au_ml is not None and not level.has_cut_off:
        answer.warn(
            tr("No assay is named: antibodies cannot be classed.")
            if level.assay is None
            else tr("The registry has no cut-off for antibodies of {assay}.", assay=level.assay)
        )
    return answer


def _trough(level: Any) -> tuple[bool | None, str]:
    """Whether it is a trough; None where that is not known yet."""
    limit = level.trough_days_before
    if level.ifx_ug_ml is None:
        return False, tr("no: infliximab was not measured")
    if level.infusion_number == 1:
        return False, tr("no: drawn before the first infusion")
    if level.next_infusion_on is None:
        return None, tr("not known until an infusion is entered within {days:day|days}", days=limit)
    if level.days_to_infusion == 0:
        return True, tr(
            "yes: of the day of infusion {number}, taken to be drawn before it",
            number=level.infusion_number,
        )
    if level.is_trough:
        return True, tr(
            "yes: {days:day|days} before infusion {number} of {on}",
            days=level.days_to_infusion,
            number=level.infusion_number,
            on=level.next_infusion_on,
        )
    return False, tr(
        "no: {days:day|days} before infusion {number} of {on}, a trough is drawn "
        "up to {limit} before",
        days=level.days_to_infusion,
        number=level.infusion_number,
        on=level.next_infusion_on,
        limit=limit,
    )


def _add_threshold(answer: Answer, level: Any) -> None:
    against = level.trough_level
    readings = {
        "below": tr("below"),
        "above": tr("at or above"),
        "undetermined": tr("not decided by a limit, against"),
    }
    if level.threshold_ug_ml is None:
        words = tr("none applies")
    else:
        words = tr(
            "{limit} ug/mL, {timepoint}, {phenotype} ({source})",
            limit=shown(level.threshold_ug_ml),
            timepoint=coded(level.timepoint),
            phenotype=coded(level.phenotype_held_to),
            source=spoken(level.threshold_source),
        )
        if against is not None:
            words = f"{readings[against]} {words}"
        elif level.low_between_infusions:
            words = tr("already below {threshold}: the trough will be lower", threshold=words)
    answer.add("threshold_ug_ml", tr("Threshold"), level.threshold_ug_ml, words)
    answer.add("trough_level", tr("Against the threshold"), against, "")


def _antibodies(level: Any) -> str:
    words = {
        "absent": tr("not measured"),
        "undetected": tr("not detected"),
        "undetected_no_cut_off": tr("not detected, cut-off not known"),
        "not_evaluable": tr("not evaluable: the assay is disturbed by drug, and there is drug"),
        "low_titre": tr("low titre"),
        "high_titre": tr("high titre"),
        "positive_unclassed": tr("positive, unclassed: the assay has no cut-off of a high titre"),
        "unclassed": tr("unclassed: the assay has no cut-off"),
    }[level.ada_status]
    if level.ada_au_ml is None:
        return words
    value = measured(level.ada_au_ml, level.ada_au_ml_comparator)
    return f"{value} AU/mL, {words}"
