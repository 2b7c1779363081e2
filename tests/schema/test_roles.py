"""What each group role may do: declared, given by an upgrade, and shown in docs/roles.md."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from registry.database.engine import Database
from registry.database.roles import IDENTITY_ROLE, OWNER_ROLE, ROLES
from registry.database.roles import RIGHTS as DECLARED
from tests.programs import Program
from tests.roles.page import held_to_page

SCHEMAS = ("analytics", "audit", "clinical", "derived", "identity", "inspection")
SCHEMAS += ("analytics_deidentified", "locking", "present", "reference", "rules")
SCHEMAS += ("own_analytics", "own_inspection", "own_present", "own_rules")
RIGHTS = """
select n.nspname || '.' || c.relname,
    case when not has_schema_privilege(:role, n.oid, 'usage') then ''
        else concat_ws(', ',
            case when has_table_privilege(:role, c.oid, 'select') then 'reads'
                when has_any_column_privilege(:role, c.oid, 'select') then 'reads columns' end,
            case when has_table_privilege(:role, c.oid, 'insert') then 'adds' end,
            case when has_table_privilege(:role, c.oid, 'update') then 'changes'
                when has_any_column_privilege(:role, c.oid, 'update') then 'changes columns' end,
            case when has_table_privilege(:role, c.oid, 'delete') then 'removes' end)
        end as may,
    c.relrowsecurity and exists (select from pg_policies p where p.schemaname = n.nspname
        and p.tablename = c.relname and p.policyname = 'own_centres'
        and :role = any(p.roles)) or starts_with(n.nspname, 'own_') as is_of_own,
    has_table_privilege(:role, c.oid, 'truncate, references, trigger') as is_more
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(:schemas) and c.relkind in ('r', 'v') order by 1
"""


def rights(database: Connection, role: str) -> dict[str, str]:
    """Table or view -> what the database lets the role do with it."""
    found = database.execute(text(RIGHTS), {"role": role, "schemas": list(SCHEMAS)}).all()
    assert not [name for name, _, _, more in found if more]
    return {name: f"{may}, own rows" if may and own else may for name, may, own, _ in found}


# The owner may do everything with all of them; nobody else is a member of it.
GRANTED = [role.name for role in ROLES if role.name != OWNER_ROLE]


def test_the_page_shows_what_the_database_lets_each_role_do(database: Connection) -> None:
    columns = [rights(database, role) for role in GRANTED]
    lines = ["| table or view | " + " | ".join(GRANTED) + " |"]
    lines.append("|---" * (len(GRANTED) + 1) + "|")
    lines += [
        f"| `{name}` | " + " | ".join(column[name] for column in columns) + " |"
        for name in columns[0]
    ]
    held_to_page("rights", "\n".join(lines) + "\n")


def test_every_table_has_its_rights_declared(database: Connection) -> None:
    """A view's are those of its schema; a table's, which one adds by hand, are of its own."""
    tables = database.execute(
        text(
            "select schemaname || '.' || tablename from pg_tables where schemaname = any(:schemas) "
            "and schemaname <> 'clinical'"
        ),
        {"schemas": list(SCHEMAS)},
    ).scalars()
    declared = {
        target
        for target in DECLARED
        if "." in target and not target.startswith(("clinical.", "present."))
    }
    assert set(tables) == declared - {"public.alembic_version"}


@pytest.mark.parametrize(
    ("catalogue", "acl", "owner", "kind", "place"),
    [
        ("pg_class", "relacl", "relowner", "r", "relnamespace::regnamespace::text"),
        ("pg_namespace", "nspacl", "nspowner", "n", "nspname"),
        ("pg_proc", "proacl", "proowner", "f", "pronamespace::regnamespace::text"),
    ],
)
def test_everybody_has_nothing(
    database: Connection, catalogue: str, acl: str, owner: str, kind: str, place: str
) -> None:
    name = "proname" if kind == "f" else "oid::text"
    open_to_all = database.execute(
        text(
            f"select {name} from {catalogue} where {place} = any(:schemas) and exists (select from "
            f"aclexplode(coalesce({acl}, acldefault('{kind}', {owner}))) a where a.grantee = 0)"
        ),
        {"schemas": list(SCHEMAS)},
    ).scalars()
    # The types of ranges bring their own, which only make a range.
    assert [one for one in open_to_all if not one.startswith("text")] == []


def test_no_role_reads_a_secret_or_an_identity(database: Connection) -> None:
    for role in GRANTED:
        read = {name for name, may in rights(database, role).items() if may}
        assert not read & {"audit.secret", "reference.signing_password"}
        assert not [name for name in read if name.startswith("identity.")]
        if role != IDENTITY_ROLE:
            assert not database.execute(
                text("select has_schema_privilege(:role, 'identity', 'usage')"), {"role": role}
            ).scalar_one()


def test_an_inspectors_login_lists_the_audit_and_no_patients(
    shared_study: Database, program: Program
) -> None:
    with shared_study.engine.begin() as connection:
        connection.execute(text("drop role if exists test_inspector"))
        connection.execute(text("create role test_inspector login in role registry_inspector"))
    try:
        url = shared_study.url.set(username="test_inspector").render_as_string(hide_password=False)
        listed = program(url, "audit", "list", "--last", "1")
        assert listed.status == 0, listed
        said = program(url, "patient", "list").refused(1)
        assert "This login may not run: registry patient list" in said
        assert "registry_manager" in said
    finally:
        with shared_study.engine.begin() as connection:
            connection.execute(text("drop role test_inspector"))
