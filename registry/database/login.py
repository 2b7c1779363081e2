"""Whose rights a command has: the login's own, or on the embedded server those of a role."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
from sqlalchemy import Connection, event, text

from registry.database.engine import Database, kept_engine
from registry.database.frozen import LIVE, OWN, translate
from registry.database.roles import BY_NAME, ENTRY_ROLE, MANAGER_ROLE, OWNER_ROLE, quoted
from registry.errors import NotFound, WrongUsage, there_are
from registry.words import tr

_OWNER = """
select pg_get_userbyid(c.relowner) as owner from pg_class c join pg_namespace n
    on n.oid = c.relnamespace where n.nspname = 'clinical' and c.relname = 'patient'
"""
# Of most commands it is the login itself, and of it there is nothing more to ask.
_IS_OWNER = f"select session_user = owner and current_user = owner from ({_OWNER}) o"
# The owner of the records; whether this login has its rights without being it, and whether it
# enters for some centres and is of no role that sees all.
_WHO = f"""
select o.owner,
    o.owner <> current_user and pg_has_role(session_user, o.owner, 'member')
        and not (select rolsuper from pg_roles where rolname = session_user) as is_member,
    pg_has_role(session_user, o.owner, 'member') as is_owner,
    pg_has_role(session_user, e.oid, 'member') and not pg_has_role(session_user, o.owner, 'member')
        and not coalesce(pg_has_role(session_user, to_regrole('{MANAGER_ROLE}'), 'member'), false)
        as has_own_rows,
    array(select g.rolname::text from pg_roles g where g.rolname = any(:roles)
        and pg_has_role(session_user, g.oid, 'member')) as roles
from ({_OWNER}) o
left join pg_roles e on e.rolname = '{ENTRY_ROLE}'
"""
# PostgreSQL cuts a name that is longer.
_LONGEST = 63


class Entered(NamedTuple):
    """The database with the rights of who works, whether these are of some centres only, and the
    group roles that the login has; None of who has all rights."""

    database: Database
    own_rows: bool
    roles: tuple[str, ...] | None


@contextmanager
def as_login(
    database: Database, role: str | None, centres: Sequence[str] = ()
) -> Iterator[Entered]:
    """The database as whoever works may use it.

    Who has the owner's rights by a role works as the owner, so that what is made belongs to it. A
    role on the embedded server is a login, out of which no statement leads back. Raises WrongUsage
    for a role or centres that cannot be taken, NotFound for a centre that is not there.
    """
    own = None if role is None and not centres else _entered(database, role, centres)
    taken = database if own is None else own
    try:
        with taken.engine.connect() as connection:
            who = None
            if not connection.execute(text(_IS_OWNER)).scalar_one_or_none():
                who = connection.execute(text(_WHO), {"roles": list(BY_NAME)}).one_or_none()
        undo: list[Callable[[], None]] = []
        if who is not None and who.is_member:
            undo.append(_become(taken, who.owner))
        own_rows = who is not None and bool(who.has_own_rows)
        if own_rows:
            mean = translate(taken.engine, OWN)
            undo.append(lambda: event.remove(taken.engine, "before_cursor_execute", mean))
        if who is not None and not who.is_owner:
            taken = taken._replace(own_rights=OWN if own_rows else LIVE)
        roles = None if who is None or who.is_owner else tuple(who.roles)
        try:
            yield Entered(taken, own_rows, roles)
        finally:
            for one in undo:
                one()
    finally:
        if own is not None and own.engine is not database.engine:
            own.engine.dispose()


def _become(database: Database, owner: str) -> Callable[[], None]:
    def become(connection: psycopg.Connection[object], *_: object) -> None:
        connection.execute(f"set role {quoted(owner)}".encode())
        connection.commit()

    event.listen(database.engine, "checkout", become)
    return lambda: event.remove(database.engine, "checkout", become)


def _entered(database: Database, role: str | None, centres: Sequence[str]) -> Database:
    """The embedded server entered as that role."""
    if not database.embedded:
        raise WrongUsage(
            tr("On a server a login has its own roles; --role is for the embedded one."),
            cure=tr("See: registry role list"),
        )
    if role is not None and role not in BY_NAME:
        raise WrongUsage(tr("There is no role {role}.", role=role), cure=there_are(BY_NAME))
    hold_to_centres(role, centres)
    if role is None or role == OWNER_ROLE:
        return database
    name = role if role != ENTRY_ROLE else _entry_login(database, sorted(set(centres)))
    url = database.url.set(username=name)
    return database._replace(engine=kept_engine(url), url=url)


def hold_to_centres(role: str | None, centres: Sequence[str]) -> None:
    """Raises WrongUsage for centres of a role that has none, or none of the one that needs them."""
    if (role == ENTRY_ROLE) != bool(centres):
        raise WrongUsage(
            tr("{role} is for centres, the other roles are not.", role=ENTRY_ROLE),
            cure=tr("Give --centre with {role} and with no other.", role=ENTRY_ROLE),
        )


def require_centres(connection: Connection, centres: Iterable[str]) -> None:
    """Raises NotFound where one of them is no centre of the registry."""
    known = connection.execute(text("select code from reference.centre order by 1")).scalars().all()
    for centre in centres:
        if centre not in known:
            raise NotFound(tr("There is no centre {code}.", code=centre), cure=there_are(known))


def _entry_login(database: Database, centres: list[str]) -> str:
    """A login that enters for these centres, which `audit.own_centres` reads in its name."""
    name = f"{ENTRY_ROLE}@{','.join(centres)}"
    with database.engine.begin() as connection:
        require_centres(connection, centres)
        if len(name.encode()) > _LONGEST or any("," in centre for centre in centres):
            raise WrongUsage(tr("These are too many centres at once, or one has a comma."))
        there = connection.execute(
            text("select exists (select from pg_roles where rolname = :name)"), {"name": name}
        ).scalar_one()
        if not there:
            connection.exec_driver_sql(
                f"create role {quoted(name)} login in role {ENTRY_ROLE}".replace("%", "%%")
            )
    return name
