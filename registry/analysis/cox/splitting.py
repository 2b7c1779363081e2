"""Start-stop rows parted where a covariate grows from day to day, and joined where none changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from registry.analysis.cox.partial_likelihood import Rows
from registry.analysis.dataset import Floats


def split_at_events(rows: Rows, column: int, a_day: Floats) -> Rows:
    """The rows parted at the event days, where the covariate is what it has grown to by then.

    A Cox model reads covariates on event days alone, so this is its value on every day.

    Args:
        rows: whose covariate is that of their start.
        column: of the covariate in `rows.values`.
        a_day: by how much it grows a day, a value a row; rows with 0 stay whole.
    """
    days = np.unique(rows.stop[rows.event])
    first = np.searchsorted(days, rows.start, side="right")
    # An event on the last day ends the row anyhow.
    cuts = np.where(a_day != 0, np.searchsorted(days, rows.stop, side="left") - first, 0)
    cuts = np.maximum(cuts, 0)
    pieces = cuts + 1
    of = np.repeat(np.arange(len(cuts)), pieces)
    number = np.arange(len(of)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    last = number == cuts[of]
    padded = np.append(days, np.inf)
    at = first[of] + number
    stop = np.where(last, rows.stop[of], padded[np.minimum(at, len(days))])
    start = np.where(number == 0, rows.start[of], padded[np.clip(at - 1, 0, len(days))])
    values = rows.values[of].copy()
    values[:, column] += a_day[of] * (stop - rows.start[of])
    return replace(
        rows, start=start, stop=stop, event=rows.event[of] & last, values=values,
        stratum=rows.stratum[of], subject=rows.subject[of], cluster=rows.cluster[of],
    )  # fmt: skip


def joined(rows: Rows) -> Rows:
    """The same days at risk in fewer rows: those that follow one another unchanged are one."""
    order = np.lexsort((rows.start, rows.subject))
    start, stop, who = rows.start[order], rows.stop[order], rows.subject[order]
    values, event = rows.values[order], rows.event[order]
    # A missing value is alike to no other, so its row stays.
    goes_on = (
        (who[1:] == who[:-1])
        & (start[1:] == stop[:-1])
        & (values[1:] == values[:-1]).all(axis=1)
        & ~event[:-1]
    )
    first = np.append(True, ~goes_on)[: len(who)]
    last = np.append(~goes_on, True)[: len(who)]
    return Rows.of(stop[last], event[last], values[last], start=start[first], subject=who[first])
