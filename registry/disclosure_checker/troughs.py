"""What a reader of published drug levels knows: who has one is part of the cohort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from registry.disclosure_checker.columns import column_of

if TYPE_CHECKING:
    from registry.disclosure_checker.relations import Read

Document = Mapping[str, Any]

AFTER = ("stopped", "optimised", "neither", "regained", "not_regained", "regained_unknown")


def troughs(found: Read, document: Document) -> None:
    """Every part, its sums, and what stands beside numbers that it was computed from."""
    system = found.system
    _two_by_two(found)
    for group, outcome in zip(document["groups"], ("lost", "kept"), strict=True):
        n = found.cell(f"measured {outcome}", group["n"])
        outside = found.cell(f"measured {outcome} outside", group["censored"])
        system.whole(n, outside, f"measured {outcome} inside")
        if group["n"] is None:
            found.beside += [f"tdm {key}" for key in ("t", "df", "p") if document[key] is not None]
    test = document["mann_whitney"] or {}
    found.beside += [f"mann_whitney {key}" for key in ("u",) if test.get(key) is not None]
    if document["roc"] is not None and document["roc"]["points"]:
        found.beside.append("roc points")
    for name, read in (
        ("quartiles", _quartiles), ("over_time", _over_time), ("mechanisms", _mechanisms),
        ("measured", _measured),
    ):  # fmt: skip
        if document[name] is not None:
            read(found, document[name])


def _two_by_two(found: Read) -> None:
    system = found.system
    for outcome, of in (("lost", "events"), ("kept", "responders")):
        found.nobody.add(f"not measured {outcome}")
        system.whole(of, f"measured {outcome}", f"not measured {outcome}")
    for column, side in (("known", "measured"), ("missing", "not measured")):
        system.whole(f"week14_trough {column}", f"{side} lost", f"{side} kept")
    system.whole("eligible", "week14_trough known", "week14_trough missing")
    found.nobody.add("week14_trough missing")


def _quartiles(found: Read, part: Document) -> None:
    system = found.system
    before, lost, kept = (f"before risk{one}" for one in ("", " lost", " kept"))
    found.cell(before, part["left_before_risk"])
    found.nobody |= {before, lost, kept}
    system.whole(before, lost, kept)
    sizes, events = [], []
    for group in part["groups"]:
        name = f"quartile {group['quartile']}"
        sizes.append(found.cell(f"{name} n", group["n"]))
        events.append(found.cell(f"{name} events", group["events"]))
        system.whole(sizes[-1], events[-1], f"{name} kept")
    system.whole("measured lost", *events, lost)
    system.whole("week14_trough known", *sizes, before)


def _over_time(found: Read, part: Document) -> None:
    found.nobody |= {found.cell(key, part[key]) for key in ("after_loss", "not_troughs")}
    for window in part["windows"]:
        name = window["window"]
        n = found.cell(f"{name} n", window["n"])
        for key in ("censored", "below_threshold"):
            within = found.cell(f"{name} {key}", window[key])
            found.system.whole(n, within, f"{name} not {key}")
        if window["censored"] is None and window["censored_share"] is not None:
            found.beside.append(f"{name} censored_share")
    shown, of = (found.system.known.get(one) for one in ("week_14 n", "week14_trough known"))
    if shown is not None and of is not None:
        found.nobody.add(found.cell("week_14 but not by outcome", abs(shown - of)))


def _mechanisms(found: Read, part: Document) -> None:
    system, rows = found.system, range(len(part["rows"]))
    for place, row in enumerate(part["rows"]):
        name = f"mechanism {place}"
        # It is listed because somebody has it.
        n = found.cell(f"{name} n", row["n"], 1)
        found.nobody.add(f"{name} without a level")
        system.whole(n, found.cell(f"{name} level", row["with_a_level"]), f"{name} without a level")
        for key in AFTER:
            found.cell(f"{name} {key}", row[key])
        system.whole(n, *(f"{name} {key}" for key in AFTER[:3]))
        system.whole(f"{name} optimised", *(f"{name} {key}" for key in AFTER[3:]))
    system.whole("events", *(f"mechanism {place} n" for place in rows))
    for key in AFTER:
        system.whole(key, *(f"mechanism {place} {key}" for place in rows))


def _measured(found: Read, part: Document) -> None:
    system = found.system
    sides = {"measured": "known", "not_measured": "missing"}
    for side, column in sides.items():
        found.cell(f"week14_trough {column}", part[f"n_{side}"])
        found.cell(f"{side.replace('_', ' ')} lost", part[f"events_{side}"])
    for row in part["rows"]:
        missing = {side: f"{side} {row['id']} missing" for side in sides}
        for side, column in sides.items():
            told = row[side]
            found.nobody.add(found.cell(missing[side], told["missing"]))
            parts = [missing[side]]
            if "known" in told:
                yes, no = f"{side} {row['id']} yes", f"{side} {row['id']} no"
                parts += [found.cell(yes, told["n"]), no]
                if told["n"] is None and row["p"] is not None:
                    found.beside.append(f"measured {row['id']} p")
            else:
                parts.append(f"{side} {row['id']} known")
            system.whole(f"week14_trough {column}", *parts)
        if "known" in row["measured"]:
            for key, of in (("yes", "n_true"), ("no", "n_false")):
                system.whole(f"{row['id']} {of}", *(f"{side} {row['id']} {key}" for side in sides))
        column = row["id"] if "known" in row["measured"] else column_of(row["id"])
        found.nobody.add(f"{column} missing")
        system.whole(f"{column} missing", *missing.values())
