"""Curves of cumulative incidence, and under them those at risk, censored and lost.

Layout as readers of such curves asked for in the KMunicate survey (Morris et al., BMJ Open 2019):
limits as a band, and a table under the ticks. The table counts, at each tick, those whose time is
the tick or later (at risk) and those censored or with the event up to and including it, as R's
`summary.survfit` does. Figures of competing events have the same layout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.drawing.numbers import fixed, median_months, p_equation
from registry.drawing.numbers_at_risk import counts_at
from registry.drawing.scene import LINE, WIDE, Panel, Scale, Scene, month_ticks, steps, wrap
from registry.drawing.styles import COLOURS
from registry.drawing.table import Document, in_steps, lower_first
from registry.words import in_english, tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIRST_INFUSION = "the first infusion"
_PLOT_WIDE, _PLOT_NARROW = 300.0, 220.0


def time_zero(document: Document) -> str:
    """What the months of a document's curves are counted from."""
    return str(document.get("clock", FIRST_INFUSION)).removeprefix("days from ")


@in_english()
def cumulative_incidence(document: Document) -> Figure:
    """The curves as a file, of `KaplanMeier.to_json(curves=True)`."""
    from registry.drawing.plot import paint

    n = sum(group["n"] for group in document["groups"])
    events = sum(group["events"] for group in document["groups"])
    missing = f", {document['missing']} with the covariate missing" if document["missing"] else ""
    subtitle = (
        f"Definition: {document['definition']}. {n} patient{'' if n == 1 else 's'}, {events} with"
        f" loss of response{missing}. Bands, brackets: 95 % limits; ticks: censored."
    )
    scene = incidence_curves(document, "km", time_zero=time_zero(document))
    return paint(scene, title=scene.title, subtitle=in_steps(subtitle, document))


@in_english()
def competing_incidence(document: Document) -> Figure:
    """Competing events as a file, of `CumulativeIncidence.to_json(curves=True)`.

    Without groups every cause has its curve; with groups the loss of response of each is drawn.
    """
    from registry.drawing.plot import paint

    n = sum(group["n"] for group in document["groups"])
    curves = competing_as_curves(document)
    subtitle = (
        f"Definition: {document['definition']}. {n} patients. Aalen-Johansen estimates;"
        " bands are 95 % limits."
    )
    scene = incidence_curves(curves, "cuminc", time_zero=time_zero(document))
    return paint(scene, title=scene.title, subtitle=in_steps(subtitle, document))


def incidence_curves(
    document: Document,
    prefix: str,
    width: float = WIDE,
    *,
    time_zero: str = FIRST_INFUSION,
) -> Scene:
    """The curves of a Kaplan-Meier document.

    Args:
        document: `KaplanMeier.to_json(curves=True)`; or one in its shape, whose curves may lack
            limits.
        time_zero: what the months are counted from, for the axis.
    """
    scene = Scene(prefix, width, curves_title(document), curves_in_words(document))
    groups = document["groups"]
    per_month = float(document["days_per_month"])
    last = last_month(document)
    months = month_ticks(last)
    if scene.is_narrow and len(months) > 6:
        months = months[::2] if len(months) % 2 else [*months[::2], months[-1] + months[1]]
    top = _legend(scene, document) + LINE + 14
    left, right = (40.0 if scene.is_narrow else 84.0), width - 10
    bottom = top + (_PLOT_NARROW if scene.is_narrow else _PLOT_WIDE)
    end = max(months[-1], last) or 1.0
    highest, step = _percents(document)
    panel = Panel(scene, Scale(0, end, left, right), Scale(0, highest, bottom, top))
    panel.y_axis(range(0, highest + 1, step), document.get("share", tr("Loss of response, %")))
    panel.x_axis(months, tr("Months from {start}", start=time_zero), 0)
    if document.get("landmark_months"):
        at = document["landmark_months"]
        panel.line((at, 0), (at, highest), "threshold")
    styles = list(curve_styles(groups))
    for group, style in zip(groups, styles, strict=True):
        _band(panel, group, style, per_month)
    for group, style in zip(groups, styles, strict=True):
        _curve(panel, group, style, per_month)
        _between_visits(panel, group, style, per_month)
    for one in document.get("alone", ()):
        if one["share"] is not None and one["months"] <= end:
            panel.diamond((one["months"], 100 * one["share"]), 6, "point s1")
    scene.attributes = {
        "data-left": left,
        "data-right": right,
        "data-top": top,
        "data-bottom": bottom,
        "data-months": end,
    }
    test = document.get("logrank")
    if test:
        words = f"{document.get('test', 'Log-rank')} {p_equation(test['p'])}"
        scene.text(right - 4, bottom - 10, words, "halo", "end")
    scene.height = _counts(panel, document, months, bottom + 62)
    return scene


def competing_as_curves(document: Document) -> dict[str, Any]:
    """A document on competing events as curves to be drawn: every cause, or the loss by group.

    Causes that nobody had are left out. `shared_risk` says that one row tells who is at risk,
    `alone` are the months at which the share is known that would have lost response if nothing
    competed.
    """
    shared: dict[str, Any] = {
        "days_per_month": document["days_per_month"],
        "counts": (
            (tr("At risk"), "at_risk"),
            (tr("Loss"), "events"),
            (tr("Competing"), "competing"),
        ),
    }
    if document["by"]:
        tests = [one for one in document["gray"] if one["cause"] == "loss_of_response"]
        groups = [_cause(group, group["causes"][0], group) for group in document["groups"]]
        by = lower_first(document["by_label"])
        return {
            **shared,
            "title": tr("Loss of response by {covariate}, others competing", covariate=by),
            "by": document["by"],
            "groups": groups,
            "logrank": tests[0] if tests else None,
            "test": "Gray's test",
        }
    (whole,) = document["groups"]
    alone = zip(document["at_months"], whole["one_minus_kaplan_meier"], strict=True)
    return {
        **shared,
        "title": tr("Cumulative incidence of each of the competing events"),
        "by": "cause",
        "groups": [_cause(whole, cause, cause) for cause in whole["causes"] if cause["events"]],
        "shared_risk": True,
        "share": tr("Patients, %"),
        "alone": [{"months": month, "share": share} for month, share in alone],
    }


def _cause(group: Document, cause: Document, named: Document) -> dict[str, Any]:
    return {
        "group": named.get("cause") or named["group"],
        "label": named["label"],
        "n": group["n"],
        "events": cause["events"],
        "estimates": cause["estimates"],
        "curve": {**group["curve"], **{key: cause[key] for key in ("incidence", "lower", "upper")}},
    }


def curves_title(document: Document) -> str:
    """The name of the figure."""
    if "title" in document:
        return str(document["title"])
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
                who=name_of(group),
                n=group["n"],
                events=group["events"],
                read=", ".join(read) or tr("not estimated"),
            )
        )
    test = document.get("logrank")
    if test:
        said.append(f"{document.get('test', 'Log-rank')} {p_equation(test['p'])}.")
    return " ".join(said)


def curve_styles(groups: Sequence[Mapping[str, Any]]) -> Iterator[int]:
    """A number for each group; a level keeps its own when the other has no patients."""
    for place, group in enumerate(groups):
        yield 1 if group["group"] == "false" else place % len(COLOURS)


def last_month(document: Document) -> float:
    """The month of the last day of any curve."""
    days = max(max(group["curve"]["days"], default=0) for group in document["groups"])
    return float(days / document["days_per_month"])


def name_of(group: Mapping[str, Any]) -> str:
    """Whom a curve is of."""
    return tr("All patients") if group["group"] == "all" else str(group["label"])


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _percents(document: Document) -> tuple[int, int]:
    """Percent at the upper end of the axis, and from tick to tick."""
    shares = [
        value
        for group in document["groups"]
        for key in ("incidence", "upper")
        for value in group["curve"].get(key) or ()
        if value is not None
    ]
    shares += [one["share"] for one in document.get("alone", ()) if one["share"] is not None]
    most = min(100, 100 * max(shares, default=0))
    step = 20 if most > 50 else 10 if most > 20 else 5
    return max(20, step * math.ceil(round(most / step, 6))), step


def _legend(scene: Scene, document: Document) -> float:
    """A line for each curve with its median; returns where it ends."""
    groups = document["groups"]
    entries = []
    for group, style in zip(groups, curve_styles(groups), strict=True):
        who = name_of(group)
        words = f"{who} (n = {group['n']})"
        if "counts" in document:
            words = tr("{who}: {n} of {all}", who=who, n=group["events"], all=group["n"])
        if "median_months" in group:
            median = median_months(
                group["median_months"], group["median_lower_months"], group["median_upper_months"]
            )
            words = tr("{who}: median months {median}", who=words, median=median)
        entries.append((f"curve c{style}", words))
        if group.get("interval_censored"):
            entries.append((f"fine c{style}", tr("{who}: known between two visits", who=who)))
    y = 12.0
    for name, words in entries:
        scene.line(0, y - 4, 30, y - 4, name)
        y = _entry(scene, y, words)
    if document.get("alone"):
        Panel(scene, None, None).diamond((15, y - 4), 6, "point s1")
        words = tr("Loss of response if nothing competed (one minus Kaplan-Meier)")
        y = _entry(scene, y, words)
    return y - LINE + 6


def _entry(scene: Scene, y: float, words: str) -> float:
    lines = wrap(words, scene.width - 40)
    scene.paragraph(38, y, lines)
    return y + LINE * len(lines)


def _band(panel: Panel, group: Mapping[str, Any], style: int, per_month: float) -> None:
    found = _limits(group["curve"])
    if found:
        months = [day / per_month for day, _, _ in found]
        lower, upper = ([100 * one[i] for one in found] for i in (1, 2))
        panel.area(steps(months, upper), steps(months, lower), f"band c{style}")


def _curve(panel: Panel, group: Mapping[str, Any], style: int, per_month: float) -> None:
    curve = group["curve"]
    months = [day / per_month for day in curve["days"]]
    percent = [_percent(share) for share in curve["incidence"]]
    panel.path(steps(months, percent), f"curve c{style}")
    # Where causes compete the ends are told in the table alone.
    ends = [] if "competing" in curve else curve.get("censored", [])
    for month, share, censored in zip(months, percent, ends, strict=False):
        if censored and share is not None:
            at = (month, share)
            panel.line(at, at, f"tick c{style}", [(0, -4), (0, 4)])


def _between_visits(panel: Panel, group: Mapping[str, Any], style: int, per_month: float) -> None:
    """The interval-censored curve: flat where it is known, a slope within an interval."""
    found = group.get("interval_censored")
    if not found or not found["mass"]:
        return
    points, total = [(0.0, 0.0)], 0.0
    for left, right, mass in zip(
        found["left_days"], found["right_days"], found["mass"], strict=True
    ):
        points.append((left / per_month, total))
        total += 100 * mass
        points.append((right / per_month, total))
    last = max(group["curve"]["days"][-1] / per_month, points[-1][0])
    panel.path([*points, (last, total)], f"fine c{style}")


def _counts(panel: Panel, document: Document, months: Sequence[int], y: float) -> float:
    """The numbers under their ticks; returns where they end."""
    scene, under = panel.scene, Panel(panel.scene, panel.x, None)
    groups = document["groups"]
    shared = bool(document.get("shared_risk"))
    rows = document.get("counts") or (
        (tr("At risk"), "at_risk"),
        (tr("Censored"), "censored"),
        (tr("Events"), "events"),
    )
    shown = rows[:1] if scene.is_narrow and len(groups) > 1 else rows
    told = [one for one in groups[: 1 if shared else None] if "at_risk" in one["curve"]]
    for group, style in zip(told, curve_styles(groups), strict=False):
        if document["by"] and not shared:
            scene.line(0, y - 4, 22, y - 4, f"curve c{style}")
            scene.text(28, y, group["label"], "first")
            y += LINE
        for words, key in shown:
            scene.text(0, y, words, "quiet")
            # On a phone the name stands above its numbers.
            y += LINE - 2 if scene.is_narrow else 0
            for month in months:
                number = counts_at(group["curve"], month * float(document["days_per_month"]))[key]
                place = f"{key}-{group['group']}-{month}"
                under.text((month, y), str(number), "", "middle", key=place)
            y += LINE
    return y - LINE + 8 if told else y - 18


def _limits(curve: Mapping[str, Any]) -> list[tuple[float, float, float]]:
    """Days with the lower and upper limit of a curve, from the first day that has limits.

    Where nobody is left without the event there is no limit any more; the band reaches that day
    with the limits of the day before.
    """
    days: list[tuple[float, float, float]] = []
    for day, share, low, high in zip(
        curve["days"],
        curve["incidence"],
        curve.get("lower") or (),
        curve.get("upper") or (),
        strict=False,
    ):
        if low is not None and high is not None:
            days.append((day, low, high))
        elif days and share is not None and share >= 1:
            days.append((day, *days[-1][1:]))
            break
    return days
