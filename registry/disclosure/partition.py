"""Which parts of a whole are suppressed, so that neither the whole nor the others give one back."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def hidden_parts(
    parts: Mapping[str, int],
    limit: int,
    *,
    last: Collection[str] = (),
    least: int = 0,
) -> frozenset[str]:
    """The parts that are suppressed, where the whole may be known.

    A part below the limit is, zero too: that nobody has something says it of everybody. What is
    suppressed sums to something known (the whole less what is shown), so the smallest others join
    until each part may lie anywhere in an interval of at least the limit.

    Args:
        parts: counts by name, whose sum is the whole.
        limit: the least count that is shown.
        last: parts that join the suppressed only when no other is left.
        least: what each part is known to be at least, such as 1 where zeros are not listed.
    """
    hidden = {name for name, n in parts.items() if n < limit}
    others = sorted(parts.keys() - hidden, key=lambda name: (name in last, parts[name], name))
    while hidden and others and not _vague(parts, hidden, limit, least):
        hidden.add(others.pop(0))
    return frozenset(hidden)


def _vague(parts: Mapping[str, int], hidden: Collection[str], limit: int, least: int) -> bool:
    room = sum(parts[name] - least for name in hidden)
    return len(hidden) > 1 and room >= limit


def is_vague(parts: Mapping[str, int], hidden: Collection[str], limit: int, least: int = 0) -> bool:
    """Whether the suppressed parts are hidden even from who knows the whole."""
    return not hidden or _vague(parts, hidden, limit, least)
