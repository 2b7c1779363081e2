"""`registry feed`: what a data manager types, and what nobody may read in it."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.cli.schedule.group import work_of_night
from registry.database.engine import Database
from registry.entry.logins import grant_role
from registry.errors import Refused
from registry.feeds.folder import alone_in
from registry.schedule.changes import Derived
from registry.schedule.night import run_night
from registry.schedule.plan import read_plan
from tests.feeds.conftest import Feed, number
from tests.feeds.messages import DIGITS, Inbox, observation, obx, oru
from tests.programs import Program

READ = ("feed", "read")


def test_a_folder_is_read_and_its_fates_are_listed(
    ward: Database, program: Program, inbox: Inbox
) -> None:
    strange = oru(obx("CRPX", system="99LAB"), on="20240301", control=f"{DIGITS}77")
    inbox.put(oru(on="20240301", control="c1"))
    inbox.put(strange)
    inbox.put(oru(patient="nobody", control="c3"), f"{DIGITS}.hl7")
    dry = program(ward, *READ, str(inbox.folder), "--centre", "BCH", "--dry-run")
    assert "A dry run" in dry.err
    assert inbox.lie_in() == {}
    assert program(ward, "feed", "list", "P001", "--format", "json").document == []
    done = program(ward, *READ, str(inbox.folder), "--centre", "BCH", "--format", "json").document
    assert done["fates"] == {"stored": 1, "set_aside": 2}
    waiting = program(ward, "feed", "list", "--fate", "set_aside", "--format", "json").document
    told = {row["reason"]: row for row in waiting}
    assert set(told) == {"unknown_code", "unknown_number"}
    assert told["unknown_code"]["patient_id"] == "P001"
    assert told["unknown_number"]["patient_id"] is None
    assert "registry feed map" in told["unknown_code"]["cure"]
    # The number is nowhere, also where it was the message's id.
    assert told["unknown_code"]["control_id"] == "***"
    # The cure is done, the rest comes by itself.
    mapped = program(ward, "feed", "map", "CRPX", "CRP", "--system", "99LAB", "--format", "csv")
    assert mapped.out.splitlines()[1].startswith("99LAB,CRPX,CRP,")
    again = program(ward, *READ, str(inbox.folder), "--centre", "BCH")
    assert "1 duplicate, 1 set_aside" in again.err
    gone = ("feed", "unmap", "CRPX", "--system", "99LAB", "--reason", "another method since May")
    assert program(ward, *gone).status == 0
    assert "says nothing of the code" in program(ward, *gone).refused(1)
    assert "There is no fate" in program(ward, "feed", "list", "--fate", "lost").refused(2)
    assert "no analyte" in program(ward, "feed", "map", "1", "SODIUM").refused(2)


def test_what_cannot_be_read_at_all_is_said(ward: Database, program: Program, inbox: Inbox) -> None:
    nowhere = program(ward, *READ, "/nonexistent", "--centre", "BCH")
    assert "There is no folder" in nowhere.refused(1)
    elsewhere = program(ward, *READ, str(inbox.folder), "--centre", "elsewhere")
    assert "which hospital" in elsewhere.refused(2)
    codes = program(ward, "feed", "codes", "--format", "csv").out
    assert "LOINC,1988-5,CRP,," in codes


def test_the_night_reads_the_folder(feed: Feed, tmp_path: Path) -> None:
    feed.inbox.put(observation(name="night", on="2024-03-02"))
    given = {"feed-dir": feed.inbox.folder, "feed-centre": "BCH", "backup-dir": "/dev/null/none",
             "report-dir": tmp_path / "reports", "verify-every": "never"}  # fmt: skip
    work = replace(
        work_of_night("tester"),
        derive=lambda _database: Derived("nothing"),
        quality=lambda _database, _day: "nothing",
        worklist=lambda _connection: [],
        seal=lambda _database: None,
    )
    plan = read_plan(given, config=None, home=tmp_path)
    night = run_night(feed.database, plan, work, user="tester", clock=lambda: datetime.now(UTC))
    assert night is not None
    step = night.steps[0]
    assert (step.name, step.state, step.said) == ("feed", "good", "1 file, 1 message: 1 stored")
    # Without a folder in the plan there is no such step.
    del given["feed-dir"]
    plan = read_plan(given, config=None, home=tmp_path)
    night = run_night(feed.database, plan, work, user="tester", clock=lambda: datetime.now(UTC))
    assert night is not None
    assert night.steps[0].name == "derive"


def test_records_under_lock_wait_for_it(feed: Feed, program: Program) -> None:
    lock = ("patient", "P002", "--reason", "published")
    assert program(feed.database, "lock", *lock).status == 0
    message = oru(patient="P002", on="20240303", control="locked")
    assert feed.fates(message) == [("set_aside", "locked")]
    assert program(feed.database, "unlock", *lock).status == 0
    assert feed.fates() == [("stored", None)]


def test_a_record_changed_by_hand_is_not_corrected_over_it(feed: Feed, program: Program) -> None:
    assert feed.fates(oru(on="20240304", control="m1")) == [("stored", None)]
    why = ("--value", "7", "--reason", "misprint")
    assert program(feed.database, "lab", "amend", "P001", "2024-03-04", "CRP", *why).status == 0
    corrected = oru(obx(value="8", status="C"), on="20240304", control="m2", sent="20250101")
    assert feed.fates(corrected) == [("set_aside", "changed_by_hand")]
    # What stands there by hand is not stored anew either.
    again = oru(obx(value="7"), on="20240304", order="other", control="m3")
    assert ("duplicate", "same") in feed.fates(again)


def test_files_go_after_their_time_and_one_reads_at_a_time(feed: Feed) -> None:
    feed.read(oru(on="20240305", control="t1"))
    assert feed.inbox.lie_in() == {"done": ["0001.msg"]}
    assert feed.read(keep=timedelta(0)).removed == 1
    assert feed.inbox.lie_in() == {"done": []}
    with alone_in(feed.inbox.folder), pytest.raises(Refused, match="Another command reads"):
        feed.read()
    # What may still be written is left, and so is what a program has not finished.
    fresh = feed.inbox.put(oru(on="20240306"), "fresh.hl7")
    os.utime(fresh)
    feed.inbox.put(oru(on="20240306"), "fresh.hl7.tmp")
    left = feed.read()
    assert (left.files, left.unsettled) == (0, 1)


def test_an_erased_child_leaves_no_fate(nameless: Database, inbox: Inbox, program: Program) -> None:
    number(nameless)
    feed = Feed(nameless, inbox)
    assert feed.read(oru(on="20240307"), oru(obx("X-1"), on="20240307", control="2"))
    assert program(nameless, "feed", "list", "P001", "--format", "json").document
    gone = program(nameless, "patient", "erase", "P001", "--reason", "consent withdrawn")
    assert "lie in the folder of the feed" in gone.err
    with nameless.engine.connect() as connection:
        left = connection.execute(text("select count(*) from derived.feed_result"))
        assert left.scalar_one() == 0
    # Sent again it is of nobody.
    again = oru(on="20240307", control="3")
    assert ("set_aside", "unknown_number") in feed.fates(again)


def test_a_manager_who_may_ask_the_identities_reads_it(feed: Feed, program: Program) -> None:
    login = f"feeds_{uuid.uuid4().hex[:8]}"
    url = feed.database.url.set(username=login).render_as_string(hide_password=False)
    line = (*READ, str(feed.inbox.folder), "--centre", "BCH")
    feed.inbox.put(oru(on="20240308", control="r1"))
    who = {"user": "tester", "reason": "for a test"}
    with feed.database.engine.begin() as connection:
        connection.execute(text(f"create role {login} login"))
        grant_role(connection, login, "registry_manager", [], **who)
    assert "registry_identity" in program(url, *line).refused(1)
    assert feed.inbox.lie_in() == {}
    with feed.database.engine.begin() as connection:
        grant_role(connection, login, "registry_identity", [], **who)
    done = program(url, *line)
    assert done.status == 0, done
    assert "1 stored" in done.err
