"""`registry feed`: what a data manager types, and what nobody may read in it."""

from __future__ import annotations

from registry.database.engine import Database
from tests.feeds.conftest import Feed
from tests.feeds.messages import DIGITS, NAME, Inbox, observation, obx, oru
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


def test_the_night_reads_the_folder(feed: Feed, program: Program) -> None:
    feed.inbox.put(observation(name="night", on="2024-03-02"))
    night = program(
        feed.database, "schedule", "once", "--feed-dir", str(feed.inbox.folder), "--feed-centre",
        "BCH", "--report-dir", str(feed.inbox.folder.parent / "reports"), "--backup-dir",
        "/dev/null/backups", "--verify-every", "never", "--format", "json",
    )  # fmt: skip
    step = night.document["steps"][0]
    assert (step["name"], step["state"]) == ("feed", "good")
    assert step["said"] == "1 file, 1 message: 1 stored"
    assert NAME not in night.out
