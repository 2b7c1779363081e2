"""Every right in the whole database, one by one, is one that `registry.database.roles` declares."""

from __future__ import annotations

import re
from collections import defaultdict

from sqlalchemy import Connection, text

from registry.database.engine import Database
from registry.database.roles import (
    ANALYST_ROLE,
    FUNCTIONS,
    OWNER_ROLE,
    RIGHTS,
    ROLES,
    SEQUENCES,
    may_call,
    rights_on,
)
from tests.programs import Program

GRANTED = [role.name for role in ROLES if role.name != OWNER_ROLE]
OURS = "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
SCHEMAS = {target.partition(".")[0] for target in RIGHTS}
OF_TABLES = """
select r.rolname, n.nspname || '.' || c.relname, p.what
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references',
    'trigger']) p (what)
cross join pg_roles r
where r.rolname = any(:roles) and c.relkind in ('r', 'v', 'm', 'p', 'f')
    and has_table_privilege(r.oid, c.oid, p.what)
union all
select coalesce(r.rolname, 'public'), n.nspname || '.' || c.relname,
    lower(a.privilege_type) || ' (' || string_agg(t.attname, ', ' order by t.attname) || ')'
from pg_attribute t join pg_class c on c.oid = t.attrelid
join pg_namespace n on n.oid = c.relnamespace
cross join lateral aclexplode(t.attacl) a
left join pg_roles r on r.oid = a.grantee
where {ours} group by 1, 2, a.privilege_type
"""
OF_SEQUENCES = """
select r.rolname, n.nspname || '.' || c.relname, p.what
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join unnest(array['usage', 'select', 'update']) p (what)
cross join pg_roles r
where r.rolname = any(:roles) and c.relkind = 'S' and has_sequence_privilege(r.oid, c.oid, p.what)
"""
OF_FUNCTIONS = """
select r.rolname, n.nspname || '.' || p.proname
from pg_proc p join pg_namespace n on n.oid = p.pronamespace cross join pg_roles r
where {ours} and r.rolname = any(:roles) and has_function_privilege(r.oid, p.oid, 'execute')
    -- A type of ranges brings functions that make them, which are everybody's.
    and p.prolang <> (select oid from pg_language where lanname = 'internal')
"""
OF_SCHEMAS = """
select r.rolname, n.nspname, p.what
from pg_namespace n cross join unnest(array['usage', 'create']) p (what) cross join pg_roles r
where {ours} and r.rolname = any(:roles) and has_schema_privilege(r.oid, n.oid, p.what)
"""
Rights = dict[tuple[str, str], set[str]]


def found(connection: Connection, query: str) -> Rights:
    """Role and thing -> what the server says the role may do with it."""
    rights: Rights = defaultdict(set)
    rows = connection.execute(text(query.format(ours=OURS)), {"roles": GRANTED})
    for role, name, *what in rows:
        if not name.startswith(("pg_", "information_schema")):
            rights[role, name].update(what or {"execute"})
    return dict(rights)


def named(connection: Connection, query: str) -> list[str]:
    """Names, in order."""
    return sorted(connection.execute(text(query.format(ours=OURS))).scalars())


def said(given: str) -> set[str]:
    """A declared right as the server tells it: each by itself, columns in order."""
    rights = set()
    for verb, columns in re.findall(r"(\w+)(?: \(([^)]*)\))?(?:, |$)", given):
        ordered = ", ".join(sorted(columns.split(", ")))
        rights.add(f"{verb} ({ordered})" if columns else verb)
    return rights


def test_every_table_and_view_gives_each_role_what_is_declared(database: Connection) -> None:
    relations = named(
        database,
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n "
        "on n.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'p', 'f') and {ours}",
    )
    undeclared = [one for one in relations if not {one, one.partition(".")[0]} & set(RIGHTS)]
    assert undeclared == []
    declared = {
        (role, name): said(given) for name in relations for role, given in rights_on(name).items()
    }
    assert found(database, OF_TABLES) == declared


def test_every_sequence_function_and_schema_too(database: Connection) -> None:
    given = {(role, name): {"usage"} for name, roles in SEQUENCES.items() for role in roles}
    assert found(database, OF_SEQUENCES) == given
    functions = named(
        database,
        "select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n "
        "on n.oid = p.pronamespace where {ours} and p.prorettype <> 'trigger'::regtype "
        "and p.prolang <> (select oid from pg_language where lanname = 'internal')",
    )
    assert set(FUNCTIONS) - set(functions) <= SCHEMAS
    called = {(role, name): {"execute"} for name in functions for role in may_call(name)}
    assert found(database, OF_FUNCTIONS) == called
    used = {(role, target.partition(".")[0]) for target, to in RIGHTS.items() for role in to}
    used |= {
        (role, target.partition(".")[0])
        for target, roles in FUNCTIONS.items()
        for role in roles
        if role != ANALYST_ROLE
    }
    used |= {(role, "public") for role in GRANTED}
    assert found(database, OF_SCHEMAS) == {one: {"usage"} for one in used}
    schemas = named(database, "select n.nspname from pg_namespace n where {ours}")
    assert set(schemas) == SCHEMAS


# Functions that have their maker's rights -> who may call them. Each says in its own words what it
# lets whom do.
DEFINERS = {
    "audit.current_change": {"registry_manager", "registry_entry", "registry_derivation"},
    "audit.own_centres": {"registry_entry"},
    # The person asks and sets the own password, and signs with it.
    **{
        name: {"registry_manager", "registry_entry"}
        for name in (
            *("audit.is_all_seen", "audit.working_as", "reference.set_signing_password"),
            *("reference.sign", "reference.signing_password_is", "reference.signing_salt"),
            *("reference.password_wait", "reference.count_wrong_password"),
        )
    },
    "audit.summarise_change": {"registry_manager", "registry_entry", "registry_derivation"},
    # Of a query whether its value still stands; an analyst's views call it.
    "rules.was_mended": {
        *("registry_manager", "registry_derivation", "registry_analyst", "registry_inspector"),
    },
    **{
        f"identity.{name}": {"registry_identity"}
        for name in (
            *("audited", "find", "kept", "link", "put", "read", "seen", "translate", "unlink"),
            "void",
        )
    },
}


def test_functions_with_their_makers_rights_are_known_ones(database: Connection) -> None:
    definers: dict[str, set[str]] = defaultdict(set)
    for name, role in database.execute(
        text(
            "select n.nspname || '.' || p.proname, r.rolname from pg_proc p "
            "join pg_namespace n on n.oid = p.pronamespace cross join pg_roles r "
            "where p.prosecdef and p.prorettype <> 'trigger'::regtype and r.rolname = any(:roles) "
            "and has_function_privilege(r.oid, p.oid, 'execute')"
        ),
        {"roles": GRANTED},
    ):
        definers[name].add(role)
    assert definers == DEFINERS
    # Names in them mean what they meant to who made them.
    loose = named(
        database,
        "select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n "
        "on n.oid = p.pronamespace where p.prosecdef and {ours} "
        "and not coalesce(p.proconfig, '{{}}') @> array['search_path=pg_catalog, pg_temp']",
    )
    assert loose == []


def test_nothing_is_given_beforehand_and_no_role_is_in_another(database: Connection) -> None:
    assert database.execute(text("select * from pg_default_acl")).all() == []
    assert (
        database.execute(
            text(
                "select m.member::regrole::text from pg_auth_members m "
                "where m.member::regrole::text = any(:roles)"
            ),
            {"roles": GRANTED},
        ).all()
        == []
    )
    powers = database.execute(
        text(
            "select rolname from pg_roles where rolname = any(:roles) and (rolsuper "
            "or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)"
        ),
        {"roles": GRANTED},
    )
    assert powers.all() == []
    rights = {
        role: set(given)
        for role, given in database.execute(
            text(
                "select r.rolname, array_agg(p.what) from pg_roles r "
                "cross join unnest(array['connect', 'create', 'temporary']) p (what) "
                "where r.rolname = any(:roles) "
                "and has_database_privilege(r.oid, current_database(), p.what) group by 1"
            ),
            {"roles": GRANTED},
        )
    }
    assert {role: given - {"temporary"} for role, given in rights.items()} == {
        role: {"connect"} for role in GRANTED
    }


def test_of_a_freeze_analysts_read_their_views_and_nobody_anything_more(
    registry: Database, program: Program
) -> None:
    made = program(registry, "freeze", "create", "paper")
    assert made.status == 0, made
    with registry.engine.connect() as connection:
        frozen = {
            one
            for one in named(connection, "select n.nspname from pg_namespace n")
            if one.startswith(("frozen_", "freeze_"))
        }
        assert len(frozen) == 7
        held: Rights = {}
        for query in (OF_TABLES, OF_SEQUENCES, OF_FUNCTIONS):
            held |= {
                (role, name): rights
                for (role, name), rights in found(connection, query).items()
                if name.partition(".")[0] in frozen
            }
        assert {role for role, _ in held} == {ANALYST_ROLE}
        assert sorted({*map(tuple, held.values())}) == [("execute",), ("select",)]
        read = {name.partition(".")[0] for (_, name), one in held.items() if "select" in one}
        assert read == {"freeze_paper"}
        schemas = {one for one in found(connection, OF_SCHEMAS) if one[1] in frozen}
        assert schemas == {(ANALYST_ROLE, "freeze_paper")}
