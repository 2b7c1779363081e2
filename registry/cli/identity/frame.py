"""What the commands of identities stand in: a connection to them, who works and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.frame.context import opened, require_reason, run_of
from registry.cli.frame.signatures import option
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

CentreOption = Annotated[
    str | None, option("--centre", "CODE", "Whose number it is.  [the child's centre]")
]
NumberOption = Annotated[str | None, option("--number", "NUMBER", "A hospital's number.")]
NameOption = Annotated[str | None, option("--name", "TEXT", "Name.")]
BirthNameOption = Annotated[str | None, option("--birth-name", "TEXT", "Name at birth.")]
ContactOption = Annotated[
    str | None, option("--contact", "TEXT", "Telephone, address, who is to be called.")
]
IdentityNumberOption = Annotated[
    str | None, option("--identity-number", "TEXT", "Of the identity card or insurance.")
]


def why(reason: str | None) -> str:
    """Why identities are read or changed. Raises WrongUsage where nobody says it."""
    needed = tr("Identities are read, changed and taken out only with a --reason.")
    return require_reason(reason, needed)


@contextmanager
def at_identities(
    context: typer.Context, command: str, *, user: str | None, reason: str | None
) -> Iterator[tuple[Connection, Connection]]:
    """The registry's connection and that of the identities, where it is said who works and why.

    What was done is kept at the end, what was read too: that somebody read it is written down.
    """
    from sqlalchemy.exc import IntegrityError

    from registry.database.identities import identities
    from registry.records.change import declare_change

    settings = run_of(context).settings(user)
    say = partial(declare_change, user=settings.user, command=f"identity {command}", reason=reason)
    with opened(settings) as database, database.engine.begin() as connection:
        say(connection)
        with identities(connection, settings.identity_url) as place:
            if place.apart:
                say(place.connection)
            try:
                yield connection, place.connection
            except IntegrityError:
                # What was kept of a child already is changed as any record is.
                why(reason)
                raise
            place.commit()


def centre_of(connection: Connection, patient: str, centre: str | None) -> str:
    """The centre that is said, or the child's own. Raises NotFound for one that is none."""
    from sqlalchemy import text

    from registry.database.login import require_centres

    own = connection.execute(
        text(
            "select centre from clinical.patient join reference.patient_number "
            "using (patient_id) where study_id = :patient"
        ),
        {"patient": patient},
    ).scalar_one_or_none()
    asked = str(centre or own)
    require_centres(connection, [asked])
    return asked
