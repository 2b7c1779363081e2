"""Which values of a document differ from those of another, and which of them turn a conclusion."""

from __future__ import annotations

from typing import Any

# What names an item of a list: the first of these that all its items have, each with its own value.
_NAMES = ("covariate", "id", "group", "reason", "at_months", "name", "patient_id")
# What says how a document was made, not what it found.
_MADE_BY = ("basis", "data_hash", "definition_hash")


def moved(a: Any, b: Any, path: str = "") -> list[dict[str, Any]]:
    """The values of two documents that differ, each with its path: `groups.all.n`."""
    # An item that is on one side only has numbers that are; its words tell nothing more.
    if {type(a), type(b)} == {dict, type(None)}:
        a, b = a or {}, b or {}
    if isinstance(a, dict) and isinstance(b, dict):
        keys = [key for key in dict.fromkeys([*a, *b]) if key not in _MADE_BY]
        pairs = [(str(key), a.get(key), b.get(key)) for key in keys]
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        pairs = _items(a, b)
    else:
        is_word = None in (a, b) and isinstance(b if a is None else a, str)
        return [] if a == b or is_word else [{"value": path, "a": a, "b": b}]
    return [
        one for key, of_a, of_b in pairs for one in moved(of_a, of_b, f"{path}.{key}".lstrip("."))
    ]


def conclusions(numbers: list[dict[str, Any]], alpha: float) -> list[dict[str, Any]]:
    """Of values that moved those that turn what is concluded, each with its `kind`.

    `significance`: P is below `alpha` on one side only; `direction`: a ratio of hazards is on
    either side of 1; `median`: reached on one side only; `estimate`: there is one on one side only.
    """
    found = []
    for one in numbers:
        kind = _turned(one["value"].rpartition(".")[2], one["a"], one["b"], alpha)
        if kind is not None:
            found.append({"kind": kind, **one})
    return found


def _turned(name: str, a: Any, b: Any, alpha: float) -> str | None:
    is_p = name == "p" or name.startswith("p_")
    if a is None or b is None:
        if name.startswith("median"):
            return "median"
        return "estimate" if is_p or name == "hr" else None
    if not all(isinstance(side, int | float) for side in (a, b)):
        # The sentence that says why there is no document, in place of one.
        return "estimate" if name == "" else None
    if is_p and (a < alpha) != (b < alpha):
        return "significance"
    if name == "hr" and (a - 1) * (b - 1) < 0:
        return "direction"
    return None


def _items(a: Any, b: Any) -> list[tuple[str, Any, Any]]:
    """Items of one name, or else of one place, beside each other."""
    for name in _NAMES:
        sides = [_named(items, name) for items in (a, b)]
        if None not in sides:
            of_a, of_b = (side or {} for side in sides)
            return [(key, of_a.get(key), of_b.get(key)) for key in dict.fromkeys([*of_a, *of_b])]
    longest = max(len(a), len(b))
    padded = [[*items, *[None] * (longest - len(items))] for items in (a, b)]
    return [(str(place), *pair) for place, pair in enumerate(zip(*padded, strict=True))]


def _named(items: Any, name: str) -> dict[str, Any] | None:
    found = {
        _key(item[name]): item
        for item in items
        if isinstance(item, dict) and item.get(name) is not None
    }
    return found if len(found) == len(items) else None


def _key(value: Any) -> str:
    """A name as a part of a path: twelve months are 12."""
    return f"{value:g}" if isinstance(value, float) else str(value)
