"""Views that are one text, of all children and of one, against the same views over one another."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql

from registry.database.engine import Database
from registry.models import Infusion, table_of
from registry.records.queries import close, raise_query
from registry.views.asked import OF_ONE, findings_of, worklist_of_one, written
from registry.views.combined import combined
from registry.views.headers import tables_read
from registry.views.plausibility import rules
from registry.views.sources import folders, source
from tests.quality.test_set_wise import SLIPS
from tests.worklist.obvious import NAMES, obvious_views, rows_of

# Half of what is to be done is set aside, for good or for a time.
SET_ASIDE = """
insert into reference.worklist_dismissal (patient_id, item, until_on)
select patient_id, item, case when patient_id % 2 = 0 then current_date end
from (select distinct patient_id, item from present.work where length(item) % 2 = 0) w
"""


@pytest.fixture
def study(shared_study: Database) -> Iterator[Connection]:
    with shared_study.engine.connect() as connection:
        connection.exec_driver_sql(SLIPS.replace("%", "%%"))
        connection.exec_driver_sql(SET_ASIDE.replace("%", "%%"))
        finding, study_id, record = connection.exec_driver_sql(
            "select min(f.finding), min(study_id), min(i.record_id) from present.finding f "
            "join reference.patient_number using (patient_id) "
            f"join {table_of(Infusion).fullname} i using (patient_id)"
            " group by patient_id order by 1 limit 1"
        ).one()
        close(connection, finding, "The value is right.")
        raise_query(connection, Infusion, study_id, record, "dose_mg", "Is it?")
        with obvious_views(connection):
            yield connection
        connection.rollback()


def test_a_view_as_one_text_has_the_rows_of_the_views_over_one_another(study: Connection) -> None:
    busy = (
        "select patient_id from obvious.work group by 1 order by count(*) desc, patient_id limit 1"
    )
    [number] = study.exec_driver_sql(busy).scalars()
    for name in NAMES:
        expected = rows_of(study, f"select * from obvious.{name}")
        assert len(expected) > 3
        assert rows_of(study, f"select * from present.{name}") == expected
        assert rows_of(study, combined(name)) == expected
        theirs = rows_of(study, f"select * from obvious.{name}", f"patient_id = {number}")
        of_child = combined(name, OF_ONE).replace(":number", str(number))
        assert rows_of(study, of_child) == theirs != []
        of_each = combined(name, "patient_id = t.patient_id")
        among = f"(values ({number}::bigint)) t (patient_id), lateral ({of_each}) x"
        assert rows_of(study, f"select x.* from {among}") == theirs
    for rule in rules():
        alone = rows_of(study, f"select * from {findings_of([rule])} f")
        assert alone == rows_of(study, "select * from obvious.finding", f"rule = '{rule}'"), rule


def test_work_of_a_child_whose_observation_has_ended_is_that_of_any_child(
    study: Connection,
) -> None:
    study.exec_driver_sql(
        "insert into clinical.consent (patient_id, scope, signed_on, given_by, valid_until) "
        "select patient_id, 'sharing', '2020-01-01', 'adult', '2021-01-01' from clinical.patient"
    )
    of_ended = (
        "select patient_id, count(distinct rule) from obvious.work "
        "join present.follow_up_end using (patient_id) group by 1 order by 2 desc, 1 limit 5"
    )
    ended_children = study.exec_driver_sql(of_ended).all()
    assert len(ended_children) == 5
    for number, kinds in ended_children:
        asked = [
            f"select * from {worklist_of_one(ended=ended)}".replace(":number", str(number))
            for ended in (True, False)
        ]
        told = rows_of(study, asked[0])
        assert told == rows_of(study, asked[1])
        assert kinds > 2
        assert any("consent_ended" in row for row in told)


@pytest.mark.parametrize(
    "query",
    [
        f"select * from {worklist_of_one()} where item = :item and facts ? 'query'",
        f"select to_char(:o, 'HH24:MI'), '5%' like :p::text from {findings_of()} where a[1:2] = :b",
        "select 1 % 2",
    ],
)
def test_values_have_the_places_that_sqlalchemy_gives_them(query: str) -> None:
    psycopg = postgresql.dialect(paramstyle="pyformat")
    assert written(query) == str(text(query).compile(dialect=psycopg))


def test_what_a_view_reads_is_found_as_by_the_plain_pattern() -> None:
    for name, folder in folders().items():
        view = source(folder, name)
        plain = r"\b(?:from|join)\s+(?:lateral\s+)?([a-z_0-9]+)"
        assert tables_read(view) == {*re.findall(plain, view)} != set()
