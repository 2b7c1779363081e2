"""The mark of the registry that holds the synthetic study and no real child."""

from __future__ import annotations

from sqlalchemy import Connection, text


def is_demo(connection: Connection) -> bool:
    """Whether this is the demo's registry; a database that is none, or an older one, is not."""
    there = connection.execute(
        text(
            "select coalesce(has_table_privilege("
            "to_regclass('reference.registry_setting'), 'select'), false)"
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
