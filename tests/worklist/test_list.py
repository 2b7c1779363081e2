"""The list as a whole: its order, what lets items through, what is set aside, who may read it."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.database.analyst import ANALYST_ROLE, analyst_connection
from registry.database.engine import Database
from registry.errors import NotFound, Refused, WrongUsage
from registry.records.change import declare_change
from registry.views import plausibility
from registry.views.build import WORKLIST
from registry.views.sources import FOLDER
from registry.worklist.dismissal import dismiss, resume
from registry.worklist.parameters import list_parameters, list_rules, set_parameters, switch_rule
from registry.worklist.read import Filters, kinds_of_work, read_worklist
from tests.views.clinic import INDUCTION, child, on
from tests.worklist.ward import Ward

LEVEL = [(98, "8", "", "ELISA")]


def filled(ward: Ward) -> Ward:
    """Three children of two centres with work of several kinds on day 250."""
    ward.admit(
        child("P1", levels=LEVEL, onset_on="2013-01-01"),
        child("P2", centre="XJ", infusions=(*INDUCTION, 100), levels=LEVEL, scores={0: "40"}),
        child("P3", centre="XJ", infusions=(*INDUCTION, 154, 210), end=(300, "died")),
    )
    return ward


WHOLE = """
rank  patient_id  rule                   days_overdue
1     P2          infusion_overdue       136
2     P1          infusion_overdue       96
3     P1          gene_test_early_onset  96
4     P2          infusion_twice         -
5     P2          visit_overdue          160
6     P1          visit_overdue          62
7     P3          visit_overdue          62
8     P3          first_level_overdue    152
9     P2          week14_closed          138
"""


def test_the_most_urgent_rule_comes_first_and_in_it_what_is_longest_overdue(ward: Ward) -> None:
    filled(ward).check(250, "", WHOLE)


def test_items_of_ended_children_are_gone_from_the_day_of_the_end(ward: Ward) -> None:
    filled(ward)
    assert {item.patient_id for item in ward.items(299)} == {"P1", "P2", "P3"}
    assert {item.patient_id for item in ward.items(300)} == {"P1", "P2"}


@pytest.mark.parametrize(
    ("filters", "ranks"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"centre": "XJ"}, [1, 4, 5, 7, 8, 9]),
        ({"kinds": ["visit_overdue"]}, [5, 6, 7]),
        ({"kinds": ["contradiction", "week14_window"]}, [4, 9]),
        ({"centre": "BCH", "kinds": ["week14_window"]}, []),
    ],
)
def test_filters_let_items_through_and_leave_them_their_ranks(
    ward: Ward, filters: dict[str, object], ranks: list[int]
) -> None:
    filled(ward)
    found = read_worklist(ward.connection, Filters(on=on(250), **filters))
    assert [item.rank for item in found] == ranks


def test_one_childs_work_is_that_of_the_whole_list_with_ranks_of_its_own(ward: Ward) -> None:
    """The others' is not looked for, so what it is among theirs is not known."""
    filled(ward)
    dismiss(declared(ward.connection), INFUSION, until=on(260), on=on(250))
    children = set()
    for definition in ("paper", "recommended"):
        filters = Filters(on=on(250), set_aside=True, definition=definition)
        whole = read_worklist(ward.connection, filters)
        children = {item.patient_id for item in whole}
        for child_of_all in children:
            of_one = [item for item in whole if item.patient_id == child_of_all]
            assert read_worklist(ward.connection, filters._replace(patient=child_of_all)) == [
                item._replace(rank=rank) for rank, item in enumerate(of_one, 1)
            ]
    assert len(children) > 2


@pytest.mark.parametrize(
    ("filters", "error", "cure"),
    [
        ({"definition": "none"}, NotFound, "current, paper, recommended"),
        ({"patient": "P9"}, NotFound, "Did you mean P1, P2 or P3?"),
        ({"centre": "NN"}, NotFound, "BCH, XJ"),
        ({"kinds": ["visits"]}, WrongUsage, "visit_overdue"),
    ],
)
def test_what_is_not_there_is_said(
    ward: Ward, filters: dict[str, object], error: type[Exception], cure: str
) -> None:
    filled(ward)
    with pytest.raises(error) as refused:
        read_worklist(ward.connection, Filters(**filters))
    assert cure in str(refused.value)


def test_every_definition_has_the_items_that_depend_on_none(ward: Ward) -> None:
    filled(ward)
    found = {
        definition: [item.item for item in ward.items(250, definition=definition)]
        for definition in ("current", "paper", "recommended")
    }
    assert len(found["paper"]) == 9
    assert found["paper"] == found["recommended"]


def test_without_a_day_it_is_today(ward: Ward) -> None:
    long_ago = child("P1")
    long_ago["infusions"][-1]["infused_on"] = date.today() - timedelta(days=80)
    ward.admit(long_ago)
    today = read_worklist(ward.connection, Filters())
    assert today == read_worklist(ward.connection, Filters(on=date.today()))
    assert "infusion_overdue" in {item.rule for item in today}


def declared(connection: Connection, reason: str | None = "because") -> Connection:
    """As at the beginning of a transaction: nothing has been changed in it yet."""
    connection.execute(text("select set_config('registry.change', '', true)"))
    declare_change(connection, user="tester", command="worklist", reason=reason)
    return connection


INFUSION = "P2:infusion_overdue:2020-04-15"


def test_an_item_is_aside_through_its_last_day(ward: Ward) -> None:
    filled(ward)
    dismiss(declared(ward.connection), INFUSION, until=on(260), on=on(250))
    for day, aside in ((250, True), (260, True), (261, False)):
        assert (INFUSION not in {item.item for item in ward.items(day)}) is aside
    last = ward.items(260, set_aside=True)[-1]
    assert (last.item, last.set_aside, last.set_aside_until) == (INFUSION, True, on(260))
    # Whatever is left moves up.
    assert [item.rank for item in ward.items(260)] == list(range(1, 9))
    assert ward.items(261, set_aside=True)[0].set_aside_until is None


def test_an_item_is_aside_for_good_until_it_is_taken_up_again(ward: Ward) -> None:
    filled(ward)
    dismiss(declared(ward.connection), INFUSION, until=None, on=on(250))
    assert INFUSION not in {item.item for item in ward.items(540)}
    resume(ward.connection, INFUSION, on=on(251))
    assert INFUSION in {item.item for item in ward.items(251)}
    dismiss(ward.connection, INFUSION, until=on(252), on=on(251))
    assert INFUSION not in {item.item for item in ward.items(252)}


def test_a_new_record_makes_a_new_item(ward: Ward) -> None:
    filled(ward)
    dismiss(declared(ward.connection), INFUSION, until=None, on=on(250))
    ward.connection.execute(
        text(
            "insert into clinical.infusion (patient_id, infused_on, dose_mg, weight_kg) "
            "select patient_id, :day, 150, 30 from reference.patient_number where study_id = 'P2'"
        ),
        {"day": on(255)},
    )
    names = {item.item for item in ward.items(400, kinds=["infusion_overdue"])}
    assert f"P2:infusion_overdue:{on(255)}" in names


def test_setting_aside_keeps_who_when_and_why(ward: Ward) -> None:
    filled(ward)
    dismiss(declared(ward.connection, "abroad until May"), INFUSION, until=None, on=on(250))
    kept = ward.connection.execute(
        text(
            "select c.made_by, c.reason, w.item from reference.worklist_dismissal w "
            "join reference.change_set c using (change_id)"
        )
    ).all()
    assert [tuple(one) for one in kept] == [
        ("tester", "abroad until May", "infusion_overdue:2020-04-15")
    ]


def test_the_database_wants_a_reason_and_keeps_what_was_set_aside(ward: Ward) -> None:
    filled(ward)
    savepoint = ward.connection.begin_nested()
    with pytest.raises(DBAPIError, match="only for a reason"):
        dismiss(declared(ward.connection, None), INFUSION, until=None, on=on(250))
    savepoint.rollback()
    dismiss(declared(ward.connection), INFUSION, until=None, on=on(250))
    savepoint = ward.connection.begin_nested()
    with pytest.raises(DBAPIError, match="only ever added"):
        ward.connection.execute(text("delete from reference.worklist_dismissal"))
    savepoint.rollback()


@pytest.mark.parametrize(
    ("item", "until", "error"),
    [
        ("P2:infusion_overdue:2020-04-16", None, NotFound),
        ("P9:infusion_overdue:2020-04-15", None, NotFound),
        ("nonsense", None, NotFound),
        (INFUSION, 249, Refused),
    ],
)
def test_only_what_is_there_is_set_aside_and_not_in_the_past(
    ward: Ward, item: str, until: int | None, error: type[Exception]
) -> None:
    filled(ward)
    last = None if until is None else on(until)
    with pytest.raises(error):
        dismiss(declared(ward.connection), item, until=last, on=on(250))
    with pytest.raises(NotFound):
        resume(ward.connection, INFUSION, on=on(250))


def test_a_rule_can_be_switched_off_and_on(ward: Ward) -> None:
    filled(ward)
    switch_rule(declared(ward.connection), "infusion_twice", active=False)
    assert not ward.lists(250, "infusion_twice")
    switch_rule(ward.connection, "infusion_twice", active=True)
    assert ward.lists(250, "infusion_twice")
    with pytest.raises(NotFound, match="no rule thrice"):
        switch_rule(ward.connection, "thrice", active=False)


def test_numbers_are_changed_by_name_within_their_limits(ward: Ward) -> None:
    filled(ward)
    set_parameters(declared(ward.connection), ["visit_grace_days=63", "dose_drift_percent=12.5"])
    values = {row["parameter"]: row["value"] for row in list_parameters(ward.connection)}
    assert (values["visit_grace_days"], float(values["dose_drift_percent"])) == (63, 12.5)
    assert [item.patient_id for item in ward.items(250, kinds=["visit_overdue"])] == ["P2"]
    for wrong, error in (
        ("visit_grace_day=3", WrongUsage),
        ("visit_grace_days", WrongUsage),
        ("visit_grace_days=often", WrongUsage),
        ("visit_grace_days=-1", Refused),
        ("visit_grace_days=none", Refused),
        ("infusion_2_day=50", Refused),
    ):
        savepoint = ward.connection.begin_nested()
        with pytest.raises(error):
            set_parameters(ward.connection, [wrong])
        savepoint.rollback()


def test_the_threshold_of_a_trough_is_changed_with_the_other_numbers(ward: Ward) -> None:
    told = {row["parameter"]: row for row in list_parameters(ward.connection)}
    thresholds = {name: told[name]["value"] for name in told if name.startswith("trough_")}
    assert {name: float(value) for name, value in thresholds.items()} == {
        "trough_week_2": 29,
        "trough_week_6": 18,
        "trough_week_14": 5,
        "trough_week_14_perianal_fistulising": 12.7,
        "trough_maintenance": 5,
    }
    set_parameters(declared(ward.connection), ["trough_maintenance=7", "trough_week_2=29"])
    told = {row["parameter"]: row for row in list_parameters(ward.connection)}
    assert (told["trough_maintenance"]["value"], told["trough_week_14"]["value"]) == (7, 5)
    assert told["trough_maintenance"]["origin"] == "this registry's choice"
    assert told["trough_week_2"]["origin"] == "NASPGHAN 2025"
    kept = ward.connection.execute(
        text(
            "select old_values ->> 'ifx_ug_ml', new_values ->> 'ifx_ug_ml' "
            "from audit.reference_change where table_name = 'tdm_threshold' "
            "and operation = 'update'"
        )
    ).all()
    assert [(float(old), float(new)) for old, new in kept] == [(5, 7)]


def test_every_rule_says_what_to_do_why_and_by_whom(ward: Ward) -> None:
    rules = list_rules(ward.connection)
    assert len(rules) == len({rule["rule"] for rule in rules}) > 30
    for rule in rules:
        assert all(rule[name].strip() for name in ("action", "why", "source"))
    assert kinds_of_work(ward.connection)[0] == "week14_window"
    assert {row["origin"] != "" for row in list_parameters(ward.connection)} == {True}


def test_every_fact_in_the_words_of_a_rule_is_one_that_its_file_gives(ward: Ward) -> None:
    files = [path.read_text(encoding="utf-8") for path in (FOLDER / WORKLIST).glob("*.sql")]
    of_plausibility = plausibility.rules()
    for rule in list_rules(ward.connection):
        if rule["rule"] in of_plausibility:
            continue
        [file] = [
            one
            for one in files
            if f"'{rule['rule']}'" in one
            and "create view" in one
            and "from worklist_item" not in one
        ]
        words = f"{rule['action']} {rule['why']} {rule['source']}"
        named = set(re.findall(r"{(\w+)}", words))
        assert {name for name in named if f"'{name}'" not in file} == set()


def test_an_analyst_reads_the_list_and_no_number(shared_study: Database) -> None:
    with analyst_connection(shared_study) as connection:
        assert connection.execute(text("select current_user")).scalar_one() == ANALYST_ROLE
        connection.execute(text("select set_config('registry.today', '2023-12-31', true)"))
        rows = connection.execute(text("select * from worklist where definition = 'paper'"))
        found = rows.mappings().all()
    assert found
    assert "patient_number" not in found[0]
    assert {type(row["patient_id"]) for row in found} == {str}
    assert not any("record_id" in name for name in found[0])


@pytest.mark.parametrize(
    ("days", "levels", "said"),
    [
        (1, 0, "closes in 1 day, 11 days ago; 0 levels. 1 record is later"),
        (2, 1, "closes in 2 days, 11 days ago; 1 level. 1 record is later"),
        (11, 11, "closes in 11 days, 11 days ago; 11 levels. 1 record is later"),
    ],
)
def test_a_number_has_its_noun(database: Connection, days: int, levels: int, said: str) -> None:
    words = "closes in {d} days, {t} days ago; {l} levels. {r} records are later"
    facts = json.dumps({"d": days, "t": 11, "l": levels, "r": 1})
    query = text("select rules.filled(:words, cast(:facts as jsonb))")
    assert database.execute(query, {"words": words, "facts": facts}).scalar_one() == said
