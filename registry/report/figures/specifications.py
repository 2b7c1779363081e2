"""A specification curve: hazard ratios under every reading, and below which choices made each.

The readings stand in the order of the hazard ratio of the first covariate that is acquired after
the start, or without one of the first covariate (Simonsohn et al., Nature Human Behaviour 2020).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.drawing.numbers import fixed
from registry.drawing.scene import LINE, WIDE, Panel, Scale, Scene, wrap
from registry.report.figures.forest import TICKS, ratio_scale
from registry.report.model_tables import excludes_one, name_of
from registry.report.tables import Document
from registry.words import in_english, tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANEL = 110.0
_REFERENCE, _EXCLUDES, _INCLUDES = 0, 1, 3
Specification = Mapping[str, Any]


@in_english()
def sensitivity_figure(document: Document) -> Figure:
    """The curve as a file, of `Sensitivity.to_json()`."""
    from registry.drawing.plot import paint

    scene = specification_curve(document, "sensitivity")
    readings = len({one["definition_hash"] for one in document["specifications"]})
    subtitle = (
        f"{readings} readings, {len(document['specifications'])} models. {reading_note(document)}"
        f" The reference is definition {document['definition']}."
    )
    return paint(scene, title=scene.title, subtitle=subtitle)


def reading_note(document: Document) -> str:
    """What must be known to read the figure."""
    return tr(
        "In the order of the hazard ratio of {name}. Lines are 95 % limits, dark where they"
        " exclude 1; the diamond is the reference.",
        name=name_of(_leading(document)),
    )


def specification_curve(document: Document, prefix: str, width: float = WIDE) -> Scene:
    """Draw a panel for each covariate, and the matrix of choices below.

    Args:
        document: that of `registry analyse sensitivity`.
    """
    title = tr("Hazard ratios under every reading of the rules")
    scene = Scene(prefix, width, title, _in_words(document))
    leading = _leading(document)
    ordered = _ordered(document["specifications"], leading["covariate"])
    left = 40.0 if scene.is_narrow else 190.0
    across = Scale(-0.5, len(ordered) - 0.5, left, width - 10)
    y = 0.0
    for covariate in [leading, *(one for one in document["covariates"] if one is not leading)]:
        lines = wrap(name_of(covariate), width)
        scene.paragraph(0, y + LINE, lines, "first")
        y += LINE * len(lines) + 14
        _panel(scene, across, [one["terms"][covariate["covariate"]] for one in ordered], y, ordered)
        y += _PANEL + 8
    y = _numbers(scene, across, ordered, document["specifications"], y + 10)
    scene.height = _choices(scene, across, ordered, _matrix(document), y + LINE) + 6
    return scene


def _leading(document: Document) -> Mapping[str, Any]:
    covariates: Sequence[Mapping[str, Any]] = document["covariates"]
    return next((one for one in covariates if one["acquired_after_start"]), covariates[0])


def _ordered(specifications: Sequence[Specification], covariate: str) -> list[Specification]:
    """From the smallest hazard ratio to the largest; those without a model last."""

    def ratio(one: Specification) -> float:
        numbers = one["terms"][covariate]
        return math.inf if numbers is None else float(numbers["hr"])

    return sorted(specifications, key=ratio)


def _in_words(document: Document) -> str:
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
    scene: Scene,
    across: Scale,
    terms: Sequence[Mapping[str, Any] | None],
    top: float,
    ordered: Sequence[Specification],
) -> None:
    keys = ("hr", "hr_lower", "hr_upper")
    scale = ratio_scale([one[key] for one in terms if one for key in keys], top + _PANEL, top)
    ticks = [tick for tick in TICKS if scale.low <= tick <= scale.high]
    if len(ticks) > 7:
        ticks = [tick for tick in ticks if math.log10(tick) == round(math.log10(tick))]
    Panel(scene, across, scale).y_axis(ticks, axis=1)
    # What stands across is a place in the order and no number.
    panel = Panel(scene, None, scale)
    half = _half(across)
    for number, (term, one) in enumerate(zip(terms, ordered, strict=True)):
        if term is None:
            continue
        x = across(number)
        series = _EXCLUDES if excludes_one(term) else _INCLUDES
        lower, upper = term["hr_lower"] or scale.low, term["hr_upper"] or scale.high
        panel.line((x, lower), (x, upper), f"limit s{series}")
        if one["reference"]:
            panel.diamond((x, term["hr"]), half + 1.5, f"point s{_REFERENCE}")
        else:
            panel.dot((x, term["hr"]), half, f"point s{series}")


def _half(across: Scale) -> float:
    """Half the size of a mark, so that neighbours stay apart."""
    return min(5.0, max(1.6, (across(1) - across(0)) / 3))


def _numbers(
    scene: Scene,
    across: Scale,
    ordered: Sequence[Specification],
    rows: Sequence[Specification],
    y: float,
) -> float:
    """Under the panels the row of each reading in the table; returns where they end."""
    place = {id(one): number for number, one in enumerate(rows, start=1)}
    every = max(1, math.ceil(22 / (across(1) - across(0))))
    for number in range(0, len(ordered), every):
        scene.text(across(number), y, str(place[id(ordered[number])]), "tick", "middle")
    words = tr("Number of the row in the table")
    scene.text((across.start + across.end) / 2, y + LINE, words, "quiet", "middle")
    return y + LINE


def _matrix(document: Document) -> list[tuple[str, str, list[str]]]:
    """Each choice with its values, in the order in which they first stand."""

    def values(choice: str) -> list[str]:
        return list(dict.fromkeys(_value(one, choice) for one in document["specifications"]))

    found = [(tr("Model"), "model"), (tr("Definition"), "definition")]
    found += [(key, key) for key in document["varied"]]
    return [(words, key, values(key)) for words, key in found]


def _value(one: Specification, choice: str) -> str:
    return str(one[choice] if choice in one else one["choices"].get(choice) or "")


def _choices(
    scene: Scene,
    across: Scale,
    ordered: Sequence[Specification],
    matrix: Sequence[tuple[str, str, list[str]]],
    y: float,
) -> float:
    """A row for each value with a mark under the readings that it made; returns where they end."""
    half = _half(across)
    for words, choice, values in matrix:
        y += LINE
        scene.text(0, y, words, "first")
        for value in values:
            y += LINE
            scene.text(10, y, value)
            # On a phone the value stands above its marks.
            y += 12 if scene.is_narrow else 0
            scene.line(across.start, y - 4.5, across.end, y - 4.5, "grid")
            for number, one in enumerate(ordered):
                if _value(one, choice) == value:
                    name = f"point s{_REFERENCE}" if one["reference"] else "choice"
                    corner = (across(number) - half, y - 4.5 - half)
                    scene.rectangle(*corner, 2 * half, 2 * half, name)
    return y
