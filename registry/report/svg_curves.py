"""Curves of cumulative incidence for a page, and under them those at risk, censored and lost.

The same layout as `figure.cumulative_incidence` (KMunicate: Morris et al., BMJ Open 2019), drawn
for the width of a page or of a phone. Each curve carries its steps, so that a script can read
values off it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from registry.drawing.numbers import fixed, limits, median_months, p_equation
from registry.drawing.svg import LINE, WIDE, Drawing, wrap
from registry.drawing.ticks import band, counts_at, month_ticks
from registry.report.tables import Document, lower_first
from registry.words import tr

STYLES = 5
"""How many curves differ by colour and by kind of line (classes c0 to c4 of `page.css`)."""
_PLOT_WIDE, _PLOT_NARROW = 300.0, 220.0


def incidence_curves(
    document: Document,
    prefix: str,
    width: float = WIDE,
    *,
    time_zero: str = "the first infusion",
    title: str | None = None,
) -> Drawing:
    """Draw the curves of a Kaplan-Meier document.

    Args:
        document: `KaplanMeier.to_json(curves=True)`; or one in its shape, whose curves may lack
            limits.
        prefix: what the ids begin with.
        width: in pixels, of `drawing.WIDE` or `drawing.NARROW`.
        time_zero: what the months are counted from, for the axis.
        title: the figure's name; by default of the loss of response by the covariate.
    """
    drawn = Drawing(prefix, width, title or curves_title(document), curves_in_words(document))
    groups = document["groups"]
    per_month = float(document["days_per_month"])
    last = max(max(group["curve"]["days"], default=0) for group in groups) / per_month
    months = month_ticks(last)
    if drawn.is_narrow and len(months) > 6:
        months = months[::2] if len(months) % 2 else [*months[::2], months[-1] + months[1]]
    scale = _Scale(drawn, document, max(months[-1], last))
    y = _legend(drawn, document)
    scale.place(y + 8)
    _axes(drawn, scale, months, time_zero)
    styles = list(curve_styles(groups))
    for group, style in zip(groups, styles, strict=True):
        _band(drawn, scale, group, style, per_month)
    for group, style in zip(groups, styles, strict=True):
        _curve(drawn, scale, group, style, per_month)
    drawn.attributes = {
        "data-left": scale.left,
        "data-right": scale.right,
        "data-top": scale.top,
        "data-bottom": scale.y(0),
        "data-months": scale.last,
    }
    test = document.get("logrank")
    if test:
        place = scale.y(0) - 10
        drawn.text(scale.right - 4, place, f"Log-rank {p_equation(test['p'])}", "halo", "end")
    drawn.height = _counts(drawn, scale, document, months, per_month)
    return drawn


def competing_as_curves(document: Document) -> dict[str, Any]:
    """The causes of all patients, from a document on competing events, as curves to be drawn.

    Causes that nobody had are left out. `shared_risk` says that one row tells who is at risk.
    """
    whole = document["groups"][0]
    shared = whole["curve"]
    days = shared["days"]
    groups = []
    for cause in whole["causes"]:
        if not cause["events"]:
            continue
        steps = zip([0.0, *cause["incidence"]], cause["incidence"], strict=False)
        groups.append(
            {
                "group": cause["cause"],
                "label": cause["label"],
                "n": whole["n"],
                "events": cause["events"],
                "estimates": cause["estimates"],
                "curve": {
                    "days": days,
                    "incidence": cause["incidence"],
                    "lower": cause["lower"],
                    "upper": cause["upper"],
                    "at_risk": shared["at_risk"],
                    "censored": [0] * len(days),
                    # Where the curve rises somebody had the event; how many is told elsewhere.
                    "events": [int(after > before) for before, after in steps],
                },
            }
        )
    return {
        "by": "cause",
        "by_label": None,
        "days_per_month": document["days_per_month"],
        "groups": groups,
        "logrank": None,
        "shared_risk": True,
    }


def curves_title(document: Document) -> str:
    """The name of the figure."""
    if not document["by"]:
        return tr("Cumulative incidence of loss of response")
    name = lower_first(document["by_label"])
    landmark = document.get("landmark_months")
    if landmark is not None:
        return tr(
            "Loss of response by {covariate}, from the landmark at {months} months",
            covariate=name,
            months=f"{landmark:g}",
        )
    return tr("Loss of response by {covariate}", covariate=name)


def curves_in_words(document: Document) -> str:
    """What the curves show, for a person who does not see them."""
    said = []
    for group in document["groups"]:
        who = tr("All patients") if group["group"] == "all" else group["label"]
        read = [
            tr(
                "{percent} % at {months} months",
                percent=fixed(100 * one["cumulative_incidence"], 1),
                months=f"{one['at_months']:g}",
            )
            for one in group.get("estimates", ())
            if one["cumulative_incidence"] is not None
        ]
        said.append(
            tr(
                "{who}: {n} patients, {events} events; cumulative incidence {read}.",
                who=who,
                n=group["n"],
                events=group["events"],
                read=", ".join(read) or tr("not estimated"),
            )
        )
    test = document.get("logrank")
    if test:
        said.append(f"Log-rank {p_equation(test['p'])}.")
    return " ".join(said)


def curve_styles(groups: Sequence[Mapping[str, Any]]) -> Iterator[int]:
    """A number for each group; a level keeps its own when the other has no patients."""
    for place, group in enumerate(groups):
        yield 1 if group["group"] == "false" else place % STYLES


class _Scale:
    """Months and proportions to places on the drawing."""

    def __init__(self, drawn: Drawing, document: Document, last: float) -> None:
        self.left, self.right = (40.0 if drawn.is_narrow else 84.0), drawn.width - 10
        self.last = last or 1.0
        self.plot = _PLOT_NARROW if drawn.is_narrow else _PLOT_WIDE
        self.top_percent = _top(document)
        self._top = 0.0

    def place(self, top: float) -> None:
        self._top = top

    @property
    def top(self) -> float:
        return self._top

    def x(self, months: float) -> float:
        return self.left + (self.right - self.left) * months / self.last

    def y(self, share: float) -> float:
        return self._top + self.plot * (1 - 100 * share / self.top_percent)


def _top(document: Document) -> int:
    """Percent at the upper end of the axis."""
    highest = [
        value
        for group in document["groups"]
        for key in ("incidence", "upper")
        for value in group["curve"].get(key) or ()
        if value is not None
    ]
    return min(100, max(20, 10 * -int(-10 * max(highest, default=0) // 1)))


def _legend(drawn: Drawing, document: Document) -> float:
    """A line for each curve with its median; returns where it ends."""
    y = 12.0
    groups = document["groups"]
    for group, style in zip(groups, curve_styles(groups), strict=True):
        who = tr("All patients") if group["group"] == "all" else group["label"]
        words = f"{who} (n = {group['n']})"
        if document.get("shared_risk"):
            words = tr("{who}: {n} of {all}", who=who, n=group["events"], all=group["n"])
        if "median_months" in group:
            median = median_months(
                group["median_months"], group["median_lower_months"], group["median_upper_months"]
            )
            words = tr("{who}: median months {median}", who=words, median=median)
        drawn.line(0, y - 4, 30, y - 4, f"curve c{style}")
        lines = wrap(words, drawn.width - 40)
        drawn.paragraph(38, y, lines)
        y += LINE * len(lines)
    return y - LINE + 6


def _axes(drawn: Drawing, scale: _Scale, months: Sequence[int], time_zero: str) -> None:
    bottom = scale.y(0)
    step = 20 if scale.top_percent > 50 else 10 if scale.top_percent > 20 else 5
    for percent in range(0, scale.top_percent + 1, step):
        y = scale.y(percent / 100)
        drawn.line(scale.left, y, scale.right, y, "axis" if percent == 0 else "grid")
        drawn.text(scale.left - 6, y + 4.5, str(percent) + (" %" * (not percent)), "", "end")
    for month in months:
        drawn.line(scale.x(month), bottom, scale.x(month), bottom + 5, "axis")
        drawn.text(scale.x(month), bottom + 19, str(month), "", "middle")
    drawn.text(
        (scale.left + scale.right) / 2,
        bottom + 37,
        tr("Months from {start}", start=time_zero),
        "quiet",
        "middle",
    )


def _steps(
    scale: _Scale, days: Sequence[float], values: Sequence[float | None], per_month: float
) -> list[tuple[float, float]]:
    """The corners of a step curve up to where its values end."""
    points: list[tuple[float, float]] = []
    for day, value in zip(days, values, strict=True):
        if value is None:
            break
        x, y = scale.x(day / per_month), scale.y(value)
        if points and points[-1][1] != y:
            points.append((x, points[-1][1]))
        points.append((x, y))
    if points and len(points) < len(days):
        points.append((scale.x(days[-1] / per_month), points[-1][1]))
    # Corners on a level line say nothing.
    return [
        point
        for i, point in enumerate(points)
        if i in (0, len(points) - 1) or not points[i - 1][1] == point[1] == points[i + 1][1]
    ]


def _band(
    drawn: Drawing, scale: _Scale, group: Mapping[str, Any], style: int, per_month: float
) -> None:
    limits = band(group["curve"])
    if not limits:
        return
    days, lower, upper = zip(*limits, strict=True)
    there = _steps(scale, days, upper, per_month)
    back = _steps(scale, days, lower, per_month)
    drawn.path([*there, *reversed(back)], f"band c{style}", close=True)


def _curve(
    drawn: Drawing, scale: _Scale, group: Mapping[str, Any], style: int, per_month: float
) -> None:
    curve = group["curve"]
    drawn.path(_steps(scale, curve["days"], curve["incidence"], per_month), f"curve c{style}")
    for day, share, censored in zip(
        curve["days"], curve["incidence"], curve["censored"], strict=True
    ):
        if censored and share is not None:
            x, y = scale.x(day / per_month), scale.y(share)
            drawn.line(x, y - 4, x, y + 4, f"tick c{style}")


def readings(document: Document) -> str:
    """The steps of every curve as an attribute's JSON, for the script that reads values off."""
    per_month = float(document["days_per_month"])
    groups = []
    for group in document["groups"]:
        curve = group["curve"]
        lower = curve.get("lower") or [None] * len(curve["days"])
        upper = curve.get("upper") or [None] * len(curve["days"])
        groups.append(
            {
                "label": tr("All patients") if group["group"] == "all" else group["label"],
                "months": [round(day / per_month, 3) for day in curve["days"]],
                "text": [
                    f"{fixed(100 * share, 1)} % ({limits(_percent(low), _percent(high), 1)})"
                    for share, low, high in zip(curve["incidence"], lower, upper, strict=True)
                ],
                "risk": list(curve["at_risk"]),
            }
        )
    return escape(json.dumps(groups, ensure_ascii=False, separators=(",", ":")), quote=True)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _counts(
    drawn: Drawing, scale: _Scale, document: Document, months: Sequence[int], per_month: float
) -> float:
    """The numbers under their ticks; returns where they end."""
    y = scale.y(0) + 62
    groups = document["groups"]
    if document.get("shared_risk"):
        groups = groups[:1]
    counts = (
        (tr("At risk"), "at_risk"),
        (tr("Censored"), "censored"),
        (tr("Events"), "events"),
    )
    alone = document.get("shared_risk") or (drawn.is_narrow and len(groups) > 1)
    shown = counts[:1] if alone else counts
    for group, style in zip(groups, curve_styles(groups), strict=True):
        if document["by"] and not document.get("shared_risk"):
            drawn.line(0, y - 4, 22, y - 4, f"curve c{style}")
            drawn.text(28, y, group["label"], "first")
            y += LINE
        for words, key in shown:
            drawn.text(0, y, words, "quiet")
            # On a phone the name stands above its numbers.
            y += LINE - 2 if drawn.is_narrow else 0
            for month in months:
                number = counts_at(group["curve"], month * per_month)[key]
                extra = f' data-count="{key}-{group["group"]}-{month}"'
                drawn.text(scale.x(month), y, str(number), "", "middle", extra)
            y += LINE
    return y - LINE + 8
