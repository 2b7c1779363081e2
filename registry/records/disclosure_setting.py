"""For whom results are made unless told otherwise, and how many are alike in what leaves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from registry.records.registry_setting import set_settings, settings_of

_COLUMNS = {
    "level": "disclosure",
    "limit": "smallest_group",
    "rounds": "study_rounds",
    "studies": "studies_of_definition",
}


def disclosure_setting(connection: Connection) -> dict[str, Any]:
    """`level` and `limit`: so many children at least are told of together, in releases too.

    `rounds` of a study, and `studies` over one definition, are answered at most.
    """
    return settings_of(connection, _COLUMNS)


def set_disclosure(connection: Connection, *, user: str, reason: str, **given: Any) -> None:
    """Changes what is given of them."""
    set_settings(connection, _COLUMNS, given, user=user, command="disclosure", reason=reason)
