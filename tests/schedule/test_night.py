"""One night on the study: what it reports, what fails, what goes on, what is caught up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.derivation.run import derive
from registry.errors import Refused
from registry.schedule import store
from registry.schedule.changes import Item
from registry.schedule.plan import Plan
from tests.conftest import Databases
from tests.integration.backups import on_empty, refill

from .conftest import ENTER_LOSS, LITTLE, TAKE_BACK, WORK, Nights, execute, sustained

# The default first.
ALL = ("paper", "current", "recommended")


def test_the_first_night_reports_all_that_is_there(study: Database, plan: Plan) -> None:
    nights = Nights(study, plan)
    night = nights.done(backup=True, work=WORK)
    assert night.good
    [report] = nights.reports()
    assert night.to_json() == report
    assert report["since"] is None
    losses = report["new_losses"]
    assert len({loss["patient_id"] for loss in losses}) == 18
    # Each is the first score above 15 after week 14: read from the records, not from the rules.
    for loss in (loss for loss in losses if loss["definition"] == "paper"):
        [(on, total)] = execute(
            study,
            "select v.visited_on::text, v.total from clinical.pcdai_visit v "
            "join reference.patient_number n using (patient_id) where n.study_id = :patient "
            "and v.visited_on > cast(:week14_on as date) and v.total > 15 order by 1 limit 1",
            patient=loss["patient_id"],
            week14_on=loss["week14_on"],
        )
        assert (loss["on"], loss["pcdai"], loss["above"]) == (on, total, 15)
    counted = {
        (one["definition"], one["to"]): one["patients"]
        for one in report["transitions"]
        if one["to"] in ("loss_of_response", "sustained_response")
    }
    assert counted == {
        (definition, state): number
        for definition in ALL
        for state, number in (("loss_of_response", 18), ("sustained_response", 51))
    }
    written = (plan.report_dir / "nightly-2026-03-01.md").read_text()
    assert written.index("New losses of response: 18") < written.index("Other changes of state")
    assert report["backup"]["file"] in written
    assert Path(report["backup"]["file"]).stat().st_size == report["backup"]["bytes"]


def test_only_what_is_new_with_its_evidence(nights: Nights) -> None:
    nothing = nights.report()
    assert (nothing["new_losses"], nothing["transitions"], nothing["data"]["changes"]) == (
        [],
        [],
        0,
    )
    [patient] = sustained(nights.database, 1)
    execute(nights.database, ENTER_LOSS, patient=patient)
    # A person derives by day; the night has nothing left to derive and reports it all the same.
    derive(nights.database.engine, user="Ada")
    night = nights.report()
    assert night["steps"][0]["said"].startswith("0 patients examined")
    [(on, week14_on, week14)] = execute(
        nights.database,
        "select event_on::text, week14_on::text, week14_pcdai from derived.lor_status s join "
        "reference.patient_number n using (patient_id) where study_id = :patient "
        "and definition = 'paper'",
        patient=patient,
    )
    evidence = {
        "patient_id": patient,
        "from": "sustained_response",
        "on": on,
        "pcdai": 40,
        "above": 15,
        "confirmations": 1,
        "week14_on": week14_on,
        "week14_pcdai": week14,
        "last_negative_on": week14_on,
        "cause": "new_data",
    }
    assert night["new_losses"] == [
        evidence | {"definition": definition, "above_week14": definition != "paper"}
        for definition in ALL
    ]
    assert night["data"]["changes"] == 1
    written = (nights.plan.report_dir / f"{night['name']}.md").read_text()
    assert (
        f"- {patient} (paper, current, recommended): PCDAI 40 on {on}, above 15, by current, "
        f"recommended above {float(week14):g} of week 14; last visit without loss {week14_on}; "
        "by new records\n"
    ) in written
    # The visit was wrong.
    execute(nights.database, TAKE_BACK, patient=patient)
    corrected = nights.report()
    assert corrected["new_losses"] == []
    assert [one["patient_id"] for one in corrected["withdrawn_losses"]] == [patient] * 3
    assert (
        "Losses taken back: 1" in (nights.plan.report_dir / f"{corrected['name']}.md").read_text()
    )


def test_the_counts_of_plausibility_are_those_of_the_day_where_the_plan_is(nights: Nights) -> None:
    nights.now = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)
    nights.done(work=WORK)
    # In Berlin it is half past midnight.
    latest = execute(nights.database, "select max(run_on) from derived.quality_run")
    assert latest == [(date(2026, 3, 28),)]


def test_a_loss_by_a_corrected_record(nights: Nights) -> None:
    [patient] = sustained(nights.database, 1)
    execute(nights.database, ENTER_LOSS.replace(", 40 from", ", 5 from"), patient=patient)
    nights.done()
    execute(
        nights.database,
        "update clinical.pcdai_visit v set total = 40 from derived.lor_status s "
        "join reference.patient_number n using (patient_id) where v.patient_id = s.patient_id "
        "and study_id = :patient and definition = 'paper' and v.visited_on = s.week14_on + 40",
        patient=patient,
    )
    report = nights.report()
    assert {loss["cause"] for loss in report["new_losses"]} == {"corrected"}


def test_a_derivation_that_fails(nights: Nights) -> None:
    def fails(_database: Database) -> str:
        raise Refused("No derivation tonight.", cure="Wait.")

    [patient] = sustained(nights.database, 1)
    execute(nights.database, ENTER_LOSS, patient=patient)
    night = nights.done(work=replace(LITTLE, derive=fails), backup=True)
    assert not night.good
    assert {step.name: step.state for step in night.steps} == {
        "derive": "failed",
        "worklist": "good",
        "quality": "good",
        "report": "good",
        "tell": "good",
        "seal": "good",
        "backup": "good",
    }
    report = nights.reports()[-1]
    assert (report["derived"], report["new_losses"], report["data"]) == (False, [], None)
    assert report["backup"] is not None
    written = (nights.plan.report_dir / f"{report['name']}.md").read_text()
    assert "**derive**: No derivation tonight. Wait." in written
    following = nights.report()
    assert [loss["patient_id"] for loss in following["new_losses"]] == [patient] * 3
    assert following["data"]["changes"] == 1


def test_a_fault_says_nothing_of_the_data(nights: Nights) -> None:
    def fails(_connection: object) -> list[Item]:
        raise ValueError("Mei Li, born 2010-02-03")

    night = nights.done(work=replace(LITTLE, worklist=fails))
    [step] = [step for step in night.steps if step.name == "worklist"]
    assert (step.state, step.said) == ("failed", "Unexpected error: ValueError")
    assert nights.reports()[-1]["worklist"] is None


def test_what_is_new_on_the_worklist(nights: Nights) -> None:
    def holds(*keys: str) -> dict[str, object]:
        def items(_connection: object) -> list[Item]:
            return [Item(key[0], key) for key in keys]

        night = nights.done(work=replace(LITTLE, worklist=items))
        return dict(night.to_json()["worklist"])

    holds("a1", "b1")
    assert holds("a1", "a2", "b1") == {
        "items": 3,
        "new": 1,
        "kinds": [{"kind": "a", "items": 2, "new": 1}, {"kind": "b", "items": 1, "new": 0}],
    }
    assert holds("a2") == {
        "items": 1, "new": 0, "kinds": [{"kind": "a", "items": 1, "new": 0}]
    }  # fmt: skip
    assert holds("a1", "a2")["new"] == 1
    kept = execute(
        nights.database, "select 1 from derived.scheduled_run where worklist_keys <> '{}'"
    )
    assert len(kept) == 1


def test_the_worklist_is_that_of_the_registry(nights: Nights) -> None:
    nights.done(work=WORK)
    report = nights.report(work=WORK)
    rows = execute(
        nights.database,
        "select kind, count(*) from analytics.worklist "
        "where definition = 'paper' and not set_aside group by 1",
    )
    assert rows
    kinds = {one["kind"]: one["items"] for one in report["worklist"]["kinds"]}
    assert kinds == dict(rows)
    assert report["worklist"]["new"] == 0


def test_a_change_that_is_not_committed_yet_is_for_the_next_report(nights: Nights) -> None:
    insert = "insert into reference.change_set (made_by, command) values ('Ada', :command)"
    with nights.database.engine.begin() as connection:
        connection.execute(text(insert), {"command": "slow"})
        execute(nights.database, insert, command="quick")
        report = nights.report()
        assert [one["command"] for one in report["data"]["listed"]] == ["quick"]
    report = nights.report()
    assert [one["command"] for one in report["data"]["listed"]] == ["slow"]
    report = nights.report()
    assert report["data"] == {"changes": 0, "listed": []}


def test_a_missed_run_is_caught_up_once(study: Database, plan: Plan) -> None:
    nights = Nights(study, plan)
    due = plan.trigger.at_or_before(nights.now)
    assert nights.done(due=due, backup=True).good
    assert nights.run(due=due) is None
    # Several nights later it is one run as well; one that fails is no good one.
    nights.now += timedelta(days=3)
    due = plan.trigger.at_or_before(nights.now)
    assert not nights.done(due=due).good
    assert nights.done(due=due, backup=True).good
    assert nights.run(due=due) is None
    runs = execute(study, "select due_at, good from derived.scheduled_run order by night_id")
    assert runs[1:] == [(due, False), (due, True)]


def test_two_at_once(nights: Nights) -> None:
    with store.only_one_night(nights.database.engine):
        with pytest.raises(Refused, match="at work"):
            nights.run()
        with nights.database.engine.connect() as connection:
            assert store.is_running(connection)
    with nights.database.engine.connect() as connection:
        assert not store.is_running(connection)
    assert nights.run() is not None


def test_asked_to_end_it_ends_after_its_step(nights: Nights) -> None:
    asked: list[bool] = []

    def derived(database: Database) -> str:
        asked.append(True)
        return LITTLE.derive(database)

    [patient] = sustained(nights.database, 1)
    execute(nights.database, ENTER_LOSS, patient=patient)
    night = nights.done(work=replace(LITTLE, derive=derived), ended=lambda: bool(asked))
    assert [step.state for step in night.steps] == ["good", *["left_out"] * 6]
    assert (night.good, night.report) == (False, None)
    following = nights.report()
    assert [loss["patient_id"] for loss in following["new_losses"]] == [patient] * 3


def test_a_report_that_could_not_be_written_is_written_later(
    study: Database, plan: Plan, tmp_path: Path
) -> None:
    nights = Nights(study, replace(plan, report_dir=tmp_path / "reports"))
    nights.plan.report_dir.write_text("in the way")
    night = nights.done()
    [step] = [step for step in night.steps if step.name == "report"]
    assert (step.state, "cannot be written" in step.said) == ("failed", True)
    nights.plan.report_dir.unlink()
    nights.done()
    assert [len(report["new_losses"]) for report in nights.reports()] == [54, 0]
    assert [path.name for path in sorted(nights.plan.report_dir.glob("*.md"))] == [
        "nightly-2026-03-01-2.md",
        "nightly-2026-03-01.md",
    ]


def test_after_a_restore_nothing_is_reported_again(
    nights: Nights, databases: Databases, tmp_path: Path
) -> None:
    [patient] = sustained(nights.database, 1)
    execute(nights.database, ENTER_LOSS, patient=patient)
    report = nights.report(backup=True)
    assert len(report["new_losses"]) == 3
    with on_empty(databases) as moved:
        refill(moved, Path(report["backup"]["file"]))
        elsewhere = replace(nights.plan, report_dir=tmp_path / "moved")
        restored = Nights(moved, elsewhere, nights.now).report()
        assert restored["new_losses"] == []
        assert [one["command"] for one in restored["data"]["listed"]] == ["db restore"]


REFUSES = """
create function derived.refuse_one() returns trigger language plpgsql as $$
begin
    if new.definition = 'recommended' then raise exception 'not this one'; end if;
    return new;
end
$$;
create trigger refuse_one before insert or update on derived.lor_status
for each row execute function derived.refuse_one()
"""


def test_a_definition_that_fails_does_not_stop_the_others(nights: Nights) -> None:
    [patient] = sustained(nights.database, 1)
    execute(nights.database, ENTER_LOSS, patient=patient)
    execute(nights.database, REFUSES)
    try:
        report = nights.report()
    finally:
        execute(nights.database, "drop function derived.refuse_one() cascade")
    assert [one["definition"] for one in report["new_losses"]] == ["paper", "current"]
    [failed] = report["left_out"]
    assert (failed["definition"], failed["cause"]) == ("recommended", "failed")
    assert report["steps"][0]["state"] == "failed"
    assert "recommended: " in report["steps"][0]["said"]
    written = (nights.plan.report_dir / f"{report['name']}.md").read_text()
    assert "- recommended: could not be derived: " in written
    after = nights.report()
    assert [one["definition"] for one in after["new_losses"]] == ["recommended"]
    assert (
        "By other definitions than paper alone:"
        in (nights.plan.report_dir / f"{after['name']}.md").read_text()
    )
    execute(nights.database, TAKE_BACK, patient=patient)


def test_who_was_never_derived_is_told_and_no_nought_is(nights: Nights) -> None:
    quiet = nights.report()
    assert quiet["left_out"] == []
    written = nights.plan.report_dir / f"{quiet['name']}.md"
    assert "New losses of response: 0" in written.read_text()
    [patient] = sustained(nights.database, 1)
    # By hand a status is only lost past the trigger that asks for a new one.
    trigger = "alter table derived.lor_status {} trigger taken_out"
    execute(nights.database, trigger.format("disable"))
    execute(
        nights.database,
        "delete from derived.lor_status s using reference.patient_number n "
        "where n.patient_id = s.patient_id and study_id = :patient and definition = 'paper'",
        patient=patient,
    )
    execute(nights.database, trigger.format("enable"))
    report = nights.report()
    assert report["left_out"] == [
        {"definition": "paper", "cause": "never_derived", "patients": 1, "data_cut": "2023-12-31"}
    ]
    said = (nights.plan.report_dir / f"{report['name']}.md").read_text()
    assert "New losses of response: none seen" in said
    assert "- paper: 1 patient was never derived" in said
    assert "No loss of response was seen" in report["steps"][3]["said"]
    derive(nights.database.engine, user="tester", full=True)
