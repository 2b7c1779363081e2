"""Measures import and derivation on synthetic registries, each against a yardstick of the same run.

    python scripts/benchmark.py --patients 10000,100000

Makes a registry of each size on a server of its own in a temporary folder and prints a Markdown
table. Seconds belong to the machine that they were taken on; the ratios are what can be compared.
What is set against one another is timed in turn, three times, and the median of the ratios is
printed, so that a machine that is busy for a while slows both sides. Nothing is asserted but that
SQL and pandas come to the same counts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
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

ROUNDS = 3
DEFINITION = "paper"
INPUTS = (Patient, Infusion, PcdaiVisit, Medication, Condition, FollowUpEnd)
CHANGED = (1, 100, 10_000)
PANDAS = Path(__file__).with_name("benchmark_pandas.py")
BLOCK = 1 << 20


@dataclass
class Timings:
    """Seconds of everything timed, by name, in the order of the rounds."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Times the block."""
        started = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        """Adds a figure taken elsewhere."""
        self.seconds.setdefault(name, []).append(seconds)

    def median(self, name: str) -> float:
        """Median seconds."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, yardstick: str) -> float:
        """How many times the yardstick: median over the rounds, or of the medians."""
        ours, theirs = self.seconds[name], self.seconds[yardstick]
        if len(ours) == len(theirs):
            return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        return self.median(name) / self.median(yardstick)


@dataclass
class Size:
    """What one registry came to."""

    patients: int
    timings: Timings = field(default_factory=Timings)
    rows: int = 0
    megabytes: float = 0
    peak_megabytes: float = 0
    eligible: int = 0
    events: int = 0


def say(words: str) -> None:
    """A line for whoever waits."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def registry_command(home: Path, *arguments: str) -> list[str]:
    """The program as a user runs it."""
    return [sys.executable, "-m", "registry", "--home", str(home), *arguments]


def run_alone(command: list[str]) -> tuple[float, float]:
    """Runs a program; its seconds and the peak of its memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - started, usage.ru_maxrss * unit / 1e6


def measure(patients: int, seed: int, folder: Path) -> Size:
    """Everything, for a registry of that many patients in that folder."""
    size = Size(patients)
    files, home = folder / "files", folder / "home"
    say(f"{patients} patients: writing the files")
    generate = ("synth", "--patients", str(patients), "--seed", str(seed), "--out", str(files))
    run_alone(registry_command(home, *generate))
    size.megabytes = sum(path.stat().st_size for path in files.glob("*.csv")) / 1e6
    with open_database(Settings(home=home, database_url=None, user="benchmark")) as database:
        migrate.upgrade(database)
        say("importing")
        seconds, size.peak_megabytes = run_alone(registry_command(home, "import", str(files)))
        size.timings.add("import", seconds)
        say("first derivation")
        with size.timings.of("first"):
            derive(database.engine, user="benchmark")
        vacuum(database)
        size.rows = sum(count(database, table_of(entity).fullname) for entity in ENTITIES)
        measure_copies(database, folder, size.timings)
        for number in range(ROUNDS):
            say(f"derivation and views, round {number + 1} of {ROUNDS}")
            measure_round(database, size)
        for number in (number for number in CHANGED if number <= patients):
            say(f"{number} changed")
            for _ in range(ROUNDS):
                touch(database, number)
                with size.timings.of(f"changed {number}"):
                    derive(database.engine, user="benchmark")
    return size


def vacuum(database: Database) -> None:
    """What the server does by itself before long, done now: it would disturb what follows."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum (analyze)"))


def count(database: Database, table: str) -> int:
    """Rows of a table."""
    with database.engine.connect() as connection:
        return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())


def measure_copies(database: Database, folder: Path, timings: Timings) -> None:
    """COPY of the imported rows into tables of the same types: bare, and with their constraints.

    Neither has foreign keys or triggers; the bare ones have no key and no index either.
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
    made = {
        "bare": ("as select {listed} from clinical.{name} limit 0", ROUNDS),
        "constrained": ("(like clinical.{name} including all)", 1),
    }
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
    for file_name in files.values():
        file_name.unlink()


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


def run(database: Database, statement: str) -> None:
    """Runs and commits one statement."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql(statement)


def measure_round(database: Database, size: Size) -> None:
    """Each once: the scan, the rules, the derivations, pandas and the views."""
    timings = size.timings
    with database.engine.connect() as connection:
        # One process for all: what writes, as a derivation does, is never run in parallel.
        connection.execute(text("set max_parallel_workers_per_gather = 0"))
        if "scan" not in timings.seconds:
            scan(connection)
        with timings.of("scan"):
            scan(connection)
        with timings.of("rules"):
            connection.execute(
                text(
                    "create temporary table ruled as "
                    "select * from rules.loss_of_response where definition = :name"
                ),
                {"name": DEFINITION},
            )
        size.eligible, size.events, days, negatives = connection.execute(
            text(
                "select count(*), count(*) filter (where event), sum(time_days), "
                "count(last_negative_on) from ruled where eligible"
            )
        ).one()
    with timings.of("full"):
        derive(database.engine, user="benchmark", full=True)
    with timings.of("one"):
        derive(database.engine, user="benchmark", full=True, definition=DEFINITION)
    found = derive_in_pandas(database)
    counts = [size.eligible, size.events, int(days or 0), negatives]
    if found["counts"] != counts:
        raise SystemExit(f"pandas comes to {found['counts']}, SQL to {counts}")
    timings.add("pandas reads", found["read"])
    timings.add("pandas computes", found["compute"])
    timings.add("pandas", found["read"] + found["compute"])
    for view in ("baseline", "analysis_set"):
        query = f"select * from analytics.{view} where definition = '{DEFINITION}'"
        with timings.of(view):
            for _ in copied(database, query):
                pass


def scan(connection: Connection) -> None:
    """Reads every column of every row that the rules look at."""
    for entity in INPUTS:
        table = table_of(entity)
        counted = ", ".join(f"count({column.name})" for column in table.columns)
        connection.execute(text(f"select {counted} from {table.fullname}")).one()


def derive_in_pandas(database: Database) -> dict[str, Any]:
    """The same status by pandas, in a process of its own."""
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, str(PANDAS), url, DEFINITION], check=True, stdout=subprocess.PIPE
    )
    return dict(json.loads(done.stdout))


def touch(database: Database, patients: int) -> None:
    """Changes the diagnosis of so many scattered patients: nearly all change their state."""
    run(
        database,
        "update clinical.patient set diagnosis = case diagnosis when 'CD' then 'UC' else 'CD' end "
        "where patient_id in (select patient_id from clinical.patient "
        f"order by md5(patient_id::text) limit {patients})",
    )


Cell = Callable[[Size], str]


def seconds(name: str) -> Cell:
    """A cell with the median seconds."""
    return lambda size: f"{size.timings.median(name):.3g} s"


def times(name: str, yardstick: str) -> Cell:
    """A cell with the seconds and how many times the yardstick they are."""
    return lambda size: (
        f"{size.timings.median(name):.3g} s = {size.timings.ratio(name, yardstick):.2g} x"
    )


def changed(patients: int) -> Cell:
    """A cell with the milliseconds a patient and the share of the full derivation."""

    def cell(size: Size) -> str:
        if patients > size.patients:
            return "-"
        name = f"changed {patients}"
        milliseconds = 1000 * size.timings.median(name)
        share = size.timings.median(name) / size.timings.median("full")
        return f"{milliseconds / patients:.2g} ms a patient, {share:.2g} x"

    return cell


ROWS: tuple[tuple[str, Cell], ...] = (
    ("rows in 13 files", lambda size: f"{size.rows:,} ({size.megabytes:.0f} MB)"),
    ("COPY of the rows into bare tables", seconds("bare")),
    ("COPY into tables with keys, checks and indexes", times("constrained", "bare")),
    ("import", times("import", "bare")),
    ("import, rows a second", lambda size: f"{size.rows / size.timings.median('import'):,.0f}"),
    ("import, peak memory of the program", lambda size: f"{size.peak_megabytes:.0f} MB"),
    ("sequential scan of the rules' input", seconds("scan")),
    ("rules of one definition, nothing stored", times("rules", "scan")),
    ("full derivation, one definition", times("one", "scan")),
    ("full derivation, two definitions", times("full", "scan")),
    ("first derivation, two definitions, all stored", times("first", "scan")),
    ("pandas, one definition: read and compute", times("pandas", "rules")),
    ("pandas, computing alone", times("pandas computes", "rules")),
    (
        "eligible and losses, SQL and pandas alike",
        lambda size: f"{size.eligible:,} and {size.events:,}",
    ),
    *((f"derivation of {n:,} changed, two definitions", changed(n)) for n in CHANGED),
    ("analytics.baseline of one definition", times("baseline", "scan")),
    ("analytics.analysis_set of one definition", times("analysis_set", "scan")),
)


def print_table(sizes: list[Size]) -> None:
    """The figures, a column a size."""
    print(f"| | {' | '.join(f'{size.patients:,} patients' for size in sizes)} |")
    print(f"|---|{'---:|' * len(sizes)}")
    for label, cell in ROWS:
        print(f"| {label} | {' | '.join(cell(size) for size in sizes)} |")


def main() -> None:
    """Reads the options, measures every size, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--patients", default="10000,100000", help="sizes, with commas between")
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic registries")
    parser.add_argument("--home", type=Path, help="new folder to work in and leave behind")
    options = parser.parse_args()
    os.environ.pop(DATABASE_URL_VARIABLE, None)
    with contextlib.ExitStack() as stack:
        if options.home is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-")))
        else:
            home = options.home
            home.mkdir(parents=True)
        load = os.getloadavg()[0]
        sizes = [
            measure(patients, options.seed, home / str(patients))
            for patients in map(int, options.patients.split(","))
        ]
        with (
            open_database(
                Settings(home=home / str(sizes[0].patients) / "home", database_url=None, user="")
            ) as database,
            database.engine.connect() as connection,
        ):
            version = connection.execute(text("show server_version")).scalar_one()
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, PostgreSQL {version}, Python "
        f"{platform.python_version()}; medians of {ROUNDS} runs; load average "
        f"{load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end.\n"
    )
    print_table(sizes)


if __name__ == "__main__":
    main()
