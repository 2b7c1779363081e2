"""A day that a test sets: what the registry takes for today, in every connection of an engine."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Engine, event


class Clock:
    """Gives each new connection of the engine the day; without one it is that of the calendar."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._day: date | None = None
        event.listen(engine, "do_connect", self._connecting)

    def set(self, day: date | None) -> None:
        """From the next connection on it is that day."""
        self._day = day
        self._engine.dispose()

    def _connecting(
        self, _dialect: Any, _record: Any, _args: Any, parameters: dict[str, Any]
    ) -> None:
        if self._day is not None:
            options = parameters.get("options", "")
            parameters["options"] = f"{options} -c registry.today={self._day}".strip()
