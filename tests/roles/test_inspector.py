"""An inspector reads the audit, what plausibility found and consents: nothing else, by any way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.database.engine import Database, connect_to, server_url
from registry.database.roles import INSPECTOR_ROLE
from tests.programs import Program
from tests.roles.conftest import Login

REFUSED = (
    # Records, and what is made of them.
    "select * from clinical.patient",
    "select birth_date from clinical.patient",
    "select * from clinical.infusion",
    "select * from present.infusion",
    "select * from present.plausibility",
    "select * from present.work",
    "select * from own_present.infusion",
    "select * from rules.course",
    "select * from analytics.patient",
    "select * from analytics_deidentified.patient",
    "select * from derived.lor_status",
    "select * from derived.scheduled_run",
    "select rules.value_there('infusion', 1, 1, 'dose_mg')",
    "select * from audit.replay('infusion', 99)",
    # Who they are, and what keeps secrets.
    "select * from identity.person",
    "select identity.kept()",
    "select identity.read(array['P001'])",
    "select * from audit.secret",
    "select * from reference.signing_password",
    "select audit.leaves(0, 9)",
    "select audit.entries(0, 9)",
    # Functions that write, and writing by hand.
    "select audit.current_change(false)",
    "select audit.summarise_change('x')",
    "select clinical.make_table('x', 'a int', '{a}', '{}', '{}')",
    "select audit.watch_reference('reference.drug')",
    "insert into audit.seal default values",
    "insert into audit.erasure (patient_id) values (1)",
    "insert into reference.query_step (patient_id, query) values (1, 'q')",
    "insert into reference.signature (file_name, sha256, meaning, signed_by, authentication) "
    "values ('f', repeat('0', 64), 'm', 'me', 'signing_password')",
    "insert into clinical.consent (patient_id) values (1)",
    "update clinical.consent set withdrawn_on = null",
    "update reference.registry_setting set disclosure = 'none'",
    "update reference.change_set set reason = 'x'",
    "delete from audit.record_change",
    "truncate audit.record_change",
    "lock table clinical.consent in exclusive mode",
    "lock table locking.writing in access exclusive mode",
    "create table public.mine (a int)",
    "create schema mine",
    "create function audit.mine() returns int language sql as 'select 1'",
    "comment on view present.finding is 'x'",
    # Other rights.
    "set role registry_manager",
    "set role registry_owner",
    "grant registry_manager to current_user",
    "alter role registry_inspector superuser",
    "set session_replication_role = 'replica'",
    "select pg_read_file('PG_VERSION')",
    "copy reference.centre to '/tmp/centres'",
    "copy reference.centre to program 'cat'",
)


@pytest.fixture(scope="module")
def inspector(login_of: Login) -> str:
    """The URL of the login."""
    return login_of(INSPECTOR_ROLE)


@pytest.fixture(scope="module")
def by_hand(inspector: str) -> Iterator[Connection]:
    """A session of that login, in which nothing is kept."""
    engine = connect_to(server_url(inspector))
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


@pytest.mark.parametrize("statement", REFUSED)
def test_an_inspector_is_refused(by_hand: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError) as refused, by_hand.begin_nested():
        by_hand.exec_driver_sql(statement)
    # For want of a right, before anything else was looked at.
    assert getattr(refused.value.orig, "sqlstate", None) == "42501", refused.value


def test_no_statistics_show_an_inspector_a_value(two_centres: Database, inspector: str) -> None:
    with two_centres.engine.begin() as connection:
        connection.exec_driver_sql("analyze clinical.patient")
    engine = connect_to(server_url(inspector))
    with engine.connect() as connection:
        shown = connection.execute(
            text("select distinct schemaname || '.' || tablename from pg_stats")
        ).scalars()
        assert not [one for one in shown if one.startswith(("clinical.p", "derived.", "identity."))]
    engine.dispose()


def test_an_inspector_reads_what_the_role_is_for(
    two_centres: Database, inspector: str, program: Program
) -> None:
    asked = program(
        *(two_centres, "query", "raise", "P023", "patient", "--column", "onset_on"),
        *("--reason", "only the year?"),
    )
    assert asked.status == 0, asked
    for command, wanted in (
        (("audit", "list", "--patient", "P023"), "infusion"),
        (("audit", "list", "--patient", "P023", "--operation", "insert"), "dose_mg"),
        (("query", "list", "--patient", "P023"), "only the year?"),
        (("quality", "list"), ""),
        (("quality", "list", "P023"), ""),
        (("history", "P023"), "only the year?"),
        (("quality", "trend"), ""),
        (("consent", "list"), ""),
        (("patient", "erasures"), ""),
        (("sign", "list"), ""),
        (("lock", "list"), ""),
        (("freeze", "list"), ""),
        (("role", "list"), INSPECTOR_ROLE),
        (("disclosure",), "none"),
    ):
        told = program(inspector, *command)
        assert told.status == 0, told
        assert wanted in told.out, command
    # Of some rules and of one child: what the owner reads of them, from the views alone.
    by_rule = ("quality", "list", "--rule", "pcdai_weight_item", "--format", "json")
    every = program(two_centres, *by_rule).document
    assert every
    assert program(inspector, *by_rule).document == every
    one = (*by_rule, every[0]["patient_id"])
    assert program(inspector, *one).document == program(two_centres, *one).document
