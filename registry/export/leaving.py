"""What may leave the registry for a neighbour's system: whose records, and under which codes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, RowMapping, text

from registry.codes import Code, Codes
from registry.drawing.formats import FOR_SPREADSHEETS
from registry.models import GeneFinding, table_of
from registry.models.release import WITHDRAWN_BY
from registry.records.rows import Entity
from registry.steps import step
from registry.whole_file import write_folder
from registry.words import tr

CODES = "codes.csv"
COLUMNS = (
    *("kind", "name", "system", "code", "display"),
    *("checked", "written", "values", "source"),
)
# What the Paris classification tells of a child, in the order in which it is told.
PARIS = ("location", "upper_gi", "behaviour", "perianal", "growth")

Row = RowMapping


@dataclass(frozen=True)
class Withheld:
    """Numbers of patients whose records stay, by reason, and of those whose gene findings do."""

    children: dict[str, frozenset[int]]
    genes: frozenset[int]

    def also(self, other: Withheld) -> Withheld:
        """Whoever is in one of the two."""
        both = {reason: ids | other.children[reason] for reason, ids in self.children.items()}
        return Withheld(both, self.genes | other.genes)

    @property
    def all_children(self) -> list[int]:
        """Every child whose records stay."""
        return sorted(frozenset[int]().union(*self.children.values()))


def withheld_of(connection: Connection) -> Withheld:
    """By the consents as they are on the day of the last derivation."""

    def ids(view: str) -> frozenset[int]:
        return frozenset(connection.execute(text(f"select patient_id from {view}")).scalars())

    children = {reason: ids(view) for reason, view in WITHDRAWN_BY.items()}
    return Withheld(children, ids("rules.withdrawn_genetics"))


class Coder:
    """Finds codes, and counts which values were given one.

    With `unchecked` also those that were not found in a published table.
    """

    def __init__(self, codes: Codes, *, unchecked: bool = False) -> None:
        self._codes, self._unchecked = codes, unchecked
        # Kind, name and the systems asked -> values.
        self._asked: Counter[tuple[str, str, tuple[str, ...]]] = Counter()

    def find(self, kind: str, name: str, system: str) -> Code | None:
        """The code that may be written; counts nothing."""
        found = self._codes.find(kind, name, system)
        return found if found is not None and (found.checked or self._unchecked) else None

    def all(self, kind: str, name: str, *systems: str) -> list[Code]:
        """Those of the systems, of one value more."""
        self._asked[kind, name, systems] += 1
        found = (self.find(kind, name, system) for system in systems)
        return [one for one in found if one is not None]

    def one(self, kind: str, name: str, system: str) -> Code | None:
        """That of one system, of one value more."""
        return next(iter(self.all(kind, name, system)), None)

    def of_system(self, system: str) -> list[Code]:
        """Every code of a system that may be written."""
        return [code for code in self._codes if code.system == system]

    def counts(self) -> tuple[int, int]:
        """How many values were given a code, and how many have our own name alone."""
        mapped = sum(
            values
            for (kind, name, systems), values in self._asked.items()
            if any(self.find(kind, name, system) for system in systems)
        )
        return mapped, self._asked.total() - mapped

    def write(self, path: Path) -> None:
        """A row for each name and system that were asked for: code, source, how many values."""
        with path.open("w", encoding=FOR_SPREADSHEETS, newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for (kind, name, systems), values in sorted(self._asked.items()):
                for system in systems:
                    known = self._codes.find(kind, name, system)
                    cells = ("", "", "", "no") if known is None else (
                        known.code,
                        known.display,
                        "yes" if known.checked else "no",
                        "yes" if self.find(kind, name, system) else "no",
                    )  # fmt: skip
                    source = "" if known is None else known.source
                    writer.writerow((kind, name, system, *cells, values, source))


@dataclass(frozen=True)
class Leaving:
    """A connection, whose records may be read over it, and the codes under which they leave."""

    connection: Connection
    withheld: Withheld
    coder: Coder
    # The moment that is read; of the present, None.
    as_of: datetime | None = None

    def staying(self, entity: Entity) -> list[int]:
        """Numbers of the patients of whom nothing of this table may leave."""
        genes = self.withheld.genes if entity is GeneFinding else ()
        return [*self.withheld.all_children, *genes]

    def records(self, entity: Entity) -> Iterator[Row]:
        """Every record that may leave, child by child, in the order of its natural key.

        A row has every column of the table, and the child's `study_id`.
        """
        step(tr("Writing {name}", name=entity.file_name))
        table = table_of(entity)
        order = "".join(f", t.{name}" for name in entity.natural_key)
        rows = self.connection.execution_options(stream_results=True).execute(
            text(
                f"select n.study_id, t.* from {table.schema}.{table.name} t "
                "join reference.patient_number n using (patient_id) "
                f"where patient_id <> all(:stay) order by n.study_id{order}"
            ),
            {"stay": self.staying(entity)},
        )
        yield from rows.mappings()

    def by_child(self, entity: Entity) -> dict[int, list[Row]]:
        """The same, of each patient's number."""
        found: dict[int, list[Row]] = {}
        for row in self.records(entity):
            found.setdefault(row["patient_id"], []).append(row)
        return found


@dataclass
class Written:
    """What an export wrote: rows of each file, children, values with and without a code."""

    files: dict[str, int] = field(default_factory=dict)
    children: int = 0
    mapped: int = 0
    unmapped: int = 0


# Fills a folder that is there; says the children and the rows of each file.
Writer = Callable[[Leaving, Path], tuple[int, dict[str, int]]]


def write_neighbour(leaving: Leaving, write: Writer, folder: Path, *, force: bool) -> Written:
    """Lets `write` fill the folder, and adds the list of the codes, whole or not at all.

    Raises Refused where something is there, without `force`, or it cannot be written.
    """

    def fill(part: Path) -> Written:
        children, files = write(leaving, part)
        leaving.coder.write(part / CODES)
        mapped, unmapped = leaving.coder.counts()
        return Written(files, children, mapped, unmapped)

    # The codes are written last, so whoever finds them finds all.
    return write_folder(folder, fill, last=CODES, force=force)
