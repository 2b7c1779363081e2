"""The catalogue, held to what the migrations of this program make.

`catalogue.txt` is what they made when the program was written, a line for every function, trigger,
constraint and row policy of the registry's schemas; `scripts/catalogue` writes it. It lies with the
program, out of reach of whoever owns the database.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from registry.audit.finding import Finding
from registry.database.partitions import GUARD, PARTITION
from registry.database.roles import ENTRY_ROLE, ROLES
from registry.views.build import OWN_SCHEMAS, build_views
from registry.views.view import SCHEMAS

EXPECTED = Path(__file__).with_name("catalogue.txt")

# A function of a schema `n` with its arguments, in one word.
_SIGNATURE = """n.nspname || '.' || p.proname || '('
    || replace(pg_get_function_identity_arguments(p.oid), ' ', '_') || ')'"""

# A line for each: kind, table or -, name, and a hash of what it does.
_CATALOGUE = f"""
with ours as (
    select oid, nspname from pg_namespace
    where nspname in ('audit', 'clinical', 'derived', 'identity', 'reference', 'rules')
),
tables as (
    select c.oid, ours.nspname || '.' || c.relname as name
    from pg_class c join ours on ours.oid = c.relnamespace
    where c.relkind in ('r', 'p') and ours.nspname <> 'rules'
)
select 'function', '-', {_SIGNATURE},
    left(encode(sha256(convert_to(concat_ws('|', p.prosrc, p.prosecdef, p.provolatile,
        array_to_string(p.proconfig, ',')), 'UTF8')), 'hex'), 16)
from pg_proc p join ours n on n.oid = p.pronamespace
where p.prolang <> (select oid from pg_language where lanname = 'internal')
union all
select 'trigger', t.name, g.tgname,
    case when g.tgenabled = 'O' then left(encode(sha256(convert_to(
        pg_get_triggerdef(g.oid), 'UTF8')), 'hex'), 16) else 'disabled' end
from pg_trigger g join tables t on t.oid = g.tgrelid
where not g.tgisinternal
union all
select 'constraint', t.name, c.conname, case when c.convalidated then c.contype::text else '-' end
from pg_constraint c join tables t on t.oid = c.conrelid
where c.contype in ('c', 'f', 'p', 'u', 'x') and c.conparentid = 0
union all
select 'row_security', t.name, '-', 'on'
from pg_class c join tables t on t.oid = c.oid
where c.relrowsecurity
union all
-- With whose it is: not all roles that see every centre need be there.
select 'policy', t.name, p.polname, left(encode(sha256(convert_to(concat_ws('|', p.polpermissive,
    p.polcmd, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), r.whose),
    'UTF8')), 'hex'), 16)
from pg_policy p join tables t on t.oid = p.polrelid
cross join lateral (
    select string_agg(distinct case when o.rolname = :entry then 'own'
        when o.rolname = any(:others) then 'every' else 'else' end, ' ') as whose
    from unnest(p.polroles) of_role left join pg_roles o on o.oid = of_role
) r
"""

# What the migrations never make. A partition has what its table gives it and the trigger that keeps
# it from being written past that (62: before every kind of statement), and none is wanting.
_NEVER = f"""
with tables as (
    select c.oid, n.nspname || '.' || c.relname as name, c.relforcerowsecurity as forced
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where (n.nspname in ('audit', 'clinical', 'derived', 'identity', 'reference')
            or n.nspname ~ '^{PARTITION}$')
        and c.relkind in ('r', 'p')
),
parts as (
    select i.inhrelid as oid, t.name as whole, n.nspname || '.' || c.relname as name, c.relkind,
        substring(pg_get_expr(c.relpartbound, c.oid) from 'modulus ([0-9]+)')::integer as modulus
    from pg_inherits i join tables t on t.oid = i.inhparent
    join pg_class c on c.oid = i.inhrelid and c.relispartition
    join pg_namespace n on n.oid = c.relnamespace
)
select 'child_table', t.name, i.inhrelid::regclass::text
from pg_inherits i join tables t on t.oid = i.inhparent
join pg_class c on c.oid = i.inhrelid where not c.relispartition
union all
select 'partition_missing', t.name, null from tables t join pg_class c on c.oid = t.oid
where c.relkind = 'p'
    and (select count(*) filter (where relkind = 'r') is distinct from max(modulus)
        from parts where whole = t.name)
union all
select 'partition_changed', p.whole, p.name from parts p
where not exists (select from pg_trigger g where g.tgrelid = p.oid and g.tgname = '{GUARD}'
        and g.tgfoid = to_regproc('audit.refuse_partition') and g.tgtype = 62
        and g.tgqual is null and g.tgenabled = 'O')
    or exists (select from pg_trigger g where g.tgrelid = p.oid and g.tgname <> '{GUARD}'
        and (g.tgenabled <> 'O' or g.tgparentid = 0 and not g.tgisinternal))
    or exists (select from pg_constraint k where k.conrelid = p.oid and k.conparentid = 0
        and k.coninhcount = 0 and k.contype in ('c', 'f', 'p', 'u', 'x'))
union all
select 'rule', t.name, r.rulename from pg_rewrite r join tables t on t.oid = r.ev_class
union all
select 'policy_forced', t.name, null from tables t where t.forced
union all
select 'trigger_disabled', t.name, g.tgname from pg_trigger g join tables t on t.oid = g.tgrelid
where g.tgisinternal and g.tgenabled <> 'O'
order by 1, 2, 3
"""

# Policies stand where the role has been let in that they are for.
_HAS_POLICIES = """
select coalesce(has_schema_privilege(to_regrole(:entry), 'clinical', 'usage'), false)
"""
_OF_ROLES = ("policy", "row_security")

VIEWS = (*OWN_SCHEMAS, *SCHEMAS)
# With the functions of whose bodies the catalogue has no text: those written with "return", and all
# that are made once more for who sees some centres.
_VIEWS = f"""
select 'view', n.nspname || '.' || c.relname, concat_ws(' ', pg_get_viewdef(c.oid), c.reloptions)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v' and n.nspname = any(:schemas)
union all
select 'function', {_SIGNATURE}, pg_get_functiondef(p.oid)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = any(:schemas) and (p.prosqlbody is not null or n.nspname = any(:own))
"""
_MADE: dict[str, dict[tuple[str, str], str]] = {}


def catalogue(connection: Connection) -> list[str]:
    """The lines of the catalogue as it is, in order."""
    others = [role.name for role in ROLES if role.name != ENTRY_ROLE]
    rows = connection.execute(text(_CATALOGUE), {"entry": ENTRY_ROLE, "others": others})
    return sorted(" ".join(row) for row in rows)


def check_catalogue(connection: Connection) -> list[Finding]:
    """What is missing, changed, disabled or added by somebody else; one query each."""
    expected = _by_name(EXPECTED.read_text(encoding="utf-8").splitlines())
    found = _by_name(catalogue(connection))
    if not connection.execute(text(_HAS_POLICIES), {"entry": ENTRY_ROLE}).scalar_one():
        expected = {what: said for what, said in expected.items() if what[0] not in _OF_ROLES}
    findings = []
    for what in sorted({*expected, *found}):
        kind, table, name = what
        if expected.get(what) == found.get(what):
            continue
        if what not in found:
            state = "missing"
        elif what not in expected:
            state = "unknown"
        else:
            state = "disabled" if found[what] == "disabled" else "changed"
        findings.append(Finding(f"{kind}_{state}", None if table == "-" else table, name=name))
    never = connection.execute(text(_NEVER))
    return findings + [Finding(kind, table, name=name) for kind, table, name in never]


def check_views(connection: Connection) -> list[Finding]:
    """Views, and functions of theirs, that do not say what the program's files say."""
    found = _views(connection)
    return [
        Finding(f"{kind}_changed" if (kind, name) in found else f"{kind}_missing", name=name)
        for (kind, name), definition in sorted(_views_made(connection).items())
        if found.get((kind, name)) != definition
    ]


def _views_made(connection: Connection) -> dict[tuple[str, str], str]:
    """The views as the program's files make them, on a server of this version.

    They are built beside those that are there, once a process. The caller rolls back: until then
    the schemas of the views bear other names in this transaction, which nobody else sees or waits
    for.
    """
    version = connection.execute(text("show server_version_num")).scalar_one()
    if version not in _MADE:
        for schema in VIEWS:
            connection.execute(text(f"alter schema {schema} rename to {schema}_as_found"))
        build_views(connection)
        _MADE[version] = _views(connection)
    return _MADE[version]


def _by_name(lines: list[str]) -> dict[tuple[str, str, str], str]:
    parts = [line.split(" ") for line in lines if line]
    return {(kind, table, name): said for kind, table, name, said in parts}


def _views(connection: Connection) -> dict[tuple[str, str], str]:
    # Every name with its schema, whatever the database would leave out.
    connection.execute(text("set local search_path = ''"))
    schemas = {"schemas": list(VIEWS), "own": list(OWN_SCHEMAS)}
    return {(kind, name): said for kind, name, said in connection.execute(text(_VIEWS), schemas)}
