"""The flow of patients as a diagram: from the registry to what came of a loss of response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from registry.covariates import OUTCOMES
from registry.drawing.numbers import number, percent
from registry.drawing.scene import LINE, WIDE, Scene, wrap
from registry.report.tables import Document, excluded_together
from registry.words import spoken, tr

_PADDING = 10.0
_GAP = 26.0


@dataclass(frozen=True)
class _Box:
    """Where a box lies."""

    x: float
    y: float
    width: float
    height: float
    way: float
    """Where the way down leaves it."""

    @property
    def bottom(self) -> float:
        return self.y + self.height


def flow_diagram(
    flow: Document, outcomes: Document | None, prefix: str, width: float = WIDE
) -> Scene:
    """Draw the flow.

    Args:
        flow: the document of `registry analyse flow`.
        outcomes: that of `registry analyse outcomes`, or None without one.
    """
    scene = Scene(prefix, width, tr("Flow of patients"), flow_in_words(flow, outcomes))
    started = number(flow["started"])
    top = tr("{n} in the registry", n=number(flow["registered"]))
    if flow["registered"] is not None and flow["registered"] == flow["started"]:
        top = tr("{n} in the registry, all started infliximab", n=started)
    main_width = width if scene.is_narrow else 310.0
    box = _box(scene, 0, 1, main_width, [top])
    if flow["registered"] is None or flow["registered"] != flow["started"]:
        aside = [tr("{n} without infliximab", n=number(flow["no_infliximab"]))]
        box = _aside(scene, box, aside)
        box = _next(scene, box, [tr("{n} started infliximab", n=started)])
    reasons = [f"{number(one['n'])}  {one['label']}" for one in flow["excluded"]]
    if reasons:
        total = number(excluded_together(flow))
        box = _aside(scene, box, [tr("{n} excluded", n=total), *reasons])
    box = _next(scene, box, [tr("{n} in the cohort", n=number(flow["eligible"]))], "box strong")
    if flow["eligible"] != 0:
        box = _split(scene, box, flow, outcomes)
    scene.height = box.bottom + 2
    return scene


def flow_in_words(flow: Document, outcomes: Document | None) -> str:
    """The diagram as sentences."""
    said = [
        tr(
            "Of {registered} in the registry {started} started infliximab.",
            registered=number(flow["registered"]),
            started=number(flow["started"]),
        )
    ]
    if flow["excluded"]:
        reasons = "; ".join(f"{one['label']} {number(one['n'])}" for one in flow["excluded"])
        said.append(tr("Excluded: {reasons}.", reasons=reasons))
    said.append(
        tr(
            "{n} are in the cohort: {events} lost response, {kept} kept it.",
            n=number(flow["eligible"]),
            events=number(flow["events"]),
            kept=number(flow["responders"]),
        )
    )
    if outcomes is not None and outcomes["lor"]:
        said.append(
            tr(
                "After the loss {stopped} stopped infliximab and in {optimised} it was optimised,"
                " of whom {regained} regained response.",
                stopped=number(outcomes["stopped"]),
                optimised=number(outcomes["optimised"]),
                regained=number(outcomes["regained"]),
            )
        )
    return " ".join(said)


def _split(scene: Scene, cohort: _Box, flow: Document, outcomes: Document | None) -> _Box:
    """The two outcomes below the cohort, and what followed a loss."""
    whole = scene.width
    half = (whole - 16) / 2
    y, middle = cohort.bottom + _GAP, cohort.x + cohort.width / 2
    lost = [spoken(OUTCOMES["lor"]), _share(flow["events"], flow["eligible"])]
    kept = [spoken(OUTCOMES["responder"]), _share(flow["responders"], flow["eligible"])]
    first = _box(scene, 0, y, half, lost, "box loss")
    second = _box(scene, half + 16, y, half, kept)
    first, second = (replace(one, way=one.x + half / 2) for one in (first, second))
    for one in (first, second):
        joint = cohort.bottom + _GAP / 2
        scene.line(middle, cohort.bottom, middle, joint, "edge")
        scene.line(middle, joint, one.way, joint, "edge")
        scene.arrow(one.way, joint, one.way, one.y)
    if outcomes is None or flow["events"] in (None, 0):
        return first
    said = [
        tr("{n} stopped infliximab", n=number(outcomes["stopped"])),
        tr("{n} optimised infliximab:", n=number(outcomes["optimised"])),
        "   " + tr("{n} regained response", n=number(outcomes["regained"])),
        "   " + tr("{n} did not", n=number(outcomes["not_regained"])),
    ]
    if outcomes["regained_unknown"] != 0:
        said.append("   " + tr("{n} not known", n=number(outcomes["regained_unknown"])))
    if outcomes["neither"] != 0:
        said.append(tr("{n} neither", n=number(outcomes["neither"])))
    return _next(scene, first, said, "box plain")


def _share(n: int | None, whole: int | None) -> str:
    if n is None or whole is None:
        return number(n)
    return f"{n} ({percent(n / whole)} %)"


def _box(
    scene: Scene, x: float, y: float, width: float, lines: Sequence[str], name: str = "box"
) -> _Box:
    height = len(lines) * LINE + 2 * _PADDING - 3
    scene.rectangle(x + 0.75, y, width - 1.5, height, name)
    for place, line in enumerate(lines):
        # Blanks at the start of a line are lost in SVG, so they become room.
        indent = 6.0 * (len(line) - len(line.lstrip()))
        kind = "first" if place == 0 and name != "box plain" else ""
        below = y + _PADDING + 10 + place * LINE
        scene.text(x + _PADDING + indent, below, line.strip(), kind)
    return _Box(x, y, width, height, way=16.0 if scene.is_narrow else x + width / 2)


def _next(scene: Scene, above: _Box, lines: Sequence[str], name: str = "box") -> _Box:
    """A box under another, with an arrow to it."""
    y = above.bottom + _GAP
    scene.arrow(above.way, above.bottom, above.way, y)
    return _box(scene, above.x, y, above.width, lines, name)


def _aside(scene: Scene, from_box: _Box, lines: Sequence[str]) -> _Box:
    """A box beside the way down; returns the way down as far as it now reaches."""
    if scene.is_narrow:
        x, y = 34.0, from_box.bottom + 12
    else:
        x, y = from_box.width + 30, from_box.bottom + 8
    width = scene.width - x
    shown = [lines[0]]
    for line in lines[1:]:
        parts = wrap(line, width - 2 * _PADDING)
        shown += [parts[0], *("  " + part for part in parts[1:])]
    box = _box(scene, x, y, width, shown, "box aside")
    scene.line(from_box.way, from_box.bottom, from_box.way, box.bottom, "edge")
    scene.arrow(from_box.way, box.y + box.height / 2, box.x, box.y + box.height / 2)
    return replace(from_box, height=box.bottom - from_box.y)
