"""The mark of the registry that holds the synthetic study and no real child."""

from __future__ import annotations

from sqlalchemy import Connection, text


def is_demo(connection: Connection) -> bool:
    """Whether this is the demo's registry; a database that is none, or an older one, is not."""
    there = connection.execute(
        text(
            "select coalesce(bool_or(has_schema_privilege(n.oid, 'usage') "
            "and has_table_privilege(c.oid, 'select')), false) "
            "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = 'reference' and c.relname = 'registry_setting'"
        )
    ).scalar_one()
    return bool(
        there
        and connection.execute(
            text(
                "select coalesce((to_jsonb(s) ->> 'is_demo')::boolean, false) "
                "from reference.registry_setting s"
            )
        ).scalar_one_or_none()
    )


def mark_demo(connection: Connection) -> None:
    """Marks this registry as the demo's, for good."""
    connection.execute(text("update reference.registry_setting set is_demo = true"))
