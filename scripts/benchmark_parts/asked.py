"""What is asked of one child among many, the worklist of all, and an import beside COPY."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import text

from benchmark_parts.growth import ONE_CHILD
from benchmark_parts.registries import (
    CHILD,
    LISTED,
    TABLES,
    Plan,
    Told,
    copied,
    driver,
    opened,
    run_registry,
    say,
    scan,
    vacuum,
)
from benchmark_parts.timings import TIMES, Timings, listed
from registry.database.engine import Database
from registry.views.combined import combined
from registry.worklist.kept import keep
from registry.worklist.read import Filters, read_worklist

# Whose records change between a night and the list.
CHANGED = 20
NUMBERS = "reference.patient_number"
# What of the tables is on while COPY fills them.
KINDS = ("no foreign keys", "keys", "no audit", "all")


def measure_one_child(plan: Plan) -> Told:
    """What is asked of one child among many, against the same among few."""
    few, *more = plan.sizes[:3]
    homes = {number: plan.registry(number) for number in (*reversed(more), few)}
    timings = Timings()
    for name, words in ONE_CHILD.items():
        for place in range(plan.rounds):
            say(f"{name} of few and many, round {place + 1} of {plan.rounds}")
            for number, home in homes.items():
                with opened(home, timings), timings.of(f"{name} {number}"):
                    for _ in range(TIMES):
                        run_registry(home, *words.format(child=CHILD).split())
    return [
        listed(timings.ratio(f"{name} {number}", f"{name} {few}") for name in ONE_CHILD)
        for number in more
    ], ""


def measure_worklist(plan: Plan) -> Told:
    """The worklist of all children in sequential scans of the tables.

    As `worklist list` reads it on a day whose night has kept it, with no child's records changed
    since and with those of some; and what its rules take of the server where nothing is kept.
    """
    timings = Timings()
    with (
        opened(plan.registry(plan.sizes[1]), timings) as database,
        database.engine.connect() as connection,
    ):
        connection.execute(text("set max_parallel_workers_per_gather = 0"))
        connection.commit()
        scan(connection, TABLES)
        keep(database.engine)
        rules = f"select count(*) from ({combined('worklist_item')}) items"
        for changed in (0, CHANGED):
            say(f"worklist of all, {changed} children changed since the night")
            change(database, changed)
            for _ in range(plan.rounds):
                with timings.of("scan"):
                    for _ in range(TIMES):
                        scan(connection, TABLES)
                with timings.of(str(changed)):
                    read_worklist(connection, Filters())
                if not changed:
                    with timings.of("rules"):
                        connection.execute(text(rules)).one()
                connection.commit()
    kinds = ("0", str(CHANGED), "rules")
    return [listed((TIMES * timings.ratio(kind, "scan") for kind in kinds), ".0f")], ""


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


def measure_import(plan: Plan) -> Told:
    """Imports into empty registries beside COPY of the same rows into the same tables.

    The yardstick is the line "all keys": these tables with their primary, unique, exclusion and
    foreign keys, checks and indexes, and without any trigger of ours. Foreign keys are keys: the
    server holds each row to them, and an import can leave that out no more than it can an index.
    The line without them stands beside it for comparison, the one with every trigger is said. What
    COPY is given are the rows as the registry has them, in order and cast; that their files are
    read, checked, told of and audited is the import's.
    """
    timings = Timings()
    data: dict[str, bytes] = {}
    plan.registry(plan.sizes[1])
    for number in range(plan.rounds):
        say(f"import and COPY, round {number + 1} of {plan.rounds}")
        with tempfile.TemporaryDirectory(dir=plan.folder) as folder:
            home = Path(folder, "import")
            with opened(home, timings) as database:
                with timings.of("import"):
                    run_registry(home, "import", str(plan.files(plan.sizes[1])))
                for table in TABLES if not data else ():
                    rows = f"select {LISTED[table.name]} from {table.fullname}"
                    data[table.fullname] = b"".join(copied(database, rows))
                data.setdefault(NUMBERS, b"".join(copied(database, f"select * from {NUMBERS}")))
            with opened(Path(folder, "copy"), timings) as database:
                for kind in KINDS:
                    copy_all(database, data, kind, timings)
    without, keys, _, whole = (f"{timings.ratio('import', kind):.1f} x" for kind in KINDS)
    say(f"import against COPY with every trigger: {whole}")
    audit = timings.median("all") - timings.median("no audit")
    return [without, keys, f"{100 * audit / timings.median('import'):.0f} %"], ""


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
    vacuum(database, "vacuum")
