"""The faults that can befall a command, each declared once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.faults.commands import COMMANDS, EARLIER
from tests.faults.disk import empty, fill
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
    started again if it `stops_server`; without a `strike` all is done by `ready`. `may` be left:
    what was before, or what the command makes.
    """

    name: str
    strike: Strike | None
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


def _fill(machine: Machine, running: Running, rng: Random) -> None:
    fill(machine.folder, rng.choice(SPARED))


def _fill_nearly(machine: Machine, rng: Random) -> None:
    # To fill what is left is then a matter of a moment.
    fill(machine.folder, NEARLY)


def _make_room(machine: Machine, rng: Random) -> None:
    empty(machine.folder)


def _set_clock_back(machine: Machine, running: Running, rng: Random) -> None:
    assert machine.clock is not None
    machine.clock.set_back(int(10 ** rng.uniform(0, LONGEST_BACK)))


def _set_clock_right(machine: Machine, rng: Random) -> None:
    assert machine.clock is not None
    machine.clock.set_back(0)


def _cut(machine: Machine, rng: Random) -> None:
    file = machine.work / EARLIER
    os.truncate(file, rng.randrange(file.stat().st_size))


def _flip(machine: Machine, rng: Random) -> None:
    file = machine.work / EARLIER
    content = bytearray(file.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(content)


# Bytes that are left on a disk that is full: none, a page or two, a little.
SPARED = (0, 16_384, 1_000_000)
NEARLY = 64_000_000
# Seconds, as a power of ten: some 30 days.
LONGEST_BACK = 6.4
SMALL_DISK, CLOCK = "disk full", "clock goes back"

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
    Fault(
        SMALL_DISK,
        _fill,
        (REFUSED, UNAVAILABLE),
        stops_server=True,
        ready=_fill_nearly,
        relieve=_make_room,
    ),
    Fault(CLOCK, _set_clock_back, (), may=(AFTER,), ready=_set_clock_right),
    Fault("backup cut short", None, (REFUSED,), ("restore",), (BEFORE,), ready=_cut),
    Fault("a bit of the backup flipped", None, (REFUSED,), ("restore",), (BEFORE,), ready=_flip),
)
