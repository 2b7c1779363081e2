"""What holds across tables: who has changed, nothing before the birth, what is only ever added."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from registry.database.engine import Database
from registry.models import ENTITIES
from tests.integration.test_command_process import somebody_waits
from tests.schema.catalogue import (
    CLINICAL_TABLES,
    RECORD_TABLES,
    VALID,
    add_patient,
    add_row,
    refusal,
)

EVENTS = ("delete", "insert", "update")
APPEND_ONLY = (
    "derived.derivation_run",
    "derived.status_transition",
    "reference.change_set",
    "audit.record_change",
    "audit.reference_change",
    "audit.committed_change",
)
# What is sought to be changed in a table that does not say who made it.
OTHERS = {
    "derived.status_transition": "to_state = 'x'",
    "audit.record_change": "operation = 'x'",
    "audit.reference_change": "operation = 'x'",
    "audit.committed_change": "committed_at = now()",
}
# The columns by which a row can be changed without changing what it is about.
CHANGE = {
    "patient": "centre = 'X'",
    "phenotype": "growth = 'G1'",
    "anthropometry": "height_cm = 150",
    "infusion": "dose_mg = 250",
    "tdm_level": "ifx_ug_ml = 5",
    "pcdai_visit": "total = 5",
    "lab_result": "value = 4",
    "medication": "stopped_on = '2020-02-01'",
    "endoscopy": "cdeis = 5",
    "surgery": "procedure = 'other'",
    "gene_finding": "acmg_class = 'benign'",
    "condition": "resolved_on = '2020-02-01'",
    "adverse_event": "resolved_on = '2020-02-01'",
    "consent": "withdrawn_on = '2020-02-01'",
    "follow_up_end": "note = 'x'",
}


def triggers(connection: Connection, name: str) -> set[tuple[str, str]]:
    """Table and event of every enabled trigger that calls the function of this name."""
    rows = connection.execute(
        text(
            "select c.relname::text, e.event from pg_trigger t "
            "join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid "
            "join (values (4, 'insert'), (8, 'delete'), (16, 'update'), (32, 'truncate')) "
            "as e (bit, event) on t.tgtype & e.bit > 0 "
            "where c.relnamespace = 'clinical'::regnamespace and p.proname = :name "
            "and t.tgenabled = 'O' and not t.tgisinternal"
        ),
        {"name": name},
    )
    return {(row[0], row[1]) for row in rows}


def test_every_clinical_table_marks_every_kind_of_change(database: Connection) -> None:
    expected = {(table, event) for table in CLINICAL_TABLES for event in EVENTS}
    assert triggers(database, "mark_changed") == expected


def test_every_table_of_records_holds_its_dates_to_the_birth(database: Connection) -> None:
    expected = {(table, event) for table in RECORD_TABLES for event in ("insert", "update")}
    assert triggers(database, "refuse_before_birth") == expected
    assert triggers(database, "refuse_birth_after_records") == {("patient", "update")}


def test_the_dates_that_triggers_hold_to_the_birth_are_those_of_the_models(
    database: Connection,
) -> None:
    arguments = dict(
        database.execute(
            text(
                "select c.relname::text, string_agg(distinct encode(t.tgargs, 'escape'), '') "
                "from pg_trigger t join pg_class c on c.oid = t.tgrelid "
                "join pg_proc p on p.oid = t.tgfoid where p.proname = 'refuse_before_birth' "
                "group by 1"
            )
        ).all()
    )
    held = {table: tuple(names.split("\\000")[:-1]) for table, names in arguments.items()}
    assert held == {
        entity.__tablename__: entity.not_before_birth
        for entity in ENTITIES
        if entity.__tablename__ != "patient"
    }
    # The dates of the patient's own row are held to the birth by CHECKs of that row.


def marked(connection: Connection) -> list[int]:
    """The marked patients; the marks are taken away."""
    rows = connection.execute(
        text(
            "with gone as (delete from derived.changed_patient returning patient_id) "
            "select distinct patient_id from gone order by 1"
        )
    )
    return list(rows.scalars())


@pytest.mark.parametrize("table", CLINICAL_TABLES)
def test_a_change_marks_its_patients_and_nobody_else(database: Connection, table: str) -> None:
    [first, second, third] = [add_patient(database, f"T-{n}") for n in (1, 2, 3)]
    if table != "patient":
        marked(database)
        add_row(database, table, first)
        assert marked(database) == [first]
        add_row(database, table, second)
    marked(database)
    database.execute(
        text(f"update clinical.{table} set {CHANGE[table]} where patient_id = :p"), {"p": second}
    )
    assert marked(database) == [second]
    if table != "patient":
        # A record that was given to the wrong child concerns two.
        database.execute(
            text(f"update clinical.{table} set patient_id = :to where patient_id = :p"),
            {"p": second, "to": third},
        )
        assert marked(database) == [second, third]
    database.execute(text(f"delete from clinical.{table} where patient_id = :p"), {"p": first})
    assert marked(database) == [first]
    database.execute(text(f"update clinical.{table} set patient_id = patient_id where false"))
    assert marked(database) == []


def test_one_statement_over_many_rows_marks_each_patient_once(database: Connection) -> None:
    numbers = [add_patient(database, f"T-{n}") for n in range(5)]
    marked(database)
    database.execute(
        text(
            "insert into clinical.infusion (patient_id, infused_on, dose_mg, weight_kg) "
            "select p, date '2020-01-01' + d, 200, 30 "
            "from unnest(cast(:numbers as bigint[])) as p, generate_series(0, 9) as d"
        ),
        {"numbers": numbers},
    )
    count = database.execute(text("select count(*) from derived.changed_patient")).scalar_one()
    assert count == len(numbers)


@pytest.mark.parametrize("table", RECORD_TABLES)
def test_the_birth_cannot_move_past_a_record(
    database: Connection, patient: int, table: str
) -> None:
    entity = next(entity for entity in ENTITIES if entity.__tablename__ == table)
    [dated] = entity.not_before_birth
    add_row(database, table, patient, **{dated: "2015-06-01"})
    move = text("update clinical.patient set birth_date = :birth")
    database.execute(move, {"birth": "2015-06-01"})
    with pytest.raises(IntegrityError, match=rf"birth_date of patient T-1 .* {table}"):
        database.execute(move, {"birth": "2015-06-02"})


def test_a_record_cannot_be_moved_before_the_birth(database: Connection, patient: int) -> None:
    add_row(database, "infusion", patient)
    with pytest.raises(IntegrityError, match="infused_on of patient T-1 lies before the birth"):
        database.execute(text("update clinical.infusion set infused_on = '2010-02-02'"))


def test_a_record_of_an_older_child_cannot_be_given_to_a_younger(
    database: Connection, patient: int
) -> None:
    add_row(database, "infusion", patient, infused_on="2012-01-01")
    younger = add_patient(database, "T-2", birth_date="2013-01-01")
    with pytest.raises(IntegrityError, match="infused_on of patient T-2"):
        database.execute(text("update clinical.infusion set patient_id = :p"), {"p": younger})


@pytest.mark.parametrize("day", ["2011-12-31", "2012-01-10", "2012-01-25", "2012-01-31"])
def test_of_records_of_many_children_each_is_held_to_its_birth(
    database: Connection, day: str
) -> None:
    """The first child whose record lies before the birth is named, looked at one by one."""
    born = {f"T-{number}": f"2012-01-{number * 7 % 31 + 1:02d}" for number in range(1, 31)}
    for child, birth in born.items():
        add_patient(database, child, birth_date=birth)
    too_early = [child for child, birth in born.items() if day < birth]
    insert = text(
        "insert into clinical.infusion (patient_id, infused_on, dose_mg, weight_kg) "
        "select patient_id, cast(:day as date), 200, 30 from clinical.patient"
    )
    if not too_early:
        assert database.execute(insert, {"day": day}).rowcount == len(born)
        return
    with pytest.raises(IntegrityError, match=f"infused_on of patient {too_early[0]} lies before"):
        database.execute(insert, {"day": day})


@pytest.mark.parametrize(
    "record",
    [
        "insert into clinical.infusion (patient_id, infused_on, dose_mg, weight_kg) "
        "select patient_id, '2012-01-01', 200, 30 from clinical.patient",
        "update clinical.infusion set infused_on = '2012-01-01'",
    ],
    ids=["insert", "update"],
)
def test_a_record_and_a_birth_that_pass_each_other_do_not_both_get_through(
    registry: Database, record: str
) -> None:
    with registry.engine.begin() as connection:
        add_row(connection, "infusion", add_patient(connection))
    outcome: list[str] = []

    def move_the_birth() -> None:
        try:
            with registry.engine.begin() as other:
                other.execute(text("update clinical.patient set birth_date = '2013-01-01'"))
            outcome.append("moved")
        except IntegrityError as refused:
            outcome.append(str(refused.orig))

    with registry.engine.begin() as connection:
        connection.execute(text(record))
        mover = threading.Thread(target=move_the_birth)
        mover.start()
        while mover.is_alive() and not somebody_waits(connection):
            time.sleep(0.02)
        assert outcome == []
    mover.join()
    assert "birth_date of patient T-1 lies after infused_on" in outcome[0]


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["update {} set made_by = 'x'", "delete from {}", "truncate {}"])
def test_rows_that_are_only_ever_added_stay(
    shared_study: Database, table: str, change: str
) -> None:
    with shared_study.engine.connect() as connection:
        statement = change.format(table)
        statement = statement.replace("made_by = 'x'", OTHERS.get(table, "made_by = 'x'"))
        refused = rf"rows of {table} are only ever added|referenced in a foreign key"
        with pytest.raises(DBAPIError, match=refused):
            connection.execute(text(statement))


def test_a_new_centre_and_a_new_assay_add_themselves_once(
    database: Connection, patient: int
) -> None:
    add_patient(database, "T-2")
    add_row(database, "tdm_level", patient, assay="ELISA")
    add_row(database, "tdm_level", patient, assay=None)
    add_row(database, "tdm_level", patient, sampled_on="2020-02-01", assay="ELISA")
    database.execute(text("update clinical.patient set centre = 'SH2'"))
    assert database.execute(
        text("select code from reference.centre order by 1")
    ).scalars().all() == [
        "SH1",
        "SH2",
    ]
    assert database.execute(text("select name from reference.assay")).scalars().all() == ["ELISA"]


def test_the_valid_rows_are_valid(database: Connection, patient: int) -> None:
    """Else a refusal elsewhere might have another cause."""
    assert set(VALID) == set(CLINICAL_TABLES)
    refused = {table: refusal(database, table, patient) for table in RECORD_TABLES}
    assert refused == dict.fromkeys(RECORD_TABLES)
