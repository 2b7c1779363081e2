"""Answers a PCDAI: total, severity, and the change since baseline and since the visit before."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from registry.entry.answers.findings import Answer, changed_from, coded, shown
from registry.words import tr

# The baseline as of today: a definition's data cut hides it from analyses, not from who enters.
VISIT = text(
    "select v.visited_on, v.score, v.total as declared, v.computed_total as computed, "
    "v.computed_total is not null and v.height is null as no_height, "
    "rules.pcdai_severity(v.score, d.severity_mild_from, d.severity_moderate_from, "
    "d.severity_severe_from) as severity, b.start_on, b.baseline_on, b.baseline_pcdai, "
    "p.visited_on as previous_on, p.score as previous_score "
    "from clinical.pcdai_visit v join reference.definition d on d.name = :definition "
    "left join present.baseline_score b "
    "on b.patient_id = v.patient_id and b.definition = d.name "
    "left join lateral (select o.visited_on, o.score from clinical.pcdai_visit o "
    "where o.patient_id = v.patient_id and o.visited_on < v.visited_on "
    "order by o.visited_on desc limit 1) p on true "
    "where v.patient_id = :patient and v.record_id = :record"
)


def answer_pcdai(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """Total, severity and changes of a visit, in points."""
    values = {"patient": patient, "record": record, "definition": definition}
    visit = connection.execute(VISIT, values).one()
    answer = Answer()
    answer.add("total", tr("PCDAI"), visit.score, _total(visit))
    answer.add("declared", tr("Declared"), visit.declared, "")
    answer.add("computed", tr("Computed"), visit.computed, "")
    answer.add("no_height", tr("Without height"), visit.no_height, "")
    answer.add("severity", tr("Severity"), visit.severity, coded(visit.severity))
    since_baseline = None
    if visit.baseline_on is not None and visit.visited_on > visit.baseline_on:
        since_baseline = visit.score - visit.baseline_pcdai
        change = changed_from(since_baseline, visit.baseline_pcdai, visit.baseline_on)
    elif visit.visited_on == visit.baseline_on:
        change = tr("this is the baseline of the first infusion on {on}", on=visit.start_on)
    else:
        change = tr("no baseline before this visit")
    answer.add("change_since_baseline", tr("Since baseline"), since_baseline, change)
    since_previous = None
    change = tr("no visit before")
    if visit.previous_on is not None:
        since_previous = visit.score - visit.previous_score
        change = changed_from(since_previous, visit.previous_score, visit.previous_on)
    answer.add("change_since_previous", tr("Since the last visit"), since_previous, change)
    return answer


def _total(visit: Any) -> str:
    total = shown(visit.score)
    computed = shown(visit.computed)
    if visit.computed is None:
        return tr("{total} as declared", total=total)
    if visit.no_height and visit.declared is not None:
        return tr("{total} as declared, {computed} without height", total=total, computed=computed)
    if visit.no_height:
        return tr("{total} from the items, without height", total=total)
    return tr("{total} from the items", total=total)
