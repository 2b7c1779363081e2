"""Measures import and derivation on synthetic registries, each against a yardstick of the same run.

    python scripts/benchmark.py --patients 10000,100000 --rows 10000,100000

Makes a registry of each size on a server of its own in a temporary folder and prints a Markdown
table; `--rows` are imports of exactly so many rows into an empty registry, in a table of their own.
Either may be empty. Seconds belong to the machine that they were taken on; the ratios are what can
be compared. What is set against one another is timed in turn, three times, and the median of the
ratios is printed, so that a machine that is busy for a while slows both sides; on one that others
use all the time, --clock processor leaves their share out. Nothing is asserted but that SQL and
pandas come to the same counts, and that every row is imported.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from benchmark_record import RECORD_ROWS, measure_record
from benchmark_rows import write_rows
from benchmark_timings import Cell, Timings, print_table, processor_clock, seconds, times
from sqlalchemy import Connection, text

from registry.database import migrate
from registry.database.engine import Database, open_database
from registry.derivation.run import derive
from registry.models import (
    ENTITIES,
    Condition,
    FollowUpEnd,
    Infusion,
    Medication,
    Patient,
    PcdaiVisit,
    table_of,
)
from registry.settings import DATABASE_URL_VARIABLE, Settings

WALL, PROCESSOR = "wall", "processor"
ROUNDS = 3
DEFINITION = "paper"
INPUTS = (Patient, Infusion, PcdaiVisit, Medication, Condition, FollowUpEnd)
CHANGED = (1, 100, 10_000)
BLOCK = 1 << 20
BARE = "as select {listed} from clinical.{name} limit 0"
COPIES = {"bare": (BARE, ROUNDS), "constrained": ("(like clinical.{name} including all)", 1)}

Result = TypeVar("Result")


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


def say(words: str) -> None:
    """A line for whoever waits."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def apart(function: Callable[..., Result], *arguments: object) -> Result:
    """Calls it in a process of its own: it finds no memory filled by what was before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def run_registry(home: Path, *arguments: str) -> float:
    """Runs the program as a user does; the peak of its memory in MB."""
    command = [sys.executable, "-m", "registry", "--home", str(home), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def measure(patients: int, seed: int, clock: str, folder: Path) -> Size:
    """Everything, for a registry of that many patients in that folder."""
    size = Size(patients, Timings())
    files, home = folder / "files", folder / "home"
    say(f"{patients} patients: writing the files")
    generate = ("synth", "--patients", str(patients), "--seed", str(seed), "--out", str(files))
    run_registry(home, *generate)
    size.megabytes = sum(path.stat().st_size for path in files.glob("*.csv")) / 1e6
    with open_database(Settings(home=home, database_url=None, user="benchmark")) as database:
        if clock == PROCESSOR:
            postmaster = (home / "postgres" / "postmaster.pid").read_text().split()[0]
            size.timings.clock = processor_clock(int(postmaster))
        migrate.upgrade(database)
        say("importing")
        with size.timings.of("import"):
            size.peak_megabytes = run_registry(home, "import", str(files))
        say("first derivation")
        with size.timings.of("first"):
            derive(database.engine, user="benchmark")
        vacuum(database)
        size.rows = sum(ask(database, f"select count(*) from {table_of(e)}") for e in ENTITIES)
        size.server = ask(database, "show server_version")
        measure_copies(database, folder, size.timings)
        say("seal, freezes and verifications")
        measure_record(database, size.timings)
        for number in range(ROUNDS):
            say(f"derivation, pandas and views, round {number + 1} of {ROUNDS}")
            measure_round(database, size)
        for number in (number for number in CHANGED if number <= patients):
            say(f"{number} changed")
            for _ in range(ROUNDS):
                touch(database, number)
                with size.timings.of(f"changed {number}"):
                    derive(database.engine, user="benchmark")
    size.timings.clock = time.perf_counter
    return size


def measure_import(rows: int, seed: int, clock: str, folder: Path) -> Size:
    """Imports of exactly so many rows into an empty registry, each beside a COPY of the same."""
    size = Size(0, Timings(), rows=rows)
    say(f"{rows} rows: writing the files")
    # Elsewhere, for a program's peak of memory is never below that of the process that starts it.
    files = apart(write_rows, rows, seed, folder)
    size.megabytes = sum(path.stat().st_size for path in files.glob("*.csv")) / 1e6
    for number in range(ROUNDS):
        say(f"{rows} rows: import, round {number + 1} of {ROUNDS}")
        home = folder / f"home{number}"
        with open_database(Settings(home=home, database_url=None, user="benchmark")) as database:
            if clock == PROCESSOR:
                postmaster = (home / "postgres" / "postmaster.pid").read_text().split()[0]
                size.timings.clock = processor_clock(int(postmaster))
            migrate.upgrade(database)
            with size.timings.of("import"):
                peak = run_registry(home, "import", str(files))
            with size.timings.of("dry run again"):
                run_registry(home, "import", "--dry-run", str(files))
            size.peak_megabytes = max(size.peak_megabytes, peak)
            found = sum(ask(database, f"select count(*) from {table_of(e)}") for e in ENTITIES)
            if found != rows:
                raise SystemExit(f"{found} rows were imported, not {rows}")
            size.server = ask(database, "show server_version")
            measure_copies(database, folder, size.timings, {"bare": (BARE, 1)})
    size.timings.clock = time.perf_counter
    return size


def vacuum(database: Database) -> None:
    """What the server does by itself before long, done now: it would disturb what follows."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum (analyze)"))


def ask(database: Database, query: str) -> Any:
    """The one value of a query."""
    with database.engine.connect() as connection:
        return connection.exec_driver_sql(query).scalar_one()


def run(database: Database, statement: str) -> None:
    """Runs and commits one statement."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def measure_copies(
    database: Database, folder: Path, timings: Timings, made: Mapping[str, tuple[str, int]] = COPIES
) -> None:
    """COPY of the imported rows into tables of the same types: bare, and with their constraints.

    `made` are the kinds of tables, how each is made and how many times. None has foreign keys or
    triggers; the bare ones have no key, no check and no index either.
    """
    columns = {
        table.name: ", ".join(column.name for column in table.columns if column.computed is None)
        for table in map(table_of, ENTITIES)
    }
    files = {name: folder / f"{name}.copy" for name in columns}
    for name, listed in columns.items():
        with files[name].open("wb") as file:
            for block in copied(database, f"select {listed} from clinical.{name}"):
                file.write(block)
    for kind, (shape, rounds) in made.items():
        for _ in range(rounds):
            say(f"COPY into {kind} tables")
            run(database, f"create schema {kind}")
            for name, listed in columns.items():
                shaped = shape.format(name=name, listed=listed)
                run(database, f"create table {kind}.{name} {shaped}")
            with timings.of(kind), driver(database) as connection, connection.cursor() as cursor:
                for name, listed in columns.items():
                    statement = f"copy {kind}.{name} ({listed}) from stdin"
                    with files[name].open("rb") as file, cursor.copy(statement) as copy:
                        while block := file.read(BLOCK):
                            copy.write(block)
            run(database, f"drop schema {kind} cascade")
    for path in files.values():
        path.unlink()


def copied(database: Database, query: str) -> Iterator[bytes]:
    """The rows of a query as COPY sends them."""
    with (
        driver(database) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"copy ({query}) to stdout") as copy,
    ):
        for block in copy:
            yield bytes(block)


@contextmanager
def driver(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the driver, committed at the end."""
    with database.engine.begin() as connection:
        given = connection.connection.driver_connection
        assert isinstance(given, psycopg.Connection)
        yield given


def measure_round(database: Database, size: Size) -> None:
    """Each once: the scan, the rules, the derivations, pandas and the views."""
    from benchmark_pandas import derive_status, read, read_definition, summary

    timings = size.timings
    with database.engine.connect() as connection:
        # One process for all: what writes, as a derivation does, is never run in parallel.
        connection.execute(text("set max_parallel_workers_per_gather = 0"))
        if "scan" not in timings.seconds:
            scan(connection)
        with timings.of("scan"):
            scan(connection)
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


def scan(connection: Connection) -> None:
    """Reads every column of every row that the rules look at."""
    for entity in INPUTS:
        table = table_of(entity)
        counted = ", ".join(f"count({column.name})" for column in table.columns)
        connection.exec_driver_sql(f"select {counted} from {table.fullname}").one()


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


ROWS: tuple[tuple[str, Cell], ...] = (
    ("rows in 13 files", lambda size: f"{size.rows:,} ({size.megabytes:.0f} MB)"),
    ("(1) COPY of the rows into bare tables", seconds("bare")),
    ("COPY into tables with keys, checks and indexes, against (1)", times("constrained", "bare")),
    ("import, against (1)", times("import", "bare")),
    ("import, rows a second", lambda size: f"{size.rows / size.timings.median('import'):,.0f}"),
    ("import, peak memory of the program", lambda size: f"{size.peak_megabytes:.0f} MB"),
    ("(2) sequential scan of all that the rules read", seconds("scan")),
    ("(3) rules of one definition, nothing stored, against (2)", times("rules", "scan")),
    ("full derivation, one definition, against (2)", times("one", "scan")),
    ("(4) full derivation, two definitions, against (2)", times("full", "scan")),
    ("first derivation, two definitions, all stored, against (2)", times("first", "scan")),
    ("pandas, one definition, read and compute, against (3)", times("pandas", "rules")),
    ("pandas, computing alone, against (3)", times("pandas computes", "rules")),
    ("eligible, losses: SQL and pandas", lambda size: f"{size.eligible:,}, {size.losses:,}"),
    *((f"derivation of {n:,} changed, two definitions, against (4)", changed(n)) for n in CHANGED),
    ("analytics.baseline of one definition, against (2)", times("baseline", "scan")),
    ("analytics.analysis_set of one definition, against (2)", times("analysis_set", "scan")),
    *RECORD_ROWS,
)


IMPORT_ROWS: tuple[tuple[str, Cell], ...] = (
    ("files", lambda size: f"{size.megabytes:.1f} MB"),
    ("(1) COPY of the rows into bare tables", seconds("bare")),
    ("import, against (1)", times("import", "bare")),
    ("import, rows a second", lambda size: f"{size.rows / size.timings.median('import'):,.0f}"),
    ("the same again as a dry run, against (1)", times("dry run again", "bare")),
    ("import, peak memory of the program", lambda size: f"{size.peak_megabytes:.0f} MB"),
)


def main() -> None:
    """Reads the options, measures every size, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--patients", default="10000,100000", help="sizes, with commas between")
    parser.add_argument("--rows", default="10000,100000", help="of imports, likewise")
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic registries")
    parser.add_argument("--clock", choices=(WALL, PROCESSOR), default=WALL)
    parser.add_argument("--home", type=Path, help="new folder to work in and leave behind")
    options = parser.parse_args()
    os.environ.pop(DATABASE_URL_VARIABLE, None)
    load = os.getloadavg()[0]
    made = nullcontext(options.home) if options.home else tempfile.TemporaryDirectory()
    with made as folder:

        def measured(measure: Callable[..., Size], listed: str, kind: str) -> list[Size]:
            sizes = []
            for number in map(int, filter(None, listed.split(","))):
                home = Path(folder) / f"{number}-{kind}"
                home.mkdir(parents=True)
                sizes.append(apart(measure, number, options.seed, options.clock, home))
            return sizes

        imports = measured(measure_import, options.rows, "rows")
        sizes = measured(measure, options.patients, "patients")
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, PostgreSQL {[*imports, *sizes][0].server}, "
        f"Python {platform.python_version()}; {options.clock} time, medians of {ROUNDS}; load "
        f"average {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end."
    )
    if imports:
        print_table([f"{size.rows:,} rows" for size in imports], IMPORT_ROWS, imports)
    if sizes:
        print_table([f"{size.patients:,} patients" for size in sizes], ROWS, sizes)


if __name__ == "__main__":
    main()
