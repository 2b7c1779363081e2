"""Rules that find their rows set by set find what looking at one value after the other finds."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

import pytest
from sqlalchemy import Connection, Row, text

from registry.database.engine import Database
from registry.models import ENTITIES, table_of
from registry.quality.run import count_rules
from registry.views import plausibility
from registry.views.asked import findings_of

ITEMS = {"HCT": "hematocrit", "ESR": "esr", "ALB": "albumin"}
# Values with slips among them, and a visit on each of their days.
SLIPS = """
set local registry.reason = 'test';
insert into clinical.lab_result (patient_id, collected_on, analyte, unit, value)
    select patient_id, date '2019-01-01' + day, analyte, unit, value * case
        when (patient_id + day) % 5 = 0 then 0.1 when (patient_id * day) % 7 = 6 then 10 else 1 end
    from clinical.patient, generate_series(1, 8) day,
        (values ('ALB', 'g/L', 42), ('HGB', 'g/dL', 11.5), ('PLT', '10^9/L', 800))
        of (analyte, unit, value)
    on conflict do nothing;
insert into clinical.pcdai_visit (patient_id, visited_on, total, hematocrit, esr, albumin)
    select patient_id, collected_on, 40, 5, 0, 10 from clinical.lab_result
    group by 1, 2 on conflict do nothing;
update clinical.anthropometry
    set weight_kg = weight_kg * case when record_id % 2 = 0 then 1.6 else 0.7 end
    where record_id % 5 = 0 and weight_kg between 10 and 60
"""
# Every third level reported as a limit, somewhere in the middle of what is measured.
LIMITS = """
set local registry.reason = 'test';
update clinical.tdm_level set
    ifx_ug_ml_comparator = case when record_id % 2 = 0 then '<' else '>' end
    where record_id % 3 = 0 and ifx_ug_ml_comparator is null and assay is not null
    and (ifx_ug_ml between 1 and 3 and record_id % 2 = 0
        or ifx_ug_ml between 8 and 12 and record_id % 2 = 1)
"""
LABS = """
select l.*, u.factor, p.sex, p.birth_date from present.lab_result l
join reference.analyte_unit u using (analyte, unit) join present.patient p using (patient_id)
order by l.patient_id, l.analyte, l.collected_on
"""
WEIGHTS = """
select distinct on (patient_id, weighed_on) * from present.weight_at_age where not off_age
order by patient_id, weighed_on, place
"""


@pytest.fixture(scope="module")
def slips(shared_study: Database) -> Any:
    with shared_study.engine.connect() as connection:
        connection.exec_driver_sql(SLIPS.replace("%", "%%"))
        yield connection
        connection.rollback()


def rows(connection: Connection, query: str) -> list[Row[Any]]:
    return list(connection.exec_driver_sql(query))


def limits(connection: Connection) -> dict[str, Decimal]:
    return {row.key: row.value for row in rows(connection, "select * from reference.entry_limit")}


def apart(one: Decimal, other: Decimal | None, fold: Decimal) -> bool | None:
    return None if other is None else one > other * fold or other > one * fold


def disagree(
    earlier: Row[Any] | None, later: Row[Any] | None, of: dict[str, Decimal]
) -> bool | None:
    if earlier is None or later is None:
        return None
    days = (later.weighed_on - earlier.weighed_on).days
    near, far = of["weight_jump_near_days"], of["weight_jump_far_days"]
    share = of["weight_jump_" + ("near" if days <= near else "far" if days <= far else "long")]
    grown = Decimal(1)
    if days > far or earlier.age_months < 24:
        grown = max(grown, later.median_kg / earlier.median_kg)
    most, least = earlier.weight_kg * (100 + share) * grown, earlier.weight_kg * (100 - share)
    return bool(later.weight_kg * 100 > most or later.weight_kg * 100 < least)


def test_weights_held_to_their_neighbours(slips: Connection) -> None:
    of = limits(slips)
    expected = {}
    for _child, weights in groupby(rows(slips, WEIGHTS), key=attrgetter("patient_id")):
        course = list(weights)
        for place, here in enumerate(course if len(course) > 1 else ()):
            twice, before = [None, None, *course][place : place + 2]
            after, later = [*course, None, None][place + 1 : place + 3]
            if before is None:
                failed = disagree(here, after, of) and disagree(after, later, of) is False
            else:
                failed = disagree(before, here, of) and not (
                    disagree(twice, here, of) is False or disagree(here, after, of) is False
                )
            expected[here.place, here.record_id] = bool(failed)
    found = rows(slips, "select from_table, record_id, failed from present.weight_jump")
    assert len(expected) > 50
    assert any(expected.values())
    assert {(row.from_table, row.record_id): row.failed for row in found} == expected


def test_units_held_to_the_last_value(slips: Connection) -> None:
    of = limits(slips)
    factors = [
        (row.analyte, row.factor) for row in rows(slips, "select * from reference.analyte_unit")
    ]
    expected = {}
    for (_child, analyte), course in groupby(
        rows(slips, LABS), key=attrgetter("patient_id", "analyte")
    ):
        fold = of.get(f"lab_fold_{analyte}")
        low, high = (of.get(f"usual_{end}_{analyte}") for end in ("low", "high"))
        if fold is None or low is None or high is None:
            continue
        usual = [
            lab
            for lab in course
            if lab.value > 0
            and lab.value_comparator is None
            and low <= lab.value * lab.factor <= high
        ]
        own = [lab.value * lab.factor for lab in usual]
        for place in range(1, len(usual)):
            here, last = own[place], own[place - 1]
            twice = own[place - 2] if place > 1 else None
            after = own[place + 1] if place + 1 < len(own) else None
            far = apart(here, last, fold) and not (
                apart(here, twice, fold) is False or apart(here, after, fold) is False
            )
            explained = any(
                name == analyte and not apart(usual[place].value * factor, last, fold)
                for name, factor in factors
            )
            expected[usual[place].record_id] = bool(far and explained)
    found = rows(slips, "select record_id, failed from present.lab_unit_of_last")
    assert len(expected) > 50
    assert any(expected.values())
    assert {row.record_id: row.failed for row in found} == expected


def test_items_held_to_values_of_the_day(slips: Connection) -> None:
    bands = rows(slips, "select * from reference.score_band")
    visits = {
        (row.patient_id, row.visited_on): row
        for row in rows(slips, "select * from present.pcdai_visit")
    }
    expected = {}
    for lab in rows(slips, LABS):
        item = ITEMS.get(lab.analyte, "")
        visit = visits.get((lab.patient_id, lab.collected_on))
        points = getattr(visit, item, None)
        if visit is None or points is None or lab.value_comparator is not None:
            continue
        born, on = lab.birth_date, visit.visited_on
        years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
        for band in bands:
            if (
                band.measure == item
                and band.sex in ("any", lab.sex)
                and years in band.years
                and lab.value * lab.factor in band.band
            ):
                expected[visit.record_id, item] = points != Decimal(band.reading)
    found = rows(slips, "select record_id, about, failed from present.pcdai_laboratory_item")
    assert any(expected.values())
    assert {(row.record_id, row.about): row.failed for row in found} == expected


def test_levels_held_to_what_their_assay_reported(slips: Connection) -> None:
    slips.exec_driver_sql(LIMITS.replace("%", "%%"))
    levels = rows(slips, "select * from present.tdm_level where assay is not null")
    expected = {}
    for level in levels:
        for name in ("ifx_ug_ml", "ada_au_ml"):
            value, operator = getattr(level, name), getattr(level, f"{name}_comparator")
            same = [one for one in levels if one.assay == level.assay]
            told = {
                sign: [
                    getattr(one, name) for one in same if getattr(one, f"{name}_comparator") == sign
                ]
                for sign in "<>"
            }
            if value is not None and operator is None and any(told.values()):
                below = told["<"] and value < min(told["<"])
                above = told[">"] and value > max(told[">"])
                expected[level.record_id, name] = bool(below or above)
    found = rows(slips, "select record_id, column_name, failed from present.level_outside_assay")
    assert len(expected) > 50
    assert {True, False} <= set(expected.values())
    assert {(row.record_id, row.column_name): row.failed for row in found} == expected


def test_a_tables_rules_find_what_the_view_of_all_has_of_them(slips: Connection) -> None:
    listed = "finding, rule, patient_id, from_table, record_id, facts, state, answered"
    everything = slips.exec_driver_sql(f"select {listed} from present.finding").all()
    assert len({row.rule for row in everything}) > 5
    for table in map(table_of, ENTITIES):
        rules = plausibility.rules_on(table.name)
        if rules:
            found = slips.exec_driver_sql(f"select {listed} from {findings_of(rules)} f").all()
            expected = [row for row in everything if row.rule in rules]
            assert sorted(found, key=repr) == sorted(expected, key=repr), table.name


def test_rules_are_counted_one_by_one_as_the_view_of_all_has_them(slips: Connection) -> None:
    of_all = slips.execute(
        text(
            "select rule, count(*), count(*) filter (where failed) from present.plausibility "
            "group by rule"
        )
    )
    expected = {rule: (tried, failed) for rule, tried, failed in of_all}
    found = {one.id: (one.tried, one.failed) for one in count_rules(slips)}
    assert {rule: counts for rule, counts in found.items() if counts != (0, 0)} == expected
