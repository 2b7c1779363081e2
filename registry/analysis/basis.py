"""What an analysis rests on: its definition with clock, entry and rule of censoring.

Apart from the rows, so that who tells only this does not load pandas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from registry.covariates import AS_PUBLISHED, Limits, limits_of
from registry.errors import NotFound
from registry.views.headers import exclusions, part_note
from registry.words import note, tr

FROM_START = note("at risk from where the clock starts")
FROM_WEEK14 = note(
    "at risk from the day after the week-14 PCDAI (delayed entry), before which nobody can "
    "be seen to lose response"
)


@dataclass(frozen=True)
class Basis:
    """One sentence for each of the choices behind a result; to be told with it.

    `competing` is the rule of censoring where stop, transfer and death are events of their own;
    `is_default` says that the registry holds to this definition unless another is named; `excluded`
    what each exclusion is called under it; `covariates` are those that the definition prespecifies,
    none where their P is to choose them; `limits` is what the words of covariates take from it,
    `im_min_days` what it calls a lasting combination.
    """

    definition: str
    definition_hash: str
    clock: str
    censoring: str
    competing: str = ""
    is_default: bool = False
    excluded: Mapping[str, str] = field(default_factory=dict, compare=False)
    covariates: tuple[str, ...] = ()
    limits: Limits = field(default_factory=lambda: AS_PUBLISHED, compare=False)
    im_min_days: int = 0

    @property
    def origin(self) -> str:
        """What the clock counts from."""
        return self.clock.removeprefix("days from ")

    def to_json(self, entry: str = FROM_START) -> dict[str, Any]:
        return {
            "definition_hash": self.definition_hash,
            "definition_is_default": self.is_default,
            "clock": self.clock,
            "entry": entry,
            "censoring": self.censoring,
        }


def limits_under(basis: Basis | None) -> Limits:
    """The limits of its definition; those of the published study where none is told."""
    return AS_PUBLISHED if basis is None else basis.limits


def basis_of(connection: Connection, definition: str) -> Basis:
    """Read it from the definition's parameters; NotFound without that definition."""
    row = (
        connection.execute(
            text("select * from analytics.definition where name = :name"),
            {"name": definition},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound(tr("There is no definition {definition}.", definition=definition))
    return Basis(
        definition=definition,
        definition_hash=str(row["hash"]),
        clock=part_note("clock", dict(row)),
        censoring=part_note("censoring", dict(row)),
        competing=part_note("competing", dict(row)),
        is_default=bool(row["is_default"]),
        excluded=exclusions(dict(row)),
        covariates=tuple(filter(None, (row["covariates"] or "").split(","))),
        limits=limits_of(dict(row)),
        im_min_days=int(row["im_min_days"]),
    )
