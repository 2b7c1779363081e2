"""The door to the terminal: what the program says passes here, so that no text commands the screen.

A header, a file's name, a reason may hold the signs by which a terminal is told to clear itself, to
colour, to write elsewhere or from right to left. Each is shown as a sign of one column instead.
What goes to a file or a pipe on standard output is data and stays as it is.
"""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from registry.terminal_width import columns, padded

if TYPE_CHECKING:
    from rich.console import Console

# How many columns of the line that is written over have something on them.
_longest = 0
# Controls have pictures in Unicode from U+2400 on; the rest has none.
_WITHOUT_A_PICTURE = "\N{REPLACEMENT CHARACTER}"
_KEPT = "\n\t"
# Signs that turn the direction of what follows: a name may read otherwise than it is.
_TURNING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)
_SHOWN = (
    {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in _KEPT}
    | {0x7F: "\N{SYMBOL FOR DELETE}"}
    | dict.fromkeys((*range(0x80, 0xA0), *_TURNING, 0x2028, 0x2029), _WITHOUT_A_PICTURE)
)


def as_text(words: str) -> str:
    """The words with a visible sign for each that would command a terminal."""
    return words if words.isascii() and words.isprintable() else words.translate(_SHOWN)


class _Door:
    """A stream whose words pass as text; everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, words: str) -> int:
        """Writes the words as text."""
        return self.stream.write(as_text(words))

    def writelines(self, lines: Any) -> None:
        """Writes all of them as text."""
        self.stream.writelines(map(as_text, lines))


@contextmanager
def guarded() -> Iterator[None]:
    """Within it standard error, and standard output where it is a terminal, take text alone."""
    before = sys.stdout, sys.stderr
    for stream in before:
        # A terminal that cannot show a sign shows another in its place.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
            if codecs.lookup(stream.encoding).name == "ascii":
                # Typer takes one that claims to be so for misconfigured, and would go round us.
                stream.reconfigure(encoding="utf-8")
    out, err = before
    if out.isatty():
        sys.stdout = _Door(out)
    sys.stderr = _Door(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def own_stream(stream: TextIO) -> TextIO:
    """The stream behind the door, for our own colours and movements; words go by `as_text`."""
    return stream.stream if isinstance(stream, _Door) else stream


def rewrite_line(words: str) -> None:
    """Writes over the line of standard error on which the cursor is."""
    global _longest
    stream = own_stream(sys.stderr)
    stream.write(f"\r{padded(as_text(words), _longest)}")
    stream.flush()
    _longest = max(_longest, columns(words))


def clear_line() -> None:
    """Leaves nothing of the line that was written over, if there is one."""
    global _longest
    if _longest:
        rewrite_line("")
        _longest = 0
        rewrite_line("")


def console(*, on_error: bool = False, **options: Any) -> Console:
    """A console with colours; whoever prints on it gives its words by `as_text`."""
    from rich.console import Console

    return Console(file=own_stream(sys.stderr if on_error else sys.stdout), **options)
