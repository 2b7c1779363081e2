"""The commands by name; each is loaded and built when it is asked for, once a process."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from registry.cli.frame.help import in_words
from registry.clinical_tables import BY_COMMAND
from registry.words import language

# Name -> what loads it: a group of commands, or the function of one.
_BEFORE_RECORDS = {
    "demo": lambda: import_module("registry.cli.demo.command").demo,
    "db": lambda: import_module("registry.cli.db.group").app,
    "import": lambda: import_module("registry.cli.files.import_command").import_command,
    "codebook": lambda: import_module("registry.cli.files.codebook").codebook_command,
    "template": lambda: import_module("registry.cli.files.codebook").template_command,
}
_AFTER_RECORDS = {
    "visit": lambda: import_module("registry.cli.visit.command").visit_command,
    "history": lambda: import_module("registry.cli.records.history").history_command,
    "undo": lambda: import_module("registry.cli.records.history").undo_command,
    "audit": lambda: import_module("registry.cli.audit").app,
    "derive": lambda: import_module("registry.cli.derive").derive_command,
    "status": lambda: import_module("registry.cli.status").status_command,
    "explain": lambda: import_module("registry.cli.explain").explain_command,
    "definition": lambda: import_module("registry.cli.definition").app,
    "assay": lambda: import_module("registry.cli.assay").app,
    "analyse": lambda: import_module("registry.cli.analyse.group").app,
    "worklist": lambda: import_module("registry.cli.worklist").app,
    "quality": lambda: import_module("registry.cli.quality").app,
    "query": lambda: import_module("registry.cli.query").app,
    "schedule": lambda: import_module("registry.cli.schedule.group").app,
    "report": lambda: import_module("registry.cli.report.command").report_command,
    "sql": lambda: import_module("registry.cli.sql").sql_command,
    "export": lambda: import_module("registry.cli.files.export").export_command,
    "synth": lambda: import_module("registry.cli.files.synth").synth_command,
}
_LOADERS = _BEFORE_RECORDS | _AFTER_RECORDS
_NAMES = (*_BEFORE_RECORDS, *BY_COMMAND, *_AFTER_RECORDS)


class _OnDemand(TyperGroup):
    """A group that has its commands by `get_command` alone."""

    def resolve_command(self, ctx: Any, args: Any) -> Any:
        """The command that the line names; a misspelt one is refused with what is like it."""
        names: dict[str, Any] = dict.fromkeys(self.list_commands(ctx))
        self.commands = names
        return super().resolve_command(ctx, args)


class CommandsOnDemand(_OnDemand):
    """All commands, in the order in which help lists them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        in_words(self)

    def list_commands(self, ctx: Any) -> list[str]:
        """Every name."""
        return list(_NAMES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command or group of that name, or None."""
        return _command(cmd_name, language()) if cmd_name in _NAMES else None


class EntityGroup(_OnDemand):
    """The commands of one entity; their options come from the declarations of its variables."""

    def list_commands(self, ctx: Any) -> list[str]:
        """add, list, show, amend, void."""
        from registry.cli.records.commands import VERBS

        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return _record_command(self.name, cmd_name, language())


@cache
def _command(name: str, spoken_language: str) -> Any:
    """`spoken_language` is what its help is in."""
    if name in BY_COMMAND:
        words = BY_COMMAND[name].holds
        return _built(name, typer.Typer(cls=EntityGroup, no_args_is_help=True, help=words))
    return _built(name, _LOADERS[name]())


@cache
def _record_command(group: str, verb: str, spoken_language: str) -> Any:
    """`spoken_language` is what its help is in."""
    from registry.cli.records.commands import VERBS

    return _built(verb, VERBS[verb](group))


def _built(name: str, made: Any) -> Any:
    parent = typer.Typer(add_completion=False, rich_markup_mode=None)
    # With a callback of its own a parent stays one, also of a single command.
    parent.callback()(lambda: None)
    if isinstance(made, typer.Typer):
        parent.add_typer(made, name=name)
    else:
        parent.command(name)(made)
    return in_words(vars(typer.main.get_command(parent))["commands"][name])
