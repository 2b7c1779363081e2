"""A backup proved: restored into a server that is thrown away, held to what it says it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from registry.audit.verify import Verification, verify
from registry.database.archive import Description, open_archive
from registry.database.engine import Database
from registry.database.passing_server import passing_server
from registry.database.restore import restore
from registry.steps import step
from registry.words import tr

Analyse = Callable[[Connection], dict[str, Any] | None]


@dataclass(frozen=True)
class Proof:
    """What a backup came to when it was restored.

    Every table then held the rows that the backup names: a restore refuses others. `erased` are
    children who were erased again, as the list beside the backup has it. `analysis` is what was
    computed from the restored rows, None where that cannot be held to the backup's.
    """

    description: Description
    audit: Verification
    erased: int
    analysis: dict[str, Any] | None

    @property
    def problems(self) -> list[str]:
        """What is wrong, a sentence each; none where the backup is proved."""
        found = []
        if not self.audit.ok:
            kinds = sorted({finding.kind for finding in self.audit.findings})
            found.append(
                tr(
                    "Not as its audit has it: {number} ({kinds}).",
                    number=len(self.audit.findings),
                    kinds=", ".join(kinds),
                )
            )
        if self.analysis is not None and self.analysis != self.description.analysis:
            found.append(
                tr(
                    "The analysis {name} gives other numbers than when the backup was made.",
                    name=self.analysis["name"],
                )
            )
        return found

    @property
    def counted(self) -> str | None:
        """The analysis in a few words; None where none could be compared."""
        if self.analysis is None:
            return None
        result = self.analysis["result"]
        return tr(
            "{started} started, {eligible} in the cohort, {events} with loss of response "
            "({definition})",
            started=result["started"],
            eligible=result["eligible"],
            events=result["events"],
            definition=self.analysis["definition"],
        )

    @property
    def in_words(self) -> str:
        """What was found to be the same, for a report."""
        tables = tr("{number:table|tables}", number=len(self.description.rows))
        return ", ".join(filter(None, (tables, self.counted, self.description.seal)))

    def to_json(self) -> dict[str, Any]:
        """The proof as one JSON document."""
        made = asdict(self.description)
        return {
            "ok": not self.problems,
            "made_at": made["made_at"],
            "program": made["program"],
            "revision": made["revision"],
            "patients": self.description.patients,
            "rows": self.description.total,
            "tables": made["rows"],
            "seal": made["seal"],
            "erased_again": self.erased,
            "analysis": self.analysis,
            "audit": self.audit.to_json(),
            "problems": self.problems,
        }


def prove(file: Path, analyse: Analyse, *, user: str) -> Proof:
    """Restores the file into a server that is gone afterwards, and looks at what is there.

    Raises NotFound and Refused as a restore does: for a file that is not whole, is of a newer
    program, or whose tables do not hold what it says.
    """
    step(tr("Reading the backup"))
    with open_archive(file) as archive, passing_server(user) as database:
        restored = restore(database, archive, user=user, reason="a proof of the backup")
        return found_in(database, archive.description, restored.erased, analyse)


def found_in(database: Database, description: Description, erased: int, analyse: Analyse) -> Proof:
    """What a registry that was restored comes to, held to the backup's description."""
    audit = verify(database.engine, head=description.seal)
    said = description.analysis
    with database.engine.connect() as connection:
        found = None if said is None or erased else analyse(connection)
    # Another program's rules may count otherwise.
    is_same = found is not None and said is not None and found["rules"] == said["rules"]
    return Proof(description, audit, erased, found if is_same else None)
