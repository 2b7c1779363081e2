"""The commands that faults befall, each from the registry that it finds to what it makes of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from random import Random

from registry.database import migrate
from tests.conftest import COHORT
from tests.faults.machine import Machine
from tests.oracle.cohort import write_csv
from tests.oracle.patients import random_patient, random_patients

# The study; the same with what follows below; and the study by a program of some years ago.
STUDY, LIVED, OLD = "study", "lived", "old"
OLD_REVISION = "0009"
EARLIER = "earlier.backup"
REASON = ("--reason", "a trial of faults")


@dataclass(frozen=True)
class Command:
    """`says` are its words, with `{work}` for the folder it writes to and `{given}` for files.

    `brings` is a given file that lies in its folder. `again`: what it had no time for once its
    change was stored is done by running it again.
    """

    name: str
    says: str
    kept: str = LIVED
    reason: bool = False
    again: bool = False
    brings: str | None = None

    def set_back(self, machine: Machine) -> None:
        """Makes the registry and the folder what the command finds."""
        machine.set_back(self.kept)
        self.bring(machine)

    def bring(self, machine: Machine) -> None:
        """Lays the file that it reads into the folder."""
        if self.brings is not None:
            shutil.copy(machine.folder / "given" / self.brings, machine.work)

    def arguments(self, machine: Machine) -> list[str]:
        """As they are typed."""
        places = {"work": machine.work, "given": machine.folder / "given"}
        words = [word.format(**places) for word in self.says.split()]
        return [*words, *(REASON if self.reason else ())]


COMMANDS = (
    Command("import", "import {given}/new"),
    Command("derive", "derive"),
    Command("amend", "patient amend P001 --diagnosis UC", reason=True),
    Command("freeze", "freeze create second", reason=True),
    Command("seal", "audit seal --to {work}/head.txt", again=True),
    Command("erase", "patient erase P002 --certificate {work}/gone.txt", reason=True, again=True),
    Command("backup", "db backup {work}/new.backup"),
    Command("restore", f"db restore {{work}}/{EARLIER} --replace", reason=True, brings=EARLIER),
    Command("migrate", "db upgrade", kept=OLD),
)


def furnish(machine: Machine, *, children: int) -> None:
    """Makes the registries and the files that the commands start from.

    The study, derived, sealed, backed up and frozen; then children who wait for a derivation, and
    what is not sealed. `children` are in the files of the import.
    """
    given = machine.folder / "given"
    given.mkdir()
    rng = Random(8)
    write_csv([random_patient(rng, 5000 + place) for place in range(30)], given / "waiting")
    write_csv([random_patient(rng, 7000 + place) for place in range(20)], given / "more")
    write_csv(random_patients(7, children), given / "new")
    machine.do("db", "upgrade")
    machine.do("import", str(COHORT))
    machine.do("derive")
    machine.keep(STUDY)
    with machine.opened() as database:
        migrate.downgrade(database, OLD_REVISION)
    machine.keep(OLD)
    machine.set_back(STUDY)
    machine.do("audit", "seal")
    machine.do("db", "backup", str(given / EARLIER))
    machine.do("freeze", "create", "first", *REASON)
    machine.do("import", str(given / "waiting"))
    machine.keep(LIVED)
