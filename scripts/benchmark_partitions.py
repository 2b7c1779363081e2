"""Prints what partitions cost and give: processor seconds beside those of whole tables.

    python scripts/benchmark_partitions.py --children 5000 --partitions 4

Two registries of the same synthetic children on a server each, asked in turn; and the derivation of
everyone once more with the server's own parallel workers, of which the planner is told that they
cost nothing, with seconds of the clock on the wall beside those of the processors. Nothing is
asserted but that both registries come to the same statuses.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from benchmark_parts.registries import opened, run_registry, say
from benchmark_parts.timings import Timings

from registry.database import migrate
from registry.database.engine import Database, connect_to
from registry.derivation.run import derive
from registry.settings import DATABASE_URL_VARIABLE

ROUNDS = 2
COMMANDS = ("status S000001", "worklist list S000001", "analyse km")
STATUSES = "select md5(string_agg(s::text, '|' order by definition, patient_id)) from ({}) s"
WHOLE_PASS = "select * from rules.loss_of_response where definition = 'paper'"
ON_ALL_CORES = (
    f"set max_parallel_workers_per_gather = {os.cpu_count()}; set parallel_setup_cost = 0; "
    "set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; "
    "set enable_partitionwise_join = on; set enable_partitionwise_aggregate = on"
)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--children", type=int, default=5000)
    parser.add_argument("--partitions", type=int, default=4)
    given = parser.parse_args()
    os.environ.pop(DATABASE_URL_VARIABLE, None)
    timings, told = Timings(), {}
    with tempfile.TemporaryDirectory(prefix="registry-benchmark-") as name:
        files = Path(name) / "files"
        synth = ("synth", "--patients", str(given.children), "--seed", "1", "--out", str(files))
        run_registry(Path(name), *synth)
        for number in (1, given.partitions):
            home = Path(name) / str(number)
            with opened(home, timings) as database:
                migrate.upgrade(database, partitions=number)
                with timings.of(f"import {number}"):
                    run_registry(home, "import", str(files))
                for _ in range(ROUNDS):
                    with timings.of(f"derive --full {number}"):
                        derive(database.engine, user="benchmark", full=True)
                    for words in COMMANDS:
                        with timings.of(f"{words} {number}"):
                            run_registry(home, *words.split())
                told[number] = whole_pass(database, timings, number)
        assert len({tuple(one) for one in told.values()}) == 1, "other statuses"
    print("| what | whole | in partitions | ratio |\n|---|---|---|---|")
    for what in ("import", "derive --full", *COMMANDS, "whole pass", "whole pass, all cores",
                 "whole pass, wall", "whole pass, all cores, wall"):  # fmt: skip
        one, many = (timings.median(f"{what} {number}") for number in (1, given.partitions))
        print(f"| {what} | {one:.2f} s | {many:.2f} s | {many / one:.2f} |")


def whole_pass(database: Database, timings: Timings, number: int) -> list[str]:
    """The rules for everyone, by one process and by as many as there are cores."""
    found = []
    engine = connect_to(database.url)
    for name, settings in (("", "select"), (", all cores", ON_ALL_CORES)):
        with engine.connect() as connection:
            connection.exec_driver_sql(settings)
            for _ in range(ROUNDS):
                begun = time.perf_counter()
                with timings.of(f"whole pass{name} {number}"):
                    statement = STATUSES.format(WHOLE_PASS)
                    found.append(str(connection.exec_driver_sql(statement).scalar_one()))
                spent = time.perf_counter() - begun
                timings.seconds.setdefault(f"whole pass{name}, wall {number}", []).append(spent)
            plan = connection.exec_driver_sql(f"explain {WHOLE_PASS}").scalars().all()
            workers = sum("Workers Planned" in line for line in plan)
            say(f"{number} partitions{name}: {len(plan)} lines of plan, {workers} gathers")
    return found


if __name__ == "__main__":
    main()
