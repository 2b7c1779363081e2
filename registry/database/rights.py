"""Makes the group roles and gives them the rights that `database/roles` declares.

The roles are made by an upgrade where the login may make roles, and by an administrator where not.
Each upgrade gives the rights anew, so that one that is taken out of the declaration is gone.
"""

from __future__ import annotations

from contextlib import suppress

from psycopg.errors import DuplicateObject, UniqueViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, InternalError, ProgrammingError

from registry.database.analyst import ENTER, TEMPORARY_FILES
from registry.database.roles import (
    ANALYST_ROLE,
    ENTRY_ROLE,
    FUNCTIONS,
    OWNER_ROLE,
    RIGHTS,
    ROLES,
    SEQUENCES,
    may_call,
    quoted,
    role_can_be_taken,
)

_OWNS_THE_DATABASE = """
select pg_has_role(datdba, 'usage') from pg_database where datname = current_database()
"""
# Its row policies are those of who reads; every other role sees all rows of what it may read.
_OF_CHILDREN = """
select n.nspname || '.' || c.relname from pg_attribute a
join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and a.attname = 'patient_id' and not a.attisdropped
    and n.nspname in ('clinical', 'reference', 'derived', 'audit')
order by 1
"""
_FUNCTIONS = """
select n.nspname || '.' || p.proname, p.oid::regprocedure::text
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.prorettype <> 'trigger'::regtype order by 2
"""
# What nobody was ever given a right on has none that could be taken away.
_GIVEN = """
select case relkind when 'S' then 'sequence' else 'table' end, oid::regclass::text from pg_class
where relacl is not null and relnamespace = any(cast(:schemas as regnamespace[]))
order by 1, 2
"""
# Who sees the children of some centres, and all the others that may read a table.
OWN_CENTRES, GRANTED, ADDED = "own_centres", "granted", "added"
_OF_LOGIN = "centre in (select audit.own_centres())"
_OWN_CHILD = "exists (select from audit.child_centre own where own.patient_id = {table}.patient_id)"
_NUMBERS = "reference.patient_number"
_SEEN = {
    "clinical.patient": _OF_LOGIN,
    "audit.child_centre": f"{_OF_LOGIN} or centre is null and login = session_user",
}


def make_roles(connection: Connection, *, embedded: bool) -> None:
    """Makes the roles that are missing, where this login may.

    On a server where it may not, an administrator makes them; until then only what they are for is
    out of use. On the embedded server each can log in, since there a login is who starts a command.
    """
    missing = missing_roles(connection)
    may_create = connection.execute(
        text("select rolcreaterole or rolsuper from pg_roles where rolname = current_user")
    ).scalar_one()
    for name in missing if may_create else ():
        try:
            with connection.begin_nested():
                login = "login" if embedded else "nologin"
                connection.execute(text(f"create role {name} {login}"))
        except (IntegrityError, ProgrammingError) as error:
            # Another registry on the same server makes it now, or has since the look above.
            if not isinstance(error.orig, UniqueViolation | DuplicateObject):
                raise
    if ANALYST_ROLE in missing_roles(connection) or role_can_be_taken(connection, ANALYST_ROLE):
        return
    # From PostgreSQL 16 on only who made the role may grant it.
    # One that another registry gives at the same moment serves both.
    with (
        suppress(ProgrammingError, IntegrityError, InternalError),
        connection.begin_nested(),
    ):
        connection.execute(text(f"grant {ANALYST_ROLE} to current_user"))


def missing_roles(connection: Connection) -> list[str]:
    """The group roles that the server has not."""
    there = connection.execute(
        text("select rolname::text from pg_roles where rolname = any(:names)"),
        {"names": [role.name for role in ROLES]},
    ).scalars()
    return sorted({role.name for role in ROLES} - set(there))


def statements_of_administrator(connection: Connection) -> str:
    """What an administrator of the server runs where this login may not make the roles.

    For the registry's owner to give: empty where nothing is wanting.
    """
    owner, database = connection.execute(text("select current_user, current_database()")).one()
    missing = missing_roles(connection)
    wanting = [*missing]
    if ANALYST_ROLE not in missing and not role_can_be_taken(connection, ANALYST_ROLE):
        wanting.append(ANALYST_ROLE)
    lines = [f"create role {name};" for name in missing]
    lines += [f"grant {name} to {quoted(owner)} with admin option;" for name in wanting]
    if OWNER_ROLE in missing:
        # Nobody is the member of a role that is a member of it.
        lines.remove(f"grant {OWNER_ROLE} to {quoted(owner)} with admin option;")
        lines.append(f"grant {quoted(owner)} to {OWNER_ROLE};")
    if ANALYST_ROLE in wanting:
        lines.append(ENTER.format(database=quoted(database), role=ANALYST_ROLE))
        lines.append(f"grant set on parameter {TEMPORARY_FILES} to {quoted(owner)};")
    return " ".join(lines)


def give_rights(connection: Connection, *, embedded: bool) -> None:
    """Takes from each role, and from everybody, what it had, and gives what is declared."""
    absent = {*missing_roles(connection), OWNER_ROLE}
    roles = [role.name for role in ROLES if role.name not in absent]
    ours = sorted({target.partition(".")[0] for target in RIGHTS})
    schemas, everybody = ", ".join(ours), ", ".join([*roles, "public"])
    statements = [
        *(
            f"revoke all on {kind} {name} from {everybody}"
            for kind, name in connection.execute(text(_GIVEN), {"schemas": ours})
        ),
        f"revoke all on all functions in schema {schemas} from {everybody}",
        f"revoke all on schema {schemas} from {everybody}",
    ]
    if connection.execute(text(_OWNS_THE_DATABASE)).scalar_one():
        database = quoted(connection.engine.url.database or "")
        statements.append(f"revoke all on database {database} from public")
        for role in roles:
            # An analyst's query on the embedded server needs nothing but the views.
            kept = "connect" if embedded and role == ANALYST_ROLE else "connect, temporary"
            statements.append(f"revoke all on database {database} from {role}")
            statements.append(f"grant {kept} on database {database} to {role}")
    # What stands there is ruled by its own rights.
    statements += [f"grant usage on schema public to {role}" for role in roles]
    # A right on a table stands in place of that on its schema.
    for target, given in sorted(RIGHTS.items(), key=lambda one: "." in one[0]):
        schema, _, table = target.partition(".")
        if table and schema in RIGHTS and roles:
            statements.append(f"revoke all on {target} from {', '.join(roles)}")
        what = target if table else f"all tables in schema {schema}"
        # All that have the same at once: each statement writes every table's rights anew.
        for right in dict.fromkeys(given.values()):
            if having := ", ".join(one for one in roles if given.get(one) == right):
                statements.append(f"grant usage on schema {schema} to {having}")
                statements.append(f"grant {right} on {what} to {having}")
    for target, names in FUNCTIONS.items():
        # An analyst's views call them; by name they are out of reach.
        if by_name := ", ".join(one for one in names if one in roles and one != ANALYST_ROLE):
            statements.append(f"grant usage on schema {target.partition('.')[0]} to {by_name}")
    for sequence, names in SEQUENCES.items():
        if having := ", ".join(one for one in names if one in roles):
            statements.append(f"grant usage on sequence {sequence} to {having}")
    for name, signature in connection.execute(text(_FUNCTIONS)):
        if having := ", ".join(one for one in may_call(name) if one in roles):
            statements.append(f"grant execute on function {signature} to {having}")
    connection.exec_driver_sql("; ".join(statements))
    if ENTRY_ROLE in roles:
        _show_own_rows(connection, roles)


def _show_own_rows(connection: Connection, roles: list[str]) -> None:
    """Policies on every table with a child's number; the owner is bound by none of them."""
    others = ", ".join(role for role in roles if role != ENTRY_ROLE)
    statements = []
    for table in connection.execute(text(_OF_CHILDREN)).scalars():
        seen = _SEEN.get(table, _OWN_CHILD.format(table=table))
        statements += [
            f"alter table {table} enable row level security",
            f"drop policy if exists {OWN_CENTRES} on {table}",
            f"drop policy if exists {GRANTED} on {table}",
            f"create policy {OWN_CENTRES} on {table} to {ENTRY_ROLE} using ({seen})",
        ]
        if others:
            statements.append(f"create policy {GRANTED} on {table} to {others} using (true)")
    # A study id has no centre before its child is entered.
    statements += [
        f"drop policy if exists {ADDED} on {_NUMBERS}",
        f"create policy {ADDED} on {_NUMBERS} for insert to {ENTRY_ROLE} with check (true)",
    ]
    connection.exec_driver_sql("; ".join(statements))
