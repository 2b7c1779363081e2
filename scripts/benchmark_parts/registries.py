"""Synthetic registries of the sizes that are compared: made once, opened, asked, measured."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, Table, text

from benchmark_parts.timings import Timings, processor_clock
from registry.database import migrate
from registry.database.engine import Database, open_database
from registry.models import ENTITIES, table_of
from registry.settings import Settings

TABLES = [table_of(entity) for entity in ENTITIES]
LISTED = {
    table.name: ", ".join(column.name for column in table.columns if column.computed is None)
    for table in TABLES
}
MADE = {
    "`synth`": "synth --patients {children} --seed 1 --out {files}",
    "`import`": "import {files}",
    "`derive`, all definitions": "derive",
}
# The first child of every synthetic registry.
CHILD = "S000001"
ROWS, DISK = f"rows in {len(TABLES)} tables", "on disk"

Result = TypeVar("Result")
# The figures of a part's goals, in their order, and a table of Markdown to print below, or "".
Told = tuple[list[str], str]
# What is measured of a command -> the figure, for each command by its name in a table.
Found = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Plan:
    """What is measured: sizes in children, rounds, rows of a Cox fit, rows of a bare import."""

    sizes: tuple[int, ...] = (1000, 10_000, 100_000)
    rounds: int = 3
    fits: tuple[int, int] = (100_000, 1_000_000)
    rows: tuple[int, int] = (10_000, 100_000)
    folder: Path = Path()

    def files(self, children: int) -> Path:
        """Where the files of so many children lie."""
        return self.folder / f"files{children}"

    def registry(self, children: int) -> Path:
        """The home of their registry, which is made where it is not there: imported, derived."""
        self.measured(children, MADE)
        return self.folder / f"home{children}"

    def measured(self, children: int, commands: Mapping[str, str]) -> Found:
        """Each command once: processor seconds, seconds by the clock, MB of the program.

        What the folder keeps from before is not asked again.
        """
        kept = self.folder / f"{children}.json"
        found: Found = json.loads(kept.read_text()) if kept.exists() else {}
        asked = {name: words for name, words in commands.items() if name not in found}
        if not asked:
            return found
        home, timings = self.folder / f"home{children}", Timings()
        place = {
            "children": str(children),
            "files": str(self.files(children)),
            "child": CHILD,
            "out": str(self.folder / f"report{children}.html"),
        }
        with opened(home, timings) as database:
            for name, words in asked.items():
                say(f"{children:,} children: {name}")
                spent, began = timings.clock(), time.perf_counter()
                peak = run_registry(home, *(word.format(**place) for word in words.split()))
                found[name] = {
                    "processor": timings.clock() - spent,
                    "seconds": time.perf_counter() - began,
                    "MB": peak,
                }
            if DISK not in found:
                files = (path for path in home.rglob("*") if path.is_file())
                found[DISK] = {"GB": sum(path.stat().st_size for path in files) / 1e9}
                counted = (ask(database, f"select count(*) from {table}") for table in TABLES)
                found[ROWS] = {"rows": sum(counted)}
        kept.write_text(json.dumps(found, indent=1))
        return found


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


@contextmanager
def opened(home: Path, timings: Timings) -> Iterator[Database]:
    """A registry with its server, whose processor time the timings count from now on."""
    with open_database(Settings(home=home, database_url=None, user="benchmark")) as database:
        migrate.upgrade(database)
        postmaster = (home / "postgres" / "postmaster.pid").read_text().split()[0]
        timings.clock = processor_clock(int(postmaster))
        yield database


@contextmanager
def driver(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the driver, committed at the end."""
    with database.engine.begin() as connection:
        given = connection.connection.driver_connection
        assert isinstance(given, psycopg.Connection)
        yield given


def copied(database: Database, query: str) -> Iterator[bytes]:
    """The rows of a query as COPY sends them."""
    with (
        driver(database) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"copy ({query}) to stdout") as copy,
    ):
        for block in copy:
            yield bytes(block)


def ask(database: Database, query: str) -> Any:
    """The one value of a query."""
    with database.engine.connect() as connection:
        return connection.exec_driver_sql(query).scalar_one()


def vacuum(database: Database, how: str = "vacuum (analyze)") -> None:
    """What the server does by itself before long, done now: it would disturb what follows."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(how))


def scan(connection: Connection, tables: Iterable[Table]) -> None:
    """Reads every column of every row of these tables."""
    for table in tables:
        counted = ", ".join(f"count({column.name})" for column in table.columns)
        connection.exec_driver_sql(f"select {counted} from {table.fullname}").one()
