"""Reads the stored status, and says what waits for a derivation and whose that is.

A derivation is loaded where something waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, text

from registry.database.frozen import frozen_of
from registry.database.roles import MANAGER_ROLE
from registry.database.standby import on_standby
from registry.errors import Refused
from registry.words import tr

if TYPE_CHECKING:
    from registry.derivation.run import DerivationResult

DERIVE = "registry derive"


class WaitsForTheNight(Refused):
    """What is asked rests on a status that this login may not bring up to date."""


def bring_up_to_date(engine: Engine, *, user: str) -> DerivationResult | None:
    """Derives what is waiting for any definition; None, and no run, when nothing is.

    Where a definition has no data cut, every new day is. A freeze stays as it was derived.
    """
    with engine.connect() as connection:
        if frozen_of(connection) is not None:
            return None
        waiting = connection.execute(
            text(
                "select exists (select from derived.changed_patient) "
                "or exists (select from reference.definition "
                "where derived_on <> rules.today() "
                "and (data_cut is null or exists (select from clinical.consent))) "
                "or exists (select from analytics.freshness where rules_changed)"
            )
        ).scalar_one()
        if waiting and not may_derive(connection):
            raise WaitsForTheNight(
                tr("Some status is older than the records or the day; this login may not derive."),
                cure=tr("For it: {cure}.", cure=who_derives(connection)),
            )
    if not waiting:
        return None
    from registry.derivation.run import derive

    return derive(engine, user=user)


def may_derive(connection: Connection) -> bool:
    """Whether this login may, here; who enters for some centres leaves it to the night."""
    return not on_standby(connection) and bool(
        connection.execute(
            text("select has_table_privilege('derived.derivation_run', 'insert')")
        ).scalar_one()
    )


def who_derives(connection: Connection) -> str:
    """By what a waiting status comes up to date, for this login to do or to wait for."""
    if may_derive(connection):
        return DERIVE
    if on_standby(connection):
        return tr("{command} on the primary server; this is a standby", command=DERIVE)
    return tr(
        "the next night does it, or who has the role {role} by registry derive", role=MANAGER_ROLE
    )


def waiting_patients(connection: Connection, definition: str | None = None) -> int:
    """Patients that wait for a derivation of a definition; without one, of that most wait for.

    Nobody does in a freeze, which stays as it was derived.
    """
    if frozen_of(connection) is not None:
        return 0
    return int(
        connection.execute(
            text(
                "select coalesce(max(waiting), 0) from analytics.freshness "
                "where definition = coalesce(:definition, definition)"
            ),
            {"definition": definition},
        ).scalar_one()
    )


def status_rows(
    connection: Connection, definition: str, columns: Sequence[str], patient: str | None = None
) -> list[dict[str, Any]]:
    """The stored status as rows of `columns`, by study id; of one patient or of all."""
    only = "" if patient is None else " and patient_id = :patient"
    rows = connection.execute(
        text(
            f"select {', '.join(columns)} from analytics.status "
            f"where definition = :definition{only} order by patient_id"
        ),
        {"definition": definition, **({} if patient is None else {"patient": patient})},
    ).mappings()
    return [dict(row) for row in rows]
