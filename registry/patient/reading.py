"""Reads one patient's record: the tables, and beside each row what the rules' views say of it.

Names are those of the import files; what is derived stands beside what it is derived from. A row
is `seen` when it is dated up to the data cut of the definition: the rules know of no other, so
that what they say of one that is not seen is None. Dates are dates, numbers exact decimals; a
measured value is the limit itself where its comparator is `<` or `>`. `missing_reasons` says of a
column that is None why, where that is known.

Every view is asked by the patient's number, a condition that reaches down to the tables, so that
one patient costs the same in a registry of a hundred and of a million. Run it in one snapshot
(REPEATABLE READ), after a derivation: status, phases and mechanism are the stored ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from registry import models
from registry.models import ENTITIES, table_of
from registry.models.derivation import LorStatus
from registry.models.missing_reason import MISSING_REASONS
from registry.records.patient_number import patient_number
from registry.records.rows import dictionary_columns, lacking_columns
from registry.variables import Kind

NOT_SHOWN = ("patient_id", "row_version", MISSING_REASONS)
# Of a status the state, which is told first, and whose it is, by which definition, of which run.
NOT_OF_STATUS = ("state", "patient_id", "definition", "definition_hash", "run_id", "row_hash")

# Who the child is; ages in completed years, of a partial onset in the middle of its period.
# The ages of the Paris classification are its own (Levine et al. 2011), not a definition's.
PERSON = """
select
    n.study_id as patient_id, p.centre, p.sex, p.birth_date, p.onset_on, p.onset_on_precision,
    p.diagnosed_on, p.diagnosed_on_precision, p.diagnosis,
    extract(year from age(rules.today(), p.birth_date))::integer as age_now,
    extract(year from age(rules.date_in_period(
        p.onset_on, p.onset_on_precision, p.birth_date, s.start_on
    ), p.birth_date))::integer as age_at_onset,
    extract(year from age(s.start_on, p.birth_date))::integer as age_at_start,
    paris.reading as paris_age,
    p.missing_reasons
from clinical.patient p
join reference.patient_number n using (patient_id)
join derived.lor_status s using (patient_id)
left join reference.score_band paris on paris.measure = 'age_at_diagnosis'
    and paris.band @> extract(year from age(rules.date_in_period(
        p.diagnosed_on, p.diagnosed_on_precision, p.birth_date, s.start_on
    ), p.birth_date))
where p.patient_id = :number and s.definition = :definition
"""

# The definition and those of its parameters that a course is drawn against (points). `cut_on` is
# the day up to which the rules see, also where there is no data cut; `response_at_most` the
# baseline PCDAI less the fall asked for, null without a baseline.
HELD_TO = """
select d.name, d.version, d.hash, d.data_cut, d.cut_on, d.response_drop,
    s.baseline_pcdai - d.response_drop as response_at_most, d.remission_below, d.lor_above,
    d.lor_requires_rise, d.lor_confirmations
from rules.definition d
join derived.lor_status s on s.definition = d.name
where s.patient_id = :number and d.name = :definition
"""

STATUS = """
select state, {columns} from derived.lor_status
where patient_id = :number and definition = :definition
"""

# Why response was lost, as far as drug levels tell, and what the guideline advises.
MECHANISM = """
select mechanism, action, action_source, caveat, level_record_id, sampled_on, trough_status,
    ada_status
from analytics.lor_mechanism where patient_id = :patient and definition = :definition
"""

# What was done after the loss and what came of it.
AFTER_LOSS = """
select outcome, intensified_on, regained
from analytics.lor_outcome where patient_id = :patient and definition = :definition
"""


@dataclass(frozen=True)
class Beside:
    """What is told beside the columns of a table, whose row is `t`: how it is found, which it is.

    `instead` are columns of the table in whose place it stands.
    """

    joins: str
    columns: str
    instead: tuple[str, ...] = ()


# By import file. A laboratory value stands in the analyte's own unit too; `side` says which side of
# `cut_off` stands out (above or below), `beyond` whether the value lies there: null without a
# limit, or where a censored value does not tell. An entered Z-score wins over a computed one.
BESIDE = {
    "pcdai_visits": Beside(
        """left join analytics.pcdai_course c
            on c.record_id = t.record_id and c.patient_id = :patient
            and c.definition = :definition""",
        "c.day, c.phase, c.severity, c.no_height",
    ),
    "infusions": Beside(
        """left join rules.infusion_step s
            on s.record_id = t.record_id and s.patient_id = :number
            and s.definition = :definition""",
        "s.number, t.dose_mg / t.weight_kg as dose_mg_per_kg, s.interval_days, s.dose_raised, "
        "s.interval_shortened, s.intensified",
    ),
    "tdm_levels": Beside(
        """left join rules.level_reading r
            on r.record_id = t.record_id and r.patient_id = :number
            and r.definition = :definition""",
        "r.is_trough, r.timepoint, r.threshold_ug_ml, r.threshold_source, r.phenotype_held_to, "
        "r.trough_level, r.low_between_infusions, r.ada_status",
    ),
    "medications": Beside("join reference.drug g on g.code = t.drug", "g.drug_class"),
    "lab_results": Beside(
        """join reference.analyte_unit u using (analyte, unit)
        join reference.definition d on d.name = :definition
        left join lateral (
            values
                ('CRP', 'above', d.crp_above), ('ESR', 'above', d.esr_above),
                ('WBC', 'above', d.wbc_above), ('PLT', 'above', d.plt_above),
                ('HGB', 'below', d.hb_below), ('ALB', 'below', d.alb_below)
        ) as l (analyte, side, cut_off) on l.analyte = t.analyte""",
        """t.value * u.factor as own_value, u.own_unit, l.side, l.cut_off,
        case l.side
            when 'above' then rules.is_above(t.value * u.factor, t.value_comparator, l.cut_off)
            when 'below' then rules.is_below(t.value * u.factor, t.value_comparator, l.cut_off)
        end as beyond""",
    ),
    "anthropometry": Beside(
        """left join rules.anthropometry_z z
            on z.record_id = t.record_id and z.patient_id = :number""",
        "z.height_z, z.height_z_source, z.bmi_z, z.bmi_z_source",
        instead=("height_z", "bmi_z"),
    ),
}


def read_patient(connection: Connection, patient: str, definition: str) -> dict[str, Any]:
    """Everything of one patient under one definition, whose status is derived, as one document.

    The patient's own columns first, then `definition`, `status`, `mechanism`, `after_loss`, and by
    import file the rows of each table by date. Raises NotFound for a study id that is no patient's.
    """
    asked: dict[str, Any] = {
        "patient": patient,
        "number": patient_number(connection, patient),
        "definition": definition,
    }

    def rows(statement: str) -> tuple[dict[str, Any], ...]:
        return tuple(dict(row) for row in connection.execute(text(statement), asked).mappings())

    [held_to] = rows(HELD_TO)
    [person] = rows(PERSON)
    shown = [one.name for one in table_of(LorStatus).columns if one.name not in NOT_OF_STATUS]
    [status] = rows(STATUS.format(columns=", ".join(shown)))
    asked["cut_on"] = held_to["cut_on"]
    return {
        **person,
        "definition": held_to,
        "status": status,
        "mechanism": next(iter(rows(MECHANISM)), None),
        "after_loss": next(iter(rows(AFTER_LOSS)), None),
        **{
            entity.file_name: rows(_rows_of(entity))
            for entity in ENTITIES
            if issubclass(entity, models.PatientRecord)
        },
    }


def _rows_of(entity: type[models.PatientRecord]) -> str:
    """The statement of a table's rows with what is told beside them, by date."""
    table, date = table_of(entity), entity.not_before_birth[0]
    beside = BESIDE.get(entity.file_name, Beside("", ""))
    left_out = (*NOT_SHOWN, *beside.instead)
    own = [column.name for column in table.columns if column.name not in left_out]
    dates = (Kind.DATE, Kind.PARTIAL_DATE)
    dated = [name for name, one in dictionary_columns(entity).items() if one.kind in dates]
    columns = [f"t.{name}" for name in own]
    columns.insert(own.index(dated[-1]) + 1, f"coalesce(t.{date} <= :cut_on, true) as seen")
    columns += filter(None, [beside.columns])
    if lacking_columns(entity):
        columns.append(f"t.{MISSING_REASONS}")
    key = [f"t.{name}" for name in (*entity.natural_key, "record_id") if name != date]
    return (
        f"select {', '.join(columns)} from clinical.{table.name} t {beside.joins} "
        f"where t.patient_id = :number order by t.{date} nulls last, {', '.join(key)}"
    )
