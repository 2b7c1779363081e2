"""The group roles by which a server lets people in: what each may do, declared once.

They are made by an upgrade where the login may make roles, and by an administrator where not; each
upgrade gives them their rights anew, so that a right that is taken out here is gone there.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from psycopg.errors import DuplicateObject, UniqueViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, InternalError, ProgrammingError

NONE, READ = "", "select"
ANALYST_ROLE = "registry_analyst"
# Whether this login may become the role `oid` of pg_roles. From PostgreSQL 16 on who makes a role
# is a member of it and still may not become it.
MAY_BECOME = (
    "pg_has_role(current_user, oid, case when current_setting('server_version_num')::integer "
    "< 160000 then 'member' else 'set' end)"
)


@dataclass(frozen=True)
class Role:
    """A group role, what it is for, and its rights by schema or by `schema.table`."""

    name: str
    purpose: str
    rights: dict[str, str] = field(default_factory=dict)


# What every command that works on the registry asks before anything else.
_FRAME = {"public.alembic_version": READ, "reference.registry_setting": READ}
# What nobody but the owner reads.
_KEPT = {"audit.secret": NONE, "reference.signing_password": NONE}

ROLES = (
    Role(ANALYST_ROLE, "An analyst: reads the views and nothing else.", {"analytics": READ}),
    Role(
        "registry_inspector",
        "An inspector: reads the audit, what plausibility found, and consents.",
        {
            **_FRAME,
            "audit": READ,
            "inspection": READ,
            "present": READ,
            "reference": READ,
            "clinical.consent": READ,
            **_KEPT,
        },
    ),
)


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def role_can_be_taken(connection: Connection, name: str) -> bool:
    """Whether the role is there and this login may become it."""
    return bool(
        connection.execute(
            text(f"select exists (select from pg_roles where rolname = :role and {MAY_BECOME})"),
            {"role": name},
        ).scalar_one()
    )


def make_roles(connection: Connection, *, may_log_in: bool) -> None:
    """Makes the roles that are missing, where this login may.

    On a server where it may not, an administrator makes them; until then only what they are for is
    out of use. On the embedded server each can log in, since there a login is who starts a command.
    """
    for role in ROLES:
        _make_role(connection, role.name, may_log_in=may_log_in)


def _make_role(connection: Connection, name: str, *, may_log_in: bool) -> None:
    if not _exists(connection, name):
        may_create = connection.execute(
            text("select rolcreaterole or rolsuper from pg_roles where rolname = current_user")
        ).scalar_one()
        if not may_create:
            return
        login = "login" if may_log_in else "nologin"
        try:
            with connection.begin_nested():
                connection.execute(text(f"create role {name} {login}"))
        except (IntegrityError, ProgrammingError) as error:
            # Another registry on the same server makes it now, or has since the look above.
            if not isinstance(error.orig, UniqueViolation | DuplicateObject):
                raise
    if name == ANALYST_ROLE and not role_can_be_taken(connection, name):
        # From PostgreSQL 16 on only who made the role may grant it.
        # One that another registry gives at the same moment serves both.
        with (
            suppress(ProgrammingError, IntegrityError, InternalError),
            connection.begin_nested(),
        ):
            connection.execute(text(f"grant {name} to current_user"))


def existing(connection: Connection) -> list[Role]:
    """The roles that the server has."""
    return [role for role in ROLES if _exists(connection, role.name)]


def _exists(connection: Connection, name: str) -> bool:
    return bool(
        connection.execute(
            text("select exists (select from pg_roles where rolname = :role)"), {"role": name}
        ).scalar_one()
    )


def give_rights(connection: Connection) -> None:
    """Takes from each role that is there what it had, and gives it what is declared."""
    for role in existing(connection):
        statements = []
        for target in role.rights:
            schema, _, table = target.partition(".")
            if not table:
                statements.append(f"revoke all on all tables in schema {schema} from {role.name}")
        for target, rights in role.rights.items():
            schema, _, table = target.partition(".")
            what = target if table else f"all tables in schema {schema}"
            if rights == NONE:
                statements.append(f"revoke all on {what} from {role.name}")
                continue
            statements.append(f"grant usage on schema {schema} to {role.name}")
            statements.append(f"grant {rights} on {what} to {role.name}")
        if statements and role.name != ANALYST_ROLE:
            database = quoted(connection.engine.url.database or "")
            statements.append(f"grant connect, temporary on database {database} to {role.name}")
        if statements:
            connection.exec_driver_sql("; ".join(statements))
