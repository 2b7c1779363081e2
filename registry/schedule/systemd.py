"""What starts a nightly run where no program waits: a systemd service and timer, or cron."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.schedule.due import written_duration
from registry.schedule.plan import Plan

UNIT = "registry-nightly"
ENVIRONMENT_FILE = Path("/etc/registry/nightly.env")
_PLAIN = re.compile(r"[\w@+=:,./-]+", re.ASCII)


@dataclass(frozen=True)
class Call:
    """What is to be run, as whom. `url` is that of a server, without its password."""

    command: Sequence[str]
    user: str
    url: str | None


def systemd_units(call: Call, plan: Plan) -> str:
    """A service and a timer that catches up what it missed; comments say where each goes."""
    zone = f" {plan.zone.key}" if plan.zone else ""
    environment = [f"EnvironmentFile={ENVIRONMENT_FILE}"] if call.url else []
    return "\n".join(
        [
            *_about_environment(call),
            f"# /etc/systemd/system/{UNIT}.service",
            "[Unit]",
            "Description=Nightly run of the registry",
            "Wants=network-online.target",
            "After=network-online.target postgresql.service",
            "",
            "[Service]",
            "Type=oneshot",
            f"User={call.user}",
            "UMask=0077",
            *environment,
            _about_trial(plan),
            f"ExecStart={' '.join(map(_for_systemd, call.command))}",
            "",
            f"# /etc/systemd/system/{UNIT}.timer",
            "[Unit]",
            f"Description=Nightly run of the registry, daily at {plan.at:%H:%M}",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* {plan.at:%H:%M:%S}{zone}",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
            f"# Then: systemctl daemon-reload && systemctl enable --now {UNIT}.timer",
        ]
    )


def cron_line(call: Call, plan: Plan) -> str:
    """A line for the user's crontab; cron mails what goes wrong, since only that is printed."""
    command = f"{shlex.join(call.command)} >/dev/null"
    if call.url:
        command = f"set -a; . {ENVIRONMENT_FILE}; set +a; {command}"
    zone = [f"# cron goes by the computer's clock, not by {plan.zone.key}"] if plan.zone else []
    # cron takes a bare percent sign for the end of the line.
    line = f"{plan.at.minute} {plan.at.hour} * * * {command.replace('%', chr(92) + '%')}"
    return "\n".join(
        [
            *_about_environment(call),
            f"# crontab -e, as {call.user}; a run that is missed is not caught up",
            _about_trial(plan),
            *zone,
            line,
        ]
    )


def _about_trial(plan: Plan) -> str:
    if plan.verify_every is None:
        return "# No backup is restored on trial (--verify-every never)"
    every = written_duration(plan.verify_every)
    return f"# Every {every} the backup is restored on trial (--verify-every)"


def _about_environment(call: Call) -> list[str]:
    if not call.url:
        return []
    return [
        f"# {ENVIRONMENT_FILE}, readable for {call.user} alone, with the password in the URL:",
        f"#   REGISTRY_DATABASE_URL={call.url}",
        "",
    ]


def _for_systemd(word: str) -> str:
    """The word as systemd reads it: quoted where needed, with its own signs doubled."""
    doubled = word.replace("%", "%%").replace("$", "$$")
    if _PLAIN.fullmatch(word):
        return doubled
    escaped = doubled.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
