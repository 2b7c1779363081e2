"""Two imports, an erasure and derivations at one time: none of them waits for a person."""

from __future__ import annotations

import time
from random import Random

from tests.faults.commands import REASON
from tests.faults.machine import Ended, Machine

TOGETHER = (
    ("import", "{given}/new"),
    ("import", "{given}/more"),
    ("patient", "erase", "P002", *REASON),
    ("derive",),
    ("derive",),
)
# Whoever is told that someone else is changing the registry runs it again.
ENOUGH = 5


def at_once(machine: Machine, rng: Random, apart: float = 0.2) -> list[Ended]:
    """Begins all of them, in any order and up to so many seconds apart; how each ended.

    One that was refused since somebody else was at it is run again, as it says.
    """
    given = machine.folder / "given"
    begun = []
    for words in rng.sample(TOGETHER, len(TOGETHER)):
        arguments = [word.format(given=given) for word in words]
        begun.append((arguments, machine.begin(*arguments)))
        time.sleep(rng.random() * apart)
    ended = [(arguments, running.end()) for arguments, running in begun]
    outcomes = []
    for arguments, outcome in ended:
        last = outcome
        for _ in range(ENOUGH):
            if last.status:
                assert "Someone else" in last.err, last
                last = machine.begin(*arguments).end()
        outcomes.append(last)
    machine.settle()
    return outcomes


def one_after_another(machine: Machine) -> None:
    """The same, of which the outcome must be the same."""
    for words in TOGETHER:
        machine.do(*(word.format(given=machine.folder / "given") for word in words))
