"""What an analysis rests on: its definition with its hash, clock, entry and rule of censoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import NotFound

CLOCKS = {
    "first_infusion": "days from the first infusion",
    "week14_visit": "days from the week-14 PCDAI",
}
FROM_START = "at risk from where the clock starts"
FROM_WEEK14 = (
    "at risk from the day after the week-14 PCDAI (delayed entry), before which nobody can be seen"
    " to lose response"
)


@dataclass(frozen=True)
class Basis:
    """One sentence for each of the choices behind a result; to be told with it."""

    definition: str
    definition_hash: str
    clock: str
    censoring: str

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
                "select hash, time_zero, exposure_tail_days, data_cut"
                " from analytics.definition where name = :name"
            ),
            {"name": definition},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound(f"There is no definition {definition}.")
    tail = row["exposure_tail_days"]
    ends = ["stop of infliximab", "transfer to adult care", "loss to follow-up", "death"]
    if tail is not None:
        ends.append(f"{tail} days after the last infusion")
    ends.append(f"the data cut on {row['data_cut'].isoformat()}")
    return Basis(
        definition=definition,
        definition_hash=str(row["hash"]),
        clock=CLOCKS[row["time_zero"]],
        censoring=f"censored at the first of {', '.join(ends)}",
    )
