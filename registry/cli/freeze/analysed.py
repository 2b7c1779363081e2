"""The documents of analyses over a freeze, as it is or as it is tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from registry.errors import WrongUsage, there_are
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection


def require_analyses(names: Iterable[str]) -> None:
    """Raises WrongUsage for a name that is no analysis."""
    from registry.cli.analyse.analyses import BY_NAME

    for name in names:
        if name not in BY_NAME:
            raise WrongUsage(tr("There is no analysis {name}.", name=name), cure=there_are(BY_NAME))


def documents(
    connection: Connection, definition: str, names: Iterable[str]
) -> dict[str, dict[str, Any] | str]:
    """By the name of the analysis the document that its command gives without options, or the
    sentence that says why there is none."""
    from registry.cli.analyse.analyses import BY_NAME
    from registry.cli.analyse.data import Data
    from registry.errors import CannotEstimate

    data = Data(lambda: (connection, definition))
    found: dict[str, dict[str, Any] | str] = {}
    for name in names:
        one = BY_NAME[name]
        try:
            found[name] = one.document(one.run(data.of(one.reads)))
        except CannotEstimate as error:
            found[name] = error.problem
    return found


def shown(value: Any) -> str:
    """A value that moved as people read it; JSON has all of its digits."""
    match value:
        case None:
            return ""
        case float():
            return f"{value:.4g}"
        case dict() | list():
            return "…"
        case _:
            return str(value)
