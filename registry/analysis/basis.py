"""What an analysis rests on: its definition with its hash, clock, entry and rule of censoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from registry.analysis.wording import listed
from registry.errors import NotFound
from registry.records.definitions import end_of_data
from registry.words import note, tr

CLOCKS = {
    "first_infusion": note("days from the first infusion"),
    "week14_visit": note("days from the week-14 PCDAI"),
}
FROM_START = note("at risk from where the clock starts")
FROM_WEEK14 = note(
    "at risk from the day after the week-14 PCDAI (delayed entry), before which nobody can "
    "be seen to lose response"
)


@dataclass(frozen=True)
class Basis:
    """One sentence for each of the choices behind a result; to be told with it.

    `competing` is the rule of censoring where stop, transfer and death are events of their own.
    """

    definition: str
    definition_hash: str
    clock: str
    censoring: str
    competing: str = ""

    @property
    def origin(self) -> str:
        """What the clock counts from."""
        return self.clock.removeprefix("days from ")

    def to_json(self, entry: str = FROM_START) -> dict[str, Any]:
        return {
            "definition_hash": self.definition_hash,
            "clock": self.clock,
            "entry": entry,
            "censoring": self.censoring,
        }


def basis_of(connection: Connection, definition: str) -> Basis:
    """Read it from the definition's parameters; NotFound without that definition."""
    row = (
        connection.execute(
            text(
                "select hash, time_zero, exposure_tail_days, data_cut, cut_on"
                " from analytics.definition where name = :name"
            ),
            {"name": definition},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound(tr("There is no definition {definition}.", definition=definition))
    tail = row["exposure_tail_days"]
    lost = note("loss to follow-up")
    last = [] if tail is None else [note("{tail} days after the last infusion", tail=tail)]
    last.append(end_of_data(dict(row)))
    ends = [
        note("stop of infliximab"),
        note("transfer to adult care"),
        lost,
        note("death"),
        *last,
    ]
    return Basis(
        definition=definition,
        definition_hash=str(row["hash"]),
        clock=CLOCKS[row["time_zero"]],
        censoring=note("censored at the first of {ends}", ends=listed(ends)),
        competing=note(
            "censored at the first of {ends}; stop of infliximab, transfer to adult care and "
            "death are events that compete with the loss and censor nothing",
            ends=listed([lost, *last]),
        ),
    )
