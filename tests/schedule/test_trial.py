"""A night restores its backup on trial once in so many days, and tells what is not the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from registry.database.archive import Description
from registry.database.engine import Database
from registry.errors import Refused
from registry.schedule.plan import Plan, read_plan
from registry.schedule.systemd import Call, cron_line, systemd_units

from .conftest import LITTLE, Nights


def test_once_a_week_and_again_each_night_until_it_is_good(nights: Nights, tmp_path: Path) -> None:
    tried: list[Path] = []
    is_bad = False

    def prove(file: Path) -> str:
        tried.append(file)
        if is_bad:
            raise Refused("The backup does not hold what it says it does: clinical.infusion.")
        return "52 tables"

    def back_up(_database: Database, file: Path) -> Description:
        file.write_bytes(b"a backup")
        return Description("now", "0", 18, "0001", (), {})

    work = replace(LITTLE, prove=prove, back_up=back_up)
    nights.plan = replace(
        nights.plan,
        verify_every=timedelta(days=7),
        mail_to=("a@b.example",),
        mail_dir=tmp_path / "mail",
    )

    def night(days: int) -> tuple[bool, dict[str, str]]:
        nights.now += timedelta(days=days)
        done = nights.done(work=work, backup=True)
        assert done.report is not None
        return done.good, {step.name: step.said for step in done.steps}

    good, said = night(1)
    assert (good, said["verify"]) == (True, "52 tables")
    report = nights.reports()[-1]
    assert report["backup"]["verified"] == "52 tables"
    written = (nights.plan.report_dir / f"{report['name']}.md").read_text()
    assert "Restored on trial, it gives the same: 52 tables" in written
    assert tried == [Path(report["backup"]["file"])]

    # An hour of each day is the plan's: what counts are days.
    assert "verify" not in night(6)[1]
    assert "verify" in night(1)[1]

    is_bad = True
    for days in (7, 1):
        good, said = night(days)
        assert not good
        assert "does not hold what it says" in said["verify"]
    written = (nights.plan.report_dir / f"{nights.reports()[-1]['name']}.md").read_text()
    assert "- **verify**: The backup does not hold what it says it does" in written
    assert "gives the same" not in written
    mails = sorted((tmp_path / "mail").glob("backup-*.eml"))
    assert len(mails) == 2
    message = message_from_bytes(mails[0].read_bytes())
    assert message["Subject"].startswith("The backup of 2026-")
    assert "clinical.infusion" in message.get_payload()

    is_bad = False
    assert night(1)[0]


def test_without_a_backup_nothing_is_proved(nights: Nights) -> None:
    nights.plan = replace(nights.plan, verify_every=timedelta(0))
    night = nights.done(work=replace(LITTLE, prove=lambda _: "never asked"))
    [step] = [step for step in night.steps if step.name == "verify"]
    assert (step.state, step.said) == (
        "failed",
        "There is no backup of this run that could be tried.",
    )


@pytest.mark.parametrize(
    ("given", "length", "words"),
    [
        ({}, timedelta(days=7), "# Every 7d the backup is restored on trial"),
        ({"verify-every": "30d"}, timedelta(days=30), "# Every 30d the backup"),
        ({"verify-every": "never"}, None, "# No backup is restored on trial"),
    ],
)
def test_it_is_told_in_the_plan(
    given: dict[str, str], length: timedelta | None, words: str
) -> None:
    plan: Plan = read_plan(given, config=None, home=Path("/srv"))
    assert plan.verify_every == length
    call = Call(["registry", "schedule", "once"], "ann", None)
    assert words in systemd_units(call, plan)
    assert words in cron_line(call, plan)
