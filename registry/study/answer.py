"""An answer: made of what a hospital tells, read and looked through by whoever combines it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from registry import __version__
from registry.errors import Refused
from registry.study.envelope import ANSWER, MASKED, Envelope, canonical, digest, opened, signed_file
from registry.study.keys import Private, Public, read_json
from registry.study.masks import masked
from registry.study.pages import answer_page, masked_page
from registry.study.parts import own_groups, parts_of
from registry.study.told import WITHHELD, Told
from registry.words import tr

_KEYS = {"envelope", "hospital", "program", "data_mark", "children", "numbers", "page"}


@dataclass(frozen=True)
class Answer:
    """What one hospital told in one round."""

    body: Mapping[str, Any]
    envelope: Envelope
    hospital: Public
    file: str

    @property
    def hash(self) -> str:
        """What names this answer."""
        return digest(self.body)

    @property
    def numbers(self) -> Mapping[str, Any]:
        """By analysis."""
        found: Mapping[str, Any] = self.body["numbers"]
        return found

    def told(self, analysis: str) -> Mapping[str, Any] | None:
        """What it tells of an analysis; None where it was not asked for or is withheld."""
        found: Mapping[str, Any] | None = self.numbers.get(analysis)
        return None if found is None or WITHHELD in found else found

    @classmethod
    def read(cls, path: Path) -> Answer:
        """The answer of a file. Refused where it is none, or a signature in it does not fit."""
        try:
            body, signature = opened(read_json(path), ANSWER)
            if body.keys() - {MASKED} != _KEYS:
                raise Refused(tr("This is no answer that this program knows."))
            envelope = Envelope.of_json(body["envelope"])
            try:
                hospital = Public(**body["hospital"])
            except TypeError:
                raise Refused(tr("This is no answer that this program knows.")) from None
            envelope.participant(hospital)
            if not hospital.has_signed(signature, canonical(body)):
                raise Refused(
                    tr("The signature does not fit: the answer was changed after it was signed.")
                )
        except Refused as error:
            raise Refused(f"{path.name}: {error.problem}", cure=error.cure) from None
        return cls(body, envelope, hospital, path.name)


def made(envelope: Envelope, told: Told, key: Private) -> dict[str, Any]:
    """The file of an answer."""
    mark = key.mark(canonical(told.parts))
    if envelope.is_masked:
        body = _masked_body(envelope, told, key, mark)
    else:
        body = body_of(envelope, told, key.public, mark=mark)
    return signed_file(ANSWER, body, key.sign(canonical(body)))


def _masked_body(envelope: Envelope, told: Told, key: Private, mark: str) -> dict[str, Any]:
    """The same with no number in it but masked ones; how many children there are is one of them."""
    held = parts_of(told.numbers)
    sent: dict[str, Any] = {"parts": sorted(held)}
    if envelope.round > 1:
        mine = own_groups(envelope, held, key.name)
        held = {part: held[part] for part in mine}
        by_name = {one.name: one for one in envelope.participants}
        sums = masked(
            held,
            {part: [by_name[name] for name in who] for part, who in mine.items()},
            key,
            study=envelope.study_hash,
            envelope=envelope.hash,
        )
        sent = {"sums": sums}
    withheld = {name: one for name, one in told.numbers.items() if WITHHELD in one}
    body = body_of(envelope, replace(told, numbers=withheld), key.public, mark=mark)
    page = masked_page(envelope, held, key.name, withheld)
    return {**body, "children": None, "page": page, MASKED: sent}


def body_of(envelope: Envelope, told: Told, hospital: Public, *, mark: str) -> dict[str, Any]:
    """What is signed of an answer.

    `mark` is a keyed hash of the data, which says something to whoever has the key alone.
    """
    return {
        "envelope": envelope.to_json(),
        "hospital": hospital.to_json(),
        "program": __version__,
        "data_mark": mark,
        "children": told.children,
        "numbers": told.numbers,
        "page": answer_page(envelope, told.numbers, hospital.name),
    }
