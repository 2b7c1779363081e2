"""Answers a course of a drug: its class, days so far, what it runs beside."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.entry.answers.findings import Answer, coded, shown
from registry.models.medication import surely_until
from registry.words import tr

# Up to which day a course is sure to be taken, of one that goes on up to today.
UNTIL = surely_until("m.")
COURSE = text(
    f"select m.drug, m.started_on, {UNTIL} as surely_until, m.stopped_on_precision, d.drug_class, "
    f"coalesce({UNTIL}, current_date) - m.started_on as days, c.start_on "
    "from clinical.medication m join reference.drug d on d.code = m.drug "
    "left join present.course c on c.patient_id = m.patient_id and c.definition = :definition "
    "where m.patient_id = :patient and m.record_id = :record"
)
# A course ends on the day of its stop, which is no longer one of it.
BESIDE = text(
    "select o.drug, d.drug_class, o.started_on "
    "from clinical.medication m join clinical.medication o on o.patient_id = m.patient_id "
    "and o.record_id <> m.record_id and daterange(o.started_on, "
    f"{surely_until('o.')}) && daterange(m.started_on, {UNTIL}) "
    "join reference.drug d on d.code = o.drug "
    "where m.patient_id = :patient and m.record_id = :record order by o.started_on, o.drug"
)


def answer_medication(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """Class, days so far (stop minus start) and the drugs that overlap."""
    values = {"patient": patient, "record": record, "definition": definition}
    course = connection.execute(COURSE, values).one()
    answer = Answer()
    answer.add("drug_class", tr("Class"), course.drug_class, coded(course.drug_class))
    ongoing = course.stopped_on_precision is None
    words = shown(course.days)
    if ongoing:
        words = tr("{days} so far", days=course.days)
    elif course.stopped_on_precision != "day":
        words = tr("at least {days}: the stop is not known to the day", days=course.days)
    answer.add("days", tr("Days"), course.days, words)
    answer.add("ongoing", tr("Still taken"), ongoing, "")
    answer.add("stop_known_to", tr("Stop known to"), course.stopped_on_precision, "")
    others = connection.execute(BESIDE, values).all()
    answer.add(
        "overlaps",
        tr("Beside"),
        [other.drug for other in others],
        ", ".join(f"{other.drug} ({coded(other.drug_class)})" for other in others)
        or tr("no other drug"),
    )
    for other in others:
        if other.drug_class == course.drug_class and course.drug_class == "biologic":
            answer.warn(tr("Two biologics at a time: {drug} as well.", drug=other.drug))
    return answer
