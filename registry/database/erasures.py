"""The list of who was erased: beside every backup, carried out wherever an older one is restored.

It tells no study id: a child is known by the registry's own number, which is never given again, in
the registry that the list is of.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from registry.errors import Refused, read_from
from registry.whole_file import write_whole
from registry.words import tr

ENDING = ".erasures.json"
COMMAND = "db restore"
REASON = "erased after this backup was made"


@dataclass(frozen=True)
class Erased:
    """A child who was erased: the number, salt and hash of the study id (hexadecimal), when."""

    number: int
    id_salt: str
    id_hash: str
    erased_at: str


@dataclass(frozen=True)
class Erasures:
    """Who was erased from a registry, which is known by a hash of its first change."""

    registry: str
    erased: tuple[Erased, ...]


def erasures_of(connection: Connection) -> Erasures | None:
    """The list of this registry; None at a revision that knows none."""
    if not connection.scalar(text("select to_regclass('audit.erasure') is not null")):
        return None
    rows = connection.execute(
        text(
            "select patient_id, encode(id_salt, 'hex'), encode(id_hash, 'hex'), "
            "to_char(made_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
            "from audit.erasure join reference.change_set using (change_id) order by patient_id"
        )
    )
    erased = tuple(Erased(*row) for row in rows)
    mark = registry_mark(connection)
    return Erasures(mark, erased)


def registry_mark(connection: Connection) -> str:
    """By what a registry is known: a hash of its first change."""
    return str(connection.execute(text("select audit.registry_mark()")).scalar_one())


def write_list(erasures: Erasures, backup: Path) -> Path:
    """Writes the list beside a backup, for its owner only."""
    file = backup.with_name(backup.name + ENDING)
    document = json.dumps(asdict(erasures), indent=2) + "\n"
    write_whole(file, lambda part: part.write_text(document, encoding="utf-8"))
    return file


def read_list(file: Path) -> Erasures:
    """A list that was written. Raises NotFound without a file, Refused where it is none."""
    try:
        with read_from(file):
            found = json.loads(file.read_text(encoding="utf-8"))
        erased = tuple(Erased(**one) for one in found["erased"])
        mark = found["registry"]
        if not isinstance(mark, str) or not all(isinstance(one.number, int) for one in erased):
            raise TypeError
        for one in erased:
            bytes.fromhex(one.id_salt), bytes.fromhex(one.id_hash)
    except (ValueError, KeyError, TypeError):
        raise Refused(tr("{file} is no list of erasures.", file=file)) from None
    return Erasures(mark, erased)


def lists_beside(backup: Path) -> list[Erasures]:
    """Every list in the folder of a backup: those of later ones know of more children."""
    return [read_list(file) for file in sorted(backup.absolute().parent.glob(f"*{ENDING}"))]


def apply(connection: Connection, lists: list[Erasures], *, user: str) -> int:
    """Erases whoever a list of this registry has and the registry still holds; how many."""
    mark = registry_mark(connection)
    erased = {one.number: one for known in lists if known.registry == mark for one in known.erased}
    if not erased:
        return 0
    held = connection.execute(
        text(
            "select distinct patient_id from audit.record_change where patient_id = any(:numbers) "
            "and patient_id not in (select patient_id from audit.erasure) order by 1"
        ),
        {"numbers": list(erased)},
    )
    numbers = list(held.scalars())
    for number in numbers:
        connection.execute(
            text(
                "select set_config('registry.user', :user, true), set_config("
                "'registry.command', :command, true), set_config('registry.reason', :reason, true)"
            ),
            {"user": user, "command": COMMAND, "reason": REASON},
        )
        connection.execute(
            text(
                "insert into audit.erasure (patient_id, id_salt, id_hash) "
                "values (:number, decode(:salt, 'hex'), decode(:hash, 'hex'))"
            ),
            {
                "number": number,
                "salt": erased[number].id_salt,
                "hash": erased[number].id_hash,
            },
        )
    return len(numbers)
