"""Lets every fault of the catalogue befall every command, at random moments, and counts.

    nice -n 15 python scripts/faults.py --times 20 --only import,derive --seed 1

The catalogue is tests/faults/catalogue.py, of which the suite plays a few of each. After each fault
the registry must hold what it held before, or all that the command makes; audit, seals and
catalogue must verify, statuses equal a full derivation, nothing of the command may be left, and
the command, run again, must do its work. `--only` names commands or faults, so that a long series
can be run in parts: counts are kept in `--counts FILE` and printed together, as a Markdown table.
Ends with 1 where anything was broken, and tells by which seed it is found again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.embedded_server.processes import temporary_folder
from tests.faults.catalogue import FAULTS
from tests.faults.commands import COMMANDS, furnish
from tests.faults.machine import Machine
from tests.faults.play import Broken, Player

THOROUGH_EVERY = 4
Counts = dict[str, dict[str, dict[str, int]]]


def main() -> int:
    """Plays what is asked for and prints all that was counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="hits of each fault on each command")
    parser.add_argument("--only", default="", help="commands and faults, with commas between")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=50, help="in the files of the import")
    parser.add_argument("--counts", type=Path, default=Path("faults.json"))
    wanted = parser.parse_args()
    only = [name for name in wanted.only.split(",") if name]
    counts: Counts = json.loads(wanted.counts.read_text()) if wanted.counts.exists() else {}
    broken = 0
    with temporary_folder() as folder:
        machine = Machine(folder)
        furnish(machine, children=wanted.children)
        player = Player(machine, THOROUGH_EVERY)
        for fault in FAULTS:
            for command in COMMANDS:
                names = {fault.name, command.name}
                if command.name not in fault.commands or (only and not names & set(only)):
                    continue
                done = counts.setdefault(fault.name, {}).get(command.name, {})
                if sum(done.values()) >= wanted.times:
                    continue
                rng = Random(f"{wanted.seed} {fault.name} {command.name}")
                found: Counter[str] = Counter()
                begun = time.monotonic()
                while found.total() < wanted.times:
                    try:
                        outcome = player.play(fault, command, rng)
                    except Broken as error:
                        print(f"BROKEN {error}", flush=True)
                        broken += 1
                        outcome = "broken"
                    if outcome is not None:
                        found[outcome] += 1
                counts[fault.name][command.name] = dict(found)
                wanted.counts.write_text(json.dumps(counts, indent=1))
                took = time.monotonic() - begun
                print(f"{fault.name}, {command.name}: {dict(found)} in {took:.0f} s", flush=True)
        machine.close()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
