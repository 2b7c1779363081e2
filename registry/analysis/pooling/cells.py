"""How few children stand behind the sums of a model: by its terms, their losses, and by pairs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from registry.analysis.cox.design import Prepared
from registry.analysis.dataset import Flags


@dataclass(frozen=True)
class Few:
    """Of which terms, or of what else, too few children could be told apart.

    `kind` is `model` (its children, losses or others, or those who are not in it), `term` (a level,
    its losses or children without) or `pair` (who has two things together).
    """

    kind: str
    terms: tuple[str, ...] = ()


def too_few(prepared: Prepared, limit: int) -> list[Few]:
    """What stands against sending sums of a model; nothing where every cell is large enough.

    A level counts whoever was at risk with it on some day. Who has two things together may be
    nobody, or as many as the limit.
    """
    rows, n = prepared.rows, len(prepared.patients)
    lost = np.bincount(rows.subject, rows.event, n) > 0
    apart = prepared.dropped, prepared.never_at_risk
    sizes = (n, int(lost.sum()), int((~lost).sum()))
    lost_apart = prepared.dropped_events
    if (
        min(sizes) < limit
        or any(0 < one < limit for one in apart)
        or (prepared.dropped and not limit <= lost_apart <= prepared.dropped - limit)
    ):
        return [Few("model")]
    named = {one.id: rows.values[:, k] > 0 for k, one in enumerate(prepared.covariates)}
    found = []
    for name, true in named.items():
        sides = [
            int(who.sum())
            for level in (true, ~true)
            for who in (
                _ever(rows.subject, level & rows.event, n),
                _ever(rows.subject, level, n) & ~lost,
            )
        ]
        if min(sides) < limit:
            found.append(Few("term", (name,)))
    strata = {f"stratum {one}": rows.stratum == one for one in np.unique(rows.stratum)}
    if len(strata) > 1:
        for name, within in strata.items():
            if int(_ever(rows.subject, within, n).sum()) < limit:
                found.append(Few("term", (name,)))
        named |= strata
    for (one, first), (other, second) in combinations(named.items(), 2):
        together = [
            int(_ever(rows.subject, a & b, n).sum())
            for a in (first, ~first)
            for b in (second, ~second)
        ]
        if any(0 < number < limit for number in together):
            found.append(Few("pair", (one, other)))
    return found


def _ever(subject: np.ndarray, row: Flags, n: int) -> Flags:
    """The children who have such a row."""
    return np.asarray(np.bincount(subject, row, n) > 0)
