"""A proof that one child's rows stand under a head: what is in the file, and the check of it.

No database is asked. A row's leaf is made anew of what the file says, the path of hashes leads from
it to the root of its seal, and each seal holds the hash of the one before, up to the head.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from registry.errors import Refused
from registry.words import tr

KIND = "registry proof 1"
_LEAF, _NODE = b"\x00", b"\x01"


@dataclass(frozen=True)
class ProvedRow:
    """A row that stands under the head; `values` are column -> [old, new]."""

    seal: int
    row: int
    at: datetime
    by: str
    command: str | None
    reason: str | None
    table: str
    record: int | None
    operation: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Proved:
    """What a proof shows of one child, and by which head."""

    patient_id: str
    head: str
    sealed_at: datetime
    rows: list[ProvedRow]

    def to_json(self) -> dict[str, Any]:
        """With the contract's keys."""
        return {"ok": True, **asdict(self)}


def sha(*parts: bytes) -> bytes:
    """SHA-256 of the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def paths_to(leaves: Sequence[bytes], places: Sequence[int]) -> dict[int, list[bytes]]:
    """By place, the neighbours that lead from a leaf to the root (RFC 6962), the lowest first."""
    found: dict[int, list[bytes]] = {place: [] for place in places}
    level, shift = list(leaves), 0
    while len(level) > 1:
        for place, path in found.items():
            neighbour = (place >> shift) ^ 1
            if neighbour < len(level):
                path.append(level[neighbour])
        level, shift = _above(level), shift + 1
    return found


def _above(level: list[bytes]) -> list[bytes]:
    pairs = [sha(_NODE, *level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def root_of(leaf: bytes, place: int, leaves: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its path give in a tree of so many leaves; None where they do not
    fit it."""
    if not 0 <= place < leaves:
        return None
    rest = iter(path)
    while leaves > 1:
        if place ^ 1 < leaves:
            neighbour = next(rest, None)
            if neighbour is None:
                return None
            leaf = sha(_NODE, neighbour, leaf) if place % 2 else sha(_NODE, leaf, neighbour)
        place, leaves = place // 2, (leaves + 1) // 2
    return leaf if next(rest, None) is None else None


def leaf_of(row: dict[str, Any]) -> bytes:
    """The leaf that a row of the file gives; its words may be kept back, their hash is not."""
    commitment = bytes.fromhex(row["commitment"])
    if row["says"] is not None:
        secret, number = bytes.fromhex(row["secret"]), int(row["row"])
        made = sha(secret, number.to_bytes(8, "big", signed=True), row["says"].encode())
        if made != commitment:
            return b""
    return sha(_LEAF, row["is"].encode(), commitment)


def check_proof(text: str, head: str) -> Proved:
    """What a proof shows, held to a head that was kept elsewhere.

    Raises Refused for a file that is no proof, that was changed, or that is of another head.
    """
    try:
        proof = json.loads(text)
        if not isinstance(proof, dict) or proof.get("proof") != KIND:
            raise ValueError
        return _check(proof, head)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError):
        raise Refused(
            tr("This is no proof, or not all of one."),
            cure=tr("registry audit prove PATIENT --to FILE makes it."),
        ) from None


def _check(proof: dict[str, Any], head: str) -> Proved:
    seals: dict[int, list[Any]] = {}
    before = None
    for words in proof["seals"]:
        seal = json.loads(words)
        # "registry seal 1", number, first and last commit, leaves, root, moment, login, before
        if seal[0] != "registry seal 1" or before not in (None, seal[8]):
            raise _wrong(tr("Seal {number} does not follow the one before it.", number=seal[1]))
        before = hashlib.sha256(words.encode()).hexdigest()
        seals[int(seal[1])] = seal
    if before != head:
        raise _wrong(
            tr("Its seals end in the head {found}, not in {head}.", found=before, head=head)
        )
    changes = {}
    rows = []
    for row in proof["rows"]:
        seal, is_what = seals[row["seal"]], json.loads(row["is"])
        path = [bytes.fromhex(one) for one in row["path"]]
        root = root_of(leaf_of(row), int(row["place"]), int(seal[4]), path)
        if root is None or root.hex() != seal[5]:
            raise _wrong(
                tr(
                    "Row {row} ({table}) is not as seal {number} has it.",
                    row=row["row"],
                    table=is_what[0],
                    number=row["seal"],
                )
            )
        source, number, said = is_what
        if number != row["row"]:
            raise ValueError
        if source == "change_set":
            changes[number] = (said, None if row["says"] is None else json.loads(row["says"]))
        else:
            rows.append((row, source, said))
    proved = [_told(row, source, said, changes) for row, source, said in rows]
    _require_one_child(proof, rows, proved)
    last = seals[max(seals)]
    return Proved(proof["patient_id"], head, _moment(last[6]), proved)


def _told(
    row: dict[str, Any], source: str, said: list[Any], changes: dict[int, tuple[Any, Any]]
) -> ProvedRow:
    change, words = changes[said[0]]
    table, record, operation, values = source, None, "insert", {}
    if source == "record_change":
        _, _, table, record, operation, _ = said
        values = dict(_values(row["says"]))
    else:
        values = {name: [None, value] for name, value in json.loads(row["says"]).items()}
    return ProvedRow(
        seal=row["seal"],
        row=row["row"],
        at=_moment(change[2]),
        by=change[3],
        command=words and words[0],
        reason=words and words[1],
        table=table,
        record=record,
        operation=operation,
        values=values,
    )


def _values(says: str) -> Iterator[tuple[str, list[Any]]]:
    old, new = ({} if side == "-" else json.loads(side) for side in says.split("\n"))
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield name, [old.get(name), new.get(name)]


def _require_one_child(
    proof: dict[str, Any], rows: list[tuple[Any, str, list[Any]]], proved: list[ProvedRow]
) -> None:
    """All rows are of the number whose study id the file says it is about."""
    ids = [one.values["study_id"] for one in proved if one.table == "patient_number"]
    named = {name for pair in ids for name in pair if name is not None}
    if len({said[1] for _, _, said in rows}) != 1 or proof["patient_id"] not in named:
        raise _wrong(tr("Its rows are not those of {patient} alone.", patient=proof["patient_id"]))


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _wrong(problem: str) -> Refused:
    return Refused(
        problem, cure=tr("The file was changed, or the head is not the one that it was made for.")
    )
