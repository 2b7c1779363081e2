"""What it costs that the record can be proved: seals, freezes, verification."""

from __future__ import annotations

from sqlalchemy import text

from benchmark_parts.timings import Rows, Timings, seconds, times
from registry.audit.seals import make_seal
from registry.audit.verify import verify
from registry.database.archive import SCHEMAS
from registry.database.content import column_names, table_names
from registry.database.engine import Database
from registry.freezes import store
from registry.freezes.tables import sources

PLAIN = "plain_copy"


def measure_record(database: Database, timings: Timings, rounds: int) -> None:
    """The seal of the import, once; then in turn a freeze, a copy of its tables, both readings."""
    with timings.of("seal"), database.engine.begin() as connection:
        make_seal(connection)
    timings.seconds["import and seal"] = [timings.median("import") + timings.median("seal")]
    for number in range(rounds):
        with timings.of("freeze"):
            store.create(
                database.engine, f"round{number}", as_of=None, user="benchmark", reason="benchmark"
            )
        store.drop(database.engine, f"round{number}", user="benchmark", reason="benchmark")
        with timings.of("plain copy"):
            copy_plainly(database)
        with database.engine.begin() as connection:
            connection.execute(text(f"drop schema {PLAIN} cascade"))
        with timings.of("verify"):
            if found := verify(database.engine).findings:
                raise SystemExit(f"the audit does not verify: {found[:3]}")
        with timings.of("scan of all"):
            scan_all(database)


def copy_plainly(database: Database) -> None:
    """The tables that a freeze has, their rows alone."""
    with database.engine.begin() as connection:
        connection.execute(text(f"create schema {PLAIN}"))
        for source in sources(connection):
            name = f"{PLAIN}.{source.name.replace('.', '_')}"
            connection.execute(text(f"create table {name} as table {source.name}"))


def scan_all(database: Database) -> None:
    """Reads every column of every row that is verified."""
    with database.engine.connect() as connection:
        connection.execute(text("set max_parallel_workers_per_gather = 0"))
        tables = table_names(connection, SCHEMAS)
        for table, names in column_names(connection, tables).items():
            counted = ", ".join(f'count("{name}")' for name in names)
            connection.execute(text(f"select {counted or 'count(*)'} from {table}")).one()


RECORD_ROWS: Rows = (
    ("import and its seal, against the import alone", times("import and seal", "import")),
    ("(5) plain copy of a freeze's tables", seconds("plain copy")),
    ("freeze: copy, views, statuses and hash, against (5)", times("freeze", "plain copy")),
    ("(6) sequential scan of all tables, the audit among them", seconds("scan of all")),
    ("audit verify, against (6)", times("verify", "scan of all")),
)
