"""How options and arguments are declared; Typer reads them from the signature of a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import typer

from registry.variables import SETTINGS


def with_parameters(
    command: Callable[..., None], parameters: Iterable[inspect.Parameter]
) -> Callable[..., None]:
    """The command as if its parameters were these."""
    listed = list(parameters)
    vars(command)["__signature__"] = inspect.Signature(listed)
    command.__annotations__ = {one.name: one.annotation for one in listed}
    return command


def option(name: str, metavar: str, words: str, **more: Any) -> Any:
    """An option that takes a value: its name, what stands for the value, and its help."""
    return typer.Option(name, metavar=metavar, help=words, **more)


def setting(column: str, name: str, words: str) -> Any:
    """An option for a number that holds for the whole registry, by its column."""
    least, most = SETTINGS[column]
    return option(name, "N", words, min=least, max=most)


def flag(name: str, words: str) -> Any:
    """An option that is given or not: its name and its help."""
    return typer.Option(name, help=words)


def argument(metavar: str, words: str, **more: Any) -> Any:
    """What is given by its place: what stands for it, and its help."""
    return typer.Argument(metavar=metavar, help=words, **more)


def those_given(**options: str | None) -> dict[str, str]:
    """The options that were given, by their names."""
    return {name: value for name, value in options.items() if value is not None}
