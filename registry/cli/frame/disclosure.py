"""The option that says for whom a result is made, and what it means for lists of children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from registry.disclosure.audience import Audience
from registry.errors import Refused
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

DisclosureOption = Annotated[
    Audience | None,
    typer.Option(
        "--disclosure",
        help="For the centre's own use, or to leave it.  [the registry's default]",
    ),
]


def audience_of(connection: Connection, given: Audience | None) -> Audience:
    """For whom the result is made: as asked, or as the registry has it."""
    from registry.records.registry_setting import disclosure_setting

    return given or Audience(disclosure_setting(connection)["level"])


def refuse_listing(connection: Connection, given: Audience | None) -> None:
    """Raises Refused where a list of single children would be published."""
    if audience_of(connection, given) is Audience.PUBLISH:
        raise Refused(
            tr("This tells of single children, so it is not published."),
            cure=tr(
                "Give rows to others by: registry release create NAME --to DIR\n"
                "For use within the centre: --disclosure none"
            ),
        )
