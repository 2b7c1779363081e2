"""What comes back to the form of a visit from the threads that ask the registry."""

from __future__ import annotations

from textual.message import Message

from registry.cli.visit.heard import Heard
from registry.entry.answers.pcdai_points import Levels
from registry.entry.visit.day import Day
from registry.entry.visit.write import Outcome
from registry.errors import RegistryError
from registry.words import tr


class Answered(Message):
    """What the registry says to what has been typed."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self.heard = heard


class Read(Message):
    """A day as it stands."""

    def __init__(self, day: Day, levels: dict[str, Levels]) -> None:
        super().__init__()
        self.day = day
        self.levels = levels


class Saved(Message):
    """The visit is stored."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Failed(Message):
    """The registry refused, or could not be asked."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words


def words_of(error: Exception) -> str:
    """What went wrong, in words that a person can act on; never the text of a statement."""
    import psycopg
    from sqlalchemy.exc import DBAPIError

    from registry.database.engine import refused_by_database

    if isinstance(error, RegistryError):
        return str(error)
    known = refused_by_database(error) if isinstance(error, DBAPIError | psycopg.Error) else None
    if known is not None:
        return str(known)
    return tr("Unexpected error: {kind}. Nothing was stored.", kind=type(error).__name__)
