"""Takes the values of options as they are given, where nothing has to be converted.

Typer converts by pydantic, and loads it for a word that stays a word: a fifth of what a short
command loads. What is not plainly right goes Typer's way; its refusals are told in our words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from typer import BadParameter
from typer._coercion import RuntimeParam, TypeDescriptor, build_runtime_param
from typer._param_types import coerce_cli_choice, coerce_cli_path

from registry.errors import WrongUsage
from registry.words import tr

# Digits of numbers that are surely read alike.
PLAIN_DIGITS = 9
# What the database's and NumPy's whole numbers hold with one more.
LARGEST = 2**63 - 2


class _NotPlain(Exception):
    """It takes Typer's own way."""


class _AsGiven(RuntimeParam):
    def __init__(self, descriptor: TypeDescriptor) -> None:
        super().__init__(descriptor.parameter_info, descriptor.annotation)
        self.descriptor = descriptor

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        kind: Any = self.annotation
        if get_origin(kind) is list and isinstance(value, list | tuple):
            [of_one] = get_args(kind)
            return [self._taken(one, of_one, param, ctx) for one in value]
        return self._taken(value, kind, param, ctx)

    def _taken(self, value: Any, kind: Any, param: Any, ctx: Any) -> Any:
        try:
            return self._plain(value, kind, param, ctx)
        except (_NotPlain, ValueError):
            typers = build_runtime_param(replace(self.descriptor, annotation=kind))
        try:
            taken = typers._coerce_value(value, param=param, ctx=ctx)
        except BadParameter as error:
            cure = self._to_write(kind)
            if cure is None:
                raise
            raise _refused(param, value, cure) from error
        if kind is int and taken > LARGEST:
            raise _refused(param, value, tr("Write a smaller number."))
        return taken

    def _plain(self, value: Any, kind: Any, param: Any, ctx: Any) -> Any:
        info = self.parameter_info
        if info.parser is not None or not isinstance(kind, type):
            raise _NotPlain
        if issubclass(kind, Enum):
            try:
                return coerce_cli_choice(
                    value, choices=list(kind), case_sensitive=info.case_sensitive, ctx=ctx
                )
            except ValueError as error:
                codes = ", ".join(repr(str(one.value)) for one in kind)
                raise _refused(param, value, tr("Write one of {codes}.", codes=codes)) from error
        if kind is Path and info.path_type is None:
            path = Path(value if isinstance(value, Path) else _word(value))
            return coerce_cli_path(path, info, path_type=Path, param=param, ctx=ctx)
        if kind is str:
            return _word(value)
        if kind is int and isinstance(value, str):
            return _number(value, info.min, info.max)
        if kind is float and type(value) is int:
            return float(value)
        # What the declaration itself gives.
        if isinstance(value, kind):
            return value
        raise _NotPlain

    def _to_write(self, kind: Any) -> str | None:
        """What stands there rightly, None where it is neither a number nor a day."""
        least, most = self.parameter_info.min, self.parameter_info.max
        if kind is datetime:
            return tr("Write it as YYYY-MM-DD.")
        if kind not in (int, float):
            return None
        number = tr("a whole number") if kind is int else tr("a number")
        if least is None:
            return tr("Write {number}.", number=number)
        if most is None:
            return tr("Write {number}, at least {least}.", number=number, least=least)
        return tr("Write {number} from {least} to {most}.", number=number, least=least, most=most)


def _refused(param: Any, value: object, cure: str) -> WrongUsage:
    """What to say of a value that the option or argument does not take."""
    return WrongUsage(tr("{name} cannot be {value!r}.", name=named(param), value=value), cure=cure)


def named(param: Any) -> str:
    """An option as it is typed, or what stands for an argument in the line of usage."""
    if param.param_type_name == "option":
        return str(param.opts[0])
    return str(param.metavar or param.name).strip("[]")


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise _NotPlain
    # Bytes that are not UTF-8 cannot be written so: that is a ValueError.
    value.encode()
    return value


def _number(value: str, least: float | None, most: float | None) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= PLAIN_DIGITS):
        raise _NotPlain
    number = int(value)
    if least is not None and number < least:
        raise _NotPlain
    if most is not None and number > most:
        raise _NotPlain
    return number


def take_as_given(parameters: Iterable[Any]) -> None:
    """Has these options and arguments take their values so."""
    for parameter in parameters:
        descriptor = getattr(parameter, "type_descriptor", None)
        if descriptor is not None and descriptor.file_annotation is None:
            parameter._runtime_param = _AsGiven(descriptor)
