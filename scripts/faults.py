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
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.embedded_server.processes import temporary_folder
from tests.faults.at_once import at_once, one_after_another
from tests.faults.catalogue import AFTER, BEFORE, CLOCK, FAULTS, SMALL_DISK
from tests.faults.clock import Clock
from tests.faults.commands import COMMANDS, LIVED, furnish
from tests.faults.disk import small_disk
from tests.faults.first_start import killed_first_start, upgrade
from tests.faults.machine import Machine
from tests.faults.play import Broken, Player
from tests.faults.state import State, state_of, wrong_with

THOROUGH_EVERY = 4
MEGABYTES = 1500
BROKEN = "broken"
Counts = dict[str, dict[str, dict[str, int]]]
Series = tuple[str, str, Callable[[Random], str | None]]


def together(machine: Machine) -> Callable[[Random], str]:
    """Several commands at one time, which come to what they come to one after another."""
    known: list[State] = []

    def play(rng: Random) -> str:
        if not known:
            machine.set_back(LIVED)
            one_after_another(machine)
            known.append(state_of(machine))
        machine.set_back(LIVED)
        at_once(machine, rng)
        with machine.opened() as database:
            if wrong := wrong_with(database):
                raise Broken("; ".join(wrong))
        if state_of(machine).content != known[0].content:
            raise Broken("it came to something else than one after another")
        return AFTER

    return play


def first_start(folder: Path) -> Callable[[Random], str | None]:
    """The first command of a home, killed, and the next one."""
    known: list[float] = []

    def play(rng: Random) -> str | None:
        if not known:
            known.append(upgrade(folder / "undisturbed", folder).end().seconds)
        return BEFORE if killed_first_start(folder, known[0], rng) else None

    return play


def all_series(machine: Machine, folder: Path, *, small: bool) -> Iterator[Series]:
    """Every fault with every command that it may befall here; what cannot be is said."""
    player = Player(machine, THOROUGH_EVERY)
    for fault in FAULTS:
        if (fault.name == SMALL_DISK and not small) or (
            fault.name == CLOCK and machine.clock is None
        ):
            print(f"{fault.name}: not here, it needs root, or a compiler", flush=True)
            continue
        for command in COMMANDS:
            if command.name in fault.commands:
                yield fault.name, command.name, partial(player.play, fault, command)
    yield "program killed", "first start", first_start(folder)
    yield "all at once", "two imports, an erasure, two derivations", together(machine)


def counted(
    play: Callable[[Random], str | None], times: int, rng: Random, before: dict[str, int]
) -> Iterator[Counter[str]]:
    """Up to so many hits, by what was found after each; told after every one."""
    found = Counter(before)
    # A series that goes on takes other moments than those it had.
    for _ in range(2 * found.total()):
        rng.random()
    while found.total() < times:
        try:
            outcome = play(rng)
        except Exception as error:
            print(f"BROKEN {type(error).__name__} {error}", flush=True)
            outcome = BROKEN
        if outcome is not None:
            found[outcome] += 1
            yield found


def table(counts: Counts) -> str:
    """The counts as a Markdown table."""
    heads = ("fault", "befell", "times", BEFORE, AFTER, BROKEN)
    lines = [f"| {' | '.join(heads)} |", "|---|---|" + "---:|" * 4]
    for fault, commands in counts.items():
        for command, found in commands.items():
            numbers = (sum(found.values()), *(found.get(name, 0) for name in heads[3:]))
            lines.append(f"| {fault} | {command} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines)


def main() -> int:
    """Plays what is asked for and prints all that was counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="hits of each fault on each command")
    parser.add_argument("--only", default="", help="commands and faults, with commas between")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=50, help="in the files of the import")
    parser.add_argument("--counts", type=Path, default=Path("faults.json"))
    wanted = parser.parse_args()
    only = {name for name in wanted.only.split(",") if name}
    counts: Counts = json.loads(wanted.counts.read_text()) if wanted.counts.exists() else {}
    with (
        temporary_folder() as above,
        TemporaryDirectory() as elsewhere,
        small_disk(above, MEGABYTES) as small,
    ):
        folder = above / "small"
        folder.mkdir()
        clock = Clock(folder) if Clock.can_be() else None
        machine = Machine(folder)
        machine.clock = clock
        furnish(machine, children=wanted.children)
        for fault, command, play in all_series(machine, Path(elsewhere), small=small):
            done = counts.setdefault(fault, {}).get(command, {})
            if (only and not only & {fault, command}) or sum(done.values()) >= wanted.times:
                continue
            begun = time.monotonic()
            rng = Random(f"{wanted.seed} {fault} {command}")
            for found in counted(play, wanted.times, rng, done):
                counts[fault][command] = dict(found)
                wanted.counts.write_text(json.dumps(counts, indent=1))
            took = time.monotonic() - begun
            print(f"{fault}, {command}: {counts[fault][command]} in {took:.0f} s", flush=True)
        machine.close()
        if clock is not None:
            clock.close()
    print(table(counts))
    broken = any(BROKEN in found for commands in counts.values() for found in commands.values())
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
