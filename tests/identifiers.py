"""Who the children of the tests' registries are, and the search for it wherever it may not be.

Every value of an identity holds one of three marks that nothing else in the world does, so one
search finds each: in what commands print, at once; in files, also inside of packed ones, and in
databases, when a worker ends. What may hold one on purpose is allowed by the test that makes it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.pool import NullPool

from registry.identity.store import Link, link, put
from tests.unpacked import unpacked

NAME, SIGNS, DIGITS = "Zqvarin", "魍魉", "70419062817"
# What tells of an identity by profession: standard output of these may hold one, nothing else.
TELLING = [("identity", word) for word in ("show", "find", "twins", "audit")]
_CONTEXT = 60
_SPELLINGS = [NAME, NAME.lower(), NAME.upper(), SIGNS, DIGITS]
# As UTF-8, as the other encodings that files come in, and as JSON and HTML that hold no sign.
_NEEDLES = {
    needle
    for word in _SPELLINGS
    for needle in (word.encode(), word.encode("utf-16-le"), word.encode("gb18030"))
} | {json.dumps(SIGNS)[1:-1].encode(), SIGNS.encode("ascii", "xmlcharrefreplace")}
_LIKE = [f"%{word}%" for word in _SPELLINGS]


def identify(connection: Connection, patients: Iterable[str], centre: str = "BCH") -> None:
    """Keeps an identity of each of these study ids, all values of it, half of them in Chinese."""
    links = []
    for place, patient in enumerate(patients):
        letters = "".join(chr(ord("a") + int(digit)) for digit in str(place))
        name, birth_name = f"{NAME} Wu{letters}", f"Ng {NAME}{letters}"
        put(
            connection,
            patient,
            {
                "name": f"{SIGNS}{chr(0x4E00 + place)}" if place % 2 else name,
                "birth_name": birth_name,
                "contact": f"+86 {DIGITS}{place:03d}, {SIGNS}路 {place}",
                "identity_number": f"{DIGITS}{place:06d}X",
            },
        )
        links.append(Link(patient, centre, f"00{DIGITS}{place:03d}"))
    link(connection, links)


def held_by(content: bytes) -> str | None:
    """What stands around a mark in these bytes, or in what is packed in them."""
    for needle in _NEEDLES:
        at = content.find(needle)
        if at >= 0:
            around = content[max(at - _CONTEXT, 0) : at + len(needle) + _CONTEXT]
            return around.decode("utf-8", "replace")
    return next(filter(None, map(held_by, unpacked(content))), None)


class Search:
    """Looks for marks in what a worker's tests leave, and keeps where it found one."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._allowed: set[Path] = set()

    def allow(self, *files: Path) -> None:
        """That a test makes these files or folders with identities in them, on purpose."""
        self._allowed |= {file.absolute() for file in files}

    def printed(
        self, words: Sequence[str], out: str | bytes | None, err: str | bytes | None
    ) -> None:
        """Raises AssertionError where a command prints what it may not."""
        tells = any(pair in TELLING for pair in pairwise(words))
        for stream, said in (("output", None if tells else out), ("errors", err)):
            printed = said.encode("utf-8", "surrogatepass") if isinstance(said, str) else said
            found = held_by(printed or b"")
            assert found is None, f"an identity in the {stream} of {' '.join(words)}: {found}"

    @contextmanager
    def of_processes(self) -> Iterator[None]:
        """Reads along what processes print that are begun in here."""
        read = subprocess.Popen.communicate

        def communicate(
            process: subprocess.Popen[Any], *given: Any, **further: Any
        ) -> tuple[Any, Any]:
            out, err = read(process, *given, **further)
            arguments = process.args
            words = [str(arguments)] if isinstance(arguments, str | bytes) else arguments
            self.printed([str(word) for word in words], out, err)
            return out, err

        with patch.object(subprocess.Popen, "communicate", communicate):
            yield

    def folder(self, top: Path) -> None:
        """Looks through every file below, but for the data of a server, which hold identities."""
        for place, folders, files in os.walk(top):
            here = Path(place)
            folders[:] = [
                name
                for name in folders
                if here / name not in self._allowed
                and not os.path.exists(here / name / "PG_VERSION")
            ]
            for name in files:
                file = here / name
                if file not in self._allowed and file.is_file():
                    self.file(file)

    def temporary_files(self) -> None:
        """Looks through what the program left where temporary files lie."""
        for one in Path(tempfile.gettempdir()).glob("registry-*"):
            if one.is_dir():
                self.folder(one)

    def file(self, file: Path) -> None:
        """Looks through one file, unless nobody may read it, or it is gone."""
        with suppress(OSError):
            found = held_by(file.read_bytes())
            if found is not None:
                self.found.append(f"{file}: {found}")

    def database(self, url: URL) -> None:
        """Looks through every table of a database but those of the identities."""
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            self.tables(connection)

    def tables(self, connection: Connection) -> None:
        """The same on a connection."""
        query = _every_table(connection)
        rows = connection.exec_driver_sql(query, {"like": _LIKE}) if query else ()
        for row in rows:
            self.found.append(f"{connection.engine.url.database}, {row.place}: {row.held}")

    def ends(self) -> None:
        """Raises AssertionError with every place where a mark was found."""
        assert not self.found, "identities where none may be:\n" + "\n".join(self.found)


def _every_table(connection: Connection) -> str | None:
    """A query of a row that holds a mark, of each table that has one."""
    return connection.execute(
        text(
            "select string_agg(format('(select %L as place, t::text as held from %I.%I t "
            "where t::text like any(%%(like)s) limit 1)', nspname || '.' || relname, nspname, "
            "relname), ' union all ') "
            "from pg_class c join pg_namespace n on n.oid = relnamespace "
            "where relkind = 'r' and nspname not in ('identity', 'information_schema') "
            "and nspname not like 'pg\\_%' "
        )
    ).scalar_one()


SEARCH = Search()
