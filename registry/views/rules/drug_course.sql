-- One row per definition and course of a drug that counts for the days on it.
-- A stop known to the month or year stands for the middle of it, never before the start. A course
-- that was stopped on a day that nobody knows counts up to its last evidence, the end of its first
-- day, or is left out, as the definition says. One without a stop is still taken, and so is one
-- whose stop lies after the data cut.
-- Source: this registry's choice, by the way in which an onset is read.
-- @methods covariates if unknown_stop=last_evidence: A course of a drug whose stop is not known to the
-- day counts up to the middle of the month or year known; without either, for its first day.
-- @methods covariates if unknown_stop=left_out: A course of a drug whose stop is not known to the day
-- counts up to the middle of the month or year known; without either, it is left out.
-- @parameters: unknown_stop
-- @rule coarse_stop: Treatment beside infliximab
-- @found if stop_known_to=month: {drug} from {started_on}, of its stop the month is known: it counts
-- until {counts_until}
-- @found if stop_known_to=year: {drug} from {started_on}, of its stop the year is known: it counts
-- until {counts_until}
-- @found: {drug} from {started_on}, stopped on a day that nobody knows: its first day counts
-- @limit: the middle of the month or year that is known; without either the first day
-- @record: medication started_on
-- @counts_until: day on which the course ends; empty while the drug is taken
-- @stopped_by: last day on which it can have stopped; empty where nobody knows, or it is taken
-- @stop_known_to: day, month, year or unknown; empty while the drug is taken
create view drug_course as
select
    d.name as definition,
    m.patient_id,
    m.record_id,
    m.drug,
    g.drug_class,
    m.started_on,
    case s.known_to
        when 'unknown' then m.started_on + 1
        else date_in_period(m.stopped_on, s.known_to, m.started_on, null)
    end as counts_until,
    case s.known_to
        when 'day' then m.stopped_on
        when 'month' then (m.stopped_on + interval '1 month')::date - 1
        when 'year' then (m.stopped_on + interval '1 year')::date - 1
    end as stopped_by,
    s.known_to as stop_known_to
from medication m
join drug g on g.code = m.drug
cross join definition d
cross join lateral (
    select case when m.stopped_on > d.cut_on then null else m.stopped_on_precision end as known_to
) s
where
    s.known_to is distinct from 'unknown'
    or d.unknown_stop = 'last_evidence';
