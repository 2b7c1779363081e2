"""The long analyses of a report, computed in another process while the others are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from registry.cli.analyse.data import Data
from registry.words import SOURCE_LANGUAGE, in_english, language

if TYPE_CHECKING:
    from registry.cli.analyse.analyses import Analysis

MANY = 1000
"""Children from which on another process pays: it first loads what it needs."""


@contextmanager
def apart(data: Data, analyses: Sequence[Analysis]) -> Iterator[Data]:
    """The data, which have the results of the analyses that say so from another process.

    On one core, or of few children, they are the data as they are: the results are the same.
    """
    from registry.analysis.resampling import beside, cores

    long = [one for one in analyses if one.apart]
    if cores() < 2 or not long or len(data.view("baseline")) < MANY:
        yield data
        return
    # An option alone reads the exposure.
    views = {view for one in long for view in one.reads if view != "exposure"}
    rows = {("view", view): data.view(view) for view in views}
    made = {("made", "basis"): data.basis, ("made", "connection"): (None, data.definition)}
    work = _Apart({**rows, **made}, language() == SOURCE_LANGUAGE)
    with beside(work.result, [one.name for one in reversed(long)]) as results:
        given = zip(reversed(long), results, strict=True)
        yield replace(data, elsewhere={one.reported_by: result for one, result in given})


@dataclass(frozen=True)
class _Apart:
    """Rows and basis for analyses in a process without a connection, and its language."""

    kept: dict[tuple[str, Any], Any]
    english: bool

    def result(self, name: str) -> Any:
        """Of the analysis of this name."""
        from registry.cli.analyse.analyses import BY_NAME

        with in_english() if self.english else nullcontext():
            one = BY_NAME[name]
            return one.result(Data(_nowhere, kept=self.kept))


def _nowhere() -> Any:
    raise AssertionError("what runs apart asks for no more than it reads")
