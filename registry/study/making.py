"""Makes the first envelope of a study."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from registry import __version__
from registry.errors import WrongUsage
from registry.study.envelope import FEWEST_MASKED, MASKED, Envelope
from registry.study.keys import Private, Public
from registry.study.pages import protocol
from registry.study.question import Question
from registry.study.rules import definition_whole, held_to
from registry.words import in_english, tr

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


def first_envelope(
    name: str,
    question: str,
    asked: Question,
    *,
    definition: Mapping[str, Any],
    limit: int,
    most_rounds: int,
    key: Private,
    participants: Sequence[Public],
    masked: bool = False,
) -> Envelope:
    """The envelope of round 1. WrongUsage where something of it cannot be."""
    if _NAME.fullmatch(name) is None:
        raise WrongUsage(
            tr("{name} cannot be the name of a study.", name=name),
            cure=tr("Begin with a letter; then up to 39 of letters, digits, _ and -"),
        )
    if not question.strip() or len(question) > 2000:
        raise WrongUsage(tr("A study says what is to be found out, in up to 2000 letters."))
    names = {one.name for one in participants}
    keys = {one.key for one in participants}
    if min(len(names), len(keys)) < len(participants):
        raise WrongUsage(tr("Two who take part have the same name or the same key."))
    if len(participants) < 2:
        raise WrongUsage(tr("A study has two hospitals or more."))
    if masked and len(participants) < FEWEST_MASKED:
        raise WrongUsage(
            tr("Masks need three hospitals: of two each knows the other's number by the sum.")
        )
    with in_english():
        said = protocol(asked, limit, most_rounds, masked=masked)
    model = asked.model
    at = None
    if model is not None:
        at = {"at": [[0.0] * len(model.terms)], "closing": None}
    return Envelope.sealed(
        {
            "study": name,
            "round": 1,
            "question": question.strip(),
            "protocol": said,
            "definition": definition_whole(definition),
            "rules": held_to(),
            "program": __version__,
            "analyses": asked.to_json(),
            "limit": limit,
            "most_rounds": most_rounds,
            "coordinator": key.public.to_json(),
            "participants": [one.to_json() for one in participants],
            "asked": at,
            "taking_part": sorted(names),
            "so_far": {},
            "first": None,
            "before": None,
            "answers": [],
            **({MASKED: {"groups": {}, "everything": False}} if masked else {}),
        },
        key,
    )
