"""Answers assessments of the disease: phenotype, endoscopy; and where any record lies."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.entry.answers.findings import Answer, changed_from, coded, day_of_course
from registry.entry.answers.limits import band_of, range_of
from registry.records.rows import Entity
from registry.words import spoken, tr

PHENOTYPE = text(
    "select f.*, (select max(o.assessed_on) from clinical.phenotype o "
    "where o.patient_id = f.patient_id and o.assessed_on < f.assessed_on) as previous_on "
    "from clinical.phenotype f where f.patient_id = :patient and f.record_id = :record"
)
ENDOSCOPY = text(
    "select e.performed_on, e.cdeis, p.performed_on as previous_on, p.cdeis as previous "
    "from clinical.endoscopy e left join lateral (select o.performed_on, o.cdeis "
    "from clinical.endoscopy o where o.patient_id = e.patient_id and o.cdeis is not null "
    "and o.performed_on < e.performed_on order by o.performed_on desc limit 1) p on true "
    "where e.patient_id = :patient and e.record_id = :record"
)
IN_COURSE = (
    "select s.{date} - c.start_on as day, (select count(*) from clinical.{table} o "
    "where o.patient_id = s.patient_id) as records from clinical.{table} s "
    "left join present.course c on c.patient_id = s.patient_id and c.definition = :definition "
    "where s.patient_id = :patient and s.record_id = :record"
)


def answer_phenotype(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """The Paris classification in one line; and the assessment before."""
    row = connection.execute(PHENOTYPE, {"patient": patient, "record": record}).one()
    answer = Answer()
    location = None if row.location == "none" else row.location
    parts = [location, row.upper_gi, row.behaviour, "p" if row.perianal else None, row.growth]
    paris = " ".join(part for part in parts if part)
    answer.add("paris", tr("Paris"), paris or None, paris or tr("nothing given"))
    answer.add("previous_on", tr("Assessed before"), row.previous_on)
    return answer


def answer_endoscopy(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """The band of the CDEIS and its change, in points."""
    row = connection.execute(ENDOSCOPY, {"patient": patient, "record": record}).one()
    answer = Answer()
    if row.cdeis is None:
        return answer
    band = band_of(connection, "cdeis", range_of(row.cdeis))
    answer.add("cdeis", tr("CDEIS"), row.cdeis)
    severity = None if band is None else band.reading
    answer.add("severity", tr("Severity"), severity, coded(severity))
    if row.previous is not None:
        change = row.cdeis - row.previous
        words = changed_from(change, row.previous, row.previous_on)
        answer.add("change_since_previous", tr("Since the last endoscopy"), change, words)
    return answer


def answer_in_course(
    entity: Entity, connection: Connection, patient: int, record: int, definition: str
) -> Answer:
    """Where a record lies in the course of infliximab, in days, and how many such there are."""
    values = {"patient": patient, "record": record, "definition": definition}
    declared = entity.declared
    query = IN_COURSE.format(date=declared.dates[0], table=declared.name)
    row = connection.execute(text(query), values).one()
    answer = Answer()
    words = day_of_course(row.day) or tr("no infliximab yet")
    answer.add("day", tr("In the course"), row.day, words)
    answer.add(declared.file, spoken(declared.holds).rstrip(".。"), row.records)
    return answer
