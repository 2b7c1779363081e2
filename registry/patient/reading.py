"""Reads one patient's record: the tables, and beside each row what the rules' views say of it.

Every view is asked by the patient's number, a condition that reaches down to the tables, so that
one patient costs the same in a registry of a hundred and of a million. Run it in one snapshot
(REPEATABLE READ), after a derivation: status, phases and mechanism are the stored ones.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, text

from registry import models
from registry.models import ENTITIES, table_of
from registry.models.missing_reason import MISSING_REASONS
from registry.patient.record import (
    AfterLoss,
    Growth,
    HeldTo,
    Infusion,
    LabValue,
    Level,
    Mechanism,
    PatientRecord,
    Person,
    Status,
    Treatment,
    Visit,
)
from registry.records.patient_number import patient_number
from registry.records.rows import dictionary_columns, lacking_columns
from registry.variables import Kind

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")

NOT_SHOWN = ("patient_id", "row_version", MISSING_REASONS)

# The ages of the Paris classification are its own (Levine et al. 2011), not a definition's.
PERSON = """
select
    n.study_id as patient_id, p.centre, p.sex, p.birth_date, p.onset_on, p.onset_on_precision,
    p.diagnosed_on, p.diagnosed_on_precision, p.diagnosis, p.missing_reasons,
    extract(year from age(rules.today(), p.birth_date))::integer as age_now,
    extract(year from age(rules.date_in_period(
        p.onset_on, p.onset_on_precision, p.birth_date, s.start_on
    ), p.birth_date))::integer as age_at_onset,
    extract(year from age(s.start_on, p.birth_date))::integer as age_at_start,
    case
        when diagnosis_age < 10 then 'A1a'
        when diagnosis_age < 17 then 'A1b'
        when diagnosis_age <= 40 then 'A2'
    end as paris_age
from clinical.patient p
join reference.patient_number n using (patient_id)
join derived.lor_status s using (patient_id)
cross join lateral (
    select extract(year from age(rules.date_in_period(
        p.diagnosed_on, p.diagnosed_on_precision, p.birth_date, s.start_on
    ), p.birth_date)) as diagnosis_age
) paris
where p.patient_id = :number and s.definition = :definition
"""

HELD_TO = """
select d.*, s.baseline_pcdai - d.response_drop as response_at_most
from rules.definition d
join derived.lor_status s on s.definition = d.name
where s.patient_id = :number and d.name = :definition
"""

STATUS = "select * from derived.lor_status where patient_id = :number and definition = :definition"

MECHANISM = """
select * from analytics.lor_mechanism where patient_id = :patient and definition = :definition
"""

AFTER_LOSS = """
select * from analytics.lor_outcome where patient_id = :patient and definition = :definition
"""

VISITS = """
select v.*, v.visited_on <= :cut_on as seen, c.day, c.phase, c.severity, c.no_height
from clinical.pcdai_visit v
left join analytics.pcdai_course c
    on c.record_id = v.record_id and c.patient_id = :patient and c.definition = :definition
where v.patient_id = :number
order by v.visited_on
"""

INFUSIONS = """
select
    i.*, i.infused_on <= :cut_on as seen, s.number, i.dose_mg / i.weight_kg as dose_mg_per_kg,
    s.interval_days, s.dose_raised, s.interval_shortened, s.intensified
from clinical.infusion i
left join rules.infusion_step s
    on s.record_id = i.record_id and s.patient_id = :number and s.definition = :definition
where i.patient_id = :number
order by i.infused_on
"""

LEVELS = """
select
    t.*, t.sampled_on <= :cut_on as seen, r.is_trough, r.timepoint, r.threshold_ug_ml,
    r.threshold_source, r.phenotype_held_to, r.trough_level, r.low_between_infusions, r.ada_status
from clinical.tdm_level t
left join rules.level_reading r
    on r.record_id = t.record_id and r.patient_id = :number and r.definition = :definition
where t.patient_id = :number
order by t.sampled_on, t.assay
"""

MEDICATIONS = """
select m.*, g.drug_class, m.started_on <= :cut_on as seen
from clinical.medication m
join reference.drug g on g.code = m.drug
where m.patient_id = :number
order by m.started_on, m.drug
"""

LAB_RESULTS = """
select
    r.*, r.collected_on <= :cut_on as seen, r.value * u.factor as own_value, u.own_unit,
    l.side, l.cut_off,
    case l.side
        when 'above' then rules.is_above(r.value * u.factor, r.value_comparator, l.cut_off)
        when 'below' then rules.is_below(r.value * u.factor, r.value_comparator, l.cut_off)
    end as beyond
from clinical.lab_result r
join reference.analyte_unit u using (analyte, unit)
join reference.definition d on d.name = :definition
left join lateral (
    values
        ('CRP', 'above', d.crp_above), ('ESR', 'above', d.esr_above),
        ('WBC', 'above', d.wbc_above), ('PLT', 'above', d.plt_above),
        ('HGB', 'below', d.hb_below), ('ALB', 'below', d.alb_below)
) as l (analyte, side, cut_off) on l.analyte = r.analyte
where r.patient_id = :number
order by r.collected_on, r.analyte
"""

ANTHROPOMETRY = """
select
    a.record_id, a.measured_on, a.measured_on <= :cut_on as seen, a.height_cm, a.weight_kg,
    z.height_z, z.height_z_source, z.bmi_z, z.bmi_z_source, a.missing_reasons
from clinical.anthropometry a
left join rules.anthropometry_z z
    on z.record_id = a.record_id and z.patient_id = :number
where a.patient_id = :number
order by a.measured_on
"""

# What a rule speaks of: import file -> the class of its rows, and their statement.
WITH_RULES: dict[str, tuple[type[Any], str]] = {
    "anthropometry": (Growth, ANTHROPOMETRY),
    "infusions": (Infusion, INFUSIONS),
    "tdm_levels": (Level, LEVELS),
    "pcdai_visits": (Visit, VISITS),
    "lab_results": (LabValue, LAB_RESULTS),
    "medications": (Treatment, MEDICATIONS),
}

# What no rule speaks of: a table, its columns and the one that dates it.
PLAIN = """
select {columns}
from clinical.{table}
where patient_id = :number
order by {date} nulls last, record_id
"""


def read_patient(connection: Connection, patient: str, definition: str) -> PatientRecord:
    """Everything of one patient under one definition, whose status is derived.

    Raises NotFound for a study id that is no patient's.
    """
    asked: dict[str, Any] = {
        "patient": patient,
        "number": patient_number(connection, patient),
        "definition": definition,
    }

    def rows(kind: type[Row], statement: str) -> tuple[Row, ...]:
        names = [field.name for field in fields(kind)]
        found = connection.execute(text(statement), asked).mappings()
        return tuple(kind(**{name: row[name] for name in names}) for row in found)

    def plain(entity: type[models.PatientRecord]) -> tuple[dict[str, Any], ...]:
        found = connection.execute(text(_plain(entity)), asked).mappings()
        return tuple(dict(row) for row in found)

    [held_to] = rows(HeldTo, HELD_TO)
    [person] = rows(Person, PERSON)
    [status] = rows(Status, STATUS)
    asked["cut_on"] = held_to.cut_on
    return PatientRecord(
        person=person,
        definition=held_to,
        status=status,
        mechanism=next(iter(rows(Mechanism, MECHANISM)), None),
        after_loss=next(iter(rows(AfterLoss, AFTER_LOSS)), None),
        tables={
            entity.file_name: rows(*WITH_RULES[entity.file_name])
            if entity.file_name in WITH_RULES
            else plain(entity)
            for entity in ENTITIES
            if issubclass(entity, models.PatientRecord)
        },
    )


def _plain(entity: type[models.PatientRecord]) -> str:
    """The statement of a table that no rule speaks of."""
    table, date = table_of(entity), entity.not_before_birth[0]
    columns = [column.name for column in table.columns if column.name not in NOT_SHOWN]
    dates = (Kind.DATE, Kind.PARTIAL_DATE)
    dated = [name for name, one in dictionary_columns(entity).items() if one.kind in dates]
    columns.insert(columns.index(dated[-1]) + 1, f"coalesce({date} <= :cut_on, true) as seen")
    if lacking_columns(entity):
        columns.append(MISSING_REASONS)
    return PLAIN.format(columns=", ".join(columns), table=table.name, date=date)
