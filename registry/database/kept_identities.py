"""Identities at a restore: a backup that leaves them out does not take them from the registry.

Their schema is moved aside while the registry is built anew, and comes back where the backup is one
of the same registry: in another P001 is another child.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from registry.database.archive import IDENTITY
from registry.database.erasures import registry_mark
from registry.errors import Refused
from registry.words import tr

_ASIDE = "identity_aside"


@dataclass(frozen=True)
class KeptIdentities:
    """That identities were moved aside, of which registry."""

    registry: str


def move_identities_aside(connection: Connection) -> KeptIdentities | None:
    """Moves the schema aside where it holds anything; None where it does not."""
    if not connection.scalar(text(f"select to_regclass('{IDENTITY}.person') is not null")):
        return None
    kept = connection.scalar(
        text(
            f"select exists (select from {IDENTITY}.change) or "
            f"exists (select from {IDENTITY}.access)"
        )
    )
    if not kept:
        return None
    mark = registry_mark(connection)
    connection.execute(text(f"alter schema {IDENTITY} rename to {_ASIDE}"))
    return KeptIdentities(mark)


def bring_identities_back(connection: Connection, kept: KeptIdentities, restored: bool) -> None:
    """Puts what was moved aside in its place again, unless the backup had identities: `restored`.

    Raises Refused where the backup is another registry's.
    """
    if restored:
        connection.execute(text(f"drop schema {_ASIDE} cascade"))
        return
    if registry_mark(connection) != kept.registry:
        raise Refused(
            tr("The registry keeps identities, and the backup is another registry's without them."),
            cure=tr("Restore it in an empty database, or one made with --with-identity."),
        )
    connection.execute(text(f"drop schema {IDENTITY} cascade"))
    connection.execute(text(f"alter schema {_ASIDE} rename to {IDENTITY}"))
