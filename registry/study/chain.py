"""The answers of a study, held to one another: one question, one chain of rounds, each hospital
once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from registry.analysis.pooling.cox import Evaluated, Sums
from registry.errors import Refused
from registry.study.answer import Answer
from registry.study.envelope import Envelope
from registry.study.store import OF_THE_STUDY
from registry.words import tr


@dataclass(frozen=True)
class Round:
    """One round: what was asked, and what was answered by the names of the hospitals."""

    envelope: Envelope
    answers: dict[str, Answer]


@dataclass(frozen=True)
class Chain:
    """All rounds of a study, in their order."""

    rounds: tuple[Round, ...]

    @property
    def last(self) -> Round:
        """The round that was answered last."""
        return self.rounds[-1]

    @property
    def envelope(self) -> Envelope:
        """The question of the last round."""
        return self.last.envelope

    @property
    def first(self) -> dict[str, Answer]:
        """The answers that hold everything but the model's later rounds."""
        return self.rounds[0].answers

    @property
    def in_model(self) -> list[str]:
        """The hospitals that told of the model in the first round."""
        return [name for name, one in self.first.items() if one.told("cox") is not None]

    def points(self) -> list[Evaluated]:
        """Where the model's sums were asked for, with what each hospital said there.

        Refused where one that took part has not answered a round, or answered something else.
        """
        model = self.envelope.question.model
        assert model is not None
        terms, made = len(model.terms), []
        for one in self.rounds:
            for place, coef in enumerate(one.envelope.coefficients):
                of = {}
                for name in self.in_model:
                    answer = self.require_answer(one, name)
                    try:
                        told = (answer.told("cox") or {})["at"][place]
                        if told["coef"] != coef or ("third" in told) != model.firth:
                            raise ValueError
                        of[name] = Sums.of_json(told, terms)
                    except (KeyError, IndexError, TypeError, ValueError):
                        raise Refused(_does_not_hold(answer)) from None
                made.append(Evaluated.at(coef, of))
        return made

    def closing(self) -> list[dict[str, Any]] | None:
        """The last sums of every hospital, where they were asked for."""
        one = self.last
        if one.envelope.closing is None:
            return None
        return [
            (self.require_answer(one, name).told("cox") or {})["closing"] for name in self.in_model
        ]

    def require_answer(self, one: Round, name: str) -> Answer:
        """The hospital's answer to a round; Refused where it has given none."""
        if name not in one.answers:
            raise Refused(
                tr("{hospital} has not answered round {round}.", hospital=name,
                   round=one.envelope.round),
                cure=tr("Wait for it, or go on without it: --without \"{hospital}\"",
                        hospital=name),
            )  # fmt: skip
        return one.answers[name]


def chained(answers: Sequence[Answer], without: Collection[str]) -> Chain:
    """The answers by their rounds, without some hospitals.

    Refused, with a sentence, where they do not belong together.
    """
    if not answers:
        raise Refused(tr("There is no answer to combine."))
    study = answers[0].envelope.study_hash
    rounds: dict[int, Round] = {}
    for one in answers:
        name = one.hospital.name
        if one.envelope.study_hash != study:
            raise Refused(
                tr("{file} answers another study ({name}).", file=one.file,
                   name=one.envelope.body["study"])
            )  # fmt: skip
        held = rounds.setdefault(one.envelope.round, Round(one.envelope, {}))
        if held.envelope.hash != one.envelope.hash:
            raise Refused(
                tr("{file} answers another envelope of round {round}.", file=one.file,
                   round=one.envelope.round)
            )  # fmt: skip
        if name in held.answers:
            raise Refused(
                tr("{hospital} is there twice in round {round}: {one} and {other}.", hospital=name,
                   round=one.envelope.round, one=held.answers[name].file, other=one.file),
                cure=tr("A hospital counts once. Give one of the two."),
            )  # fmt: skip
        held.answers[name] = one
    ordered = [rounds[number] for number in sorted(rounds)]
    _hold(ordered, without)
    for each in ordered:
        for name in without:
            each.answers.pop(name, None)
    if not ordered[0].answers:
        raise Refused(tr("No hospital is left."))
    return Chain(tuple(ordered))


def _hold(rounds: Sequence[Round], without: Collection[str]) -> None:
    names = {one.name for one in rounds[0].envelope.participants}
    unknown = sorted(set(without) - names)
    if unknown:
        raise Refused(
            tr("{names} takes no part in this study.", names=", ".join(unknown)),
            cure=tr("Its hospitals are {names}.", names=", ".join(sorted(names))),
        )
    for number, one in enumerate(rounds, start=1):
        if one.envelope.round != number:
            raise Refused(
                tr("There is no answer to round {round}.", round=number),
                cure=tr("Give the answers of all rounds, each hospital's."),
            )
        for answer in one.answers.values():
            children = answer.body["children"]
            if one.envelope.is_masked and children is None:
                continue
            if not isinstance(children, int) or children < one.envelope.limit:
                raise Refused(tr("{file}: too few children for this study.", file=answer.file))
        if number == 1:
            continue
        before = rounds[number - 2]
        changed = one.envelope.is_masked != before.envelope.is_masked or any(
            one.envelope.body[name] != before.envelope.body[name] for name in OF_THE_STUDY
        )
        if changed or one.envelope.body["before"] != before.envelope.hash:
            raise Refused(
                tr("The envelope of round {round} does not follow that of the round before.",
                   round=number)
            )  # fmt: skip
        if one.envelope.body["answers"] != sorted(
            answer.hash for answer in before.answers.values()
        ):
            raise Refused(
                tr("Round {round} was made from other answers than are given of the round before.",
                   round=number),
                cure=tr("Give the same files as then, also of who is left out."),
            )  # fmt: skip


def _does_not_hold(answer: Answer) -> str:
    return tr("{file} does not hold what was asked for.", file=answer.file)
