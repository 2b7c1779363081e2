"""Help in the person's language: the words of every command pass here once, when it is built.

Docstrings and option helps are English where they stand. A message of the catalogue is a paragraph
of a command's help or the help of one option; an example is a command and stays as it is.
"""

from __future__ import annotations

import gettext
import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer
from typer._click.formatting import HelpFormatter

from registry.terminal_width import columns, wrapped
from registry.words import DOMAIN, LOCALES, SOURCE_LANGUAGE, language, spoken

# Typer's own words; it asks for most of them by gettext, which is pointed at our catalogue.
OWN_WORDS = (
    *("Usage: ", "Options", "Arguments", "Commands", "required", "default: {default}"),
    *("Show this message and exit.", "Missing command.", "No such command {name!r}."),
)
EXAMPLE = "Example:"
# A paragraph that begins so keeps its lines.
_AS_IT_STANDS = "\b"
_FIRST_SENTENCE = re.compile(r".*?[。.]")


class _Formatter(HelpFormatter):
    """Breaks lines between Chinese characters too, each of which takes two columns."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line of how a command is called."""
        super().write_usage(prog, args, spoken(OWN_WORDS[0]) if prefix is None else prefix)

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


def in_words(command: Any) -> Any:
    """The command with its help, and that of all below it, in the person's language."""
    command.context_class = _Context
    if language() == SOURCE_LANGUAGE:
        return command
    gettext.bindtextdomain(DOMAIN, str(LOCALES))
    gettext.textdomain(DOMAIN)
    if command.help:
        command.help = "\n\n".join(map(_said, _paragraphs(command.help)))
        first = _FIRST_SENTENCE.match(_joined(command.help.split("\n\n")[0]))
        command.short_help = first[0].rstrip("。.") if first else None
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = spoken(_joined(parameter.help))
        if isinstance(getattr(parameter, "show_default", None), str):
            parameter.show_default = spoken(parameter.show_default)
    for below in getattr(command, "commands", {}).values():
        in_words(below)
    return command


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
