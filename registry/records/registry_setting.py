"""What is this registry's own: its default definition, and the mark of the demo's.

A name of a definition, or none, becomes a definition here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import NotFound
from registry.views.headers import part
from registry.words import tr


def definition_or_default(connection: Connection, name: str | None) -> str:
    """The name of a definition that is there; without a name the default. NotFound otherwise."""
    if name is None:
        return default_definition(connection)
    names = connection.execute(text("select name from reference.definition order by 1"))
    found = names.scalars().all()
    if name not in found:
        raise NotFound(
            tr("There is no definition {name}.", name=name),
            cure=tr("There are: {names}.", names=", ".join(found)),
        )
    return name


def default_definition(connection: Connection) -> str:
    """The definition that holds unless another is named."""
    return str(
        connection.execute(
            text("select default_definition from reference.registry_setting")
        ).scalar_one()
    )


def data_cut_of(definition: Mapping[str, Any]) -> str:
    """The data cut of a definition in words, from a row with `data_cut` and `cut_on`."""
    return part("cut", definition)


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
