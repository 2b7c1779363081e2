"""Which login has which of the registry's roles, and for which centres it enters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import ARRAY, Connection, Text, bindparam, text
from sqlalchemy.exc import ProgrammingError

from registry.database.login import hold_to_centres, require_centres
from registry.database.roles import BY_NAME, ROLES, quoted
from registry.errors import NotFound, Refused, there_are
from registry.records.change import declare_change, summarise_change
from registry.words import tr

LOGINS = """
select r.rolname as role, l.rolname as login, (
    select array_to_string(g.centres, ', ') from reference.login_role g
    where g.login = l.rolname and g.role = r.rolname
) as centres
from pg_roles r
left join (pg_auth_members m join pg_roles l on l.oid = m.member and l.rolcanlogin)
    on m.roleid = r.oid and l.rolname <> (
        select pg_get_userbyid(relowner) from pg_class
        where oid = to_regclass('clinical.patient')
    )
where r.rolname = any(:roles)
order by l.rolname
"""


def list_roles(connection: Connection) -> list[dict[str, Any]]:
    """A row per role and login that has it; one without a login where nobody has the role."""
    found = [
        dict(row) for row in connection.execute(text(LOGINS), {"roles": list(BY_NAME)}).mappings()
    ]
    rows = []
    for role in ROLES:
        having = [row for row in found if row["role"] == role.name and row["login"]]
        rows += [
            {"role": role.name, "login": row["login"], "centres": row["centres"]}
            | {"purpose": role.purpose}
            for row in having or [{"login": None, "centres": None}]
        ]
    return rows


def grant_role(
    connection: Connection,
    login: str,
    role: str,
    centres: Sequence[str],
    *,
    user: str,
    reason: str | None,
) -> None:
    """Gives a login the role and, for entry, these centres in place of those it had.

    Raises NotFound for a role, a login or a centre that is not there, WrongUsage for centres of a
    role that has none, or none of the one that needs them.
    """
    _known(connection, login, role)
    hold_to_centres(role, centres)
    require_centres(connection, centres)
    declare_change(connection, user=user, command="role grant", reason=reason)
    connection.execute(
        text(
            "insert into reference.login_role (login, role, centres) "
            "values (:login, :role, :centres) on conflict (login, role) do update "
            "set centres = excluded.centres where login_role.centres <> excluded.centres"
        ).bindparams(bindparam("centres", type_=ARRAY(Text))),
        {"login": login, "role": role, "centres": sorted(set(centres))},
    )
    _let(connection, f"grant {role} to {quoted(login)}", wanting=not _has(connection, login, role))
    summarise_change(connection, " ".join([login, role, *centres]))


def revoke_role(connection: Connection, login: str, role: str, *, user: str, reason: str) -> None:
    """Takes a role from a login, and the centres that it had by it.

    Raises NotFound for a role or a login that is not there.
    """
    _known(connection, login, role)
    if not _has(connection, login, role):
        raise NotFound(
            tr("{login} has not the role {role}.", login=login, role=role),
            cure=tr("See: registry role list"),
        )
    declare_change(connection, user=user, command="role revoke", reason=reason)
    connection.execute(
        text("delete from reference.login_role where login = :login and role = :role"),
        {"login": login, "role": role},
    )
    _let(connection, f"revoke {role} from {quoted(login)}", wanting=True)
    summarise_change(connection, f"{login} {role}")


def _has(connection: Connection, login: str, role: str) -> bool:
    return bool(
        connection.execute(
            text(
                "select exists (select from pg_auth_members where roleid = to_regrole(:role) "
                "and member = (select oid from pg_roles where rolname = :login))"
            ),
            {"role": role, "login": login},
        ).scalar_one()
    )


def _let(connection: Connection, statement: str, *, wanting: bool) -> None:
    """Gives or takes a role of the server, which only who may grant it can."""
    if not wanting:
        return
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(statement.replace("%", "%%"))
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        raise Refused(
            tr("This login may not grant roles of the server."),
            cure=tr("An administrator runs: {statement}; then this again.", statement=statement),
        ) from None


def _known(connection: Connection, login: str, role: str) -> None:
    if role not in BY_NAME:
        raise NotFound(tr("There is no role {role}.", role=role), cure=there_are(BY_NAME))
    there = connection.execute(
        text("select exists (select from pg_roles where rolname = :login)"), {"login": login}
    ).scalar_one()
    if not there:
        raise NotFound(
            tr("The server has no login {login}.", login=login),
            cure=tr("An administrator makes one: create role {login} login", login=quoted(login)),
        )
