"""Damages files at random and imports them: none may end in a fault of the program.

The same files as in tests/importing/test_fuzz.py, and many more. Prints how many were read,
complained of and refused, and the traceback of each fault with its seed; ends with 1 if there are
any.

    python scripts/fuzz.py --files 10000 --from 0
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from registry.database import migrate
from registry.database.engine import open_database
from registry.settings import Settings
from tests.importing.fuzzing import faults
from tests.importing.test_fuzz import SAMPLES

AT_ONCE = 500


def main() -> int:
    """Runs the files and tells what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--from", dest="first", type=int, default=0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "registry"
        with open_database(Settings(home=home, database_url=None, user="fuzz")) as database:
            migrate.upgrade(database)
            last = wanted.first + wanted.files
            counted: Counter[str] = Counter()
            found: dict[int, str] = {}
            # A transaction keeps a lock for each temporary table that it ever made.
            for first in range(wanted.first, last, AT_ONCE):
                seeds = range(first, min(first + AT_ONCE, last))
                with database.engine.connect() as connection:
                    some, wrong = faults(connection, seeds, SAMPLES, Path(folder) / "files")
                counted.update(some)
                found |= wrong
    print(dict(counted))
    for seed, said in found.items():
        print(f"seed {seed}\n{said}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
