"""The faults that can befall a command, each declared once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.faults.commands import COMMANDS
from tests.faults.machine import Machine, Running

EVERY = tuple(command.name for command in COMMANDS)
BEFORE, AFTER = "nothing changed", "all done"
BOTH = (BEFORE, AFTER)
INTERRUPTED, REFUSED, UNAVAILABLE = 130, 1, 3

Strike = Callable[[Machine, Running, Random], None]


def _nothing(_machine: Machine, _rng: Random) -> None:
    """Nothing has to be made ready, or taken back."""


@dataclass(frozen=True)
class Fault:
    """`strike` befalls a command at a random moment of its work; `statuses` are how it may end.

    `ready` is done before the command begins and `relieve` after it has ended, when the server is
    started again if it `stops_server`. `may` be left: what was before, or what the command makes.
    """

    name: str
    strike: Strike
    statuses: tuple[int, ...]
    commands: tuple[str, ...] = EVERY
    may: tuple[str, ...] = BOTH
    stops_server: bool = False
    ready: Callable[[Machine, Random], None] = _nothing
    relieve: Callable[[Machine, Random], None] = _nothing


def _to_program(number: int) -> Strike:
    return lambda _machine, running, _rng: running.signal(number)


def _to_server(number: int) -> Strike:
    return lambda machine, _running, _rng: machine.strike_server(number)


def _to_a_backend(machine: Machine, running: Running, rng: Random) -> None:
    machine.strike_backend(signal.SIGKILL)


def _restart(machine: Machine, running: Running, rng: Random) -> None:
    machine.strike_server(signal.SIGINT)
    machine.restart()


FAULTS = (
    Fault("program killed", _to_program(signal.SIGKILL), (-signal.SIGKILL,)),
    Fault("program asked to end", _to_program(signal.SIGTERM), (INTERRUPTED, -signal.SIGTERM)),
    Fault(
        "server killed",
        _to_server(signal.SIGKILL),
        (REFUSED, UNAVAILABLE),
        stops_server=True,
    ),
    Fault("a process of the server killed", _to_a_backend, (REFUSED, UNAVAILABLE)),
    Fault("server restarted", _restart, (REFUSED, UNAVAILABLE)),
)
