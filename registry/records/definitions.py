"""The definition that somebody asks for: the one named, or else the registry's default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import NotFound
from registry.views.rule_words import part
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
