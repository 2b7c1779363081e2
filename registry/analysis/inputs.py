"""What every method asks of its arrays, refused here before a library turns it into a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from registry.analysis.dataset import Days, Flags, Floats
from registry.errors import CannotEstimate, WrongUsage
from registry.words import tr


class InvalidInput(WrongUsage, ValueError):
    """Arrays that a method cannot take: what is wrong, in which of them, and what it takes."""


class NotFinite(CannotEstimate):
    """The likelihood climbs for ever: covariates separate the events.

    Attributes:
        column: the number of the column of x that runs away most.
    """

    def __init__(self, problem: str, *, cure: str | None = None, column: int = 0) -> None:
        super().__init__(problem, cure=cure)
        self.column = column


class NoRobustErrors(CannotEstimate):
    """All clusters fit exactly, so there is nothing for robust errors to be made of."""


def times(value: Any, name: str = "time") -> Floats:
    """Times from 0 on, finite, at least one."""
    found = numbers(value, name)
    if not (np.isfinite(found).all() and (found >= 0).all()):
        raise InvalidInput(
            tr("{name} has a value that is missing, negative or not finite.", name=name)
        )
    return found


def numbers(value: Any, name: str) -> Floats:
    """One column of floats, at least one; NaN stays."""
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(tr("{name} is no column of numbers.", name=name)) from None
    if found.ndim != 1:
        raise InvalidInput(tr("{name} is no column of numbers.", name=name))
    if found.size == 0:
        raise InvalidInput(tr("{name} is empty.", name=name))
    return found


def events(value: Any, n: int, name: str = "event") -> Flags:
    """True or false for each row; 1 and 0 are taken for them, R's 1 and 2 are not."""
    found = np.asarray(value)
    same_length(found, n, name)
    if found.dtype != bool:
        try:
            number = found.astype(np.float64)
        except (TypeError, ValueError):
            number = np.full(n, np.nan)
        if not ((number == 0) | (number == 1)).all():
            raise InvalidInput(
                tr("{name} is neither true nor false in some row.", name=name),
                cure=tr("Code an event as true or 1, censoring as false or 0."),
            )
        found = number == 1
    return np.asarray(found, dtype=bool)


def entries(value: Any, time: Floats) -> Floats:
    """From when on each row is at risk, before its time."""
    found = numbers(value, "entry")
    same_length(found, len(time), "entry")
    if not np.isfinite(found).all():
        raise InvalidInput(tr("{name} has a value that is missing or not finite.", name="entry"))
    if not (found < time).all():
        raise InvalidInput(tr("entry is not before time in some row."))
    return found


def intervals(left: Any, right: Any) -> tuple[Floats, Floats]:
    """Both ends of intervals (left, right] from 0 on; a missing right end is infinite."""
    begins, ends = times(left, "left"), numbers(right, "right")
    same_length(ends, len(begins), "right")
    ends = np.where(np.isnan(ends), np.inf, ends)
    if not (ends >= begins).all():
        raise InvalidInput(tr("right is before left in some row."))
    return begins, ends


def weights(value: Any, n: int) -> Floats:
    """How often each row counts, finite and above 0."""
    found = numbers(value, "weights")
    same_length(found, n, "weights")
    if not (np.isfinite(found).all() and (found > 0).all()):
        raise InvalidInput(tr("weights has a value that is not above 0 or not finite."))
    return found


def ridge(penalty: str | float | None) -> float:
    """Lambda of a ridge; 0 without one."""
    if penalty is None or penalty == "firth":
        return 0.0
    if isinstance(penalty, str) or not (np.isfinite(penalty) and penalty >= 0):
        raise InvalidInput(
            tr("{name} cannot be '{value}'.", name="penalty", value=penalty),
            cure=tr("Use {allowed}.", allowed="None, firth, 0.5"),
        )
    return float(penalty)


def groups(value: Any, n: int, name: str = "group") -> tuple[tuple[Any, ...], Days]:
    """The names of the groups in sorted order, and the number of each row's group."""
    found = np.asarray(value)
    same_length(found, n, name)
    missing = (
        np.isnan(found)
        if found.dtype.kind == "f"
        # None and pandas.NA are equal to nothing, or to something that is neither true nor false.
        else np.array([one is None or one != one or str(one) == "<NA>" for one in found.tolist()])
        if found.dtype == object
        else np.zeros(n, dtype=bool)
    )
    if missing.any():
        raise InvalidInput(tr("{name} is missing in some row.", name=name))
    try:
        names, index = np.unique(found, return_inverse=True)
    except TypeError:
        names, index = np.unique(found.astype(str), return_inverse=True)
    return tuple(names.tolist()), index.reshape(-1).astype(np.int64)


def causes(value: Any, n: int) -> Days:
    """The cause that ended each row: 0 censored, 1, 2, ... the causes."""
    found = numbers(value, "cause")
    same_length(found, n, "cause")
    if not (np.isfinite(found).all() and (found >= 0).all() and (found == np.floor(found)).all()):
        raise InvalidInput(
            tr("cause is not 0, 1, 2, ... in some row."),
            cure=tr("Code censoring as 0 and the causes from 1 on."),
        )
    return found.astype(np.int64)


def covariates(value: Any, n: int) -> Floats:
    """A column a covariate, shape (n, k); one column may be given flat."""
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(tr("{name} is no column of numbers.", name="x")) from None
    found = found[:, None] if found.ndim == 1 else found
    if found.ndim != 2 or found.shape[1] == 0:
        raise InvalidInput(tr("x has no column a covariate."))
    same_length(found, n, "x")
    if not np.isfinite(found).all():
        raise InvalidInput(tr("{name} has a value that is missing or not finite.", name="x"))
    return found


def one_of(value: Any, allowed: tuple[str, ...], name: str) -> None:
    """Refuse a choice that is none of these."""
    if value not in allowed:
        raise InvalidInput(
            tr("{name} cannot be '{value}'.", name=name, value=value),
            cure=tr("Use {allowed}.", allowed=", ".join(allowed)),
        )


def same_length(value: Any, n: int, name: str) -> None:
    """Refuse a column with more or fewer rows than `time`."""
    if np.ndim(value) == 0 or len(value) != n:
        raise InvalidInput(
            tr(
                "{name} has {found} rows where time has {expected}.",
                name=name,
                found=np.size(value) if np.ndim(value) == 0 else len(value),
                expected=n,
            )
        )
