"""Plays one fault upon one command at a random moment, and judges what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.faults.catalogue import AFTER, BEFORE, Fault
from tests.faults.commands import OLD, Command
from tests.faults.machine import Ended, Machine
from tests.faults.state import State, is_whole, state_of, wrong_with

ALARMING = ("Traceback", "Unexpected error", "Exception ignored")


class Broken(AssertionError):
    """A fault did what none may do."""


def befall(
    machine: Machine, fault: Fault, command: Command, moment: float, rng: Random
) -> tuple[bool, Ended]:
    """Lets the fault befall the command so many seconds after it began; whether it still worked.

    Returns when the server is there again and nothing of the command is left.
    """
    fault.ready(machine, rng)
    running = machine.begin(*command.arguments(machine))
    hit = fault.strike is None or running.wait(moment)
    if fault.strike is not None and hit:
        fault.strike(machine, running, rng)
    ended = running.end()
    fault.relieve(machine, rng)
    if fault.stops_server and hit:
        machine.restart()
    machine.settle()
    return hit, ended


def alarms(ended: Ended) -> bool:
    """Whether it said what only a fault of the program says."""
    return any(word in ended.err + ended.out for word in ALARMING)


@dataclass
class Known:
    """What a command does when nothing befalls it, measured once a machine."""

    before: State
    after: State
    seconds: float


@dataclass
class Player:
    """Plays faults on a machine; remembers what each command does without.

    Where all is to the byte what it was before, and that was sound, it is sound; the command is run
    again, and what it then made examined, after every so manieth fault.
    """

    machine: Machine
    thorough_every: int = 1
    known: dict[str, Known] = field(default_factory=dict)
    played: int = 0

    def know(self, command: Command) -> Known:
        """Runs it undisturbed, the first time it is asked for."""
        if command.name not in self.known:
            command.set_back(self.machine)
            if command.kept != OLD:
                self._must_be_sound(deriving=False)
            before = state_of(self.machine)
            ended = self.machine.do(*command.arguments(self.machine))
            self.machine.settle()
            self.known[command.name] = Known(before, state_of(self.machine), ended.seconds)
            self._must_be_sound()
        return self.known[command.name]

    def play(self, fault: Fault, command: Command, rng: Random) -> str | None:
        """Which of `fault.may` was found; None where the command was done before it was struck.

        Raises Broken where it was neither, or anything else is not as it must be.
        """
        known = self.know(command)
        command.set_back(self.machine)
        moment = rng.random() * known.seconds
        hit, ended = befall(self.machine, fault, command, moment, rng)
        if not hit:
            known.seconds = ended.seconds
        found = self._found(command, known)
        try:
            self._hold(fault, ended, hit, found, known, command)
        except Broken as broken:
            raise Broken(
                f"{fault.name} / {command.name} after {moment:.3f} s: {broken}\n{ended}"
            ) from None
        return found if hit else None

    def _found(self, command: Command, known: Known) -> str | None:
        state = state_of(self.machine)
        unchanged = state.is_exactly(known.before)
        if unchanged and state.files == known.before.files:
            return BEFORE
        # What a command does that changes nothing is its file.
        changes = not known.after.is_exactly(known.before)
        done = state.is_as(known.after) if changes else unchanged
        return AFTER if done and set(state.files) <= set(known.after.files) else None

    def _hold(
        self,
        fault: Fault,
        ended: Ended,
        hit: bool,
        found: str | None,
        known: Known,
        command: Command,
    ) -> None:
        if found not in fault.may:
            raise Broken(f"what is left is neither as before nor as after: {self._told(known)}")
        if ended.status not in ((*fault.statuses, 0) if hit else (0,)):
            raise Broken("it ended in another way than it may")
        if ended.status == 0 and found != AFTER and fault.may != (BEFORE,):
            raise Broken("it said that it was done")
        if alarms(ended):
            raise Broken("what it said alarms")
        command.bring(self.machine)
        if not is_whole(self.machine.work):
            raise Broken("a file is not whole")
        self.played += 1
        if found == BEFORE and self.played % self.thorough_every:
            return
        if found == BEFORE or command.again:
            self.machine.do(*self._forced(command, found))
            self.machine.settle()
            if not state_of(self.machine).is_as(known.after) and found == BEFORE:
                raise Broken(f"done again it came to something else: {self._told(known)}")
            if state_of(self.machine).files != known.after.files:
                raise Broken(f"done again the files are {state_of(self.machine).files}")
        self._must_be_sound()

    def _forced(self, command: Command, found: str | None) -> list[str]:
        force = ["--force"] if command.name == "erase" and found == AFTER else []
        return [*command.arguments(self.machine), *force]

    def _must_be_sound(self, *, deriving: bool = True) -> None:
        with self.machine.opened() as database:
            if wrong := wrong_with(database, deriving=deriving):
                raise Broken("; ".join(wrong))

    def _told(self, known: Known) -> str:
        state = state_of(self.machine)
        rows = {
            name: (known.before.rows.get(name), known.after.rows.get(name), state.rows.get(name))
            for name in known.before.rows | known.after.rows | state.rows
            if state.rows.get(name) != known.after.rows.get(name)
        }
        return f"rows before, after, found {rows}; {state.content} {state.files}"
