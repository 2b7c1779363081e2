"""What is kept of the worklist, and read in part, against the whole list as the records give it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.cli.schedule.work import work_of_night
from registry.database import migrate
from registry.database.engine import Database
from registry.freezes.store import opened as freeze_opened
from registry.models import ENTITIES, Infusion, table_of
from registry.records.queries import close, list_queries, raise_query
from registry.records.registry_setting import definition_or_default
from registry.views.combined import combined
from registry.worklist import kept as kept_module
from registry.worklist import read
from registry.worklist.kept import OF_PEOPLE, keep, of_others, tables_read, what_is_kept
from registry.worklist.read import Filters, Item, read_worklist
from tests.quality.test_set_wise import LIMITS, SLIPS

ALL = Filters(set_aside=True)
TODAY = date(2019, 9, 1)
SAME = "same_child"
NUMBER = "select patient_id from reference.patient_number where study_id"


@pytest.fixture
def kept(study: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The study with slips among its values on a day of it, its worklist kept for that."""
    change(study, SLIPS)
    monkeypatch.setenv("PGOPTIONS", f"-c registry.today={TODAY}")
    # However few the children of a study are, some may change.
    monkeypatch.setattr(kept_module, "SHARE_LOOKED_AT_ANEW", 1.0)
    study.engine.dispose()
    keep(study.engine)
    return study


def change(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("set local registry.reason = 'test'")
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))


def live(database: Database, filters: Filters = ALL) -> list[Item]:
    """The list as it is where nothing is kept: its view's."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("delete from derived.kept_worklist")
        return read_worklist(connection, filters)


def listed(database: Database, filters: Filters = ALL) -> list[Item]:
    with database.engine.connect() as connection:
        return read_worklist(connection, filters)


def anew(database: Database) -> list[int] | None:
    """The children who are looked at anew; None where nothing that is kept counts."""
    with database.engine.connect() as connection:
        found = what_is_kept(connection, definition_or_default(connection, None))
        return None if found is None else found.stale


def test_what_is_kept_is_the_list(kept: Database) -> None:
    assert anew(kept) == []
    every = live(kept)
    assert len({item.rule for item in every}) > 15
    assert listed(kept) == every
    [kind, *_] = {item.kind for item in every}
    for filters in (Filters(), Filters(kinds=[kind]), Filters(centre="BCH")):
        assert listed(kept, filters) == live(kept, filters) != []


def shift(connection: Connection, chance: random.Random) -> str:
    """A random change: of a record's day, of a child's birth or id, or one that takes it out."""
    table = table_of(chance.choice(ENTITIES))
    every = connection.exec_driver_sql(f"select patient_id from {table.fullname}").scalars().all()
    if not every:
        return shift(connection, chance)
    child = chance.choice(every)
    day = chance.choice([one.name for one in table.columns if one.type.python_type is date])
    one = f"ctid = (select min(ctid) from {table.fullname} where patient_id = {child})"
    return chance.choice(
        [
            f"delete from {table.fullname} where {one}",
            f"update {table.fullname} set {day} = {day} + {chance.randint(-400, 400)} where {one}",
            f"update {table.fullname} set {day} = rules.today() - 3 where {one}",
            f"delete from clinical.patient where patient_id = {child}",
            f"update clinical.patient set birth_date = birth_date - 300 where patient_id = {child}",
            f"update reference.patient_number set study_id = study_id || 'X' "
            f"where patient_id = {child}",
        ]
    )


def test_what_is_kept_of_one_child_is_its_list(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = live(kept)
    children = list(dict.fromkeys(item.patient_id for item in every))[:6]
    with kept.engine.begin() as connection:
        record = connection.exec_driver_sql(
            "select min(record_id) from clinical.infusion "
            f"where patient_id = ({NUMBER} = '{children[1]}')"
        ).scalar_one()
        raise_query(connection, Infusion, children[1], record, "dose_mg", "Is it?")
    asked = [Filters(patient=child, set_aside=True) for child in children]
    expected = [live(kept, filters) for filters in asked]
    rules_found = {item.rule for items in expected for item in items}
    assert OF_PEOPLE in rules_found
    assert len(rules_found) > 4
    with monkeypatch.context() as patched:
        # Nobody looks at a record.
        patched.delattr(read, "worklist_of_one")
        assert [listed(kept, filters) for filters in asked] == expected
    shift = f"update clinical.infusion set dose_mg = dose_mg * 3 where record_id = {record}"
    change(kept, f"{shift} and patient_id = ({NUMBER} = '{children[1]}')")
    assert len(anew(kept) or []) == 1
    assert [listed(kept, filters) for filters in asked] == [live(kept, one) for one in asked]


@pytest.mark.parametrize("seed", range(3))
def test_children_whose_records_change_are_looked_at_anew(kept: Database, seed: int) -> None:
    chance = random.Random(seed)
    made = 0
    for _ in range(3):
        with kept.engine.begin() as connection:
            connection.exec_driver_sql("set local registry.reason = 'test'")
            for _ in range(5):
                statement = shift(connection, chance)
                before = connection.begin_nested()
                try:
                    made += connection.exec_driver_sql(statement).rowcount
                    before.commit()
                except DBAPIError:
                    # Not every change is one that the registry takes.
                    before.rollback()
        assert anew(kept) not in (None, [])
        assert listed(kept) == live(kept)
    assert made > 5


def test_where_many_children_have_changed_all_are_looked_at(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PGOPTIONS", f"-c registry.today={TODAY}")
    change(kept, "update clinical.patient set sex = 'female' where sex = 'male'")
    assert anew(kept) is None
    assert listed(kept) == live(kept)


def test_what_people_set_aside_and_ask_counts_at_once(kept: Database) -> None:
    before = listed(kept)
    with kept.engine.begin() as connection:
        connection.exec_driver_sql("set local registry.reason = 'test'")
        connection.exec_driver_sql(
            "insert into reference.worklist_dismissal (patient_id, item) "
            "select patient_id, item from derived.kept_work where length(item) % 3 = 0".replace(
                "%", "%%"
            )
        )
        queries = [one for one in list_queries(connection) if not one.settled]
        for query in queries[:5]:
            close(connection, query.query_id, "The value is right.")
        record = connection.exec_driver_sql(
            "select record_id from clinical.infusion join reference.patient_number n "
            "using (patient_id) where study_id = 'P001' limit 1"
        ).scalar_one()
        raise_query(connection, Infusion, "P001", record, "dose_mg", "Is it?")
    assert anew(kept) == []
    after = listed(kept)
    assert after == live(kept)
    assert OF_PEOPLE in {item.rule for item in after} - {item.rule for item in before}
    assert sum(item.set_aside for item in after) > sum(item.set_aside for item in before) + 5


def test_one_child_brings_an_item_of_another(kept: Database) -> None:
    """Of two ids that may be one child's the later has the item, whichever was changed."""
    ids = "select patient_id from reference.patient_number where study_id in ('P001', 'P002')"
    change(
        kept,
        f"update clinical.patient set sex = 'female', birth_date = (select min(birth_date) "
        f"from clinical.patient where patient_id in ({ids})) where patient_id in ({ids})",
    )
    keep(kept.engine)
    assert SAME not in {item.rule for item in listed(kept)}
    change(kept, "update reference.patient_number set study_id = 'p-2' where study_id = 'P001'")
    found = listed(kept)
    assert [item.patient_id for item in found if item.rule == SAME] == ["P002"]
    assert found == live(kept)
    of_one = Filters(patient="P002", set_aside=True)
    assert SAME in {item.rule for item in listed(kept, of_one)}
    assert listed(kept, of_one) == live(kept, of_one)
    keep(kept.engine)
    change(kept, "update reference.patient_number set study_id = 'P001' where study_id = 'p-2'")
    assert SAME not in {item.rule for item in listed(kept)}


def test_a_limit_that_one_child_brings_counts_for_levels_of_another(kept: Database) -> None:
    def outside() -> set[str]:
        return {one.patient_id for one in listed(kept) if one.rule == "level_outside_assay"}

    before = outside()
    change(
        kept,
        "update clinical.tdm_level set ifx_ug_ml = 9, ifx_ug_ml_comparator = '>' where record_id = "
        "(select min(record_id) from clinical.tdm_level where assay is not null)",
    )
    [changed] = anew(kept) or []
    assert outside() - before - {f"P{changed:03}"}
    assert listed(kept) == live(kept)


SETTINGS = (
    "update reference.worklist_setting set silent_days = silent_days + 200",
    "update reference.entry_limit set value = value * 0.5 where key = 'z_difference'",
    "update reference.worklist_rule set active = false where rule = 'visit_overdue'",
    "update reference.tdm_threshold set ifx_ug_ml = ifx_ug_ml + 1",
    "update reference.growth_reference set m = m * 1.1",
    "update reference.definition set veo_before_years = veo_before_years + 1",
    "delete from derived.kept_worklist",
)


def test_after_a_change_of_reference_nothing_counts(kept: Database) -> None:
    for statement in SETTINGS:
        change(kept, statement)
        assert anew(kept) is None, statement
        assert listed(kept) == live(kept)
        keep(kept.engine)
        assert anew(kept) == []
    assert listed(kept) == live(kept)


def test_another_day_or_definition_is_not_the_one_that_is_kept(kept: Database) -> None:
    other = Filters(on=TODAY + timedelta(days=1))
    assert listed(kept, other) == live(kept, other)
    assert listed(kept) != listed(kept, Filters(on=TODAY + timedelta(days=90)))
    other = Filters(definition="paper", set_aside=True)
    assert listed(kept, other) == live(kept, other)
    # The next day nothing is kept for it.
    change(kept, "update derived.kept_worklist set day = day - 1", "delete from derived.kept_work")
    assert anew(kept) is None
    assert listed(kept) == live(kept)


def test_what_is_not_committed_counts(kept: Database) -> None:
    with kept.engine.connect() as connection:
        connection.exec_driver_sql("set local registry.reason = 'test'")
        connection.exec_driver_sql("delete from clinical.infusion where patient_id < 40")
        found = read_worklist(connection, ALL)
        connection.exec_driver_sql("delete from derived.kept_worklist")
        assert found == read_worklist(connection, ALL) != listed(kept)


def test_what_is_committed_between_two_looks_counts(
    kept: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual: Callable[[Any], Any] = read.kept_worklist

    def late(*found: Any) -> Any:
        change(kept, "delete from clinical.infusion where patient_id % 2 = 0")
        return usual(*found)

    monkeypatch.setattr(read, "kept_worklist", late)
    assert listed(kept) == live(kept)


def test_of_a_child_who_is_erased_nothing_is_kept(kept: Database) -> None:
    with kept.engine.begin() as connection:
        number = connection.exec_driver_sql(
            "select patient_id from derived.kept_work group by 1 order by count(*) desc limit 1"
        ).scalar_one()
        connection.exec_driver_sql("set local registry.reason = 'consent withdrawn'")
        connection.execute(
            text("insert into audit.erasure (patient_id) values (:number)"), {"number": number}
        )
    with kept.engine.connect() as connection:
        left = connection.execute(
            text("select count(*) from derived.kept_work where patient_id = :number"),
            {"number": number},
        )
        assert left.scalar_one() == 0
    assert listed(kept) == live(kept) != []


def test_a_freeze_and_other_views_read_nothing_that_is_kept(kept: Database, program: Any) -> None:
    asked = ("freeze", "create", "now", "--reason", "test")
    assert program(kept, *asked).status == 0
    with freeze_opened(kept, "now", user="test") as frozen, frozen.engine.connect() as connection:
        assert what_is_kept(connection, definition_or_default(connection, None)) is None
    assert anew(kept) == []
    migrate.upgrade(kept)
    assert anew(kept) is None


def test_the_night_keeps_the_list(study: Database) -> None:
    found = work_of_night("test").worklist(study)
    assert anew(study) == []
    assert len(found) == len(live(study, Filters()))


def test_what_is_kept_of_a_child_is_the_same_without_the_others(study: Database) -> None:
    with study.engine.connect() as connection:
        for slips in (SLIPS, LIMITS):
            connection.exec_driver_sql(slips.replace("%", "%%"))
        connection.exec_driver_sql(f"set local registry.today = '{TODAY}'")
        of_some = (
            f"select c::text from ({combined('called_for')}) c where patient_id < 20 "
            f"and rule <> all(array{[*of_others(), OF_PEOPLE]}) order by 1"
        ).replace("%", "%%")
        among_all = connection.exec_driver_sql(of_some).all()
        for entity in reversed(ENTITIES):
            name = table_of(entity).fullname
            connection.exec_driver_sql(f"delete from {name} where patient_id >= 20")
        assert connection.exec_driver_sql(of_some).all() == among_all
        assert len(among_all) > 100


def test_every_table_that_the_list_reads_is_asked_about(shared_study: Database) -> None:
    """As the server has it; rules that read more than a child's records are looked at anew."""
    with shared_study.engine.connect() as connection:
        read_by_views = connection.exec_driver_sql(
            "with recursive below (oid) as (select 'present.called_for'::regclass::oid union "
            "select d.refobjid from below b join pg_rewrite r on r.ev_class = b.oid "
            "join pg_depend d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass "
            "and d.refclassid = 'pg_class'::regclass) "
            "select distinct relnamespace::regnamespace::text, relname::text from below "
            "join pg_class using (oid) where relkind in ('r', 'p') order by 1, 2"
        ).all()
        audited = connection.exec_driver_sql(
            "select distinct tgrelid::regclass::text from pg_trigger t join pg_proc p "
            "on p.oid = tgfoid where proname = 'record_rows'"
        ).scalars()
        spoken = connection.execute(
            text("select rule from reference.worklist_rule where after_end and rule = any(:rules)"),
            {"rules": [*of_others(), OF_PEOPLE]},
        ).scalars()
        assert set(spoken) == {*of_others(), OF_PEOPLE}
        by_child = {*audited, "reference.query_step", "reference.change_set"}
        others = {f"{schema}.{name}" for schema, name in read_by_views} - by_child
        assert {"reference.definition", "reference.growth_reference"} <= others
        assert others <= {f"reference.{name}" for name in tables_read()}
