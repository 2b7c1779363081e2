"""Finds out in which encoding a file of text is, in one pass over its bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from registry.errors import WrongUsage
from registry.importing.files.bounds import LONGEST_ROW
from registry.words import tr

_PIECE = 1 << 20
# Python's, of names and of its own texts: none that a file is written in.
_NO_FILES = ("idna", "punycode", "unicode_escape", "raw_unicode_escape")
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# Chinese text is nearly all of GB 2312; other text read as GB 18030 falls mostly outside it.
_SENSIBLE_SHARE = 0.9


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a file are read: `errors` is Python's name for what becomes of bad ones.

    With `problem` the file cannot be read, from `line` on. `guessed` is the name of an encoding
    that neither a mark nor the person has said.
    """

    name: str
    errors: str = "strict"
    guessed: str | None = None
    problem: str | None = None
    line: int = 1


def check_encoding(name: str | None) -> None:
    """Raises WrongUsage unless the name, where there is one, is of an encoding of text."""
    if name is None:
        return
    try:
        "a,1".encode(name).decode(name)
        if codecs.lookup(name).name.replace("-", "_") in _NO_FILES:
            raise LookupError
        codecs.getincrementaldecoder(name)
    except (LookupError, UnicodeError, ValueError):
        raise WrongUsage(
            tr("There is no text encoding {name}.", name=name),
            cure=tr("Common ones are utf-8, gb18030, utf-16, big5 and cp1252."),
        ) from None


def encoding_of(path: Path, said: str | None) -> Encoding:
    """The encoding of a file: by its mark, as said, or else UTF-8, UTF-16 or GB 18030 by content.

    A file that is none of them is read as UTF-8 with its bad bytes kept as lone surrogates, so that
    each cell that has one can be named.
    """
    with path.open("rb") as stream:
        start = stream.read(1024)
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if marked == "utf-8-sig":
        return Encoding(marked, "surrogateescape")
    if marked is None and said is not None:
        return _strictly(path, said)
    name = marked or _utf16_by_its_zeros(start)
    if name is not None:
        found = _strictly(path, name)
        return found if marked else replace(found, guessed="UTF-16")
    if b"\0" in start.partition(b"\n")[0]:
        return Encoding("utf-8", "surrogateescape", problem=_no_text())
    if _first_bad_line(path, "utf-8") is not None and _is_sensible_gb18030(path):
        return Encoding("gb18030", guessed="GB18030")
    return Encoding("utf-8", "surrogateescape")


def _no_text() -> str:
    return tr(
        "has zero bytes, so it is no text of a known encoding; save it as CSV UTF-8, or name its "
        "--encoding"
    )


def _strictly(path: Path, name: str) -> Encoding:
    """The encoding of that name, with a problem where the file is not in it."""
    line = _first_bad_line(path, name)
    if line is None:
        return Encoding(name)
    problem = tr(
        "is not in {encoding} from here on; save it as CSV UTF-8, or name its --encoding",
        encoding=name,
    )
    return Encoding(name, problem=problem, line=line)


def _utf16_by_its_zeros(start: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of Latin letters is zero, and no other."""
    half = len(start) // 2
    if half < 4:
        return None
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > half / 3 and even == 0:
        return "utf-16-le"
    if even > half / 3 and odd == 0:
        return "utf-16-be"
    return None


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    """The file's text in pieces; raises UnicodeError where it is not in the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)


def _first_bad_line(path: Path, encoding: str) -> int | None:
    """Line at which, at the latest, the text is no longer in the encoding; None if it all is."""
    lines = 1
    unbroken = 0
    try:
        for piece in _decoded(path, encoding):
            ends = piece.count("\n")
            lines += ends
            unbroken = 0 if ends or "\r" in piece else unbroken + len(piece)
            if unbroken > LONGEST_ROW:
                # No row is that long, which is said of it when it is read.
                return None
    except UnicodeError as error:
        if isinstance(error, UnicodeDecodeError):
            good = error.object[: error.start].decode(encoding, "ignore")
            lines += good.count("\n")
        return lines
    return None


def _is_sensible_gb18030(path: Path) -> bool:
    """Whether the bytes are GB 18030 and nearly all of what is not ASCII is of GB 2312."""
    beyond = common = 0
    try:
        for piece in _decoded(path, "gb18030"):
            found = "".join(_BEYOND_ASCII.findall(piece))
            beyond += len(found)
            common += len(found.encode("gb2312", "ignore")) // 2
    except UnicodeError:
        return False
    return beyond > 0 and common >= _SENSIBLE_SHARE * beyond
