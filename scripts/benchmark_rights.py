"""What row policies cost who owns the registry, and what the time of a refusal tells of a child.

    python scripts/benchmark_rights.py --children 1000 --rounds 5

On an embedded server of its own that is thrown away. What the worklist, the status and an export of
records read, by the owner with the policies and then without any; and how long it takes to be told
that there is no such patient, of another centre's child and of one whom nobody has. Medians.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmark_parts.registries import opened, run_registry, vacuum
from benchmark_parts.timings import Timings
from sqlalchemy import Connection, text

from registry.database.engine import Database
from registry.database.login import as_login
from registry.database.roles import ENTRY_ROLE
from registry.derivation.run import derive
from registry.errors import NotFound
from registry.records.change import declare_change
from registry.records.patient_number import patient_number

ASKED = 2000
OWN, OTHERS = "OWN", "OTHER"
EXPORTED = ("patient", "infusion", "lab_result", "pcdai_visit", "medication", "tdm_level")
DROP = """
do $$
declare
    one record;
begin
    for one in select * from pg_policies loop
        execute format('drop policy %I on %I.%I', one.policyname, one.schemaname, one.tablename);
        execute format('alter table %I.%I disable row level security', one.schemaname,
            one.tablename);
    end loop;
end
$$
"""


def read(connection: Connection, views: list[str]) -> None:
    """Every row of these views of analysts."""
    for view in views:
        connection.execute(text(f"select * from analytics.{view}")).all()


def owners_times(database: Database, rounds: int) -> dict[str, float]:
    """Seconds of the worklist, the status and an export, by the owner."""
    asked = {"worklist": ["worklist"], "status": ["status"], "export": [*EXPORTED]}
    timings = Timings()
    with database.engine.connect() as connection:
        for _ in range(rounds):
            for name, views in asked.items():
                with timings.of(name):
                    read(connection, views)
    return {name: timings.median(name) for name in asked}


def refusal_times(database: Database) -> dict[str, float]:
    """Seconds to be told of no such patient, by who enters for one centre."""
    with database.engine.connect() as connection:
        theirs = connection.execute(
            text(
                "select study_id from reference.patient_number join clinical.patient "
                f"using (patient_id) where centre = '{OTHERS}' order by 1 limit 1"
            )
        ).scalar_one()
    taken: dict[str, list[float]] = {theirs: [], theirs[:-1] + "X": []}
    with as_login(database, ENTRY_ROLE, [OWN]) as entered, entered.database.engine.connect() as own:
        for _ in range(ASKED):
            for study_id, times in taken.items():
                begun = time.perf_counter()
                try:
                    patient_number(own, study_id)
                except NotFound:
                    times.append(time.perf_counter() - begun)
    others, nobodys = taken.values()
    return {"another centre's": median(others), "nobody's": median(nobodys)}


def filled(database: Database, children: int, home: Path) -> None:
    """A synthetic registry, of two centres in turn, derived."""
    files = str(home.with_name("files"))
    run_registry(home, "synth", "--patients", str(children), "--seed", "1", "--out", files)
    run_registry(home, "import", files)
    with database.engine.begin() as connection:
        declare_change(connection, user="benchmark", command="benchmark", reason="benchmark")
        connection.execute(
            text(
                "update clinical.patient set centre = case when patient_id % 2 = 0 "
                f"then '{OWN}' else '{OTHERS}' end"
            )
        )
    derive(database.engine, user="benchmark")
    vacuum(database)


def main() -> None:
    """Reads the options, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--children", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with opened(home, Timings()) as database:
            filled(database, options.children, home)
            for name, seconds in refusal_times(database).items():
                print(f"no such patient, {name} id: {seconds * 1e6:.0f} us", flush=True)
            owners_times(database, 1)
            with_policies = owners_times(database, options.rounds)
            with database.engine.begin() as connection:
                connection.exec_driver_sql(DROP.replace("%", "%%"))
            without = owners_times(database, options.rounds)
    for name, seconds in with_policies.items():
        ratio = seconds / without[name]
        print(f"{name}: {seconds:.3f} s, without policies {without[name]:.3f} s: {ratio:.3f}")


if __name__ == "__main__":
    main()
