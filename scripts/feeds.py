"""Sends messages of a laboratory at random and holds the registry to what must come of each.

The same messages as in tests/feeds/test_generated.py, and many more: stories of results in HL7 v2
and FHIR (preliminary, final, corrected, taken back, sent again, out of order), messages that are
wrong in a known way, and some with bytes changed at random. Prints how many met each fate; ends
with 1 where a result was lost, stored twice or guessed, and tells by which seed.

    nice -n 15 python scripts/feeds.py --messages 1000 --seeds 5
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from registry.database import migrate
from registry.database.engine import open_database
from registry.feeds.reading import Reading, read_folder
from registry.identity.store import Link, link
from registry.importing.run import import_files
from registry.records.change import declare_change
from registry.settings import Settings
from tests.conftest import COHORT
from tests.feeds.generated import Laboratory
from tests.feeds.held import hold
from tests.feeds.messages import NUMBERS, Inbox


def main() -> int:
    """Sends them and tells what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--from", dest="first", type=int, default=0)
    wanted = parser.parse_args()
    bad = 0
    for seed in range(wanted.first, wanted.first + wanted.seeds):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            try:
                counted = send(Path(folder), seed, wanted.messages)
            except AssertionError as error:
                print(f"seed {seed}: {error}")
                bad += 1
                continue
            told = ", ".join(f"{number} {fate}" for fate, number in sorted(counted.items()))
            print(f"seed {seed}: {told}; {time.perf_counter() - begun:.0f} s", flush=True)
    return 1 if bad else 0


def send(folder: Path, seed: int, messages: int) -> dict[str, int]:
    """One laboratory and a registry of its own; how many results met each fate."""
    settings = Settings(home=folder / "registry", database_url=None, user="feeds")
    with open_database(settings) as database:
        migrate.upgrade(database)
        with database.engine.begin() as connection:
            declare_change(connection, user="feeds", command="feeds", reason="a trial")
            import_files(connection, [COHORT])
            link(connection, [Link(one, "BCH", NUMBERS[one]) for one in ("P001", "P002")])
        laboratory = Laboratory(seed, first=date(2016, 1, 1))
        laboratory.send(messages)
        inbox = Inbox(folder / "inbox")

        def read() -> Reading:
            return read_folder(
                database.engine,
                inbox.folder,
                centre="BCH",
                identity_url=None,
                user="feeds",
                keep=timedelta(days=90),
            )

        return hold(database.engine, inbox, laboratory, read)


if __name__ == "__main__":
    sys.exit(main())
