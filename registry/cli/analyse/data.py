"""What analyses read: a connection on which nothing waits for a derivation, and rows of views."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer

from registry.cli.frame.context import opened, remark, run_of, warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pandas import DataFrame
    from sqlalchemy import Connection

    from registry.analysis.basis import Basis

ANALYSIS_SET = "analysis_set"
# The views of which `Data.patients` is made.
PATIENTS = (ANALYSIS_SET, "survival", "interval_censored", "competing_events", "baseline")


@contextmanager
def up_to_date(
    context: typer.Context, definition: str | None, *, or_as_it_stands: bool = False
) -> Iterator[tuple[Connection, str]]:
    """A connection on which nothing waits for a derivation, and the definition to hold to.

    With `or_as_it_stands` who may not derive is told that something waits, and not refused.
    """
    from registry.derivation.status import WaitsForTheNight, bring_up_to_date
    from registry.records.registry_setting import definition_or_default

    settings = run_of(context).settings()
    with opened(settings) as database:
        with database.engine.connect() as connection:
            held_to = definition_or_default(connection, definition)
        try:
            result = bring_up_to_date(database.engine, user=settings.user)
        except WaitsForTheNight as waits:
            if not or_as_it_stands:
                raise
            result = None
            warn(str(waits))
        if result is not None and result.examined:
            remark(
                "Derived {number:changed patient|changed patients} first.",
                number=result.examined,
            )
        with database.engine.connect() as connection:
            yield connection, held_to


def frozen_basis(connection: Connection, definition: str) -> dict[str, Any]:
    """What a document over a freeze says beside the rest; nothing over the registry as it is."""
    from registry.analysis.basis import basis_of
    from registry.database.frozen import frozen_of

    found = frozen_of(connection)
    if found is None:
        return {}
    return {"basis": found.basis(definition, basis_of(connection, definition).definition_hash)}


@dataclass(frozen=True)
class Data:
    """The rows of one definition, each view read once, when it is first asked for.

    `connect` gives the connection and the definition, so that an analysis which refuses its options
    needs neither. `reads` names the views of one analysis; all of a report share what is kept.
    `elsewhere` gives the results that another process computes (`apart`).
    """

    connect: Callable[[], tuple[Connection, str]]
    reads: tuple[str, ...] = ()
    close: Callable[[], None] = lambda: None
    kept: dict[tuple[str, Hashable], Any] = field(default_factory=dict)
    elsewhere: dict[Hashable, Callable[[], Any]] = field(default_factory=dict)

    def of(self, reads: tuple[str, ...]) -> Data:
        """The same for an analysis that reads these views."""
        return replace(self, reads=reads)

    @property
    def connection(self) -> Connection:
        """Where the views are read."""
        return self._connected()[0]

    @property
    def definition(self) -> str:
        """The name of the definition."""
        return self._connected()[1]

    @property
    def basis(self) -> Basis:
        """What results rest on."""
        from registry.analysis.basis import basis_of

        made: Basis = self._once(
            "made", "basis", lambda: basis_of(self.connection, self.definition)
        )
        return made

    @property
    def patients(self) -> DataFrame:
        """A row per patient of the cohort, with what other views say of it."""
        from registry.analysis.reading import patients_of

        made: DataFrame = self._once(
            "made", "patients", lambda: patients_of({view: self.view(view) for view in PATIENTS})
        )
        return made

    def patients_with(
        self, names: Iterable[str], *, entry: bool = False, loading: str | None = None
    ) -> DataFrame:
        """The same with these columns of `baseline` alone, where it has not been read before.

        With `entry` the days of late entry stand beside them. The module `loading` is loaded while
        the server works.
        """
        from registry.analysis.reading import patients_with

        if self.kept.keys() & {("made", "patients"), ("view", "baseline")}:
            return self.patients
        survival = self.survival if entry else None
        load = partial(import_module, loading) if loading else None
        return patients_with(self.connection, self.definition, names, survival, load)

    @property
    def survival(self) -> DataFrame:
        """Of the view `survival` what a curve asks, where it has not been read before."""
        from registry.analysis.reading import OF_A_CURVE, read_view

        if ("view", "survival") in self.kept:
            return self.view("survival")
        return read_view(self.connection, "survival", self.definition, only=OF_A_CURVE)

    @property
    def frames(self) -> dict[str, DataFrame]:
        """The rows of every view that the analysis reads."""
        return {view: self.view(view) for view in self.reads}

    def view(self, name: str) -> DataFrame:
        """The rows of one view."""
        rows: DataFrame = self._once("view", name, lambda: self._read(name))
        return rows

    def _read(self, name: str) -> DataFrame:
        from registry.analysis.reading import columns_of, read_view

        if name != ANALYSIS_SET:
            return read_view(self.connection, name, self.definition)
        # Columns of `baseline`, which costs as much again to ask for.
        return self.view("baseline")[[*columns_of(self.connection, name)]]

    def _connected(self) -> tuple[Connection, str]:
        found: tuple[Connection, str] = self._once("made", "connection", self.connect)
        return found

    def result(self, run: Callable[[Data], Any]) -> Any:
        """What an analysis gives, computed once however many ask for it."""
        return self._once("result", run, self.elsewhere.get(run, lambda: run(self)))

    def _once(self, kind: str, name: Hashable, make: Callable[[], Any]) -> Any:
        if (kind, name) not in self.kept:
            self.kept[kind, name] = make()
        return self.kept[kind, name]
