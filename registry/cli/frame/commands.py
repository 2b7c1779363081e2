"""The commands by name; each is loaded and built when it is asked for, once a process."""

from __future__ import annotations

import copy
import gettext
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer._click.formatting import HelpFormatter
from typer.core import TyperGroup
from typer.models import CommandInfo

from registry.cli.frame.values import take_as_given
from registry.clinical_tables import BY_COMMAND
from registry.terminal_width import columns, wrapped
from registry.words import DOMAIN, LOCALES, SOURCE_LANGUAGE, language, spoken, tr

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
    "feed": lambda: import_module("registry.cli.feed").app,
    "history": lambda: import_module("registry.cli.records.history").history_command,
    "undo": lambda: import_module("registry.cli.records.undo").undo_command,
    "audit": lambda: import_module("registry.cli.audit.group").app,
    "freeze": lambda: import_module("registry.cli.freeze.group").app,
    "sign": lambda: import_module("registry.cli.sign").app,
    "lock": lambda: import_module("registry.cli.lock").app,
    "unlock": lambda: import_module("registry.cli.lock").unlock_app,
    "validate": lambda: import_module("registry.cli.validate").validate_command,
    "release": lambda: import_module("registry.cli.release").app,
    "study": lambda: import_module("registry.cli.study.group").app,
    "hub": lambda: import_module("registry.cli.hub").app,
    "derive": lambda: import_module("registry.cli.derive").derive_command,
    "status": lambda: import_module("registry.cli.status").status_command,
    "explain": lambda: import_module("registry.cli.explain").explain_command,
    "definition": lambda: import_module("registry.cli.definition").app,
    "identity": lambda: import_module("registry.cli.identity.group").app,
    "disclosure": lambda: import_module("registry.cli.disclosure").disclosure_command,
    "role": lambda: import_module("registry.cli.role").app,
    "centre": lambda: import_module("registry.cli.centre").app,
    "assay": lambda: import_module("registry.cli.assay").app,
    "analyse": lambda: import_module("registry.cli.analyse.group").app,
    "worklist": lambda: import_module("registry.cli.worklist").app,
    "quality": lambda: import_module("registry.cli.quality").app,
    "query": lambda: import_module("registry.cli.query").app,
    "schedule": lambda: import_module("registry.cli.schedule.group").app,
    "report": lambda: import_module("registry.cli.report.command").report_command,
    "dossier": lambda: import_module("registry.cli.dossier").dossier_command,
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
        """add, list, show, amend, void, and what the group has beside."""
        from registry.cli.records.commands import verbs

        return verbs(str(self.name))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return _record_command(self.name, cmd_name, language())


class _Declared(Mapping[str, Any]):
    """The commands that a group declares, each built when it is asked for."""

    def __init__(self, declared: Iterable[CommandInfo]) -> None:
        self._declared = {str(one.name): one for one in declared}
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = _built(name, self._declared[name])
        return self._built[name]

    def __contains__(self, name: object) -> bool:
        return name in self._declared

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)


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
    from registry.cli.records.commands import made

    return _built(verb, made(group, verb))


def _built(name: str, made: Any) -> Any:
    """The command of a function, or of what declares one; the group of a Typer."""
    parent = typer.Typer(add_completion=False, rich_markup_mode=None)
    if isinstance(made, typer.Typer):
        empty = copy.copy(made)
        empty.registered_commands = []
        parent.add_typer(empty, name=name)
        group: Any = typer.main.get_command(parent)
        group = group.commands[name]
        group.commands = _Declared(made.registered_commands)
        return in_words(group)
    if isinstance(made, CommandInfo):
        parent.registered_commands.append(made)
    else:
        parent.command(name)(made)
    return in_words(typer.main.get_command(parent))


# Typer's own words; it asks for most of them by gettext, which is pointed at our catalogue.
OWN_WORDS = (
    *("Usage: ", "Options", "Arguments", "Commands", "required", "default: {default}"),
    "Show this message and exit.",
)
EXAMPLE = "Example:"
# A paragraph that begins so keeps its lines.
_AS_IT_STANDS = "\b"
_FIRST_SENTENCE = r".*?[。.]"


class _Formatter(HelpFormatter):
    """Breaks lines between Chinese characters too, each of which takes two columns."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line of how a command is called."""
        super().write_usage(prog, args, spoken(OWN_WORDS[0]) if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """What stands above options or commands."""
        self.write(f"{' ' * self.current_indent}{tr('{heading}:', heading=heading)}\n")

    def write_text(self, text: str) -> None:
        """The help of a command."""
        if columns(text) == len(text):
            super().write_text(text)
            return
        indent = " " * self.current_indent
        shown = []
        for paragraph in _paragraphs(text):
            if paragraph.startswith(_AS_IT_STANDS):
                lines = [indent + line for line in paragraph.splitlines()[1:]]
            else:
                lines = wrapped(_joined(paragraph), self.width, first=indent, others=indent)
            shown.append("\n".join(lines))
        self.write("\n\n".join(shown) + "\n")

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        """Options or commands, each with its words beside it."""
        said = [(name, spoken(words)) for name, words in rows]
        if all(columns(words) == len(words) for _, words in said):
            super().write_dl(said, col_max, col_spacing)
            return
        room = min(max(columns(name) for name, _ in said), col_max) + col_spacing
        indent = " " * self.current_indent
        for name, words in said:
            below = columns(name) + col_spacing > room
            lines = wrapped(words, max(self.width - room - self.current_indent, 10)) or [""]
            head = name + ("\n" + indent + " " * room if below else " " * (room - columns(name)))
            self.write(indent + (head + lines[0]).rstrip() + "\n")
            self.write("".join(f"{indent}{' ' * room}{line}\n" for line in lines[1:]))


class _Context(typer.Context):
    formatter_class = _Formatter

    def __init__(self, command: Any, *args: Any, **options: Any) -> None:
        super().__init__(command, *args, **options)
        take_as_given(command.get_params(self))

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        """Refuses in our words what Typer refuses of the line."""
        left = super().__exit__(kind, error, trace)
        if isinstance(error, UsageError) and not isinstance(error, NoArgsIsHelpError):
            from registry.cli.frame.refusals import of_line

            raise of_line(error, self) from error
        return left


def in_words(command: Any) -> Any:
    """The command with its help in the person's language."""
    command.context_class = _Context
    if language() != SOURCE_LANGUAGE:
        _put_in_words(command)
    return command


def _put_in_words(command: Any) -> None:
    gettext.bindtextdomain(DOMAIN, str(LOCALES))
    gettext.textdomain(DOMAIN)
    if command.help:
        command.help = "\n\n".join(map(_said, _paragraphs(command.help)))
        first = re.match(_FIRST_SENTENCE, _joined(command.help.split("\n\n")[0]))
        command.short_help = first[0].rstrip("。.") if first else None
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = spoken(_joined(parameter.help))
        if isinstance(getattr(parameter, "show_default", None), str):
            parameter.show_default = spoken(parameter.show_default)


def messages(command: Any) -> Iterator[str]:
    """The messages of a command's help, for the translators; it must have been built in English."""
    for paragraph in _paragraphs(command.help or ""):
        if not paragraph.startswith(EXAMPLE):
            yield _message(paragraph)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            yield _joined(parameter.help)
        if isinstance(getattr(parameter, "show_default", None), str):
            yield parameter.show_default


def _paragraphs(text: str) -> list[str]:
    return re.split(r"\n\s*\n", inspect.cleandoc(text))


def _said(paragraph: str) -> str:
    """A paragraph in the person's language; of an example its word alone."""
    if paragraph.startswith(EXAMPLE):
        return spoken(EXAMPLE) + paragraph.removeprefix(EXAMPLE)
    words = spoken(_message(paragraph))
    return f"{_AS_IT_STANDS}\n{words}" if paragraph.startswith(_AS_IT_STANDS) else words


def _message(paragraph: str) -> str:
    """A paragraph without the ends of its lines, unless it keeps them."""
    if paragraph.startswith(_AS_IT_STANDS):
        return paragraph.removeprefix(_AS_IT_STANDS).lstrip("\n")
    return _joined(paragraph)


def _joined(words: str) -> str:
    return " ".join(words.split())
