"""Gives commands options that are declared elsewhere: Typer reads them from a signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable


def with_parameters(
    command: Callable[..., None], parameters: Iterable[inspect.Parameter]
) -> Callable[..., None]:
    """The command as if its parameters were these."""
    listed = list(parameters)
    vars(command)["__signature__"] = inspect.Signature(listed)
    command.__annotations__ = {one.name: one.annotation for one in listed}
    return command
