"""Telling of new losses of response: a command that gets the report, a file of mail.

What is owed is kept in the database, so that what fails is tried again in the next night. A command
may be called again when the program was killed right after it: `night_id` tells the same report.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from sqlalchemy import Engine

from registry.errors import Refused, why
from registry.schedule import store
from registry.schedule.plan import Plan
from registry.schedule.report import loss_lines, patients_of, write_file
from registry.words import tr

Report = Mapping[str, Any]

# More lines than these are not for a mail; the report has all.
LISTED_IN_MAIL = 50


def tell(engine: Engine, plan: Plan) -> int:
    """Tells every report that is owed, the oldest first; how many were told.

    Raises Refused with the first failure; the other way, and other reports, are tried all the same,
    but after a command that had to be ended none is called again.
    """
    ways: dict[str, Callable[[Report, Plan], None]] = {"command": call_command, "mail": write_mail}
    told, failures = 0, []
    for channel in plan.channels:
        for night, report in store.untold(engine, channel):
            try:
                ways[channel](report, plan)
            except Refused as failure:
                failures.append(failure)
                if isinstance(failure, TookTooLong):
                    break
                continue
            store.mark_told(engine, night, channel)
            told += 1
    if failures:
        raise failures[0]
    return told


class TookTooLong(Refused):
    """A command that had to be ended."""


def call_command(report: Report, plan: Plan) -> None:
    """Runs the command, without a shell, with the report as JSON on its standard input.

    What it prints goes to standard error. Raises Refused unless it ends well and in time.
    """
    try:
        # In a session of its own, so that its children end with it.
        process = subprocess.Popen(
            plan.on_loss, stdin=subprocess.PIPE, stdout=2, start_new_session=True
        )
    except OSError as error:
        raise Refused(
            tr(
                "{command} cannot be run: {why}.",
                command=shlex.quote(plan.on_loss[0]),
                why=why(error),
            ),
            cure=tr("It is tried again in the next run."),
        ) from None
    with process:
        try:
            process.communicate(
                json.dumps(report, ensure_ascii=False).encode(),
                timeout=plan.on_loss_timeout.total_seconds(),
            )
        except subprocess.TimeoutExpired:
            _end(process)
            raise TookTooLong(
                tr(
                    "{command} did not end within {seconds} s.",
                    command=shlex.quote(plan.on_loss[0]),
                    seconds=int(plan.on_loss_timeout.total_seconds()),
                ),
                cure=tr("It is tried again in the next run."),
            ) from None
        except BaseException:
            _end(process)
            raise
    if process.returncode != 0:
        raise Refused(
            tr(
                "{command} ended with status {status}.",
                command=shlex.quote(plan.on_loss[0]),
                status=process.returncode,
            ),
            cure=tr("It is tried again in the next run."),
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def write_mail(report: Report, plan: Plan) -> None:
    """Puts a message of mail into the folder, for a mail program to take from there."""
    assert plan.mail_dir is not None
    write_file(plan.mail_dir / mail_name(report), bytes(mail(report, plan)))


def write_alarm(moment: datetime, said: str, plan: Plan) -> str:
    """Puts a message into the folder that the backup of a night is not what it should be."""
    assert plan.mail_dir is not None
    made_at = plan.local(moment)
    name = f"backup-{made_at:%Y-%m-%d-%H%M}"
    message = _message(plan, made_at, name)
    message["Subject"] = tr("The backup of {day} is not proved", day=f"{made_at:%Y-%m-%d}")
    message.set_content(said + "\n")
    file = plan.mail_dir / f"{name}.eml"
    write_file(file, bytes(message))
    return str(file)


def _message(plan: Plan, made_at: datetime, name: str) -> EmailMessage:
    """A message without its subject and text; of one name, the same however often written."""
    message = EmailMessage(policy=SMTP)
    message["From"] = plan.mail_from
    message["To"] = ", ".join(plan.mail_to)
    message["Date"] = made_at
    message["Message-ID"] = f"<{name}@{plan.mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    return message


def mail_name(report: Report) -> str:
    """The name of the file."""
    return f"{report['name']}.eml"


def mail(report: Report, plan: Plan) -> EmailMessage:
    """The message: study ids and the evidence, nothing else of a patient."""
    losses = report["new_losses"]
    made_at = plan.local(datetime.fromisoformat(report["made_at"]))
    message = _message(plan, made_at, f"{report['name']}.{report['night_id']}")
    message["Subject"] = tr("New losses of response: {number}", number=patients_of(losses))
    lines = [tr("Nightly run of {day}", day=report["day"]), ""]
    lines += loss_lines(losses[:LISTED_IN_MAIL], report.get("default_definition"))
    if len(losses) > LISTED_IN_MAIL:
        lines.append(tr("- and {number} more", number=len(losses) - LISTED_IN_MAIL))
    file = plan.report_dir / f"{report['name']}.md"
    lines += ["", tr("The whole report: {file}", file=file)]
    message.set_content("\n".join(lines))
    return message
