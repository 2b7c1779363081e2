"""Who the embedded server runs as: the person, or an account of its own when the person is root."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from registry.errors import DatabaseUnavailable
from registry.words import tr

SYSTEM_ACCOUNT = "registry-db"

_LAUNCH = Path(__file__).with_name("launch.py")


class Account(NamedTuple):
    """Who the server runs as when the person is root, whom PostgreSQL refuses.

    `reach`: it may go through folders closed to it, such as root's own.
    """

    uid: int
    gid: int
    reach: bool


def server_account(home_folder: Path, data: Path) -> Account | None:
    """Who is to run the server; None for the person, who is not root."""
    new = not os.path.lexists(data)
    if os.geteuid() != 0:
        if new and not _has_name(os.geteuid()):
            raise DatabaseUnavailable(
                tr(
                    "PostgreSQL makes no database for a user without a name (uid {uid}).",
                    uid=os.geteuid(),
                ),
                cure=tr("Run as a user that /etc/passwd knows, or add this one to it."),
            )
        return None
    home = home_folder.stat()
    if new:
        if home.st_uid != 0 and _has_name(home.st_uid):
            return Account(home.st_uid, home.st_gid, reach=False)
        return _account(make=True)
    system = _account(make=False)
    owner = data.stat()
    if owner.st_uid == 0:
        raise DatabaseUnavailable(
            tr("{data} belongs to root, as which PostgreSQL does not run.", data=data),
            cure=tr(
                "Give it to the server's account: chown -R {uid}:{gid} {data}",
                uid=system.uid,
                gid=system.gid,
                data=data,
            ),
        )
    # Who could put a data folder of his own there must not get root's reach by its settings.
    only_root_writes = home.st_uid == 0 and not home.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    reach = only_root_writes or owner.st_uid == system.uid
    return Account(owner.st_uid, owner.st_gid, reach)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _account(*, make: bool) -> Account:
    tries = 10 if make and shutil.which("useradd") else 0
    for attempt in range(tries + 1):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(SYSTEM_ACCOUNT)
            return Account(entry.pw_uid, entry.pw_gid, reach=True)
        if attempt < tries:  # again, because two at once refuse each other
            time.sleep(0.1 * (attempt > 0))
            options = "--system --user-group --no-create-home --shell /usr/sbin/nologin"
            subprocess.run(
                ["useradd", *options.split(), SYSTEM_ACCOUNT],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise DatabaseUnavailable(
            tr("PostgreSQL does not run as root, and there is no other account for it."),
            cure=tr(
                "Make one: useradd --system --user-group {account}",
                account=SYSTEM_ACCOUNT,
            ),
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, reach=True)


def launcher(account: Account | None) -> list[str]:
    """The arguments by which `launch.py` becomes the account; the parent's id goes between."""
    if account is None:
        return [str(_LAUNCH), "-", "-", "0"]
    return [str(_LAUNCH), str(account.uid), str(account.gid), str(int(account.reach))]
