"""Import, derivation, freezes and the audit of synthetic registries, each against a yardstick.

Of imports of exactly so many rows into an empty registry, and of one whole registry. Seconds belong
to the machine that they were taken on; the ratios are what can be compared. By the clock on the
wall; what is set against one another is timed in turn, so that a machine that is busy for a while
slows both sides. Nothing is asserted but that SQL and pandas come to the
same counts, and that every row is imported.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from benchmark_parts.record import RECORD_ROWS, measure_record
from benchmark_parts.registries import (
    LISTED,
    TABLES,
    Plan,
    Told,
    apart,
    ask,
    copied,
    driver,
    opened,
    run_registry,
    say,
    scan,
    vacuum,
)
from benchmark_parts.rows import write_rows
from benchmark_parts.timings import Cell, Rows, Timings, markdown, seconds, times
from registry.database.engine import Database
from registry.derivation.run import derive
from registry.models import (
    Condition,
    FollowUpEnd,
    Infusion,
    Medication,
    Patient,
    PcdaiVisit,
    table_of,
)

DEFINITION = "paper"
INPUTS = [
    table_of(entity)
    for entity in (Patient, Infusion, PcdaiVisit, Medication, Condition, FollowUpEnd)
]
CHANGED = (1, 100, 10_000)
BLOCK = 1 << 20
BARE = "as select {listed} from clinical.{name} limit 0"
CONSTRAINED = "(like clinical.{name} including all)"


@dataclass
class Size:
    """What one registry came to."""

    patients: int
    timings: Timings
    server: str = ""
    rows: int = 0
    megabytes: float = 0
    peak_megabytes: float = 0
    eligible: int = 0
    losses: int = 0


def megabytes(files: Path) -> float:
    """Of files to import."""
    return sum(path.stat().st_size for path in files.glob("*.csv")) / 1e6


def counted(database: Database) -> int:
    """Rows of all clinical tables."""
    return sum(ask(database, f"select count(*) from {table}") for table in TABLES)


def measure_registry(plan: Plan, patients: int, folder: Path) -> Size:
    """Everything, for a registry of that many patients in that folder."""
    size = Size(patients, Timings())
    files, home = folder / "files", folder / "home"
    say(f"{patients} patients: writing the files")
    run_registry(home, "synth", "--patients", str(patients), "--seed", "1", "--out", str(files))
    size.megabytes = megabytes(files)
    with opened(home, Timings()) as database:
        size.server = ask(database, "show server_version")
        say("importing")
        with size.timings.of("import"):
            size.peak_megabytes = run_registry(home, "import", str(files))
        say("first derivation")
        with size.timings.of("first"):
            derive(database.engine, user="benchmark")
        vacuum(database)
        size.rows = counted(database)
        measure_copies(database, folder, size.timings, "bare", BARE, plan.rounds)
        measure_copies(database, folder, size.timings, "constrained", CONSTRAINED, 1)
        say("seal, freezes and verifications")
        measure_record(database, size.timings, plan.rounds)
        for number in range(plan.rounds):
            say(f"derivation, pandas and views, round {number + 1} of {plan.rounds}")
            measure_round(database, size)
        for number in (number for number in CHANGED if number <= patients):
            say(f"{number} changed")
            for _ in range(plan.rounds):
                touch(database, number)
                with size.timings.of(f"changed {number}"):
                    derive(database.engine, user="benchmark")
    return size


def measure_import(plan: Plan, rows: int, folder: Path) -> Size:
    """Imports of exactly so many rows into an empty registry, each beside a COPY of the same."""
    size = Size(0, Timings(), rows=rows)
    say(f"{rows} rows: writing the files")
    # Elsewhere, for a program's peak of memory is never below that of the process that starts it.
    files = apart(write_rows, rows, 1, folder)
    size.megabytes = megabytes(files)
    for number in range(plan.rounds):
        say(f"{rows} rows: import, round {number + 1} of {plan.rounds}")
        home = folder / f"home{number}"
        with opened(home, Timings()) as database:
            with size.timings.of("import"):
                peak = run_registry(home, "import", str(files))
            with size.timings.of("dry run again"):
                run_registry(home, "import", "--dry-run", str(files))
            size.peak_megabytes = max(size.peak_megabytes, peak)
            if (found := counted(database)) != rows:
                raise SystemExit(f"{found} rows were imported, not {rows}")
            measure_copies(database, folder, size.timings, "bare", BARE, 1)
    return size


def run(database: Database, statement: str) -> None:
    """Runs and commits one statement."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def measure_copies(
    database: Database, folder: Path, timings: Timings, kind: str, shape: str, rounds: int
) -> None:
    """COPY of the imported rows into tables of the same types: bare, or with their constraints.

    `shape` is how a table of the kind is made. None has foreign keys or triggers; the bare ones
    have no key, no check and no index either.
    """
    files = {name: folder / f"{name}.copy" for name in LISTED}
    for name, listed in LISTED.items():
        with files[name].open("wb") as file:
            for block in copied(database, f"select {listed} from clinical.{name}"):
                file.write(block)
    for _ in range(rounds):
        say(f"COPY into {kind} tables")
        run(database, f"create schema {kind}")
        for name, listed in LISTED.items():
            run(database, f"create table {kind}.{name} {shape.format(name=name, listed=listed)}")
        with timings.of(kind), driver(database) as connection, connection.cursor() as cursor:
            for name, listed in LISTED.items():
                statement = f"copy {kind}.{name} ({listed}) from stdin"
                with files[name].open("rb") as file, cursor.copy(statement) as copy:
                    while block := file.read(BLOCK):
                        copy.write(block)
        run(database, f"drop schema {kind} cascade")
    for path in files.values():
        path.unlink()


def measure_round(database: Database, size: Size) -> None:
    """Each once: the scan, the rules, the derivations, pandas and the views."""
    from benchmark_parts.in_pandas import derive_status, read, read_definition, summary

    timings = size.timings
    with database.engine.connect() as connection:
        # One process for all: what writes, as a derivation does, is never run in parallel.
        connection.execute(text("set max_parallel_workers_per_gather = 0"))
        if "scan" not in timings.seconds:
            scan(connection, INPUTS)
        with timings.of("scan"):
            scan(connection, INPUTS)
        with timings.of("rules"):
            connection.exec_driver_sql(
                "create temporary table ruled as "
                f"select * from rules.loss_of_response where definition = '{DEFINITION}'"
            )
        counts = connection.exec_driver_sql(
            "select count(*), count(*) filter (where event), sum(time_days), "
            "count(last_negative_on) from ruled where eligible"
        ).one()
    size.eligible, size.losses, *_ = counts
    with timings.of("full"):
        derive(database.engine, user="benchmark", full=True)
    with timings.of("one"):
        derive(database.engine, user="benchmark", full=True, definition=DEFINITION)
    with driver(database) as connection, timings.of("pandas"):
        tables = read(connection)
        definition = read_definition(connection, DEFINITION)
        with timings.of("pandas computes"):
            status = derive_status(tables, definition)
    if summary(status) != tuple(counts):
        raise SystemExit(f"pandas comes to {summary(status)}, SQL to {counts}")
    for view in ("baseline", "analysis_set"):
        with timings.of(view):
            query = f"select * from analytics.{view} where definition = '{DEFINITION}'"
            for _ in copied(database, query):
                pass


def touch(database: Database, patients: int) -> None:
    """Changes the diagnosis of so many scattered patients: nearly all change their state."""
    run(
        database,
        "set local registry.reason = 'benchmark'; update clinical.patient "
        "set diagnosis = case diagnosis when 'CD' then 'UC' else 'CD' end "
        "where patient_id in (select patient_id from clinical.patient "
        f"order by md5(patient_id::text) limit {patients})",
    )


def changed(patients: int) -> Cell:
    """A cell with the milliseconds a patient and the part of a full derivation."""

    def cell(size: Size) -> str:
        if patients > size.patients:
            return "-"
        name = f"changed {patients}"
        each = 1000 * size.timings.median(name) / patients
        part = 100 * size.timings.median(name) / size.timings.median("full")
        return f"{each:.3g} ms a patient = {part:.3g} %"

    return cell


ROWS: Rows = (
    (f"rows in {len(TABLES)} files", lambda size: f"{size.rows:,} ({size.megabytes:.0f} MB)"),
    ("(1) COPY of the rows into bare tables", seconds("bare")),
    ("COPY into tables with keys, checks and indexes, against (1)", times("constrained", "bare")),
    ("import, against (1)", times("import", "bare")),
    ("import, rows a second", lambda size: f"{size.rows / size.timings.median('import'):,.0f}"),
    ("import, peak memory of the program", lambda size: f"{size.peak_megabytes:.0f} MB"),
    ("(2) sequential scan of all that the rules read", seconds("scan")),
    ("(3) rules of one definition, nothing stored, against (2)", times("rules", "scan")),
    ("full derivation, one definition, against (2)", times("one", "scan")),
    ("(4) full derivation, all definitions, against (2)", times("full", "scan")),
    ("first derivation, all definitions, all stored, against (2)", times("first", "scan")),
    ("pandas, one definition, read and compute, against (3)", times("pandas", "rules")),
    ("pandas, computing alone, against (3)", times("pandas computes", "rules")),
    ("eligible, losses: SQL and pandas", lambda size: f"{size.eligible:,}, {size.losses:,}"),
    *((f"derivation of {n:,} changed, all definitions, against (4)", changed(n)) for n in CHANGED),
    ("analytics.baseline of one definition, against (2)", times("baseline", "scan")),
    ("analytics.analysis_set of one definition, against (2)", times("analysis_set", "scan")),
    *RECORD_ROWS,
)


IMPORT_ROWS: Rows = (
    ("files", lambda size: f"{size.megabytes:.1f} MB"),
    ("(1) COPY of the rows into bare tables", seconds("bare")),
    ("import, against (1)", times("import", "bare")),
    ("import, rows a second", lambda size: f"{size.rows / size.timings.median('import'):,.0f}"),
    ("the same again as a dry run, against (1)", times("dry run again", "bare")),
    ("import, peak memory of the program", lambda size: f"{size.peak_megabytes:.0f} MB"),
)


def measure_yardsticks(plan: Plan) -> Told:
    """A table of the imports and one of the registry, a column a size, and on what server."""

    def measured(measure: Callable[[Plan, int, Path], Size], number: int) -> Size:
        with tempfile.TemporaryDirectory(dir=plan.folder) as folder:
            return measure(plan, number, Path(folder))

    def table(what: str, sizes: dict[int, Size], rows: Rows) -> str:
        lines = ([label, *map(cell, sizes.values())] for label, cell in rows)
        return markdown(["", *(f"{number:,} {what}" for number in sizes)], lines)

    imports = {number: measured(measure_import, number) for number in plan.rows}
    whole = {number: measured(measure_registry, number) for number in plan.sizes[1:2]}
    tables = table("rows", imports, IMPORT_ROWS), table("patients", whole, ROWS)
    return [], "\n\n".join([f"PostgreSQL {whole[plan.sizes[1]].server}; wall time.", *tables])
