"""Makes a freeze: tables, views over them, statuses of its own, and the hash, in one transaction.

The transaction has one snapshot, which the number of the last commit that it sees names: imports
go on meanwhile. Whoever is killed on the way leaves nothing.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, text

from registry import __version__
from registry.database.frozen import Frozen, Place
from registry.errors import Refused
from registry.freezes.content import Content, content_of, sha256_of
from registry.freezes.tables import close, make_tables
from registry.models.derivation import STATE
from registry.models.status_columns import NO_RUN, STATUS_COLUMNS, status_hash
from registry.steps import each
from registry.views.build import build_frozen_views, rules_hash
from registry.words import tr

_NEWEST = "select coalesce(max(commit_number), 0) from audit.committed_change"
# So that nothing waits for a derivation in it.
_DERIVED = """
update reference.definition d set derived_hash = f.stamp
from analytics.freshness f where f.definition = d.name
"""


def make(
    connection: Connection, name: str, as_of: datetime | None, *, passing: bool = False
) -> tuple[Frozen, Content]:
    """Makes a freeze of now, or of a moment, in the caller's transaction (REPEATABLE READ).

    The registry then is at head, and nobody may migrate it until the end. Refused for a moment
    before the registry.
    """
    newest = int(connection.execute(text(_NEWEST)).scalar_one())
    if as_of is None:
        moment, day = connection.execute(text("select now(), rules.today()")).one()
        commit = newest
    else:
        commit, day = connection.execute(
            text("select audit.commit_at(:moment), cast(:moment as date)"), {"moment": as_of}
        ).one()
        moment = as_of
        if not commit:
            raise Refused(
                tr(
                    "There was no registry on {moment}.",
                    moment=as_of.isoformat(timespec="seconds"),
                )
            )
    place = Place(name)
    content = fill(connection, place, day, None if commit == newest else commit, passing=passing)
    frozen = Frozen(
        name=None if passing else name,
        place=place,
        as_of=moment,
        day=day,
        commit_number=commit,
        sha256=sha256_of(content),
        rules_hash=rules_hash(),
        program_version=__version__,
    )
    return frozen, content


def fill(
    connection: Connection, place: Place, day: date, commit: int | None, *, passing: bool = False
) -> Content:
    """Makes its schemas with all that is in them; says what they hold."""
    made = make_tables(connection, place, commit, passing=passing)
    dated = place.sql("update reference.definition set derived_on = :day")
    connection.execute(text(dated), {"day": day})
    for source in made:
        connection.execute(text(f"analyze {place.sql(source.name)}"))
    build_frozen_views(connection, place, day)
    derive(connection, place)
    connection.execute(text(place.sql(_DERIVED)))
    content = content_of(connection, place, made)
    close(connection, place, made)
    return content


def derive(connection: Connection, place: Place) -> None:
    """Writes the status of every child under every definition, by the rules as they are here."""
    listed = ", ".join(STATUS_COLUMNS)
    statement = place.sql(
        f"insert into derived.lor_status ({listed}, run_id, state, row_hash) "
        f"select {listed}, :run, {STATE}, {status_hash('r', ':run')} "
        "from rules.loss_of_response r where definition = :name order by patient_id"
    )
    names = connection.execute(text(place.sql("select name from reference.definition order by 1")))
    # One at a time: its name is then a constant to the planner, wherever it is joined.
    for name in each(
        names.scalars().all(), lambda one: tr("Deriving {definition}", definition=one)
    ):
        connection.execute(text(statement), {"run": NO_RUN, "name": name})
    connection.execute(text(place.sql("analyze derived.lor_status")))
