"""A view read by whole columns is what the rows of the driver are, value by value."""

from __future__ import annotations

from hashlib import sha256

import pandas as pd
import pytest
from sqlalchemy import Connection, text

from registry.analysis.cox.sensitivity import children_of
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.analysis.dataset import covariates_by_id, treatment_notes
from registry.analysis.fingerprint import fingerprint
from registry.analysis.reading import OF_A_CURVE, patients_with, read_patients, read_view
from registry.database.engine import Database
from registry.database.frozen import Place, translate

ODD = r"""
create view analytics.odd as
select 'paper' as definition, * from (values
    (1, 'a,b', 1.50, date '2020-02-29', true, array[1, null, 3], array['x,"', null, ''],
        0.1::float8),
    (2, '', 1.5, null, false, '{}', '{}', 'nan'),
    (3, null, 'NaN', '0001-01-01', null, null, null, null),
    (4, '\N', -0.000, '9999-12-31', true, array[7], array['{'], 'infinity'),
    (5, 'null', 12345678901234567890.123, '2020-02-29', true, null, array['NULL'], 1e-300),
    (6, e'line\nbreak\r\n', 1, '2020-02-29', true, null, null, 1),
    (7, '"', 0, '2020-02-29', true, null, null, 1),
    (8, e'\\ \t ''', 0, '2020-02-29', true, null, null, 1),
    (9, '克罗恩 é 👶 ', 0, '2020-02-29', true, null, null, 1)
) as cells (number, words, amount, day, yes, numbers, texts, float)
cross join (values
    (timestamptz '2020-01-02 03:04:05.678+02', interval '1 day 2 hours', '{"a": [1, null]}'::jsonb,
        daterange('2020-01-01', null), 'aa'::bytea, 'clinical.patient'::regclass)
) as more (moment, span, document, days, bytes, kind)
"""


def plain(connection: Connection, view: str, definition: str) -> pd.DataFrame:
    """The rows of the driver, one by one."""
    rows = connection.execute(
        text(f"select * from analytics.{view} where definition = :name"), {"name": definition}
    )
    return pd.DataFrame(rows.fetchall(), columns=list(rows.keys()), dtype=object)


def shown(frame: pd.DataFrame) -> list[list[str]]:
    """The rows in one order; a text tells a type and NaN, which equals nothing."""
    return sorted([repr(value) for value in row] for row in frame.itertuples(False, None))


def test_values_of_every_kind(database: Connection) -> None:
    database.exec_driver_sql(ODD)
    found, expected = read_view(database, "odd", "paper"), plain(database, "odd", "paper")
    assert shown(found) == shown(expected)
    assert list(found) == list(expected)
    assert set(found.dtypes) == {pd.Series(dtype=object).dtype}
    none = read_view(database, "odd", "it's another")
    assert list(none) == list(expected)
    assert none.empty


def test_what_is_done_meanwhile_changes_no_value(database: Connection) -> None:
    database.exec_driver_sql(ODD)
    done: list[str] = []
    found = read_view(database, "odd", "paper", meanwhile=lambda: done.append("loaded"))
    assert shown(found) == shown(plain(database, "odd", "paper"))
    assert done == ["loaded"]


def test_who_ends_meanwhile_waits_for_no_rows(database: Connection) -> None:
    database.exec_driver_sql(
        "create view analytics.long as select 'paper' as definition, pg_sleep(600)::text as waited"
    )
    database.exec_driver_sql("savepoint before")

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_view(database, "long", "paper", meanwhile=interrupted)
    database.exec_driver_sql("rollback to savepoint before")
    assert database.execute(text("select 1")).scalar_one() == 1


@pytest.mark.parametrize("definition", ["paper", "no such"])
def test_every_view_of_the_study(shared_study: Database, definition: str) -> None:
    with shared_study.engine.connect() as connection:
        views = connection.execute(
            text(
                "select table_name from information_schema.columns "
                "where table_schema = 'analytics' and column_name = 'definition' "
                "and table_name not in ('worklist', 'missing_values')"
            )
        )
        for view in views.scalars().all():
            found = read_view(connection, view, definition)
            assert list(found) == list(plain(connection, view, definition)), view
            assert shown(found) == shown(plain(connection, view, definition)), view
            if "patient_id" in found:
                assert found["patient_id"].is_monotonic_increasing, view


def test_the_analysis_set_is_columns_of_the_baseline(shared_study: Database) -> None:
    with shared_study.engine.connect() as connection:
        alone = read_view(connection, "analysis_set", "paper")
        among = read_view(connection, "baseline", "paper")[list(alone)]
    assert shown(alone) == shown(among)


def test_a_freeze_is_read_where_it_lies(database: Connection) -> None:
    database.execute(text("create schema freeze_kept"))
    database.execute(
        text("create view freeze_kept.odd as select 'paper' as definition, 'kept' as words")
    )
    translate(database, Place("kept"))
    assert read_view(database, "odd", "paper").to_dict("records") == [
        {"definition": "paper", "words": "kept"}
    ]


def test_the_rows_hash_as_if_they_were_all_at_hand(shared_study: Database) -> None:
    with shared_study.engine.connect() as connection:
        frames = {view: read_view(connection, view, "paper") for view in ("exposure", "baseline")}
    odd = ["x'", "x", 'x"', "x'\"", "x\\", "x\n", None, float("nan"), 1, True, 1.5, "1"]
    frames["odd"] = pd.DataFrame({"a": odd, "b": odd[::-1], "a_record_id": odd}, dtype=object)
    frames["one"] = pd.DataFrame({"a": odd}, dtype=object)
    frames["none"] = frames["odd"][:0]
    whole = sha256()
    for view in sorted(frames):
        names = [name for name in frames[view] if not str(name).endswith("record_id")]
        rows = sorted(repr(r) for r in frames[view][names].astype(str).itertuples(False, None))
        whole.update("\n".join([view, *names, *rows, ""]).encode())
    assert fingerprint(frames) == whole.hexdigest()
    assert fingerprint({view: rows[::-1] for view, rows in frames.items()}) == whole.hexdigest()


def test_some_columns_are_those_of_all(shared_study: Database) -> None:
    with shared_study.engine.connect() as connection:
        whole = read_view(connection, "baseline", "paper")
        some = read_view(connection, "baseline", "paper", ("crp", "patient_id", "not there"))
    assert list(some) == ["patient_id", "crp"]
    assert shown(some) == shown(whole[["patient_id", "crp"]])


@pytest.mark.parametrize("late_entry", [False, True])
def test_a_curve_of_what_it_asks_is_that_of_the_view(
    shared_study: Database, late_entry: bool
) -> None:
    with shared_study.engine.connect() as connection:
        told = [
            kaplan_meier(
                read_view(connection, "survival", "paper", only),
                "paper",
                at_months=[12],
                late_entry=late_entry,
            ).to_json(curves=True)
            for only in (None, OF_A_CURVE)
        ]
    assert told[0] == told[1]


@pytest.mark.parametrize("names", [("perianal", "alb_low"), ("im_over_6_months", "crp_high")])
def test_patients_read_for_a_model_are_those_of_all_views(
    shared_study: Database, names: tuple[str, ...]
) -> None:
    with shared_study.engine.connect() as connection:
        whole = read_patients(connection, "paper")
        survival = read_view(connection, "survival", "paper")
        some = patients_with(connection, "paper", names, survival)
    assert set(some) < set(whole)
    assert shown(some) == shown(whole[list(some)])
    assert children_of(some, names) == children_of(whole, names)
    assert list(treatment_notes(covariates_by_id(names), some)) == list(
        treatment_notes(covariates_by_id(names), whole)
    )
