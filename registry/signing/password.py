"""Who signs enters a password again: the database's, or the one that the registry keeps for it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import OperationalError

from registry.database.engine import Database, connect_to
from registry.errors import Refused
from registry.records.change import declare_change
from registry.words import tr

# What OWASP asks of scrypt, in 32 MiB of memory.
_COST = {"n": 2**15, "r": 8, "p": 3, "maxmem": 2**26}
SHORTEST = 8


@dataclass(frozen=True)
class Authentication:
    """Which password a person is asked for, and who that person then is."""

    person: str
    by: str


def asked_for(database: Database, user: str) -> Authentication:
    """The database's password where its server asks for one, else the person's signing password."""
    if (
        not database.embedded
        and database.url.password
        and not _opens(database.url, secrets.token_hex())
    ):
        return Authentication(str(database.url.username), "database_password")
    return Authentication(user, "signing_password")


def require(connection: Connection, database: Database, who: Authentication, password: str) -> None:
    """Raises Refused where it is not the person's password, or there is none yet."""
    if who.by == "database_password":
        if not _opens(database.url, password):
            raise _wrong()
        return
    kept = connection.execute(
        text(
            "select p.salt, p.hash, p.fingerprint = (select r.new_values ->> 'fingerprint' "
            "from audit.reference_change r where r.table_name = 'signing_password' "
            "and r.key ->> 'person' = p.person order by r.audit_id desc limit 1) as as_set "
            "from reference.signing_password p where p.person = :person"
        ),
        {"person": who.person},
    ).one_or_none()
    if kept is None:
        raise Refused(
            tr("{person} has no signing password.", person=who.person),
            cure=tr("Make one: registry sign password"),
        )
    if not kept.as_set:
        raise Refused(
            tr("The signing password of {person} was changed past the audit.", person=who.person),
            cure=tr("Tell whoever keeps the registry, and make a new one: registry sign password"),
        )
    if not hmac.compare_digest(_hash(password, kept.salt), kept.hash):
        raise _wrong()


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
        text(
            "insert into reference.signing_password (person, salt, hash) "
            "values (:person, :salt, :hash) on conflict (person) do update "
            "set salt = excluded.salt, hash = excluded.hash"
        ),
        {"person": person, "salt": salt, "hash": _hash(password, salt)},
    )


def has_password(connection: Connection, person: str) -> bool:
    """Whether a person has a signing password."""
    return bool(
        connection.execute(
            text("select exists (select from reference.signing_password where person = :person)"),
            {"person": person},
        ).scalar_one()
    )


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


def _wrong() -> Refused:
    return Refused(tr("The password is wrong."), cure=tr("Nothing was signed."))
