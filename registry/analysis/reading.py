"""Rows of views as frames, by COPY and whole columns; a row per patient, and when each is at risk.

A value that comes many times is made once: Arrow finds the distinct texts of a column, the driver's
own loaders make of each what they make of a cell, and the rows share it. So the frame is what rows
of the driver would give, in half the time and a quarter of the memory.

What computes is loaded where it is first needed, so that it can be loaded while the server works.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from psycopg import Connection as Driver
from psycopg import sql
from psycopg.pq import Format
from sqlalchemy import Connection, text

from registry.covariates import COVARIATES
from registry.errors import CannotEstimate, Refused, WrongUsage
from registry.variables import DAYS_PER_MONTH
from registry.words import note, tr

if TYPE_CHECKING:
    import pandas as pd

    from registry.analysis.dataset import Days, Flags

# View -> its columns that stand beside those of analysis_set.
_BESIDE = {
    "survival": ("entry_days",),
    "interval_censored": ("left_days", "right_days"),
    "competing_events": ("event_code",),
    "baseline": (
        "centre",
        "sex",
        "severity",
        "location",
        "upper_gi_location",
        "behaviour",
        "growth",
        "prior_surgery",
        "stops_known_to",
    ),
}
# What every analysis asks of a patient, in the names of `baseline`.
_OF_ALL = ("definition", "patient_id", "time_days", "event", "induction_outcome", "centre")
# What a curve of all asks of the view `survival`.
OF_A_CURVE = (*_OF_ALL, "entry_days")
_ACQUIRED = {one.id for one in COVARIATES if one.acquired_after_start}


def columns_of(connection: Connection, view: str) -> dict[str, int]:
    """The columns of a view in their order, each with the number of its type."""
    found = connection.execute(
        text(
            "select a.attname, cast(a.atttypid as bigint) from pg_attribute a "
            "join pg_class c on c.oid = a.attrelid "
            "where c.relnamespace = 'analytics'::regnamespace and c.relname = :view "
            "and a.attnum > 0 and not a.attisdropped order by a.attnum"
        ),
        {"view": view},
    )
    return {str(name): int(kind) for name, kind in found}


def read_view(
    connection: Connection,
    name: str,
    definition: str,
    only: Collection[str] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> pd.DataFrame:
    """All rows of one view under one definition.

    Args:
        connection: an open connection with the right to read the view.
        name: the view, e.g. `analysis_set`; it must have a column `definition`.
        definition: the rule set whose rows are wanted.
        only: the columns that are wanted; those that the view has not are passed over.
        meanwhile: what this program does while the server works, such as loading what computes.

    Returns:
        A row per row of the view, columns as in the view, values as the driver gives them
        (`Decimal`, `date`, `bool`, `None`): no unit is changed and nothing is rounded. Patients
        stand in the order of their ids, so that no sum depends on how the server went about it.
    """
    columns = columns_of(connection, name)
    if only is not None:
        columns = {column: kind for column, kind in columns.items() if column in only}
    driver: Driver[Any] | None = connection.connection.driver_connection
    assert driver is not None
    query = _meant(
        connection, f"select {', '.join(columns)} from analytics.{name} where definition = "
    )
    statement = sql.SQL("copy ({}{}) to stdout (format csv)").format(
        sql.Composed([sql.SQL(query)]), sql.Literal(definition)
    )
    if meanwhile is None:
        return _frame(driver, columns, _copied(driver, statement))
    with ThreadPoolExecutor(1) as beside:
        copied = beside.submit(_copied, driver, statement)
        try:
            meanwhile()
            written = copied.result()
        except BaseException:
            # Nobody waits for the rows any more, were they asked for only now.
            while not copied.cancel() and not copied.done():
                driver.cancel_safe()
                wait([copied], timeout=0.1)
            raise
    return _frame(driver, columns, written)


def _copied(driver: Driver[Any], statement: sql.Composed) -> BytesIO:
    """What the server writes."""
    written = BytesIO()
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        written.writelines(copy)
    written.seek(0)
    return written


def _frame(driver: Driver[Any], columns: Mapping[str, int], written: BytesIO) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa
    from pyarrow import csv

    if not written.getbuffer().nbytes:
        return pd.DataFrame(columns=list(columns), dtype=object)
    as_text = pa.dictionary(pa.int32(), pa.string())
    texts = csv.read_csv(
        written,
        read_options=csv.ReadOptions(column_names=list(columns), use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(columns, as_text),
            null_values=[""],
            strings_can_be_null=True,
            # An empty text is quoted.
            quoted_strings_can_be_null=False,
        ),
    ).unify_dictionaries()
    order = _by_patient(texts["patient_id"]) if "patient_id" in columns else None
    made = {name: _values(driver, texts[name], kind, order) for name, kind in columns.items()}
    return pd.DataFrame(made, dtype=object, copy=False)


def _meant(connection: Connection, statement: str) -> str:
    """The statement as the connection means it, that of a freeze for instance."""
    for mean in connection.dispatch.before_cursor_execute:
        statement, _ = mean(connection, None, statement, (), None, False)
    return statement


def _by_patient(column: Any) -> Any:
    """The order of the patients, those of one as they come; None where they stand in it."""
    import numpy as np
    from pyarrow import compute

    distinct = column.chunk(0).dictionary
    rank = np.empty(len(distinct) + 1, dtype=np.int64)
    # The bytes of UTF-8 stand in the order of the texts.
    rank[compute.array_sort_indices(distinct).to_numpy()] = np.arange(len(distinct))
    rank[-1] = len(distinct)
    found = rank[_places(column)]
    return None if (np.diff(found) >= 0).all() else np.argsort(found, kind="stable")


def _places(column: Any) -> Any:
    """Which of the distinct values each row has; after the last stands for none."""
    import numpy as np

    none = len(column.chunk(0).dictionary)
    return np.concatenate([one.indices.fill_null(none).to_numpy() for one in column.chunks])


def _values(driver: Driver[Any], column: Any, kind: int, order: Any) -> Any:
    """What the driver makes of each cell, an array of objects in that order."""
    import numpy as np

    distinct = column.chunk(0).dictionary.to_pylist()
    loader = driver.adapters.get_loader(kind, Format.TEXT) or driver.adapters.get_loader(
        0, Format.TEXT
    )
    assert loader is not None
    load = loader(kind, driver).load
    values = np.empty(len(distinct) + 1, dtype=object)
    for place, one in enumerate(distinct):
        values[place] = load(one.encode())
    places = _places(column)
    return values[places if order is None else places[order]]


def read_patients(connection: Connection, definition: str) -> pd.DataFrame:
    """A row per patient, from the views that `patients_of` takes."""
    views = ("analysis_set", *_BESIDE)
    return patients_of({view: read_view(connection, view, definition) for view in views})


def patients_with(
    connection: Connection,
    definition: str,
    names: Iterable[str],
    survival: pd.DataFrame | None,
    meanwhile: Callable[[], object] | None = None,
) -> pd.DataFrame:
    """Those rows with these columns of `baseline` alone, and with `survival` its entry.

    Of many children most of the work is what is not asked for; `meanwhile` as in `read_view`.
    """
    asked = {*_OF_ALL, *names}
    if asked & _ACQUIRED:
        asked.add("stops_known_to")
    rows = read_view(connection, "baseline", definition, asked, meanwhile)
    return rows if survival is None else _beside(rows, "survival", survival)


def patients_of(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows of `analysis_set`, with columns of other views beside them by patient."""
    rows = frames["analysis_set"]
    for view in _BESIDE:
        rows = _beside(rows, view, frames[view])
    return rows


def _beside(rows: pd.DataFrame, view: str, frame: pd.DataFrame) -> pd.DataFrame:
    return rows.merge(frame[["patient_id", *_BESIDE[view]]], on="patient_id", how="left")


@dataclass(frozen=True)
class Cohort:
    """Patients with the days between which each is at risk: entry < day <= time.

    `rows` are the checked rows of `survival_data` and, where the views had them, the columns beside
    them, in the same order as the arrays. `never_at_risk` patients left before they entered.
    """

    rows: pd.DataFrame
    entry: Days
    time: Days
    event: Flags
    start_day: int
    never_at_risk: int

    def __len__(self) -> int:
        return len(self.time)

    def take(self, chosen: Flags) -> Cohort:
        """Some of the patients."""
        return Cohort(
            self.rows[chosen].reset_index(drop=True),
            self.entry[chosen],
            self.time[chosen],
            self.event[chosen],
            self.start_day,
            0,
        )


def cohort_of(
    frame: pd.DataFrame,
    definition: str,
    *,
    late_entry: bool = False,
    landmark_months: float | None = None,
) -> Cohort:
    """Who is at risk from when to when.

    Args:
        frame: rows of `analysis_set`, as `read_patients` gives them.
        late_entry: at risk from the week-14 PCDAI on (`entry_days`), not from day 0.
        landmark_months: only those still at risk after this many months, and from then on.

    Raises:
        CannotEstimate: no patient, or nobody was at risk after entry or landmark.
        WrongUsage: a landmark that is not a positive number of months.
    """
    import numpy as np

    from registry.analysis.arrays import NO_ENTRY
    from registry.analysis.dataset import numbers, require_columns, survival_data

    if landmark_months is not None and not (np.isfinite(landmark_months) and landmark_months > 0):
        raise WrongUsage(tr("A landmark is a number of months above 0."), cure=tr("For example 6."))
    checked = survival_data(frame, definition)
    rows = _with_what_stands_beside(checked, frame)
    time = rows["time_days"].to_numpy(dtype=np.int64)
    event = rows["event"].to_numpy(dtype=bool)
    entry = np.full(len(rows), NO_ENTRY, dtype=np.int64)
    if late_entry:
        require_columns(rows, ("entry_days",), "survival")
        given = numbers(rows, "entry_days")
        if np.isnan(given).any():
            raise Refused(tr("A patient of survival has no day of entry."))
        # An entry on day 0, where the clock starts at week 14, is no late entry.
        entry = np.where(given > 0, given, NO_ENTRY).astype(np.int64)
    start = 0
    if landmark_months is not None:
        start = int(np.floor(landmark_months * DAYS_PER_MONTH))
        entry = np.maximum(entry, start)
    seen = time > entry
    if not seen.any():
        when = (
            note("{months:g} months", months=landmark_months)
            if landmark_months is not None
            else note("week 14")
        )
        raise CannotEstimate(
            note(
                "None of the {number} patients was still under observation, without loss of "
                "response, after {when}.",
                number=len(rows),
                when=when,
            ),
            cure=tr("Take an earlier landmark.") if landmark_months is not None else None,
        )
    return Cohort(
        rows[seen].reset_index(drop=True),
        entry[seen],
        time[seen],
        event[seen],
        start,
        int((~seen).sum()),
    )


def _with_what_stands_beside(checked: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    names = [name for columns in _BESIDE.values() for name in columns if name in frame.columns]
    if "induction_outcome" in frame.columns:
        names.append("induction_outcome")
    patients = frame["patient_id"].astype(str)
    if np.array_equal(patients.to_numpy(), checked["patient_id"].to_numpy()):
        found = frame[names].reset_index(drop=True)
    else:
        beside = frame[names].set_axis(patients, axis=0)
        found = beside.loc[checked["patient_id"]].reset_index(drop=True)
    return pd.concat([checked, found], axis=1)
