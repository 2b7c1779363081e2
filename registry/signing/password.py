"""Who signs enters a password again: the database's, or the one that the registry keeps for it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import OperationalError

from registry.database.engine import Database, connect_to
from registry.errors import Refused
from registry.records.change import declare_change
from registry.words import tr

# What OWASP asks of scrypt, in 32 MiB of memory.
_COST = {"n": 2**15, "r": 8, "p": 3, "maxmem": 2**26}
SHORTEST = 8
# After so many wrong passwords in a row nobody signs as that person for so many minutes.
LIMIT = {"wrong": "wrong_passwords", "minutes": "password_wait_minutes"}
# Why a wrong password was counted, as the audit has it.
WRONG = "a wrong password was entered"


@dataclass(frozen=True)
class Authentication:
    """Which password a person is asked for, and who that person then is."""

    person: str
    by: str


def asked_for(connection: Connection, database: Database, user: str) -> Authentication:
    """The database's password where its server asks for one, else the person's signing password.

    On a server the person is the login; the owner's, and who works on the embedded one, give a
    name.
    """
    if (
        not database.embedded
        and database.url.password
        and not _opens(database.url, secrets.token_hex())
    ):
        return Authentication(str(database.url.username), "database_password")
    person = connection.execute(text("select audit.working_as(:user)"), {"user": user})
    return Authentication(str(person.scalar_one()), "signing_password")


def require(database: Database, who: Authentication, password: str) -> bytes | None:
    """Raises Refused where it is not the person's password, or there is none yet.

    Gives its hash, by which the database lets the person sign; None where the server has asked.
    A wrong one is counted in a transaction of its own, whatever becomes of the command; after so
    many in a row as the registry has it the person waits, and no password is tried meanwhile.
    """
    with database.engine.begin() as connection:
        declare_change(connection, user=who.person, command="sign", reason=WRONG)
        _refuse_who_waits(connection, who.person)
        if who.by == "database_password":
            entered = None
            is_it = _opens(database.url, password)
            if not is_it:
                connection.execute(
                    text("select reference.count_wrong_password(:person)"), {"person": who.person}
                )
        else:
            entered = _hashed(connection, who, password)
            is_it = connection.execute(
                text("select reference.signing_password_is(:person, :entered)"),
                {"person": who.person, "entered": entered},
            ).scalar_one()
    if is_it:
        return entered
    with database.engine.connect() as connection:
        _refuse_who_waits(connection, who.person)
    raise Refused(tr("The password is wrong."), cure=tr("Nothing was signed."))


def _refuse_who_waits(connection: Connection, person: str) -> None:
    until, wrong = connection.execute(
        text(
            "select reference.password_wait(:person), wrong_passwords "
            "from reference.registry_setting"
        ),
        {"person": person},
    ).one()
    if until is not None:
        raise Refused(
            tr("{number} wrong passwords were entered for {person}.", number=wrong, person=person),
            cure=tr(
                "Nobody signs as {person} before {moment}; then try again.",
                person=person,
                moment=until.astimezone().isoformat(timespec="seconds"),
            ),
        )


def _hashed(connection: Connection, who: Authentication, password: str) -> bytes:
    """What was entered as it is kept. Raises Refused where nothing is, or was past the audit."""
    kept = _kept(connection, who.person)
    if kept is None:
        raise Refused(
            tr("{person} has no signing password.", person=who.person),
            cure=tr("Make one: registry sign password"),
        )
    if not kept.is_as_set:
        raise Refused(
            tr("The signing password of {person} was changed past the audit.", person=who.person),
            cure=tr("Tell whoever keeps the registry, and make a new one: registry sign password"),
        )
    return _hash(password, kept.salt)


def set_password(
    connection: Connection, person: str, password: str, *, user: str, reason: str
) -> None:
    """Keeps a salted hash of a new signing password. Refused for a short one."""
    if len(password) < SHORTEST:
        raise Refused(
            tr("A signing password has {number} signs at least.", number=SHORTEST),
            cure=tr("Several words are easy to remember and hard to guess."),
        )
    salt = secrets.token_bytes(16)
    declare_change(connection, user=user, command="sign password", reason=reason)
    connection.execute(
        text("select reference.set_signing_password(:person, :salt, :hash)"),
        {"person": person, "salt": salt, "hash": _hash(password, salt)},
    )


def has_password(connection: Connection, person: str) -> bool:
    """Whether a person has a signing password."""
    return _kept(connection, person) is not None


def _kept(connection: Connection, person: str) -> Any:
    return connection.execute(
        text("select salt, is_as_set from reference.signing_salt(:person)"), {"person": person}
    ).one_or_none()


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST)


def _opens(url: URL, password: str) -> bool:
    """Whether a new connection with this password is let in."""
    engine = connect_to(url.set(password=password))
    try:
        with engine.connect():
            return True
    except OperationalError:
        return False
    finally:
        engine.dispose()
