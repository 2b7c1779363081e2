"""Answers a patient, a condition and an end of follow-up."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.entry.answers.findings import Answer, day_of_course, shown
from registry.entry.answers.limits import band_of, range_of
from registry.vocabulary import CONTRAINDICATIONS
from registry.words import tr

# A partial date stands for the middle of its period, not before the birth nor after the start of
# infliximab, as in the rules.
PERSON = text(
    "select p.*, extract(year from age(p.birth_date))::integer as years, "
    "extract(year from age(o.day, p.birth_date))::integer as onset_years, "
    "extract(year from age(g.day, p.birth_date))::integer as diagnosed_years, "
    "d.veo_before_years from clinical.patient p "
    "join reference.definition d on d.name = :definition "
    "left join present.course c on c.patient_id = p.patient_id and c.definition = d.name "
    "cross join lateral (select coalesce(c.start_on, current_date) as start_on) s "
    "cross join lateral (select rules.date_in_period("
    "p.onset_on, p.onset_on_precision, p.birth_date, s.start_on) as day) o "
    "cross join lateral (select rules.date_in_period("
    "p.diagnosed_on, p.diagnosed_on_precision, p.birth_date, s.start_on) as day) g "
    "where p.patient_id = :patient"
)
CONDITION = text(
    "select k.condition, k.onset_on, k.resolved_on, c.start_on, coalesce(k.onset_on <= c.start_on "
    "and (k.resolved_on is null or k.resolved_on >= c.start_on), false) as at_start, "
    "(select count(*) from clinical.infusion i where i.patient_id = k.patient_id "
    "and i.infused_on > k.onset_on and (k.resolved_on is null or i.infused_on < k.resolved_on)) "
    "as infusions from clinical.condition k left join present.course c "
    "on c.patient_id = k.patient_id and c.definition = :definition "
    "where k.patient_id = :patient and k.record_id = :record"
)
FOLLOW_UP_END = text(
    "select f.ended_on, f.reason, c.start_on, f.ended_on - c.start_on as day, "
    "(select count(*) from clinical.infusion i "
    "where i.patient_id = f.patient_id and i.infused_on > f.ended_on) as infusions, "
    "(select count(*) from clinical.pcdai_visit v "
    "where v.patient_id = f.patient_id and v.visited_on > f.ended_on) as visits "
    "from clinical.follow_up_end f left join present.course c "
    "on c.patient_id = f.patient_id and c.definition = :definition "
    "where f.patient_id = :patient and f.record_id = :record"
)


def answer_patient(connection: Connection, patient: int, definition: str) -> Answer:
    """Ages in completed years, the age class of the Paris classification, very early onset."""
    row = connection.execute(PERSON, {"patient": patient, "definition": definition}).one()
    answer = Answer()
    answer.add("age_years", tr("Age"), row.years, tr("{years:year|years}", years=row.years))
    onset_words = tr("not known")
    is_very_early = None
    if row.onset_years is not None:
        onset_words = _age(row.onset_years, row.onset_on_precision)
        is_very_early = row.onset_years < row.veo_before_years
    answer.add("onset_age_years", tr("Age at onset"), row.onset_years, onset_words)
    answer.add(
        "very_early_onset",
        tr("Very early onset"),
        is_very_early,
        _very_early(is_very_early, row.veo_before_years),
    )
    paris = None
    diagnosed_words = tr("not known")
    if row.diagnosed_years is not None:
        band = band_of(connection, "age_at_diagnosis", range_of(row.diagnosed_years))
        paris = None if band is None else band.reading
        diagnosed_words = _age(row.diagnosed_years, row.diagnosed_on_precision)
    answer.add("diagnosis_age_years", tr("Age at diagnosis"), row.diagnosed_years, diagnosed_words)
    answer.add("paris_age", tr("Paris age"), paris)
    return answer


def _age(years: int, precision: str) -> str:
    if precision == "day":
        return tr("{years:year|years}", years=years)
    if precision == "month":
        return tr("{years:year|years}, by the middle of the month", years=years)
    return tr("{years:year|years}, by the middle of the year", years=years)


def _very_early(found: bool | None, limit: int) -> str:
    if found is None:
        return tr("not known")
    if found:
        return tr("yes, before {limit} years: a monogenic cause is possible", limit=limit)
    return tr("no")


def answer_condition(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """Whether the condition is a contraindication to infliximab, and whether it was there at t0."""
    values = {"patient": patient, "record": record, "definition": definition}
    row = connection.execute(CONDITION, values).one()
    against = row.condition in CONTRAINDICATIONS
    answer = Answer()
    answer.add(
        "contraindication",
        tr("Contraindication"),
        against,
        tr("to infliximab") if against else tr("no, a comorbidity"),
    )
    if row.start_on is not None:
        words = tr("no, infliximab began on {on}", on=row.start_on)
        if row.at_start:
            words = tr("yes, on {on}", on=row.start_on)
        answer.add("at_start", tr("When infliximab began"), row.at_start, words)
    if against and row.infusions:
        answer.warn(
            tr(
                "Infusions entered while it was active: {count}. Check the dates.",
                count=row.infusions,
            )
        )
    return answer


def answer_follow_up_end(
    connection: Connection, patient: int, record: int, definition: str
) -> Answer:
    """The day of the course on which observation ends, and what lies after it."""
    values = {"patient": patient, "record": record, "definition": definition}
    row = connection.execute(FOLLOW_UP_END, values).one()
    answer = Answer()
    words = day_of_course(row.day) or tr("there is no infliximab to end")
    answer.add("day", tr("Observation ends"), row.day, words)
    answer.add("infusions_after", tr("Infusions after it"), row.infusions, shown(row.infusions))
    answer.add("visits_after", tr("Visits after it"), row.visits, shown(row.visits))
    if row.day is not None and row.day < 0:
        answer.warn(tr("Follow-up ends before the first infusion of {on}.", on=row.start_on))
    return answer
