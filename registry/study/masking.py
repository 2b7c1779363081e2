"""The rounds of a masked study: who says what it can tell, who adds to what, and the sums opened.

In the first round a hospital says which parts it can tell, and no number. The next asks for all of
them, each masked among the hospitals that tell it, who are three or more. A hospital that then
stays away leaves its masks in the sums, which are random: the others answer anew without it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from registry.errors import Refused
from registry.study import masks, parts
from registry.study.answer import Answer
from registry.study.chain import Chain, Round
from registry.study.envelope import FEWEST_MASKED, Envelope
from registry.words import tr


def next_groups(chain: Chain, without: Collection[str]) -> dict[str, Any] | None:
    """What the next envelope has of masks, where sums cannot be opened yet; else None.

    Refused where a hospital has not answered, or too few are left.
    """
    envelope, last = chain.envelope, chain.last.answers
    if envelope.round > 1:
        missing = sorted({*envelope.body["taking_part"]} - last.keys())
        if not missing:
            return None
        if not {*missing} <= {*without}:
            chain.require_answer(chain.last, next(one for one in missing if one not in without))
    told = {
        name: frozenset(_masked(one, "parts")) for name, one in chain.rounds[0].answers.items()
        if name in last
    }  # fmt: skip
    if len(told) < FEWEST_MASKED:
        raise Refused(
            tr(
                "{number:hospital answers|hospitals answer}: sums of fewer than {least} are not "
                "opened.",
                number=len(told),
                least=FEWEST_MASKED,
            ),
            cure=tr("Wait for the others, or make a study without masks."),
        )
    return {"groups": _groups(told), "everything": True}


def _groups(told: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """Who adds to each part: whoever tells it, if they are three; of the flow, if they are all."""
    made = {}
    for part in sorted(frozenset[str]().union(*told.values())):
        who = sorted(name for name, held in told.items() if part in held)
        whole = len(who) == len(told) or not part.startswith("flow.")
        if len(who) >= FEWEST_MASKED and whole:
            made[part] = who
    return made


def of_model(chain: Chain) -> dict[str, Any]:
    """The same for a round of the model alone."""
    names = (parts.MODEL, parts.CLOSING, parts.ORDER)
    return {"groups": dict.fromkeys(names, chain.in_model), "everything": False}


def asked_anew(envelope: Envelope) -> dict[str, Any] | None:
    """Where the model's sums are asked for when all is asked for."""
    if envelope.question.model is None:
        return None
    at = [envelope.closing] if envelope.closing else envelope.coefficients[:1]
    return {"at": [list(one) for one in at], "closing": None}


def opened(chain: Chain) -> Chain:
    """The rounds since all was asked for, as if each hospital had told of the sums its share.

    The first of those who add to a part has the sum, the others have nothing. Refused where sums
    cannot be opened.
    """
    start = max(n for n, one in enumerate(chain.rounds) if one.envelope.asks_everything)
    return Chain(tuple(_opened(chain, one) for one in chain.rounds[start:]))


def _opened(chain: Chain, one: Round) -> Round:
    envelope = one.envelope
    for name in envelope.body["taking_part"]:
        chain.require_answer(one, name)
    sent = {name: _masked(answer, "sums") for name, answer in one.answers.items()}
    told_by = {part: who for part, who in envelope.groups.items() if parts.is_asked(part, envelope)}
    try:
        totals = {
            part: masks.opened([sent[name][part] for name in who])
            for part, who in told_by.items()
        }  # fmt: skip
        numbers = {
            name: parts.numbers_of(
                totals,
                told_by,
                name,
                envelope.question,
                withheld=chain.rounds[0].answers[name].numbers,
                announced=frozenset(_masked(chain.rounds[0].answers[name], "parts")),
                coefs=envelope.coefficients,
                closing=envelope.closing is not None,
            )
            for name in sorted(envelope.body["taking_part"])
        }
    except (KeyError, IndexError, StopIteration, TypeError, ValueError):
        raise Refused(
            tr("The masked sums of round {round} do not open.", round=envelope.round),
            cure=tr("A file is not as its hospital made it, or a key is another's."),
        ) from None
    return Round(
        envelope,
        {
            name: replace(one.answers[name], body={**one.answers[name].body, "numbers": held})
            for name, held in numbers.items()
        },
    )


def _masked(answer: Answer, kind: str) -> Any:
    """`parts` or `sums` of an answer. Refused where it has none."""
    held = answer.body.get("masked")
    if not isinstance(held, Mapping) or held.keys() != {kind}:
        raise Refused(tr("{file} does not hold what was asked for.", file=answer.file))
    return held[kind]
