"""What is this registry's own: its default definition, the mark of the demo's, and for whom results
are made unless told otherwise, with how many alike in what leaves.

A name of a definition, or none, becomes a definition here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import NotFound, there_are
from registry.records.change import declare_change, summarise_change
from registry.words import tr

_OF_DISCLOSURE = {
    "level": "disclosure",
    "limit": "smallest_group",
    "rounds": "study_rounds",
    "studies": "studies_of_definition",
}


def definition_or_default(connection: Connection, name: str | None) -> str:
    """The name of a definition that is there; without a name the default. NotFound otherwise."""
    if name is None:
        return default_definition(connection)
    names = connection.execute(text("select name from reference.definition order by 1"))
    found = names.scalars().all()
    if name not in found:
        raise NotFound(tr("There is no definition {name}.", name=name), cure=there_are(found))
    return name


def default_definition(connection: Connection) -> str:
    """The definition that holds unless another is named."""
    return str(
        connection.execute(
            text("select default_definition from reference.registry_setting")
        ).scalar_one()
    )


def settings_of(connection: Connection, columns: Mapping[str, str]) -> dict[str, Any]:
    """Settings by the names that a person gives them: name -> column."""
    listed = ", ".join(f'{column} as "{name}"' for name, column in columns.items())
    row = connection.execute(text(f"select {listed} from reference.registry_setting"))
    return dict(row.mappings().one())


def set_settings(
    connection: Connection,
    columns: Mapping[str, str],
    given: Mapping[str, Any],
    *,
    user: str,
    command: str,
    reason: str,
) -> None:
    """Changes what is given and another than it was; kept with who and why, and what it was."""
    before = settings_of(connection, columns)
    changed = {name: value for name, value in given.items() if value not in (None, before[name])}
    if not changed:
        return
    declare_change(connection, user=user, command=command, reason=reason)
    for name, value in changed.items():
        connection.execute(
            text(f"update reference.registry_setting set {columns[name]} = :value"),
            {"value": value},
        )
    told = (f"{name} {before[name]}, now {value}" for name, value in changed.items())
    summarise_change(connection, f"{command}: " + "; ".join(told))


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


def disclosure_setting(connection: Connection) -> dict[str, Any]:
    """`level` and `limit`: so many children at least are told of together, in releases too.

    `rounds` of a study, and `studies` over one definition, are answered at most.
    """
    return settings_of(connection, _OF_DISCLOSURE)


def set_disclosure(connection: Connection, *, user: str, reason: str, **given: Any) -> None:
    """Changes what is given of them."""
    set_settings(connection, _OF_DISCLOSURE, given, user=user, command="disclosure", reason=reason)
