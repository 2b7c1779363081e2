"""Prints what speed is held to, each as a ratio against something measured in the same run.

    python scripts/benchmark_goals.py --children 10000
    python scripts/benchmark_goals.py --quick

Makes registries of 1,000 and of that many children on servers of their own in a temporary folder.
Processor time of the program and its server, so that a busy machine counts for little; what is held
to an import of Python, and the demo, is told of the program alone first. What is set against one
another is measured in turn, three times, and the median of the ratios is printed.
`--quick` measures once, on 1,000 children against 300, without the report. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmark import copied, driver, run_registry, say
from benchmark_starts import COMMANDS, DRIVER, demo, spent
from benchmark_timings import Timings, processor_clock
from sqlalchemy import Connection, text

from registry.database import migrate
from registry.database.engine import Database, open_database
from registry.models import ENTITIES, table_of
from registry.settings import DATABASE_URL_VARIABLE, Settings
from registry.views.combined import combined
from registry.worklist.kept import keep
from registry.worklist.read import Filters, read_worklist

FEW, QUICK_CHILDREN, QUICK_FEW = 1000, 1000, 300
# Whose records change between a night and the list.
CHANGED = 20
TABLES = [table_of(entity) for entity in ENTITIES]
LISTED = {
    table.name: ", ".join(column.name for column in table.columns if column.computed is None)
    for table in TABLES
}
ONE_CHILD = ("status {id}", "worklist list {id}", "explain {id}", "patient show {id}")
NUMBERS = "reference.patient_number"


@dataclass
class Figures:
    """The lines of the table: what, and the ratio or the seconds."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, what: str, figure: str, goal: str) -> None:
        """A line, told at once to whoever waits."""
        self.lines.append((what, figure, goal))
        say(f"{what}: {figure}")


@contextmanager
def opened(home: Path, timings: Timings) -> Iterator[Database]:
    """A registry with its server, whose processor time the timings count from now on."""
    with open_database(Settings(home=home, database_url=None, user="benchmark")) as database:
        migrate.upgrade(database)
        postmaster = (home / "postgres" / "postmaster.pid").read_text().split()[0]
        timings.clock = processor_clock(int(postmaster))
        yield database


def measure_import(files: Path, folder: Path, rounds: int, figures: Figures) -> None:
    """Imports into empty registries beside COPY of the same rows into the same tables.

    The yardstick is the line "all keys": these tables with their primary, unique, exclusion and
    foreign keys, checks and indexes, and without any trigger of ours. Foreign keys are keys: the
    server holds each row to them, and an import can leave that out no more than it can an index.
    The line without them and the one with every trigger stand beside it for comparison. What COPY
    is given are the rows as the registry has them, in order and cast; that their files are read,
    checked, told of and audited is the import's.
    """
    timings = Timings()
    data: dict[str, bytes] = {}
    for number in range(rounds):
        with opened(folder / f"import{number}", timings) as database:
            with timings.of("import"):
                run_registry(folder / f"import{number}", "import", str(files))
            for table in TABLES if not data else ():
                rows = f"select {LISTED[table.name]} from {table.fullname}"
                data[table.fullname] = b"".join(copied(database, rows))
            data.setdefault(NUMBERS, b"".join(copied(database, f"select * from {NUMBERS}")))
        with opened(folder / f"copy{number}", timings) as database:
            for kind in ("no foreign keys", "keys", "no audit", "all"):
                copy_all(database, data, kind, timings)
    against = "import against COPY into the same tables with "
    for kind, what, goal in (
        ("no foreign keys", "primary keys, checks and indexes", ""),
        ("keys", "all keys, checks and indexes", "4.0"),
        ("all", "all of these and every trigger", ""),
    ):
        figures.add(against + what, f"{timings.ratio('import', kind):.1f} x", goal)
    audit = timings.median("all") - timings.median("no audit")
    figures.add("audit's share of an import", f"{audit / timings.median('import'):.0%}", "15 %")


def copy_all(database: Database, data: dict[str, bytes], kind: str, timings: Timings) -> None:
    """One COPY of everything, taken back; `kind` says what of the tables is on meanwhile."""
    with driver(database) as connection, connection.cursor() as cursor:
        cursor.execute("select set_config('registry.reason', 'benchmark', true)")
        with cursor.copy(f"copy {NUMBERS} from stdin") as copy:
            copy.write(data[NUMBERS])
        targets = {table.name: f"clinical.{table.name}" for table in TABLES}
        if kind == "no foreign keys":
            cursor.execute("create schema bare")
            for name in targets:
                targets[name] = f"bare.{name}"
                cursor.execute(f"create table bare.{name} (like clinical.{name} including all)")
        elif kind != "all":
            cursor.execute(
                "select tgrelid::regclass, tgname from pg_trigger where not tgisinternal and "
                "tgrelid::regclass::text like 'clinical.%%' and (%s or tgname like 'audit%%')",
                [kind == "keys"],
            )
            for table, trigger in cursor.fetchall():
                cursor.execute(f'alter table {table} disable trigger "{trigger}"')
        with timings.of(kind):
            for name, target in targets.items():
                with cursor.copy(f"copy {target} ({LISTED[name]}) from stdin") as copy:
                    copy.write(data[f"clinical.{name}"])
        connection.rollback()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
        plain.execute(text("vacuum"))


def measure_one_child(
    homes: dict[int, Path], children: int, few: int, rounds: int, figures: Figures
) -> None:
    """What is asked of one child among many, against the same among few."""
    child = {}
    for number in (children, few):
        with (
            open_database(Settings(homes[number], None, "benchmark")) as database,
            database.engine.connect() as connection,
        ):
            query = text(f"select min(study_id) from {NUMBERS}")
            child[number] = connection.execute(query).scalar_one()
    for words in ONE_CHILD:
        timings = Timings()
        for _ in range(rounds):
            for number in (children, few):
                with opened(homes[number], timings):
                    asked = words.format(id=child[number]).split()
                    with timings.of(str(number)):
                        run_registry(homes[number], *asked)
        ratio = timings.ratio(str(children), str(few))
        what = words.removesuffix(" {id}")
        figures.add(f"`{what}` of one child, {children:,} against {few:,}", f"{ratio:.2f} x", "1.3")


def measure_worklist(home: Path, rounds: int, figures: Figures) -> None:
    """The worklist of all children in sequential scans of the tables.

    As `worklist list` reads it on a day whose night has kept it, with no child's records changed
    since and with those of some; and what its rules take of the server where nothing is kept.
    """
    timings = Timings()
    with opened(home, timings) as database, database.engine.connect() as connection:
        connection.execute(text("set max_parallel_workers_per_gather = 0"))
        connection.commit()
        scan(connection)
        keep(database.engine)
        rules = f"select count(*) from ({combined('worklist_item')}) items"
        for changed in (0, CHANGED):
            change(database, changed)
            for _ in range(rounds):
                with timings.of("scan"):
                    # More than one, for the processor's account is kept in hundredths.
                    for _ in range(5):
                        scan(connection)
                with timings.of(str(changed)):
                    read_worklist(connection, Filters())
                if not changed:
                    with timings.of("rules"):
                        connection.execute(text(rules)).one()
                connection.commit()
    for what, kind, goal in (
        ("worklist of all, kept by the night", "0", "10"),
        (f"the same, {CHANGED} children changed since", str(CHANGED), "10"),
        ("its rules where nothing is kept", "rules", ""),
    ):
        ratio = 5 * timings.ratio(kind, "scan")
        figures.add(f"{what}, in sequential scans", f"{ratio:.0f} x", goal)


def change(database: Database, children: int) -> None:
    """Changes a record of so many children."""
    with database.engine.begin() as connection:
        connection.execute(text("select set_config('registry.reason', 'benchmark', true)"))
        connection.execute(
            text(
                "update clinical.infusion set dose_mg = dose_mg + 1 where (patient_id, infused_on) "
                "in (select patient_id, max(infused_on) from clinical.infusion group by 1 "
                "order by 1 limit :children)"
            ),
            {"children": children},
        )


def scan(connection: Connection) -> None:
    """Reads every column of every record."""
    for table in TABLES:
        counted = ", ".join(f"count({column.name})" for column in table.columns)
        connection.execute(text(f"select {counted} from {table.fullname}")).one()


def measure_starts(rounds: int, figures: Figures) -> None:
    """Commands on the demo, from start to answer, and the demo itself, warm."""
    timings = Timings(clock=lambda: sum(os.times()[:4]))
    with demo() as program:
        postmaster = Path(program[-1], "postgres", "postmaster.pid").read_text().split()[0]
        with_server = Timings(clock=processor_clock(int(postmaster)))
        asked = {words: ["-c", words] for words in COMMANDS.values()}
        asked |= {words: [*program, *words.split()] for words in COMMANDS}
        for _ in range(rounds):
            for words, arguments in asked.items():
                with with_server.of(words), timings.of(words):
                    spent(arguments)
    for words, yardstick in COMMANDS.items():
        what = " ".join(words.split()[:2]) if yardstick != DRIVER else words.split(" P001")[0]
        goal = "2" if yardstick == DRIVER else "1.3"
        alone, both = (one.ratio(words, yardstick) for one in (timings, with_server))
        told = f"{alone:.1f} x, {both:.1f} x with its server"
        figures.add(f"`{what}` against `{yardstick}`", told, goal)
    by_clock = Timings()
    with tempfile.TemporaryDirectory() as folder:
        home, out = Path(folder) / "home", Path(folder) / "out"
        for place in range(2):
            with timings.of(f"demo {place}"), by_clock.of(f"demo {place}"):
                run_registry(home, "demo", "--out", str(out / str(place)))
    waited = f"{by_clock.median('demo 1'):.1f} s by the clock"
    figures.add("demo, warm", f"{timings.median('demo 1'):.1f} s, {waited}", "3.5 s")


def measure_report(home: Path, figures: Figures) -> None:
    """One report: processor seconds, seconds by the clock and the peak of its memory."""
    timings, by_clock = Timings(), Timings()
    with opened(home, timings), timings.of("report"), by_clock.of("report"):
        peak = run_registry(home, "report", "--out", str(home / "report.html"))
    worked, waited = (f"{one.median('report'):.0f} s" for one in (timings, by_clock))
    figures.add("report", f"{worked}, {waited} by the clock, {peak:.0f} MB", "25 s")


def main() -> None:
    """Reads the options, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--children", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    os.environ.pop(DATABASE_URL_VARIABLE, None)
    children, few, rounds = options.children, FEW, 3
    if options.quick:
        children, few, rounds = QUICK_CHILDREN, QUICK_FEW, 1
    figures = Figures()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        homes = {number: folder / f"home{number}" for number in (children, few)}
        for number, home in homes.items():
            say(f"a registry of {number:,}")
            files = str(folder / f"files{number}")
            run_registry(home, "synth", "--patients", str(number), "--seed", "1", "--out", files)
            with opened(home, Timings()):
                run_registry(home, "import", files)
                run_registry(home, "derive")
        measure_import(folder / f"files{children}", folder, rounds, figures)
        measure_one_child(homes, children, few, rounds, figures)
        measure_worklist(homes[children], rounds, figures)
        measure_starts(rounds, figures)
        if not options.quick:
            measure_report(homes[children], figures)
    print(f"{os.cpu_count()} cores, {children:,} children, medians of {rounds}, processor time.\n")
    print("| what | measured | goal |\n|---|---:|---:|")
    for line in figures.lines:
        print(f"| {' | '.join(line)} |")


if __name__ == "__main__":
    main()
