"""Telling of new losses: a command gets the report, mail can be read, what fails is repeated."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from registry.errors import WrongUsage
from registry.schedule.plan import read_plan

from .conftest import ENTER_LOSS, Nights, execute, sustained


def script(folder: Path, lines: str) -> tuple[str, ...]:
    file = folder / "on loss.py"
    file.write_text(lines)
    return (sys.executable, "-S", str(file))


def state_of(step: str, night: dict[str, object]) -> tuple[str, str]:
    [found] = [one for one in night["steps"] if one["name"] == step]  # type: ignore[attr-defined]
    return found["state"], found["said"]


def lose(nights: Nights, number: int = 1) -> list[str]:
    patients = sustained(nights.database, number)
    for patient in patients:
        execute(nights.database, ENTER_LOSS, patient=patient)
    return patients


def test_a_command_gets_the_report_once(nights: Nights, tmp_path: Path) -> None:
    got = tmp_path / "got"
    keep = f"import sys; open({str(got)!r}, 'a').write(sys.stdin.read() + '\\n')"
    nights.plan = replace(nights.plan, on_loss=script(tmp_path, keep))
    nights.done()
    assert not got.exists(), "nothing new, nobody called"
    patients = lose(nights)
    told = nights.report()
    nights.done()
    [line] = got.read_text().splitlines()
    report = json.loads(line)
    assert report["new_losses"] == told["new_losses"]
    assert {loss["patient_id"] for loss in report["new_losses"]} == set(patients)


def test_a_command_that_fails_is_called_again(nights: Nights, tmp_path: Path) -> None:
    got = tmp_path / "got"
    failing = script(tmp_path, "import sys; sys.stdin.read(); sys.exit(3)")
    nights.plan = replace(nights.plan, on_loss=failing)
    [first] = lose(nights)
    state, said = state_of("tell", nights.report())
    assert state == "failed"
    assert "ended with status 3. It is tried again" in said
    [second] = lose(nights)
    nights.plan = replace(nights.plan, on_loss=("/nonexistent/program",))
    assert "cannot be run" in state_of("tell", nights.report())[1]
    keep = f"import sys; open({str(got)!r}, 'a').write(sys.stdin.read() + '\\n')"
    nights.plan = replace(nights.plan, on_loss=script(tmp_path, keep))
    assert state_of("tell", nights.report()) == ("good", "2 told")
    assert [
        {loss["patient_id"] for loss in json.loads(line)["new_losses"]}
        for line in got.read_text().splitlines()
    ] == [{first}, {second}]
    assert state_of("tell", nights.report()) == ("good", "0 told")


def test_a_command_that_hangs_is_ended_with_its_children(nights: Nights, tmp_path: Path) -> None:
    hanging = script(
        tmp_path,
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])",
    )
    patient_plan = nights.plan
    nights.plan = replace(patient_plan, on_loss=hanging, on_loss_timeout=timedelta(seconds=0.3))
    lose(nights)
    state, said = state_of("tell", nights.report())
    assert state == "failed"
    assert "did not end within" in said
    nights.plan = replace(patient_plan, on_loss=script(tmp_path, ""))
    assert state_of("tell", nights.report()) == ("good", "1 told")


def test_no_shell_reads_the_command() -> None:
    plan = read_plan({"on-loss": "notify 'a b' $HOME; rm x"}, config=None, home=Path("/home"))
    assert plan.on_loss == ("notify", "a b", "$HOME;", "rm", "x")
    with pytest.raises(WrongUsage, match="no end"):
        read_plan({"on-loss": "notify 'a"}, config=None, home=Path("/home"))


def test_mail(nights: Nights, tmp_path: Path) -> None:
    nights.plan = replace(
        nights.plan,
        mail_to=("a@hospital.example", "b@hospital.example"),
        mail_from="registry@hospital.example",
        mail_dir=tmp_path / "mail",
    )
    patients = lose(nights, 2)
    report = nights.report()
    nights.done()
    [file] = tmp_path.glob("mail/*")
    assert file.name == f"{report['name']}.eml"
    content = file.read_bytes()
    assert b"\n" not in content.replace(b"\r\n", b"")
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert [one.addr_spec for one in message["To"].addresses] == list(nights.plan.mail_to)
    assert message["Subject"] == "New losses of response: 2"
    assert message["From"] == "registry@hospital.example"
    assert parsedate_to_datetime(message["Date"]).isoformat() == "2026-03-01T04:00:00+01:00"
    assert str(report["night_id"]) in message["Message-ID"]
    assert message.defects == []
    body = message.get_content()
    for patient in patients:
        assert f"- {patient} (paper, current, recommended): PCDAI 40 on " in body


def test_a_mail_that_cannot_be_written_is_written_later(nights: Nights, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.write_text("in the way")
    nights.plan = replace(nights.plan, mail_to=("a@b.example",), mail_dir=folder)
    lose(nights)
    assert state_of("tell", nights.report())[0] == "failed"
    folder.unlink()
    assert state_of("tell", nights.report()) == ("good", "1 told")
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\nBcc: all@b.example",
        "a@b.example\r\nSubject: x",
        "Ada <a@b.example>",
        "a",
        "@b",
        "ä@b.example",
        "",
        "a@b.example,",
    ],
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(WrongUsage):
        read_plan({"mail-to": address, "mail-dir": Path("m")}, config=None, home=Path("/home"))


def test_who_is_told_of_what_is_settled_when_it_is_reported(nights: Nights, tmp_path: Path) -> None:
    """A command that is configured later is not called for what lies before."""
    lose(nights)
    nights.done()
    nights.plan = replace(nights.plan, on_loss=script(tmp_path, "raise SystemExit(1)"))
    assert state_of("tell", nights.report()) == ("good", "0 told")
