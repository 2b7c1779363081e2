"""What was deleted leaves the files too: tables, statistics and write-ahead log are written anew.

A deleted row stays in its page, its values in the statistics and in the log, until others take
their place. On the embedded server all of it is done here; on another the log and the statistics
are its administrator's.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.database.archive import IDENTITY, SCHEMAS
from registry.database.content import table_names
from registry.database.engine import Database, connect_to, without_time_limits
from registry.steps import each
from registry.words import tr

STATISTICS = ("pg_catalog.pg_statistic", "pg_catalog.pg_statistic_ext_data")
# What an administrator of another server runs, as its superuser, in the registry's database.
ADMINISTRATORS = (
    *(f"vacuum full {name};" for name in STATISTICS),
    "checkpoint;",
    "select pg_switch_wal();",
    "checkpoint;",
)
_TABLES_OF_FREEZES = """
select format('%I.%I', schema_name, table_name) from audit.tables_of_patients() where is_frozen
union all
select format('%I.%I', n.nspname, c.relname) from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relname = 'change_set' and n.nspname ~ '^(freeze|frozen)_'
"""


def scrub(database: Database) -> bool:
    """Writes every table anew without what was deleted; whether the server's own files too.

    Waits for whoever reads or writes a table, and holds each while it is written.
    """
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        tables = table_names(connection, (*SCHEMAS, IDENTITY))
        tables += connection.execute(text(_TABLES_OF_FREEZES)).scalars()
        without_time_limits(connection)
        for table in each(tables, lambda one: tr("Writing {table} anew", table=one)):
            connection.execute(text(f"vacuum (full, analyze) {table}"))
    if database.embedded:
        _scrub_server(database)
    return database.embedded


def _scrub_server(database: Database) -> None:
    engine = connect_to(database.url.set(username="postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in STATISTICS:
            connection.execute(text(f"vacuum full {name}"))
        # A file of the log that has been used up is kept for use again, with what it holds.
        connection.execute(text("alter system set wal_recycle = off"))
        try:
            connection.execute(text("select pg_reload_conf()"))
            for _ in range(_log_files(connection) + 1):
                connection.execute(text("select pg_logical_emit_message(false, 'registry', '')"))
                connection.execute(text("select pg_switch_wal()"))
            connection.execute(text("checkpoint"))
            connection.execute(text("checkpoint"))
        finally:
            connection.execute(text("alter system reset wal_recycle"))
            connection.execute(text("select pg_reload_conf()"))
    engine.dispose()


def _log_files(connection: Connection) -> int:
    """How many files the log has, those that wait to be used again among them."""
    return int(connection.execute(text("select count(*) from pg_ls_waldir()")).scalar_one())
