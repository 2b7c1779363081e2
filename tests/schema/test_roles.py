"""What each group role may do: declared, given by an upgrade, and shown in docs/roles.md."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, text

from registry.database.engine import Database
from registry.database.roles import ROLES
from tests.programs import Program

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"
SCHEMAS = ("analytics", "audit", "clinical", "derived", "identity", "inspection")
SCHEMAS += ("analytics_deidentified", "locking", "present", "reference", "rules")
RIGHTS = """
select n.nspname || '.' || c.relname, has_schema_privilege(:role, n.oid, 'usage')
    and has_table_privilege(:role, c.oid, 'select'),
    has_table_privilege(:role, c.oid, 'insert, update, delete, truncate, references, trigger')
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(:schemas) and c.relkind in ('r', 'v') order by 1
"""


def test_the_page_shows_what_the_database_lets_each_role_do(database: Connection) -> None:
    columns = []
    for role in ROLES:
        found = database.execute(text(RIGHTS), {"role": role.name, "schemas": list(SCHEMAS)}).all()
        assert not [name for name, _, writes in found if writes]
        columns.append({name: "reads" if reads else "" for name, reads, _ in found})
    lines = ["| table or view | " + " | ".join(role.name for role in ROLES) + " |"]
    lines.append("|---" * (len(ROLES) + 1) + "|")
    lines += [
        f"| `{name}` | " + " | ".join(column[name] for column in columns) + " |"
        for name in columns[0]
    ]
    table = "\n".join(lines) + "\n"
    before, mark, shown = PAGE.read_text(encoding="utf-8").partition("<!-- rights -->\n")
    if os.environ.get("REGISTRY_REWRITE_DOCS"):
        PAGE.write_text(before + mark + table, encoding="utf-8")
    else:
        assert shown == table


def test_no_role_reads_a_secret_or_an_identity(database: Connection) -> None:
    for role in ROLES:
        found = database.execute(text(RIGHTS), {"role": role.name, "schemas": list(SCHEMAS)}).all()
        read = {name for name, reads, _ in found if reads}
        assert not read & {"audit.secret", "reference.signing_password", "clinical.infusion"}
        assert not [name for name in read if name.startswith("identity.")]


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
        assert "permission denied" in program(url, "patient", "list").refused(3)
        assert "permission denied" in program(url, "centre", "list").refused(3)
    finally:
        with shared_study.engine.begin() as connection:
            connection.execute(text("drop role test_inspector"))
