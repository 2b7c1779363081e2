"""A login that enters for one centre learns nothing of the children of another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError

from registry.database import frozen
from registry.database.engine import Database, connect_to, server_url
from registry.database.frozen import translate
from registry.database.roles import ENTRY_ROLE
from registry.records.registry_setting import definition_or_default
from registry.worklist.kept import keep, what_is_kept
from tests.programs import Program
from tests.roles.conftest import OTHERS, OWN, Login

# Every table, and of the views what commands read: a view with the rights of its reader has no row
# that its tables do not show, and takes the server longer to plan than all tables to read.
READABLE = """
select format('%I.%I', n.nspname, c.relname) from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm', 'v', 'f') and has_schema_privilege(n.oid, 'usage')
    and has_table_privilege(c.oid, 'select')
    and n.nspname not in ('pg_catalog', 'information_schema')
    and (c.relkind <> 'v' or n.nspname in ('own_analytics', 'own_inspection')
        or not coalesce('security_invoker=true' = any(c.reloptions), false)
        or format('%I.%I', n.nspname, c.relname) in ('own_present.finding', 'own_present.query'))
order by 1
"""
# Tables with rows of children that a login for one centre may read.
WITH_CHILDREN = """
select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relkind = 'r' and a.attname = 'patient_id'
    and has_schema_privilege(c.relnamespace, 'usage') and has_table_privilege(c.oid, 'select')
    and c.relnamespace::regnamespace::text <> 'pg_catalog'
order by 1
"""


@pytest.fixture(scope="module")
def entry(login_of: Login) -> str:
    """The URL of the login."""
    return login_of(ENTRY_ROLE)


@pytest.fixture
def as_entry(entry: str) -> Iterator[Connection]:
    """A session of that login by hand, rolled back."""
    engine = connect_to(server_url(entry))
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


@pytest.fixture(scope="module")
def children(two_centres: Database) -> dict[str, list[tuple[str, int]]]:
    """Centre -> study id and number of its children."""
    found: dict[str, list[tuple[str, int]]] = {OWN: [], OTHERS: []}
    with two_centres.engine.connect() as connection:
        for centre, study_id, number in connection.execute(
            text(
                "select centre, study_id, patient_id from clinical.patient "
                "join reference.patient_number using (patient_id)"
            )
        ):
            found[centre].append((study_id, number))
    assert len(found[OWN]) > 10
    assert len(found[OTHERS]) > 10
    return found


def test_no_row_of_a_table_or_view_is_of_the_others(
    as_entry: Connection, children: dict[str, list[tuple[str, int]]]
) -> None:
    """By the number of the child, by the study id, and by any text that has one."""
    own = {number for _, number in children[OWN]}
    ids = {study_id for study_id, _ in children[OTHERS]}
    seen = 0
    for name in as_entry.execute(text(READABLE)).scalars().all():
        rows = as_entry.execute(text(f"select to_jsonb(r) from {name} r")).scalars().all()
        for row in rows:
            number = row.get("patient_id")
            assert not isinstance(number, int) or number in own, name
            told = " ".join(str(value) for value in row.values())
            assert not ids & set(told.replace("'", " ").replace('"', " ").split()), name
            assert row.get("patient_id") not in ids, name
        seen += bool(rows)
    # Most of them have rows of one's own, so that the others' could have stood there.
    assert seen > 50


def test_every_table_of_children_has_rows_of_both_centres(
    two_centres: Database, as_entry: Connection, children: dict[str, list[tuple[str, int]]]
) -> None:
    """So that what is not shown would have been there to be shown."""
    tables = as_entry.execute(text(WITH_CHILDREN)).scalars().all()
    assert len(tables) > 20
    own = [number for _, number in children[OWN]]
    marked = {"both": [own[0], children[OTHERS][0][1]]}
    of_marked = "derived.changed_patient where patient_id = any(:both)"
    with two_centres.engine.connect() as owner:
        # Children who wait for a derivation, for a moment: none does in that registry.
        owner.execute(
            text("insert into derived.changed_patient (patient_id) select unnest(:both)"),
            marked,
        )
        owner.commit()
        for table in tables:
            counted = owner.execute(
                text(
                    "select count(*) filter (where patient_id = any(:own)), "
                    f"count(*) filter (where patient_id <> all(:own)) from {table}"
                ),
                {"own": own},
            ).one()
            assert min(counted) > 0, table
            shown = as_entry.execute(text(f"select count(*) from {table}")).scalar_one()
            assert shown == counted[0], table
        owner.execute(text(f"delete from {of_marked}"), marked)
        owner.commit()


def test_views_over_them_have_the_rights_of_who_reads(two_centres: Database) -> None:
    """But the one that says who changed what, whose own conditions are tried with the rest."""
    with two_centres.engine.connect() as owner:
        others = owner.execute(
            text(
                "select oid::regclass::text from pg_class where relkind = 'v' "
                "and starts_with(relnamespace::regnamespace::text, 'own_') "
                "and not coalesce('security_invoker=true' = any(reloptions), false)"
            )
        ).scalars()
        assert others.all() == ["own_rules.change_set"]


def test_what_is_shown_of_ones_own_is_all_of_it(
    two_centres: Database, as_entry: Connection, children: dict[str, list[tuple[str, int]]]
) -> None:
    numbers = [number for _, number in children[OWN]]
    names = [study_id for study_id, _ in children[OWN]]
    with two_centres.engine.connect() as owner:
        for table in ("clinical.infusion", "clinical.patient", "derived.lor_status"):
            every = text(f"select count(*) from {table} where patient_id = any(:numbers)")
            mine = as_entry.execute(text(f"select count(*) from {table}")).scalar_one()
            assert mine == owner.execute(every, {"numbers": numbers}).scalar_one() > 0
        for view in ("status", "worklist", "infusion", "eligibility"):
            # A rank is a place among those that one sees.
            listed = f"select (to_jsonb(v) - 'rank')::text from {{}}analytics.{view} v"
            mine = sorted(as_entry.execute(text(listed.format("own_"))).scalars())
            every = text(f"{listed.format('')} where patient_id = any(:names)")
            assert mine == sorted(owner.execute(every, {"names": names}).scalars())


def test_of_the_list_that_the_night_has_kept_one_reads_ones_own(
    two_centres: Database, entry: str, program: Program
) -> None:
    asked = ("worklist", "list", "--set-aside", "--format", "json")
    found = program(entry, *asked)
    keep(two_centres.engine)
    try:
        engine = connect_to(server_url(entry))
        translate(engine, frozen.OWN)
        with engine.connect() as connection:
            definition = definition_or_default(connection, None)
            assert what_is_kept(connection, definition) is not None
        assert program(entry, *asked) == found
        assert found.document != []
    finally:
        with two_centres.engine.begin() as owner:
            owner.execute(text("delete from derived.kept_worklist"))


def test_the_others_child_is_told_as_one_that_nobody_has(
    program: Program, entry: str, children: dict[str, list[tuple[str, int]]]
) -> None:
    theirs, nobodys = children[OTHERS][0][0], "P499"
    for command in (
        ("patient", "show"),
        ("status",),
        ("explain",),
        ("history",),
        ("infusion", "list"),
        ("query", "list"),
    ):
        said = [
            program(entry, *command, *(("--patient", one) if command[-1] == "list" else (one,)))
            for one in (theirs, nobodys)
        ]
        told = [
            (one.status, one.out, one.err.replace(study_id, "?").splitlines()[0])
            for one, study_id in zip(said, (theirs, nobodys), strict=True)
        ]
        assert told[0] == told[1], command
        assert said[0].status != 0


def test_the_others_child_is_sought_in_the_same_way_as_nobodys(
    program: Program,
    entry: str,
    as_entry: Connection,
    children: dict[str, list[tuple[str, int]]],
) -> None:
    """The same statements, of which the server makes the same plans."""
    asked: dict[str, list[str]] = {children[OTHERS][0][0]: [], "P499": []}
    for study_id, statements in asked.items():

        def keep(*told: object, kept: list[str] = statements) -> None:
            kept.append(str(told[2]))

        event.listen(Engine, "before_cursor_execute", keep)
        try:
            assert program(entry, "patient", "show", study_id).status == 1
        finally:
            event.remove(Engine, "before_cursor_execute", keep)
    theirs, nobodys = asked.values()
    assert theirs == nobodys
    sought = [one for one in theirs if "clinical.patient" in one and "study_id = %(" in one]
    assert sought
    for statement in sought:
        plans = [
            as_entry.exec_driver_sql(f"explain (costs off) {statement}", {"study_id": one}).all()
            for one in asked
        ]
        assert plans[0] == [(line.replace("P499", children[OTHERS][0][0]),) for (line,) in plans[1]]


def test_a_taken_study_id_is_refused_without_a_word_more(
    program: Program, entry: str, children: dict[str, list[tuple[str, int]]]
) -> None:
    theirs = children[OTHERS][0][0]
    said = program(
        entry, "patient", "add", theirs, "--centre", OWN, "--sex", "male", "--birth-date",
        "2009-01-02", "--diagnosis", "CD", "--diagnosed-on", "2018-02-03",
    ).refused(1)  # fmt: skip
    assert said.splitlines()[0] == f"Error: The study id {theirs} cannot be given: it is taken."
    assert OTHERS not in said


def refusal(connection: Connection, statement: str) -> tuple[str | None, str]:
    with pytest.raises(DBAPIError) as refused, connection.begin_nested():
        connection.exec_driver_sql(statement)
    diagnosis = getattr(refused.value.orig, "diag", None)
    return getattr(refused.value.orig, "sqlstate", None), str(
        getattr(diagnosis, "message_primary", "")
    )


def test_nothing_is_written_at_the_others(
    as_entry: Connection, children: dict[str, list[tuple[str, int]]]
) -> None:
    as_entry.exec_driver_sql("select set_config('registry.reason', 'a test', true)")
    own, theirs = children[OWN][0][1], children[OTHERS][0][1]
    weigh = (
        "insert into clinical.anthropometry (patient_id, measured_on, weight_kg) "
        "values ({}, '2019-08-08', 30)"
    )
    as_entry.exec_driver_sql(weigh.format(own))
    # Of the others' child and of nobody's alike.
    assert refusal(as_entry, weigh.format(theirs)) == refusal(as_entry, weigh.format(999_999))
    for statement in (
        f"update clinical.patient set centre = '{OTHERS}' where patient_id = {own}",
        f"update clinical.infusion set patient_id = {theirs} where patient_id = {own}",
    ):
        assert refusal(as_entry, statement)[0] == "42501"
    for statement in (
        f"update clinical.patient set centre = '{OWN}' where patient_id = {theirs}",
        f"update clinical.infusion set dose_mg = 1 where patient_id = {theirs}",
        f"delete from clinical.infusion where patient_id = {theirs}",
    ):
        assert as_entry.exec_driver_sql(statement).rowcount == 0


def test_no_statement_leads_to_other_rights(as_entry: Connection) -> None:
    for statement in ("set role registry_manager", "set session authorization registry"):
        assert refusal(as_entry, statement)[0] == "42501"
    as_entry.exec_driver_sql("reset role")
    centres = as_entry.exec_driver_sql("select distinct centre from clinical.patient").scalars()
    assert centres.all() == [OWN]
    # The planner's statistics show values of rows.
    assert (
        as_entry.exec_driver_sql(
            "select tablename from pg_stats where schemaname in ('clinical', 'derived')"
        ).all()
        == []
    )
    for table in ("analytics.patient", "rules.course", "present.finding", "identity.person"):
        assert refusal(as_entry, f"select * from {table}")[0] == "42501"


def test_sql_reads_ones_own_centre(program: Program, entry: str) -> None:
    for table in ("patient", "analytics.patient", '"analytics"."patient"'):
        query = f"select distinct centre from {table}"
        rows = program(entry, "sql", query, "--format", "json").document
        assert rows == [{"centre": OWN}]


def test_a_change_of_the_others_is_no_change(
    two_centres: Database, program: Program, entry: str, children: dict[str, list[tuple[str, int]]]
) -> None:
    with two_centres.engine.connect() as owner:
        number = owner.execute(
            text("select max(audit_id) from audit.record_change where patient_id = :theirs"),
            {"theirs": children[OTHERS][0][1]},
        ).scalar_one()
    why = ("--reason", "a test")
    said = [program(entry, "undo", str(one), *why).refused(1) for one in (number, 99_999_999)]
    assert said[0].replace(str(number), "?") == said[1].replace("99999999", "?")


def test_what_leaves_in_a_standard_is_of_the_own_children(
    entry: str, program: Program, children: dict[str, list[tuple[str, int]]], tmp_path: Path
) -> None:
    """The audit in the ODM too."""
    own = {study_id for study_id, _ in children[OWN]}
    outcome = program(entry, "export", "cdisc", "--to", str(tmp_path / "cdisc"))
    assert outcome.status == 0, outcome
    odm = (tmp_path / "cdisc" / "odm.xml").read_text(encoding="utf-8")
    assert set(re.findall('SubjectKey="([^"]+)"', odm)) == own
    assert not [study_id for study_id, _ in children[OTHERS] if f">{study_id}<" in odm]
    rows = json.loads((tmp_path / "cdisc" / "patients.json").read_text(encoding="utf-8"))["rows"]
    assert {row[0] for row in rows} == own
