"""For whom results are made unless told otherwise, and how many are alike in what leaves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from registry.records.change import declare_change, summarise_change

_CHANGES = {
    "rounds": text("update reference.registry_setting set study_rounds = :value"),
    "studies": text("update reference.registry_setting set studies_of_definition = :value"),
    "level": text("update reference.registry_setting set disclosure = :value"),
    "limit": text("update reference.registry_setting set smallest_group = :value"),
}


def disclosure_setting(connection: Connection) -> dict[str, Any]:
    """`level` and `limit`: so many children at least are told of together, in releases too.

    `rounds` of a study, and `studies` over one definition, are answered at most.
    """
    row = connection.execute(
        text(
            'select disclosure as level, smallest_group as "limit", study_rounds as rounds, '
            "studies_of_definition as studies from reference.registry_setting"
        )
    )
    return dict(row.mappings().one())


def set_disclosure(connection: Connection, *, user: str, reason: str, **given: Any) -> None:
    """Changes what is given of `level` and `limit`; kept with who and why."""
    before = disclosure_setting(connection)
    changed = {name: value for name, value in given.items() if value not in (None, before[name])}
    if not changed:
        return
    declare_change(connection, user=user, command="disclosure", reason=reason)
    for name, value in changed.items():
        connection.execute(_CHANGES[name], {"value": value})
    told = (f"{name} {before[name]}, now {value}" for name, value in changed.items())
    summarise_change(connection, "disclosure: " + "; ".join(told))
