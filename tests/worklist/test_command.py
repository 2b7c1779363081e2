"""`registry worklist` as a program, on the study's children on the day of its data cut."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from icalendar import Calendar

from registry.database.engine import Database
from registry.worklist.read import Filters, read_worklist
from tests.conftest import Command

CUT = ("--on", "2023-12-31")


def test_the_list_is_one_document_most_urgent_first(
    shared_study: Database, command: Command
) -> None:
    done = command(shared_study, "worklist", *CUT, "--format", "json")
    items = json.loads(done.stdout)
    assert done.returncode == 0
    assert [item["rank"] for item in items] == list(range(1, len(items) + 1))
    kinds = Counter(item["kind"] for item in items)
    said = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
    assert done.stderr == f"Items on 2023-12-31: {len(items)} ({said}).\n"
    # Two children of the study with a monogenic disease have their findings.
    assert {"P016", "P049"} & {i["patient_id"] for i in items if "gene" in i["kind"]} == set()


def test_a_person_reads_what_to_do_why_and_the_item_s_name(
    shared_study: Database, command: Command
) -> None:
    # P061 lost response on 2023-01-18, with a level of 2022-05-04 alone.
    arguments = ("worklist", "P061", "--kind", "level_missing_at_loss", *CUT)
    done = command(shared_study, *arguments)
    assert done.returncode == 0
    head, _, *lines = done.stdout.splitlines()
    assert head.split() == ["rank", "patient", "due", "overdue", "what", "to", "do,", "and", "why"]
    assert lines[0].split()[1:4] == ["P061", "2023-02-15", "319"]
    words = " ".join(line[-72:].strip() for line in lines)
    assert "Response was lost on 2023-01-18" in words
    assert lines[-1].split() == ["P061:level_missing_at_loss:2023-01-18"]


def test_the_calendar_holds_the_dated_items(
    shared_study: Database, command: Command, tmp_path: Path
) -> None:
    to = tmp_path / "work.ics"
    done = command(shared_study, "worklist", *CUT, "--kind", "low_trough", "--to", str(to))
    assert (done.returncode, done.stdout) == (0, "")
    events = Calendar.from_ical(to.read_bytes()).walk("VEVENT")
    assert len(events) > 0
    assert f"Written to {to}: {len(events)} items." in done.stderr


def test_nothing_to_do_is_said_and_is_no_error(shared_study: Database, command: Command) -> None:
    done = command(shared_study, "worklist", "--on", "2010-01-01", "--format", "csv")
    assert done.returncode == 0
    assert done.stdout.startswith("rank,patient_id,")
    assert done.stderr == "There is nothing to do on 2010-01-01.\n"


def test_an_item_is_set_aside_by_its_name(study: Database, command: Command) -> None:
    # P003's last record is of 2023-12-19; follow-up has not ended.
    name = "P003:silent:2023-12-19"
    until = (date.today() + timedelta(days=30)).isoformat()
    aside = ("worklist", "dismiss", name, "--until", until)
    refused = command(study, *aside)
    assert (refused.returncode, "reason" in refused.stderr) == (2, True)
    done = command(study, *aside, "--reason", "the family has been called", "--user", "ann")
    assert (done.returncode, done.stderr) == (0, f"{name} is set aside through {until}.\n")
    left = command(study, "worklist", "P003", "--set-aside", "--format", "json")
    [item] = json.loads(left.stdout)
    assert (item["item"], item["set_aside"], item["set_aside_until"]) == (name, True, until)


def test_numbers_and_rules_are_changed_for_everyone(study: Database, command: Command) -> None:
    changed = command(
        study,
        *("worklist", "parameters", "--set", "silent_days=3000", "--reason", "a long break"),
        *("--format", "json"),
    )
    values = {row["parameter"]: row["value"] for row in json.loads(changed.stdout)}
    assert values["silent_days"] == 3000
    rules = command(
        study,
        *("worklist", "rules", "--off", "infusion_overdue", "--reason", "not entered here"),
        *("--format", "json"),
    )
    active = {row["rule"]: row["active"] for row in json.loads(rules.stdout)}
    assert [rule for rule, on in active.items() if not on] == ["infusion_overdue"]
    with study.engine.connect() as connection:
        found = read_worklist(connection, Filters())
    assert {"silent", "infusion_overdue"}.isdisjoint(item.kind for item in found)
    assert "visit_overdue" in {item.kind for item in found}
