"""What the server itself says of the schema, and one valid row of every clinical table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.models import ENTITIES, table_of

CLINICAL_TABLES = [table_of(entity).name for entity in ENTITIES]
RECORD_TABLES = [name for name in CLINICAL_TABLES if name != "patient"]
BIRTH = "2010-02-03"

# A row that every rule accepts, for each table whose rows belong to a patient.
VALID: dict[str, dict[str, Any]] = {
    "patient": {"centre": "SH1", "sex": "male", "birth_date": BIRTH, "diagnosis": "CD"},
    "phenotype": {"assessed_on": "2020-01-01"},
    "anthropometry": {"measured_on": "2020-01-01"},
    "infusion": {"infused_on": "2020-01-01", "dose_mg": 200, "weight_kg": 30},
    "tdm_level": {"sampled_on": "2020-01-01"},
    "pcdai_visit": {"visited_on": "2020-01-01", "total": 20},
    "lab_result": {"collected_on": "2020-01-01", "analyte": "CRP", "value": 3, "unit": "mg/L"},
    "medication": {"drug": "EEN", "started_on": "2020-01-01"},
    "endoscopy": {"performed_on": "2020-01-01"},
    "surgery": {"performed_on": "2020-01-01", "procedure": "resection"},
    "gene_finding": {"gene": "XIAP", "hgvs_c": "c.664C>T"},
    "condition": {"condition": "other", "onset_on": "2020-01-01"},
    "adverse_event": {
        "started_on": "2020-01-01",
        "term": "headache",
        "severity": "mild",
        "serious": False,
    },
    "consent": {
        "scope": "research",
        "signed_on": "2020-01-01",
        "given_by": "parent_or_guardian",
    },
    "follow_up_end": {"ended_on": "2020-01-01", "reason": "died"},
}


# What else has rows of children: of those that rules derive the rest is there by itself.
OF_CHILDREN = {
    "reference.query_step": "(patient_id, query, from_table, state, words) "
    "values (:patient, 'q', 'patient', 'new', 'why so?')",
    "reference.worklist_dismissal": "(patient_id, item) values (:patient, 'silent')",
    "reference.signature": "(patient_id, sha256, meaning, signed_by, authentication) "
    "values (:patient, repeat('0', 64), 'reviewed', 'anna', 'signing_password')",
    "derived.release_child": "(patient_id, release, child_id, given_up, smallest_group) "
    "values (:patient, 'given', 'child ' || :patient, '{}', 5)",
    "derived.release_left_out": "(patient_id, release, reason) "
    "values (:patient, 'given', 'no_infliximab')",
    "derived.study_child": "(patient_id, answer_sha256, part, fingerprint) "
    "values (:patient, 'answer', 'curve', 'fingerprint')",
    "derived.feed_result": "(message_sha256, place, patient_id, form, sender, control_id, fate, "
    "facts, file) values ('m' || :patient, 1, :patient, 'hl7', 'lab', 'c', 'stored', '{}', 'f')",
    "derived.kept_work": "(patient_id, study_id, centre, place, kind, rule, item, action, why, "
    "source, facts) values (:patient, 'P', 'BCH', 1, 'k', 'r', 'i', 'do', 'why', 'ours', '{}')",
    # Last: it refuses changes. Of what was long before the study.
    "reference.record_lock": "(patient_id, until_on) values (:patient, '1990-01-01')",
}
_GIVEN = """
insert into reference.data_release
    (name, as_of, smallest_group, content, program_version, dropped)
values ('given', now(), 5, '{}', '1', false) on conflict do nothing;
insert into reference.study_answer (answer_sha256, study_sha256, round, envelope_sha256, study,
    coordinator, definition_hash, children, parts, content, as_of, program_version)
values ('answer', 's', 1, 'e', 'a study', 'c', 'd', 1, '{}', '{}', now(), '1')
on conflict do nothing
"""


@dataclass(frozen=True)
class Key:
    """A constraint of the catalogue: p primary, u unique, f foreign, x exclusion, c check."""

    table: str
    name: str
    kind: str
    columns: list[str]
    definition: str


def keys(connection: Connection, schema: str, kinds: str = "pufx") -> list[Key]:
    """Every constraint of these kinds in a schema, with its columns in the order of the key."""
    rows = connection.execute(
        text(
            "select c.conrelid::regclass::text, c.conname, c.contype::text, array("
            "select a.attname::text from unnest(c.conkey) with ordinality as k (number, place) "
            "join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number "
            "order by k.place), pg_get_constraintdef(c.oid) from pg_constraint c "
            "where c.connamespace = cast(:schema as regnamespace) "
            "and c.contype::text = any(:kinds) order by 1, 2"
        ),
        {"schema": schema, "kinds": list(kinds)},
    )
    return [Key(row[0].removeprefix(f"{schema}."), *row[1:]) for row in rows]


def tables(connection: Connection, schema: str) -> list[str]:
    """Names of the tables of a schema."""
    return list(
        connection.execute(
            text(
                "select table_name::text from information_schema.tables "
                "where table_schema = :schema and table_type = 'BASE TABLE' order by 1"
            ),
            {"schema": schema},
        ).scalars()
    )


def uncommented(connection: Connection, schemas: tuple[str, ...], kinds: str) -> list[str]:
    """Relations of these kinds, and their columns, that have no comment."""
    return list(
        connection.execute(
            text(
                "select concat_ws('.', n.nspname, c.relname, a.attname) from pg_class c "
                "join pg_namespace n on n.oid = c.relnamespace "
                "join lateral (select null::name as attname, 0 as attnum union all "
                "select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 "
                "and not attisdropped) a on true "
                "left join pg_description d on d.objoid = c.oid and d.objsubid = a.attnum "
                "and d.classoid = 'pg_class'::regclass "
                "where n.nspname = any(:schemas) and c.relkind::text = any(:kinds) "
                "and coalesce(btrim(d.description), '') = '' order by 1"
            ),
            {"schemas": list(schemas), "kinds": list(kinds)},
        ).scalars()
    )


def add_patient(connection: Connection, study_id: str = "T-1", **values: Any) -> int:
    """A new patient's number."""
    number = connection.execute(
        text(
            "insert into reference.patient_number (study_id) values (:study_id) "
            "returning patient_id"
        ),
        {"study_id": study_id},
    ).scalar_one()
    add_row(connection, "patient", number, **values)
    return int(number)


def add_row(connection: Connection, table: str, patient: int, **values: Any) -> None:
    """The table's valid row for the patient, with other values where they are given."""
    row = {"patient_id": patient} | VALID[table] | values
    marks = ", ".join(f":{name}" for name in row)
    connection.execute(
        text(f"insert into clinical.{table} ({', '.join(row)}) values ({marks})"), row
    )


def fill_every_table(connection: Connection, patient: int) -> None:
    """A row of this child in each table that has rows of children and none of his."""
    connection.execute(text(_GIVEN))
    for table in RECORD_TABLES:
        if not _has_row(connection, f"clinical.{table}", patient):
            add_row(connection, table, patient)
    for table, row in OF_CHILDREN.items():
        if not _has_row(connection, table, patient):
            connection.execute(text(f"insert into {table} {row}"), {"patient": patient})


def _has_row(connection: Connection, table: str, patient: int) -> bool:
    found = text(f"select exists (select from {table} where patient_id = :patient)")
    return bool(connection.execute(found, {"patient": patient}).scalar_one())


def refusal(connection: Connection, table: str, patient: int, **values: Any) -> str | None:
    """Name of the constraint that refuses such a row; None when the row is accepted.

    The row is taken back either way.
    """
    attempt = connection.begin_nested()
    try:
        add_row(connection, table, patient, **values)
    except DBAPIError as error:
        diagnosis = getattr(error.orig, "diag", None)
        return str(getattr(diagnosis, "constraint_name", None) or type(error.orig).__name__)
    finally:
        attempt.rollback()
    return None
