"""The analysts' role: what it may use of a server, and a transaction that can only read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from registry.database.engine import Database, connect_to
from registry.database.frozen import LIVE, Place
from registry.database.roles import ANALYST_ROLE, quoted, role_can_be_taken
from registry.database.standby import on_standby
from registry.errors import Refused
from registry.words import tr

FENCE = "pg_temp.answer"
# What it needs of a database that is closed to others: its queries are fenced by a function there.
ENTER = "grant connect, temporary on database {database} to {role};"
# What one query, one forgotten transaction and the files of one session may take, so that a reader
# never stops those who write; this registry's choice. The last is for a superuser to give, or for
# who was granted to set it.
TEMPORARY_FILES = "temp_file_limit"
LIMITS = {
    "statement_timeout": "10min",
    "idle_in_transaction_session_timeout": "10min",
    "lock_timeout": "1min",
    "work_mem": "32MB",
    TEMPORARY_FILES: "4GB",
}
CONNECTIONS = 10
# What PostgreSQL lets every login call, in a reading query too, and fills what all share: the table
# of locks, large objects, the log of changes. A superuser takes it from all.
SHARED = "^(pg_(try_)?advisory_.*|lo_.*|lo(write|read)|pg_logical_emit_message)$"
_BAR_SHARED = f"""
do $$
declare
    called regprocedure;
begin
    for called in select oid from pg_proc where pronamespace = 'pg_catalog'::regnamespace
        and proname ~ '{SHARED}' and has_function_privilege('public', oid, 'execute')
    loop
        execute format('revoke execute on function %s from public', called);
    end loop;
end
$$
"""

# Runs a query as its owner, the analysts' role, from which the server lets nothing inside of it
# change to another. Temporary, so that it is gone with the transaction and nobody can replace it.
# `typed` is the query within another that gives its columns the types they were said to have;
# what cannot stand there, such as an EXPLAIN, runs as it is.
_CREATE_FENCE = f"""
create function {FENCE} (typed text, query text) returns setof record
language plpgsql security definer as $$
begin
    return query execute typed;
exception when syntax_error then
    return query execute query;
end
$$
"""


@contextmanager
def analyst_connection(database: Database) -> Iterator[Connection]:
    """A read-only transaction as the role that can read the analytics views and nothing else.

    The embedded server lets that role log in, so that no statement can step back out of it, and
    holds it to its limits. On a server the owner's session changes to it, and a query could change
    back: there what is not trusted goes through the function FENCE, out of which there is no way.
    A login with rights of its own has nothing to go back to and asks as itself. A standby makes no
    function, not even a temporary one: there a login asks that has not the owner's rights. Raises
    Refused for one that has.
    """
    as_itself = reads_as_itself(database)
    embedded = database.embedded and not as_itself
    engine = connect_to(database.url.set(username=ANALYST_ROLE)) if embedded else None
    with (engine or database.engine).connect() as connection:
        if as_itself:
            _limit(connection)
        elif not embedded:
            fenced = is_fenced(database, connection)
            if not fenced and database.own_rights is None:
                raise Refused(
                    tr("On a standby a query is asked by a login with an analyst's rights alone."),
                    cure=tr("One is made on the primary: registry db analyst NAME"),
                )
            if fenced:
                # Where a login reads only by default; the fence is made before that is set for all.
                connection.execute(text("set transaction read write"))
            _limit(connection)
            connection.execute(text(f"set local role {ANALYST_ROLE}"))
            if fenced:
                connection.exec_driver_sql(_CREATE_FENCE)
        place = place_of(database)
        connection.execute(text(f"set local search_path = {place.schema('analytics')}"))
        connection.execute(text("set transaction read only"))
        yield connection


def reads_as_itself(database: Database) -> bool:
    """Whether this login has rights of its own and not those of an analyst: it asks by these."""
    if database.own_rights is None:
        return False
    with database.engine.connect() as connection:
        return not role_can_be_taken(connection, ANALYST_ROLE)


def is_fenced(database: Database, connection: Connection) -> bool:
    """Whether a query on this connection goes through the function FENCE."""
    return not (database.embedded or reads_as_itself(database) or on_standby(connection))


def place_of(database: Database) -> Place:
    """Where the views lie that a query reads."""
    if database.frozen is not None:
        return database.frozen.place
    if database.own_rights is not None and reads_as_itself(database):
        return database.own_rights
    return LIVE


def analyst_role_exists(connection: Connection) -> bool:
    """Whether the role that reads the views is there and can be taken on."""
    return role_can_be_taken(connection, ANALYST_ROLE)


def limit_role(connection: Connection) -> None:
    """Holds a role that can log in to its limits, unless somebody has set others."""
    set_before = connection.execute(
        text(
            "select coalesce(array_agg(split_part(setting, '=', 1)), '{}') "
            "from pg_db_role_setting, unnest(setconfig) as setting "
            "where setrole = cast(:role as regrole)"
        ),
        {"role": ANALYST_ROLE},
    ).scalar_one()
    for name, value in limits_of(connection).items():
        if name not in set_before:
            connection.execute(text(f"alter role {ANALYST_ROLE} set {name} = '{value}'"))
    if not set_before:
        connection.execute(text(f"alter role {ANALYST_ROLE} connection limit {CONNECTIONS}"))


def may_limit_files(connection: Connection) -> bool:
    """Whether this login may limit temporary files."""
    return bool(
        connection.execute(
            text("select has_parameter_privilege(current_user, :name, 'set')"),
            {"name": TEMPORARY_FILES},
        ).scalar_one()
    )


def prepare_embedded(database: Database) -> None:
    """What only a superuser may do, who is at hand there; on another server its administrator does.

    The owner may limit temporary files, and nobody fills what all share.
    """
    engine = connect_to(database.url.set(username="postgres"))
    with engine.begin() as connection:
        owner = database.url.username
        connection.execute(text(f"grant set on parameter {TEMPORARY_FILES} to {owner}"))
        connection.execute(text(_BAR_SHARED))


def limits_of(connection: Connection) -> dict[str, str]:
    """The limits that this login may set, by the name of the setting."""
    may = may_limit_files(connection)
    return {name: value for name, value in LIMITS.items() if may or name != TEMPORARY_FILES}


def _limit(connection: Connection) -> None:
    for name, value in limits_of(connection).items():
        connection.execute(
            text("select set_config(:name, :value, true)"), {"name": name, "value": value}
        )


def login_statements(name: str) -> str:
    """What an administrator's psql runs to make an analyst's login; the password is psql's own.

    `name` is the login's name, as it stands; PostgreSQL 15's psql and newer ones take it.
    """
    login = quoted(name)
    lines = [
        "\\getenv password REGISTRY_ANALYST_PASSWORD",
        f"create role {login} login in role {ANALYST_ROLE} connection limit {CONNECTIONS} "
        "password :'password';",
        f"alter role {login} set search_path = analytics;",
        f"alter role {login} set default_transaction_read_only = on;",
        *(f"alter role {login} set {limit} = '{value}';" for limit, value in LIMITS.items()),
    ]
    return "\n".join(lines)
