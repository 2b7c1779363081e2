"""The long analyses of a report, computed in another process while the others are."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
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
def apart(
    data: Data, analyses: Sequence[Analysis], beside_them: Callable[[Data], Any] | None = None
) -> Iterator[Data]:
    """The data, which have the results of these analyses from another process.

    On one core, or of few children, they are the data as they are: the results are the same. With
    `beside_them`, which reads what a curve does and is made there first, also of few.
    """
    from registry.analysis.resampling import beside, cores

    few = len(data.view("baseline")) < MANY
    if data.elsewhere or cores() < 2 or not analyses or (few and beside_them is None):
        yield data
        return
    # An option alone reads the exposure.
    views = {view for one in analyses for view in one.reads if view != "exposure"}
    rows = {("view", view): data.view(view) for view in views}
    made = {("made", "basis"): data.basis, ("made", "connection"): (None, data.definition)}
    if few:
        made |= {("made", "patients"): data.patients}
    work = _Apart({**rows, **made}, language() == SOURCE_LANGUAGE, beside_them)
    asked = [one.name for one in reversed(analyses)]
    runs: list[Hashable] = [one.reported_by for one in reversed(analyses)]
    if beside_them is not None:
        asked, runs = ["", *asked], [beside_them, *runs]
    with beside(work.result, asked, copied=few) as results:
        yield replace(data, elsewhere=dict(zip(runs, results, strict=True)))


@dataclass(frozen=True)
class _Apart:
    """Rows and basis for analyses in a process without a connection, and its language."""

    kept: dict[tuple[str, Any], Any]
    english: bool
    beside_them: Callable[[Data], Any] | None

    def result(self, name: str) -> Any:
        """Of the analysis of this name; of what is made beside them without one."""
        from registry.cli.analyse.analyses import BY_NAME

        data = Data(_nowhere, kept=self.kept)
        with in_english() if self.english else nullcontext():
            if not name and self.beside_them is not None:
                return self.beside_them(data)
            return BY_NAME[name].result(data)


def _nowhere() -> Any:
    raise AssertionError("what runs apart asks for no more than it reads")
