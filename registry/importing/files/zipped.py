"""The XML in a zipped workbook, read piece by piece: what is unpacked is never held whole."""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from registry.importing.files.bounds import LARGEST_MEMBER, LONGEST_CELL, MEGABYTE, megabytes
from registry.importing.files.regular import cannot_read
from registry.words import tr

BROKEN = (BadZipFile, zlib.error, expat.ExpatError, EOFError, KeyError, ValueError, RuntimeError)
"""What reading a damaged or an encrypted file may raise; ValueError also of its numbers."""

_PIECE = 1 << 16
# A tag with its attributes is no longer; expat keeps an unfinished one whole.
_LONGEST_TAG = MEGABYTE
# The list of members stands at the end of a zipped file, with its own size behind it.
_LARGEST_LIST = 4 * MEGABYTE
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"


class Unreadably(ValueError):
    """A workbook that is damaged or beyond a bound; `words` say what of it."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def open_zip(path: Path) -> ZipFile:
    """The zipped file; raises what is in BROKEN for another, and Refused where it may not be read.

    A list of members that would not fit into memory is not read.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - (1 << 17)))
            end = stream.read()
        at = end.rfind(_END)
        sizes = [struct.unpack_from("<L", end, at + 12)[0]] if at >= 0 else []
        sizes += [
            struct.unpack_from("<Q", end, found.start() + 40)[0]
            for found in re.finditer(re.escape(_END_64), end)
            if found.start() + 48 <= len(end)
        ]
        if not sizes or max(sizes) > _LARGEST_LIST:
            raise BadZipFile
        return ZipFile(path)
    except OSError as error:
        raise cannot_read(error) from None
    except struct.error:
        raise BadZipFile from None


@dataclass(frozen=True)
class Heard:
    """What hears of the tags and texts of a member, by their names without a prefix."""

    start: Callable[[str, Mapping[str, str]], None]
    end: Callable[[str], None] | None = None
    text: Callable[[str], None] | None = None


class Gathered:
    """A text that is put together of pieces, and is no longer than a cell may be."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0

    def add(self, piece: str) -> None:
        """Adds a piece; raises Unreadably where the text becomes too long."""
        self._length += len(piece)
        if self._length > LONGEST_CELL:
            raise Unreadably(tr("a cell has more than {number} characters", number=LONGEST_CELL))
        self._pieces.append(piece)

    def take(self) -> str:
        """The text so far, which begins anew."""
        text = "".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        return text


def without_prefix(name: str) -> str:
    """The name of a tag or an attribute as it is in its own namespace."""
    return name.rpartition(":")[2]


def parse(
    archive: ZipFile, member: str, heard: Heard, largest: int = LARGEST_MEMBER
) -> Iterator[None]:
    """Lets the tags and texts of a member be heard, a piece a step.

    Raises what is in BROKEN, Unreadably where more than `largest` bytes would be unpacked.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    end = heard.end

    def start(name: str, attributes: dict[str, str]) -> None:
        plain = {without_prefix(key): value for key, value in attributes.items()}
        heard.start(without_prefix(name), plain)

    parser.StartElementHandler = start
    if end is not None:
        parser.EndElementHandler = lambda name: end(without_prefix(name))
    if heard.text is not None:
        parser.CharacterDataHandler = heard.text
    parser.StartDoctypeDeclHandler = _no_doctype
    taken = 0
    try:
        with archive.open(member) as stream:
            while piece := stream.read(_PIECE):
                taken += len(piece)
                if taken > largest:
                    raise Unreadably(
                        tr("it unpacks to more than {size} MB", size=megabytes(largest))
                    )
                parser.Parse(piece, False)
                if taken - max(parser.CurrentByteIndex, 0) > _LONGEST_TAG:
                    raise Unreadably(tr("a tag is too long"))
                yield
        parser.Parse(b"", True)
        yield
    except OSError as error:
        raise BadZipFile(str(error)) from None


def parse_whole(archive: ZipFile, member: str, heard: Heard, largest: int = LARGEST_MEMBER) -> None:
    """Lets all of a member be heard."""
    for _ in parse(archive, member, heard, largest):
        continue


def _no_doctype(*_declaration: object) -> None:
    raise Unreadably(tr("it declares a document type, which no workbook does"))
