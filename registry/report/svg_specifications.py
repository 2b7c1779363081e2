"""A specification curve for a page: every hazard ratio under every reading of the rules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from registry.drawing.numbers import fixed
from registry.drawing.svg import LINE, WIDE, Drawing, wrap
from registry.report.model_tables import name_of
from registry.report.tables import Document
from registry.words import tr

_PANEL = 118.0
_TICKS = (0.01, 0.1, 1.0, 10.0, 100.0)


def specification_curve(document: Document, prefix: str, width: float = WIDE) -> Drawing:
    """Draw a panel for each covariate, its readings from left to right in the table's order.

    Args:
        document: that of `registry analyse sensitivity`.
        prefix: what the ids begin with.
        width: in pixels, of `drawing.WIDE` or `drawing.NARROW`.
    """
    title = tr("Hazard ratios under every reading of the rules")
    drawn = Drawing(prefix, width, title, in_words(document))
    specifications = document["specifications"]
    named = {"published": tr("as published"), "sound": tr("sound")}
    models = list(dict.fromkeys(one["model"] for one in specifications))
    y = 14.0
    for number, model in enumerate(models):
        drawn.circle(8 + number * 130, y - 4.5, 5, f"point s{number % 3}")
        drawn.text(20 + number * 130, y, named.get(model, model))
    y += 12
    for covariate in document["covariates"]:
        lines = wrap(name_of(covariate), width)
        drawn.paragraph(0, y + LINE, lines, "first")
        y += LINE * len(lines) + 12
        terms = [one["terms"][covariate["covariate"]] for one in specifications]
        numbers = [models.index(one["model"]) for one in specifications]
        _panel(drawn, terms, numbers, y)
        y += _PANEL + 12
    drawn.text(width / 2, y + 10, tr("Number of the row in the table"), "quiet", "middle")
    drawn.height = y + 16
    return drawn


def in_words(document: Document) -> str:
    """The figure as sentences."""
    said = []
    for covariate in document["covariates"]:
        ratios = [
            one["terms"][covariate["covariate"]]["hr"]
            for one in document["specifications"]
            if one["terms"][covariate["covariate"]] is not None
        ]
        if ratios:
            said.append(
                tr(
                    "{name}: {n} readings, hazard ratio from {least} to {most}.",
                    name=name_of(covariate),
                    n=len(ratios),
                    least=fixed(min(ratios), 2),
                    most=fixed(max(ratios), 2),
                )
            )
    return " ".join(said)


def _panel(
    drawn: Drawing, terms: Sequence[Mapping[str, Any] | None], models: Sequence[int], top: float
) -> None:
    left, right = 40.0, drawn.width - 10
    values = [
        one[key]
        for one in terms
        if one is not None
        for key in ("hr", "hr_lower", "hr_upper")
        if one[key]
    ]
    low, high = min([0.1, *values]), max([10.0, *values])
    low = max(tick for tick in _TICKS if tick <= max(low, _TICKS[0]))
    high = min(tick for tick in _TICKS if tick >= min(high, _TICKS[-1]))

    def y(ratio: float) -> float:
        held = min(max(ratio, low), high)
        return top + (_PANEL - 16) * (1 - math.log(held / low) / math.log(high / low))

    for tick in (one for one in _TICKS if low <= one <= high):
        drawn.line(left, y(tick), right, y(tick), "axis" if tick == 1 else "grid")
        drawn.text(left - 6, y(tick) + 4.5, f"{tick:g}", "", "end")
    step = (right - left) / max(len(terms), 1)
    every = max(1, math.ceil(22 / step))
    for number, (term, model) in enumerate(zip(terms, models, strict=True)):
        x = left + step * (number + 0.5)
        if number % every == 0:
            drawn.text(x, top + _PANEL + 2, str(number + 1), "quiet", "middle")
        if term is None:
            continue
        lower, upper = term["hr_lower"] or low, term["hr_upper"] or high
        drawn.line(x, y(lower), x, y(upper), f"limit s{model % 3}")
        drawn.circle(x, y(term["hr"]), min(5.0, max(2.0, step / 3)), f"point s{model % 3}")
