"""What a run is told, by options and by a file; and what starts it: systemd, cron."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.main import get_command

from registry.cli.schedule.group import app
from registry.errors import NotFound, WrongUsage
from registry.schedule.plan import Plan, read_plan
from registry.schedule.systemd import Call, cron_line, systemd_units

HOME = Path("/srv/registry")
FILE = """
at = 03:15:00
timezone = "Asia/Shanghai"
report-dir = "reports"
backup-dir = "/backups"
keep = 30
on-loss = ["notify", "new loss"]
mail-to = ["a@b.example", "c@d.example"]
mail-dir = "mail"
keep-trying = "20m"
"""


def test_without_anything_the_defaults_hold() -> None:
    plan = read_plan({"at": None}, config=None, home=HOME)
    assert (plan.at, plan.zone, plan.keep) == (time(2), None, 14)
    assert (plan.report_dir, plan.backup_dir) == (HOME / "reports", HOME / "backups")
    assert (plan.channels, plan.max_age) == ([], timedelta(hours=26))


def test_the_help_of_an_option_names_the_default_of_the_plan() -> None:
    # In words, since the plan is loaded only by a command that runs.
    told: dict[str, Any] = {}
    for command in ("run", "status"):
        for option in get_command(app).commands[command].params:  # type: ignore[attr-defined]
            if default := re.search(r"\[([0-9][0-9a-z:]*)\]$", option.help or ""):
                told[option.opts[0].removeprefix("--")] = default[1]
    assert len(told) == 6
    told["keep"] = int(told["keep"])
    assert read_plan(told, config=None, home=HOME) == read_plan({}, config=None, home=HOME)


def test_a_file_and_options_that_win(tmp_path: Path) -> None:
    file = tmp_path / "nightly.toml"
    file.write_text(FILE)
    plan = read_plan({"keep": 7, "backup-dir": Path("mine")}, config=file, home=HOME)
    assert (plan.at, plan.zone) == (time(3, 15), ZoneInfo("Asia/Shanghai"))
    assert plan.report_dir == tmp_path / "reports"
    assert plan.backup_dir == Path.cwd() / "mine"
    assert plan.keep == 7
    assert plan.on_loss == ("notify", "new loss")
    assert plan.mail_to == ("a@b.example", "c@d.example")
    assert plan.channels == ["command", "mail"]
    assert plan.keep_trying == timedelta(minutes=20)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("at = '25:00'", "at: '25:00' is no time of day"),
        ("at = 2", "at: A text"),
        ("timezone = 'Europe/Atlantis'", "no time zone 'Europe/Atlantis'"),
        ("timezone = '../../etc/passwd'", "no time zone"),
        ("keep = 0", "keep: A whole number above 0"),
        ("keep = true", "keep: A whole number above 0"),
        ("keep = '14'", "keep: A whole number above 0"),
        ("on-loss = []", "on-loss: A text"),
        ("on-loss = 'a \"b'", "on-loss: A quotation"),
        ("on-loss-timeout = 60", "on-loss-timeout: A text"),
        ("mail-to = 'a@b.example'", "a folder to put it in"),
        ("report_dir = 'x'", "no setting 'report_dir'.\nThere are: at, timezone, report-dir"),
        ("keep = ", "is not TOML"),
    ],
)
def test_what_is_wrong_in_a_file(tmp_path: Path, written: str, words: str) -> None:
    file = tmp_path / "nightly.toml"
    file.write_text(written)
    with pytest.raises(WrongUsage) as raised:
        read_plan({}, config=file, home=HOME)
    assert words in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(NotFound):
            read_plan({}, config=path, home=HOME)


def plan_of(**given: Any) -> Plan:
    return read_plan(given, config=None, home=HOME)


ODD = ["/bin/true", "--home", '/srv/50 % of "us"\\$HOME', "schedule", "once", "--on-loss", "a 'b'"]


def test_units_that_systemd_understands(tmp_path: Path) -> None:
    call = Call(command=ODD, user="root", url="postgresql://registry@db/registry")
    written = systemd_units(call, plan_of(at="02:05", timezone="Europe/Berlin"))
    parts = re.split(r"^# /etc/systemd/system/(\S+)$", written, flags=re.MULTILINE)
    files = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert list(files) == ["registry-nightly.service", "registry-nightly.timer"]
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert "OnCalendar=*-*-* 02:05:00 Europe/Berlin\nPersistent=true\n" in written
    assert "EnvironmentFile=/etc/registry/nightly.env\n" in written
    if shutil.which("systemd-analyze"):
        verified = subprocess.run(
            ["systemd-analyze", "verify", *(tmp_path / name for name in files)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stderr
        assert str(tmp_path) not in verified.stderr
        calendar = ["systemd-analyze", "calendar", "*-*-* 02:05:00 Europe/Berlin"]
        subprocess.run(calendar, capture_output=True, check=True)
    # As systemd unquotes it: words as a shell's, in them the signs that are doubled.
    [line] = re.findall(r"^ExecStart=(.*)$", written, re.MULTILINE)
    words = shlex.split(line)
    assert [word.replace("%%", "%").replace("$$", "$") for word in words] == ODD


def test_a_line_that_cron_understands() -> None:
    call = Call(command=ODD, user="ada", url=None)
    *_, line = cron_line(call, plan_of(at="02:05")).splitlines()
    when, command = line[:9], line[10:]
    assert when == "5 2 * * *"
    assert not re.search(r"(?<!\\)%", command)
    assert shlex.split(command.replace("\\%", "%"))[:-1] == ODD


def test_no_password_is_shown() -> None:
    call = Call(command=["/bin/true"], user="ada", url="postgresql://registry@db/registry")
    for written in (systemd_units(call, plan_of()), cron_line(call, plan_of(timezone="UTC"))):
        assert "/etc/registry/nightly.env" in written
        assert "#   REGISTRY_DATABASE_URL=postgresql://registry@db/registry" in written
        assert "--database-url" not in written
