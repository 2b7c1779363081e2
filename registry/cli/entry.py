"""The command groups of single records; their options come from the declarations when asked for."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from registry.cli.groups import GROUPS


class EntityGroup(TyperGroup):
    """The commands of one entity, made from its variables only when one of them is needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """add, list, show, amend, void."""
        from registry.cli.entry_commands import VERBS

        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them, with an option for each variable."""
        from registry.cli.entry_commands import entity_app

        made = typer.main.get_command(entity_app(self.name or ""))
        return getattr(made, "commands", {}).get(cmd_name)


def add_groups(app: typer.Typer) -> None:
    """Adds a group for each entity."""
    for name, (_, words) in GROUPS.items():
        group = typer.Typer(cls=EntityGroup, no_args_is_help=True, help=words)
        app.add_typer(group, name=name)
