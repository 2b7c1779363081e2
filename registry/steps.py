"""What long work is doing meanwhile, told to whoever listens; to nobody unless a command does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Item = TypeVar("Item")
# What is being done, which step that is, and of how many; 0 where there are no others of its kind.
Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Within it the listener hears of every step."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def renamed(words: Callable[[str], str]) -> Iterator[None]:
    """Within it whoever listens hears of each step in these words."""
    outer = _listener.get()
    if outer is None:
        yield
        return
    with heard_by(lambda said, number, of: outer(words(said), number, of)):
        yield


def is_heard() -> bool:
    """Whether anybody listens, for who would have to find out what there is to tell."""
    return _listener.get() is not None


def step(said: str, number: int = 0, of: int = 0) -> None:
    """Tells what is being done from now on."""
    listener = _listener.get()
    if listener is not None:
        listener(said, number, of)


def each(items: Sequence[Item], said: Callable[[Item], str]) -> Iterator[Item]:
    """The items, each told as a step when its turn comes."""
    for number, one in enumerate(items, start=1):
        step(said(one), number, len(items))
        yield one
