"""The file that asks: read, looked through, and made.

An envelope is an object `body` and the coordinator's signature over it. It knows the one before it
by its hash, so that a study is a chain that nobody can bend afterwards.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import Refused, RegistryError
from registry.study.keys import Private, Public, read_json, write_json
from registry.study.question import Question
from registry.words import tr

SCHEMA = 1
ENVELOPE, ANSWER, RESULT = "envelope", "answer", "result"
FEWEST_MASKED = 3
"""Of two masked numbers who sent one knows the other."""
MASKED = "masked"
"""What an envelope and an answer have beside the rest, where numbers are masked."""
_KEYS = {
    *("study", "round", "question", "protocol", "definition", "rules", "program", "analyses"),
    *("limit", "most_rounds", "coordinator", "participants", "asked", "taking_part", "so_far"),
    *("first", "before", "answers"),
}


def canonical(document: Any) -> bytes:
    """The one way of writing a document, which is hashed and signed."""
    return json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode("utf-8", "strict")


def digest(document: Any) -> str:
    """SHA-256 of a document."""
    return hashlib.sha256(canonical(document)).hexdigest()


@dataclass(frozen=True)
class Envelope:
    """A question of one round, as it was signed."""

    body: Mapping[str, Any]
    signature: str
    question: Question
    coordinator: Public
    participants: tuple[Public, ...]

    @property
    def hash(self) -> str:
        """What names this envelope."""
        return digest(self.body)

    @property
    def study_hash(self) -> str:
        """What names the whole study: its first envelope."""
        return str(self.body["first"] or self.hash)

    @property
    def round(self) -> int:
        """From 1 on."""
        return int(self.body["round"])

    @property
    def limit(self) -> int:
        """So many children stand behind each number at least."""
        return int(self.body["limit"])

    @property
    def coefficients(self) -> list[list[float]]:
        """Where the model's sums are asked for; none in a round that asks no model."""
        return list((self.body["asked"] or {}).get("at", ()))

    @property
    def closing(self) -> list[float] | None:
        """The estimate, in the round that asks what is told of it."""
        return (self.body["asked"] or {}).get("closing")

    @property
    def is_masked(self) -> bool:
        """Whether numbers leave a hospital masked."""
        return MASKED in self.body

    @property
    def groups(self) -> dict[str, list[str]]:
        """Of a masked study the hospitals that add to each part; none in the first round."""
        found: dict[str, list[str]] = self.body[MASKED]["groups"]
        return found

    @property
    def asks_everything(self) -> bool:
        """Whether it asks for more than the model."""
        anew = self.is_masked and bool(self.body[MASKED]["everything"])
        return self.round == 1 or anew

    def participant(self, public: Public) -> Public:
        """The participant with this key. Refused where there is none."""
        for one in self.participants:
            if one == public:
                return one
        raise Refused(
            tr("{name} does not take part in this study by this key.", name=public.name),
            cure=tr("The coordinator names who takes part when the study is made."),
        )

    def to_json(self) -> dict[str, Any]:
        """The file."""
        return signed_file(ENVELOPE, self.body, self.signature)

    @classmethod
    def sealed(cls, body: Mapping[str, Any], key: Private) -> Envelope:
        """An envelope of the coordinator whose key it is."""
        return cls.of_json(signed_file(ENVELOPE, body, key.sign(canonical(body))))

    @classmethod
    def of_json(cls, document: Any) -> Envelope:
        """An envelope as a file has it. Refused where it is none, or its signature does not fit."""
        body, signature = opened(document, ENVELOPE)
        try:
            if body.keys() - {MASKED} != _KEYS:
                raise ValueError
            made = cls(
                body,
                signature,
                Question.of_json(body["analyses"]),
                _public(body["coordinator"]),
                tuple(_public(one) for one in body["participants"]),
            )
            made._look_through()
        except RegistryError as error:
            raise Refused(error.problem, cure=error.cure) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Refused(tr("This is no envelope of a study that this program knows.")) from None
        if not made.coordinator.has_signed(signature, canonical(body)):
            raise Refused(
                tr("The signature does not fit: the envelope was changed after it was signed.")
            )
        return made

    @classmethod
    def read(cls, path: Path) -> Envelope:
        """The envelope of a file. Refused as by `of_json`."""
        return cls.of_json(read_json(path))

    def write(self, path: Path) -> None:
        """Writes the file."""
        write_json(path, self.to_json())

    def _look_through(self) -> None:
        body = self.body
        whole = [body["round"], body["limit"], body["most_rounds"]]
        if any(isinstance(one, bool) or not isinstance(one, int) for one in whole):
            raise ValueError
        if not 1 <= body["round"] <= body["most_rounds"] <= 100 or body["limit"] < 2:
            raise ValueError
        if (body["round"] == 1) != (body["before"] is None) or (
            (body["first"] is None) != (body["before"] is None)
        ):
            raise ValueError
        names = {one.name for one in self.participants}
        if (
            not names
            or len(names) < len(self.participants)
            or not names >= set(body["taking_part"])
        ):
            raise ValueError
        if len({one.key for one in self.participants}) < len(self.participants):
            raise ValueError
        if self.is_masked:
            self._look_through_masks(names)
        asked = body["asked"]
        if (asked is None) != (self.question.model is None):
            raise ValueError
        if asked is not None:
            assert self.question.model is not None
            if asked.keys() != {"at", "closing"} or bool(asked["at"]) == bool(asked["closing"]):
                raise ValueError
            terms = len(self.question.model.terms)
            for coef in [*asked["at"], *([asked["closing"]] if asked["closing"] else [])]:
                if len(coef) != terms or not all(isinstance(one, float) for one in coef):
                    raise ValueError

    def _look_through_masks(self, names: Collection[str]) -> None:
        held = self.body[MASKED]
        if held.keys() != {"groups", "everything"} or not isinstance(held["everything"], bool):
            raise ValueError
        if bool(held["groups"]) and self.round == 1:
            raise ValueError
        for who in held["groups"].values():
            if len(set(who)) < max(len(who), FEWEST_MASKED) or not set(who) <= set(names):
                raise ValueError


def signed_file(kind: str, body: Mapping[str, Any], signature: str) -> dict[str, Any]:
    """The object that a file of a study holds."""
    return {"registry_study": kind, "schema": SCHEMA, "body": dict(body), "signature": signature}


def opened(document: Any, kind: str) -> tuple[dict[str, Any], str]:
    """Body and signature of such a file. Refused where it is none, or another's."""
    if not isinstance(document, Mapping) or "registry_study" not in document:
        raise Refused(tr("This is no file of a study."))
    if document["registry_study"] != kind:
        raise Refused(
            tr("This file is of another kind ({found}).", found=str(document["registry_study"])),
            cure=tr("Wanted: {kind}", kind=kind),
        )
    if document.get("schema") != SCHEMA:
        raise Refused(
            tr("This file was made by another version of the program, which writes it otherwise."),
            cure=tr("All who take part work with the same version."),
        )
    body, signature = document.get("body"), document.get("signature")
    if not isinstance(body, dict) or not isinstance(signature, str):
        raise Refused(tr("This is no file of a study."))
    return body, signature


def _public(given: Mapping[str, Any]) -> Public:
    if given.keys() != {"name", "key"} or not all(isinstance(one, str) for one in given.values()):
        raise ValueError
    return Public(given["name"], given["key"])


def following(
    before: Envelope,
    key: Private,
    *,
    asked: Mapping[str, Any] | None,
    taking_part: Sequence[str],
    so_far: Mapping[str, Any],
    answers: Sequence[str],
    masked: Mapping[str, Any] | None = None,
) -> Envelope:
    """The envelope of the next round. Refused where there may be none."""
    if before.round >= before.body["most_rounds"]:
        raise Refused(
            tr("The study allows {most} rounds, and this was the last.", most=before.round),
            cure=tr("A study of more rounds is a new study: registry study new ... --rounds N"),
        )
    body = {
        **before.body,
        "round": before.round + 1,
        "asked": None if asked is None else dict(asked),
        "taking_part": list(taking_part),
        "so_far": dict(so_far),
        "first": before.study_hash,
        "before": before.hash,
        "answers": sorted(answers),
        **({} if masked is None else {MASKED: dict(masked)}),
    }
    return Envelope.sealed(body, key)
