"""What a hospital tells as numbers that add over hospitals, part by part, and back again.

A part is told whole or not at all; its name and the number of its numbers follow from the question.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from registry.analysis.cohort.flow import STEPS
from registry.analysis.cohort.table1 import Count, MeanSd, described
from registry.analysis.pooling.descriptive import WIDTHS
from registry.errors import Refused
from registry.study.envelope import Envelope
from registry.study.question import Question
from registry.study.told import WITHHELD
from registry.views.headers import exclusions
from registry.words import tr

COUNTS = ("n", "known", "missing")
TESTED = (
    "n_true", "n_false", "events_true", "events_false", "expected_true", "variance", "missing",
)  # fmt: skip
PAIRS = ("concordant", "discordant", "tied")
CLOSING, ORDER, MODEL = "cox.closing", "cox.pairs", "cox"
# Bounds of a quartile are multiples of a row's width up to this one.
_CELLS = 128
_SPOILED = 1 << 96

Parts = dict[str, list[Any]]


def parts_of(numbers: Mapping[str, Any]) -> Parts:
    """What `tell` gave as parts; what is withheld has none."""
    made: Parts = {}
    for name, told in numbers.items():
        if WITHHELD not in told:
            made |= {part: values for part, values in _TO[name](told) if values is not None}
    return made


def _flow(told: Mapping[str, Any]) -> Iterator[tuple[str, list[Any] | None]]:
    every = {**{name: told[name] for name in STEPS}}
    every |= {f"excluded.{one}": told["excluded"].get(one, 0) for one in exclusions()}
    for name, n in every.items():
        yield f"flow.{name}", None if n is None else [n]


def _table1(told: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    yield "table1", [told["n"]]
    for name, row in told["rows"].items():
        if "known" in row:
            values = [row[key] for key in COUNTS]
        elif "squares" in row:
            n, mean = row["n"], Fraction(row["mean"])
            values = [n, n * mean, Fraction(row["squares"]) + n * mean**2, row["missing"]]
        else:
            values = [row["missing"], *_histograms(row["bins"], WIDTHS[name])]
        yield f"table1.{name}", values


def _histograms(bins: Sequence[Mapping[str, Any]], width: float) -> list[int]:
    """How many children lie in bins that begin, and that end, at each multiple of the width."""
    begin, end = [0] * _CELLS, [0] * _CELLS
    for one in bins:
        first = 0 if one["from"] is None else 1 + min(round(one["from"] / width), _CELLS - 2)
        begin[first] += one["n"]
        last = _CELLS - 1 if one["to"] is None else min(round(one["to"] / width), _CELLS - 1)
        end[last] += one["n"]
    return begin + end


def _bins(counts: Sequence[Fraction], width: float) -> list[dict[str, Any]]:
    """Bins of which as many begin and end at each multiple."""
    begin = [(None if at == 0 else (at - 1) * width, int(n))
             for at, n in enumerate(counts[:_CELLS]) if n]  # fmt: skip
    end = [(None if at == _CELLS - 1 else at * width, int(n))
           for at, n in enumerate(counts[_CELLS:]) if n]  # fmt: skip
    made = []
    while begin and end:
        (first, n), (last, m) = begin.pop(0), end.pop(0)
        both = min(n, m)
        made.append({"from": first, "to": last, "n": both})
        begin[:0] = [(first, n - both)] if n > both else []
        end[:0] = [(last, m - both)] if m > both else []
    return made


def _table2(told: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    yield "table2", [told["n"], told["events"]]
    for name, row in told["rows"].items():
        yield f"table2.{name}", [row[key] for key in TESTED]


def _curve(told: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    yield "km", [told["n"], told["events"]]
    n = told["n"]
    for place, one in enumerate(told["at"]):
        if one is not None:
            survival, variance = Fraction(one["survival"]), Fraction(one["variance"])
            yield f"km.{place}", [n, one["at_risk"], n * survival, n * n * variance]


def _model(told: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    sums = [told["n"], told["events"]]
    for one in told["at"]:
        for key in ("loglik", "score", "information", "third"):
            sums += _flat(one.get(key, []))
    yield MODEL, sums
    if "closing" in told:
        last = told["closing"]
        yield (
            CLOSING,
            [value for key in ("slope", "mixed", "square", "apart") for value in _flat(last[key])],
        )
        pairs = last["pairs"]
        # Who may not tell it spoils the sum, and says so in it.
        yield (
            ORDER,
            [secrets.randbelow(_SPOILED) for _ in PAIRS] + [1]
            if pairs is None
            else [*(pairs[key] for key in PAIRS), 0],
        )


_TO = {"flow": _flow, "table1": _table1, "table2": _table2, "km": _curve, "cox": _model}


def _flat(value: Any) -> list[Any]:
    return [one for held in value for one in _flat(held)] if isinstance(value, list) else [value]


def numbers_of(
    totals: Mapping[str, Sequence[Fraction]],
    told_by: Mapping[str, Sequence[str]],
    hospital: str,
    question: Question,
    *,
    withheld: Mapping[str, Any],
    announced: frozenset[str],
    coefs: Sequence[Sequence[float]],
    closing: bool,
) -> dict[str, Any]:
    """What a hospital tells, where of each part the first has the sum and the others have nothing.

    So whatever adds the hospitals' numbers adds the sums, and knows of whom they are.
    """
    held = {
        part: list(sums) if told_by[part][0] == hospital else [Fraction(0)] * len(sums)
        for part, sums in totals.items()
        if hospital in told_by[part]
    }
    made: dict[str, Any] = dict(withheld)
    if any(part.startswith("flow.") for part in totals):
        made["flow"] = _flow_of(held, totals, announced)
    if "table1" in held:
        made["table1"] = {"n": int(held["table1"][0]), "rows": _rows1(held)}
    if "table2" in held:
        rows2 = {part.removeprefix("table2."): _tested(values)
                 for part, values in held.items() if part.startswith("table2.")}  # fmt: skip
        made["table2"] = {**_n_events(held["table2"]), "rows": rows2}
    if "km" in held:
        points = [_point(held.get(f"km.{place}"), month)
                  for place, month in enumerate(question.at_months)]  # fmt: skip
        made["km"] = {**_n_events(held["km"]), "at": points}
    if MODEL in held:
        made["cox"] = _model_of(held, question, coefs, closing=closing)
    return made


def _n_events(values: Sequence[Fraction]) -> dict[str, int]:
    return {"n": int(values[0]), "events": int(values[1])}


def _flow_of(
    held: Mapping[str, Any], totals: Mapping[str, Any], announced: frozenset[str]
) -> dict[str, Any]:
    def number(part: str) -> int | None:
        if part not in announced:
            return None
        return int(held[part][0]) if part in held else 0

    # Where somebody hides a number nobody's is told: it is not known of all.
    return {
        **{name: number(f"flow.{name}") for name in STEPS},
        "excluded": {
            one: number(f"flow.excluded.{one}")
            for one in exclusions()
            if totals.get(f"flow.excluded.{one}", [1])[0]
        },
    }


def _rows1(held: Mapping[str, Sequence[Fraction]]) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for row in described():
        values = held.get(f"table1.{row.id}")
        if values is None:
            continue
        if isinstance(row, Count):
            rows[row.id] = dict(zip(COUNTS, map(int, values), strict=True))
        elif isinstance(row, MeanSd):
            n, total, squares, missing = values
            mean = total / n if n else Fraction(0)
            rows[row.id] = {
                "n": int(n),
                "mean": float(mean),
                "squares": float(squares - n * mean**2),
                "missing": int(missing),
            }
        else:
            rows[row.id] = {"bins": _bins(values[1:], WIDTHS[row.id]), "missing": int(values[0])}
    return rows


def _tested(values: Sequence[Fraction]) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(TESTED, map(int, values), strict=True))
    of = dict(zip(TESTED, values, strict=True))
    return row | {key: float(of[key]) for key in ("expected_true", "variance")}


def _point(values: Sequence[Fraction] | None, month: float) -> dict[str, Any] | None:
    if values is None:
        return None
    n, at_risk, survival, variance = values
    return {
        "months": month,
        "n": int(n),
        "at_risk": int(at_risk),
        "survival": float(survival / n) if n else 0.0,
        "variance": float(variance / n**2) if n else 0.0,
    }


def _model_of(
    held: Mapping[str, Sequence[Fraction]],
    question: Question,
    coefs: Sequence[Sequence[float]],
    *,
    closing: bool,
) -> dict[str, Any]:
    model = question.model
    assert model is not None
    terms = len(model.terms)
    values = iter(held[MODEL])
    n, events = int(next(values)), int(next(values))
    at = []
    for coef in coefs:
        one: dict[str, Any] = {"coef": list(coef), "loglik": float(next(values))}
        one["score"] = _shaped(values, terms)
        one["information"] = [_shaped(values, terms) for _ in range(terms)]
        if model.firth:
            one["third"] = [[_shaped(values, terms) for _ in range(terms)] for _ in range(terms)]
        at.append(one)
    made: dict[str, Any] = {"n": n, "events": events, "at": at}
    if closing:
        last = iter(held[CLOSING])
        *pairs, spoiled = held[ORDER]
        made["closing"] = {
            "slope": _shaped(last, terms),
            "mixed": [_shaped(last, terms) for _ in range(terms)],
            "square": [_shaped(last, terms) for _ in range(terms)],
            "apart": list(last),
            "pairs": None if spoiled else dict(zip(PAIRS, map(int, pairs), strict=True)),
        }
    return made


def _shaped(values: Iterator[Fraction], size: int) -> list[float]:
    return [float(next(values)) for _ in range(size)]


def is_asked(part: str, envelope: Envelope) -> bool:
    """Whether a round asks for a part of its groups."""
    return part not in (CLOSING, ORDER) or envelope.closing is not None


def own_groups(envelope: Envelope, told: Collection[str], name: str) -> dict[str, list[str]]:
    """The parts that a hospital adds to. Refused where one is asked for that it cannot tell."""
    mine = {
        part: who
        for part, who in envelope.groups.items()
        if name in who and is_asked(part, envelope)
    }
    if not mine.keys() <= {*told}:
        raise Refused(tr("The envelope asks for what was not told to be there."))
    return mine
