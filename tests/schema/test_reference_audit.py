"""The audit of what gives results their meaning, and what nobody can say for the database."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.audit.replay import check_reference
from registry.database.engine import Database
from registry.derivation.run import derive
from tests.conftest import opened_for_test
from tests.schema.catalogue import add_patient, add_row, tables
from tests.schema.test_triggers import marked

WATCHED = """
select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
join pg_proc p on p.oid = t.tgfoid
where c.relnamespace = 'reference'::regnamespace and t.tgenabled = 'O'
    and p.proname in ('record_reference', 'record_rows', 'refuse_truncation')
group by c.relname having count(*) = 4
"""
ITEMS = {
    "worklist_dismissal": "(patient_id, item, change_id) values (:patient, 'silent', 1)",
    "signature": "(patient_id, sha256, meaning, signed_by, authentication, change_id) values "
    "(:patient, repeat('0', 64), 'reviewed', 'anna', 'signing_password', 1)",
    "query_step": "(patient_id, query, from_table, state, words, change_id) "
    "values (:patient, 'q', 'patient', 'new', 'why', 1)",
}
# A change of reference data, and the records that it touches.
TOUCHING = {
    "update reference.analyte_unit set factor = 9 where (analyte, unit) = ('CRP', 'mg/dL')": (
        "lab_result",
        {"analyte": "CRP", "unit": "mg/dL", "value": 1},
        {"analyte": "CRP", "unit": "mg/L", "value": 1},
    ),
    "update reference.drug set drug_class = 'biologic' where code = 'azathioprine'": (
        "medication",
        {"drug": "azathioprine"},
        {"drug": "EEN"},
    ),
    "update reference.assay set drug_tolerant = true where name = 'A'": (
        "tdm_level",
        {"assay": "A"},
        {"assay": "B"},
    ),
    "update reference.growth_reference set m = m + 1 where sex = 'female'": (
        "patient",
        {"sex": "female"},
        {"sex": "male"},
    ),
    "update reference.tdm_threshold set ifx_ug_ml = 6 where timepoint = 'maintenance'": (
        "tdm_level",
        {"assay": "A"},
        None,
    ),
}


def test_what_is_only_added_is_sealed_and_listed(database: Connection) -> None:
    """A table whose rows carry their change is among the leaves, and is told to an inspector."""
    carrying = database.execute(
        text(
            "select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid "
            "where a.attname = 'change_id' and c.relkind = 'r' and not a.attisdropped "
            "and c.relnamespace::regnamespace::text in ('reference', 'derived', 'audit') "
            "and c.relname not in ('change_set', 'committed_change')"
        )
    ).scalars()
    sealed = database.execute(
        text("select pg_get_functiondef('audit.entries'::regproc)")
    ).scalar_one()
    told = database.execute(
        text("select pg_get_viewdef('inspection.audit_row'::regclass)")
    ).scalar_one()
    for name in carrying:
        assert f"'{name}'" in sealed, name
        assert f"'{name}'" in told, name


def changes(connection: Connection, table: str) -> list[Any]:
    """The audit's rows of a table of reference, the last one first."""
    return list(
        connection.execute(
            text(
                "select r.*, c.made_by, c.reason from audit.reference_change r "
                "join reference.change_set c using (change_id) where table_name = :table "
                "order by audit_id desc"
            ),
            {"table": table},
        )
    )


def only_added(connection: Connection) -> set[str]:
    """Tables of reference whose rows are only ever added and carry their change."""
    return set(
        connection.execute(
            text(
                "select c.relname from pg_class c join pg_trigger t on t.tgrelid = c.oid "
                "and t.tgname = 'append_only' join pg_attribute a on a.attrelid = c.oid "
                "and a.attname = 'change_id' where c.relnamespace = 'reference'::regnamespace"
            )
        ).scalars()
    )


def test_every_table_that_gives_meaning_is_audited(database: Connection) -> None:
    watched = set(database.execute(text(WATCHED)).scalars())
    assert watched == set(tables(database, "reference")) - only_added(database), (
        "the migration that makes a table of reference calls audit.watch_reference('reference.x')"
    )


def test_the_audit_begins_with_what_the_migrations_filled_in(database: Connection) -> None:
    assert check_reference(database) == []
    filled = "select count(distinct table_name) from audit.reference_change"
    assert database.execute(text(filled)).scalar_one() >= 10


def test_a_change_of_reference_keeps_old_new_and_why(database: Connection) -> None:
    database.execute(text("set local registry.reason = 'new kit'"))
    unit = "(analyte, unit) = ('CRP', 'mg/dL')"
    database.execute(text(f"update reference.analyte_unit set factor = 9 where {unit}"))
    changed = changes(database, "analyte_unit")[0]
    assert (changed.operation, changed.reason) == ("update", "new kit")
    assert changed.key == {"analyte": "CRP", "unit": "mg/dL"}
    assert (changed.old_values["factor"], changed.new_values["factor"]) == (10, 9)
    database.execute(text(f"delete from reference.analyte_unit where {unit}"))
    assert changes(database, "analyte_unit")[0].old_values == changed.new_values


def test_a_key_that_changes_is_taken_out_and_entered(database: Connection) -> None:
    database.execute(text("update reference.drug set code = 'x' where code = 'azathioprine'"))
    done = {(row.operation, row.key["code"]) for row in changes(database, "drug")[:2]}
    assert done == {("delete", "azathioprine"), ("insert", "x")}


@pytest.mark.parametrize(
    "statement",
    [
        "update reference.drug set drug_class = 'other' where code = 'EEN'",
        "delete from reference.definition where name = 'recommended'",
        "update reference.worklist_setting set silent_days = 1",
        "update reference.patient_number set study_id = 'T-9'",
    ],
)
def test_reference_is_not_changed_without_a_reason(
    database: Connection, patient: int, statement: str
) -> None:
    assert patient
    database.execute(text("set local registry.reason = ''"))
    database.execute(text("set local registry.change = ''"))
    with pytest.raises(DBAPIError, match="only for a reason"):
        database.execute(text(statement))


def test_what_says_nothing_new_asks_for_no_reason(database: Connection) -> None:
    before = len(changes(database, "drug"))
    database.execute(text("set local registry.reason = ''"))
    database.execute(text("update reference.drug set drug_class = drug_class"))
    assert len(changes(database, "drug")) == before


@pytest.mark.parametrize("statement", TOUCHING)
def test_a_change_of_reference_marks_the_children_it_touches(
    database: Connection, statement: str
) -> None:
    table, touched, untouched = TOUCHING[statement]
    person = table == "patient"
    numbers = []
    for name, values in (("T-1", touched), ("T-2", untouched)):
        numbers.append(add_patient(database, name, **(values or {} if person else {})))
        if values and not person:
            add_row(database, table, numbers[-1], **values)
    marked(database)
    database.execute(text(statement))
    assert marked(database) == numbers[:1]


def test_two_study_ids_that_are_swapped_are_in_the_audit_of_both_children(
    study: Database,
) -> None:
    swap = "update reference.patient_number set study_id = :new where study_id = :old"
    with study.engine.begin() as connection:
        for old, new in (("P001", "x"), ("P002", "P001"), ("x", "P002")):
            connection.execute(text(swap), {"old": old, "new": new})
    with study.engine.connect() as connection:
        told = connection.execute(
            text(
                "select patient_id, old_values ->> 'study_id', new_values ->> 'study_id' "
                "from inspection.record_change where table_name = 'patient_number' "
                "order by audit_id"
            )
        ).all()
    assert told == [("P002", "P001", "x"), ("P001", "P002", "P001"), ("P002", "x", "P002")]
    assert derive(study.engine, user="tester").examined == 2


# Who, when and why


def test_the_change_set_of_another_transaction_counts_for_nothing(registry: Database) -> None:
    with registry.engine.begin() as connection:
        connection.execute(text("select set_config('registry.user', 'Ada', true)"))
        add_patient(connection, "T-1")
        borrowed = connection.execute(text("select current_setting('registry.change')")).scalar()
    with registry.engine.begin() as connection:
        connection.execute(
            text("select set_config('registry.change', :change, true)"), {"change": borrowed}
        )
        add_patient(connection, "T-2")
    with registry.engine.connect() as connection:
        sets = connection.execute(
            text(
                "select made_by, database_role, made_at > now() - interval '1 hour', "
                "transaction_id is not null from reference.change_set "
                "where change_id >= :change order by change_id"
            ),
            {"change": borrowed},
        ).all()
        role = connection.execute(text("select session_user::text")).scalar_one()
    assert sets == [("Ada", role, True, True), (role, role, True, True)]


def test_a_change_set_by_hand_has_the_moment_and_the_login_of_the_database(
    database: Connection,
) -> None:
    row = database.execute(
        text(
            "insert into reference.change_set (made_at, made_by, command, database_role, "
            "transaction_id) values ('1999-12-31', 'Ada', 'import', 'postgres', 3) "
            "returning made_at > now() - interval '1 hour', database_role = session_user, "
            "transaction_id = pg_current_xact_id()::text::bigint"
        )
    ).one()
    assert tuple(row) == (True, True, True)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into audit.record_change (patient_id, change_id, table_name, operation, "
        "row_version, old_values) values (1, 1, 'infusion', 'delete', 1, '{}')",
        "insert into audit.reference_change (change_id, table_name, key, operation, old_values) "
        "values (1, 'drug', '{}', 'delete', '{}')",
        "insert into audit.committed_change (change_id, committed_at) values (99, now())",
        "do $$ begin insert into audit.committed_change (change_id, committed_at) "
        "values (99, now()); end $$",
    ],
)
def test_nobody_writes_the_audit_by_hand(database: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError, match="written by the database itself"):
        database.exec_driver_sql(statement)


def test_functions_of_triggers_look_through_nobodys_path(database: Connection) -> None:
    loose = database.execute(
        text(
            "select oid::regprocedure::text from pg_proc where pronamespace = any(array['audit', "
            "'clinical', 'derived', 'reference']::regnamespace[]) and prorettype = 'trigger'"
            "::regtype and not coalesce(proconfig @> "
            "array['search_path=pg_catalog, pg_temp'], false)"
        )
    )
    assert list(loose.scalars()) == []


def test_a_row_that_carries_its_change_carries_its_own(database: Connection, patient: int) -> None:
    for table in only_added(database) - {"change_set"}:
        assert table in ITEMS, "an example of a row of it"
        own = database.execute(
            text(f"insert into reference.{table} {ITEMS[table]} returning change_id"),
            {"patient": patient},
        ).scalar_one()
        assert str(own) == database.scalar(text("select current_setting('registry.change')"))


# The order of commits


def test_what_is_not_committed_yet_comes_after_what_is(registry: Database) -> None:
    """By the clock the slow transaction's change is the older one."""
    with registry.engine.connect() as slow:
        add_patient(slow, "SLOW")
        with registry.engine.begin() as quick:
            # Of another centre, since a new centre adds itself and one waits for the other.
            add_patient(quick, "QUICK", centre="SH2")
        with registry.engine.connect() as connection:
            between = connection.execute(text("select now()")).scalar_one()
        slow.commit()
    with registry.engine.connect() as connection:
        assert replayed(connection, None) == ["QUICK", "SLOW"]
        seen = connection.execute(text("select audit.commit_at(:t)"), {"t": between}).scalar_one()
        assert replayed(connection, seen) == ["QUICK"]


def test_commits_at_once_are_numbered_one_after_the_other(registry: Database) -> None:
    """Whoever sees a number sees every number before it."""

    def enter(name: str) -> None:
        with opened_for_test(registry.url) as own, own.engine.begin() as connection:
            add_patient(connection, name)

    threads = [threading.Thread(target=enter, args=(f"T-{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        with registry.engine.connect() as connection:
            numbers, highest = connection.execute(
                text(
                    "select array_agg(study_id), (select max(commit_number) "
                    "from audit.committed_change) from reference.patient_number"
                )
            ).one()
            assert sorted(numbers or []) == replayed(connection, highest)
    for thread in threads:
        thread.join()


def replayed(connection: Connection, until: int | None) -> list[str]:
    """Study ids as the audit has them, in order."""
    return list(
        connection.execute(
            text(
                "select row_values ->> 'study_id' from audit.replay('patient_number', :until) "
                "order by 1"
            ),
            {"until": until},
        ).scalars()
    )
