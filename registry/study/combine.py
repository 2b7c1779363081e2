"""From the answers of all rounds to the next envelope, or to the result."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry import __version__
from registry.analysis.basis import Basis
from registry.analysis.pooling import cox as pooling
from registry.analysis.pooling.cox import Climb, Evaluated
from registry.analysis.pooling.profile import profiled
from registry.errors import CannotEstimate, Refused
from registry.study import documents, masking
from registry.study.answer import Answer
from registry.study.chain import Chain, chained
from registry.study.envelope import RESULT, Envelope, canonical, following, opened, signed_file
from registry.study.keys import Private, Public, read_json, write_json
from registry.study.model_document import model_document
from registry.study.rules import parameters_of
from registry.study.told import FURTHEST, WITHHELD
from registry.views.headers import exclusions, part_note
from registry.words import note, tr


@dataclass(frozen=True)
class Combined:
    """The next envelope, or the result as a file has it."""

    envelope: Envelope | None = None
    result: dict[str, Any] | None = None

    def write(self, path: Path) -> None:
        """Writes whichever it is."""
        if self.envelope is not None:
            self.envelope.write(path)
        else:
            write_json(path, self.result)


def combine(answers: Sequence[Answer], key: Private, without: Collection[str] = ()) -> Combined:
    """The answers of all rounds together, by the coordinator whose key it is.

    Refused, with a sentence, where a file does not belong.
    """
    chain = chained(answers, without)
    envelope = chain.envelope
    if key.public != envelope.coordinator:
        raise Refused(
            tr("This study is {name}'s, whose key this is not.", name=envelope.coordinator.name)
        )
    hashes = [one.hash for one in answers if one.envelope.round == envelope.round]
    if envelope.is_masked:
        groups = masking.next_groups(chain, without)
        if groups is not None:
            taking_part = sorted({name for who in groups["groups"].values() for name in who})
            return Combined(
                envelope=following(
                    envelope, key, asked=masking.asked_anew(envelope), taking_part=taking_part,
                    so_far={}, answers=hashes, masked=groups,
                )
            )  # fmt: skip
        chain = masking.opened(chain)
    if envelope.question.model is None:
        return _result(chain, None, key)
    if not chain.in_model:
        return _result(chain, str(documents.NOBODY), key)
    points = chain.points()
    try:
        reached = pooling.climb(points, firth=envelope.question.model.firth)
        _require_near(reached)
    except CannotEstimate as error:
        return _result(chain, str(error.problem), key)
    at_last = envelope.round >= envelope.body["most_rounds"]
    closed = envelope.closing is not None and _same(envelope.closing, reached.best)
    profile = None
    if envelope.question.model.profile and not reached.ask:
        firth = envelope.question.model.firth
        profile = profiled(points, reached.best, firth=firth, furthest=FURTHEST)
    if reached.ask and at_last:
        said = note(
            "The {rounds} rounds that the study allows did not reach the estimate.",
            rounds=envelope.round,
        )
        return _result(chain, str(said), key)
    if closed or (not reached.ask and at_last):
        made = model_document(chain, reached, basis_of(envelope), profile, closed=closed)
        return _result(chain, made, key)
    coef = [float(one) for one in reached.best.coef]
    asked: dict[str, Any] = {"at": [], "closing": coef}
    if ask := reached.ask or (() if profile is None else profile.ask):
        asked = {"at": [list(one) for one in ask], "closing": None}
    return Combined(
        envelope=following(
            envelope,
            key,
            asked=asked,
            taking_part=chain.in_model,
            so_far={"coef": coef, "loglik": reached.loglik, "step": reached.step.tolist()},
            answers=hashes,
            masked=masking.of_model(chain) if envelope.is_masked else None,
        )
    )


def _require_near(reached: Climb) -> None:
    places = [*reached.ask, reached.best.coef.tolist()]
    if any(abs(one) > FURTHEST for place in places for one in place):
        raise CannotEstimate(
            note("The model runs away: a coefficient has no finite estimate."),
            cure=tr("A new study with Firth's penalty has one: --penalty firth"),
        )


def _same(coef: Sequence[float], best: Evaluated) -> bool:
    return list(coef) == [float(one) for one in best.coef]


def basis_of(envelope: Envelope) -> Basis:
    """What the study's results rest on, from the definition in the envelope."""
    definition = envelope.body["definition"]
    facts = parameters_of(definition)
    return Basis(
        definition=definition["name"],
        definition_hash=definition["hash"],
        clock=part_note("clock", facts),
        censoring=part_note("censoring", facts),
        excluded=exclusions(facts),
    )


def _result(chain: Chain, model: dict[str, Any] | str | None, key: Private) -> Combined:
    envelope, question = chain.envelope, chain.envelope.question
    made = documents.of_first_round(
        chain.first, basis_of(envelope), question.analyses, question.at_months
    )
    if model is not None:
        made["cox"] = model
    body = {
        "study": envelope.body["study"],
        "study_sha256": envelope.study_hash,
        "question": envelope.body["question"],
        "protocol": envelope.body["protocol"],
        "definition": envelope.body["definition"],
        "rules": envelope.body["rules"],
        "program": __version__,
        "coordinator": envelope.coordinator.to_json(),
        "limit": envelope.limit,
        "rounds": envelope.round,
        "hospitals": [
            {"name": name, "children": one.body["children"], "withheld": _withheld(one)}
            for name, one in sorted(chain.first.items())
        ],
        "documents": made,
    }
    return Combined(result=signed_file(RESULT, body, key.sign(canonical(body))))


def _withheld(answer: Answer) -> dict[str, str]:
    return {name: told[WITHHELD] for name, told in answer.numbers.items() if WITHHELD in told}


def read_result(path: Path) -> Mapping[str, Any]:
    """The body of a result. Refused where the coordinator's signature does not fit."""
    body, signature = opened(read_json(path), RESULT)
    try:
        coordinator = Public(**body["coordinator"])
    except (KeyError, TypeError):
        raise Refused(tr("This is no result that this program knows.")) from None
    if not coordinator.has_signed(signature, canonical(body)):
        raise Refused(tr("The signature does not fit: the result was changed after it was signed."))
    return body
