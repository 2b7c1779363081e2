"""Proposes items of a PCDAI from laboratory values and weights; the person accepts or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

GIVEN = "given"


@dataclass(frozen=True)
class Proposal:
    """Points proposed for one item, and the row they come from.

    `table` is the row's table, or `given` for a value that was typed and is not saved yet;
    `dated_on` its day; `value_text` the value as entered; `why` the band and its limits in words.
    """

    item: str
    points: Decimal
    table: str
    dated_on: date
    value_text: str
    why: str


def propose_items(
    connection: Connection, study_id: str, visited_on: date, given: Mapping[str, str]
) -> list[Proposal]:
    """The items that can be proposed for a visit on that day, in the order of the index."""
    return []
