"""The one reader of TOML: mappings, visits, the plan of the night, the list of names."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import Any

from registry.errors import Refused
from registry.words import tr


def parse_toml(text: str, name: str, *, cure: str | None = None) -> dict[str, Any]:
    """The tables of a TOML text; a number with a point is a Decimal, as it was written.

    Raises Refused, with the place, for what is no TOML; `name` is the file's, for the complaint.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(tr("{file} is not TOML: {why}.", file=name, why=error), cure=cure) from None
