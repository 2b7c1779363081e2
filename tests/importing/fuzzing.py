"""Damaged files and odd ones, made at random from a seed, and what becomes of each."""

from __future__ import annotations

import random
import shutil
import traceback
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from sqlalchemy import Connection

from registry.errors import RegistryError
from registry.importing.drafting.suggest import draft
from registry.importing.files.encoding import check_encoding
from registry.importing.marked import sheets_of, write_marked
from registry.importing.run import import_files
from registry.parsing.conventions import Conventions

Damage = Callable[[random.Random, bytes], bytes]
ENCODINGS = (None, None, None, "idna", "punycode", "utf-7", "utf-16", "gb18030", "cp1252", "utf-32",
             "unicode_escape", "hz", "shift_jis", "undefined", "rot13", "base64", "\0")  # fmt: skip
# What stands in no file that a person made on purpose.
ODD = ["\x00", "\ufeff", "\u202e", "\\x", '"', '""', "\r", "\n", ",", ";", "\t", "'", "=", "\ud800",
       "9" * 400, "1e999", "-0", "0000-00-00", "9999-99-99", "x" * 9000, "é" * 5000, "\u0300" * 50,
       "NaN", "inf", "١٢٣", "\x1b[31m", "%s", "{0}", "$1", "\\N", "\\.", " ", "\u3000"]  # fmt: skip


def bytes_changed(choice: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(choice.randint(1, 20)):
        if changed:
            changed[choice.randrange(len(changed))] = choice.randrange(256)
    return bytes(changed)


def cut_off(choice: random.Random, content: bytes) -> bytes:
    return content[: choice.randrange(len(content) + 1)]


def piece_repeated(choice: random.Random, content: bytes) -> bytes:
    start, end = sorted(choice.randrange(len(content) + 1) for _ in range(2))
    return content[:end] + content[start:end] * choice.randint(1, 3) + content[end:]


def piece_removed(choice: random.Random, content: bytes) -> bytes:
    start, end = sorted(choice.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[end:]


def odd_texts(choice: random.Random, content: bytes) -> bytes:
    changed = content
    for _ in range(choice.randint(1, 4)):
        at = choice.randrange(len(changed) + 1)
        odd = choice.choice(ODD).encode("utf-8", "surrogatepass")
        changed = changed[:at] + odd + changed[at:]
    return changed


def nothing(_choice: random.Random, content: bytes) -> bytes:
    return content


DAMAGES: tuple[Damage, ...] = (
    bytes_changed, cut_off, piece_repeated, piece_removed, odd_texts, odd_texts, nothing,
)  # fmt: skip


def member_damaged(choice: random.Random, content: bytes) -> bytes:
    """A zipped workbook that is whole as a zipped file, with one member damaged."""
    made = BytesIO()
    try:
        with (
            warnings.catch_warnings(),
            zipfile.ZipFile(BytesIO(content)) as old,
            zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            warnings.simplefilter("ignore")
            names = old.namelist()
            chosen = choice.choice(names)
            for name in names:
                member = old.read(name)
                if name == chosen:
                    member = choice.choice(DAMAGES)(choice, member)
                new.writestr(name, member)
    except (zipfile.BadZipFile, RuntimeError):
        return content
    return made.getvalue()


def damaged(choice: random.Random, path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix in (".xlsx", ".ods", ".xlsm") and choice.random() < 0.7:
        return member_damaged(choice, content)
    return choice.choice(DAMAGES)(choice, content)


def outcome(connection: Connection, seed: int, samples: list[Path], folder: Path) -> str:
    """Makes the file of a seed, imports it, marks it and drafts a mapping of it.

    Returns "read", "complaints" or "refused"; anything else that is raised is a fault, which comes
    out as it is.
    """
    choice = random.Random(seed)
    sample = choice.choice(samples)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    table = sample.parent.name
    stem = "cohort" if table == "workbook" else table
    path = folder / f"{stem}{sample.suffix}"
    path.write_bytes(damaged(choice, sample))
    encoding = choice.choice(ENCODINGS)
    conventions = Conventions(
        encoding=encoding,
        decimal=choice.choice([None, None, ",", "."]),
        date_order=choice.choice([None, None, "dmy"]),
        skip_hidden=choice.random() < 0.2,
    )
    with connection.begin_nested() as savepoint:
        try:
            said = _imported(connection, path, conventions, folder, choice)
        except RegistryError as error:
            str(error).encode("utf-8", "backslashreplace")
            said = "refused"
        savepoint.rollback()
    with suppress(RegistryError):
        check_encoding(encoding)
        draft([path], conventions)
    return said


def _imported(
    connection: Connection,
    path: Path,
    conventions: Conventions,
    folder: Path,
    choice: random.Random,
) -> str:
    result = import_files(connection, [path], conventions=conventions)
    if not result.errors:
        return "read"
    ending = choice.choice([".csv", ".xlsx"])
    with suppress(RegistryError):
        write_marked(sheets_of([path], conventions), result.errors, folder / f"marked{ending}")
    return "complaints"


def faults(
    connection: Connection, seeds: range, samples: list[Path], folder: Path
) -> tuple[dict[str, int], dict[int, str]]:
    """How many files came out how, and the traceback of each seed that ended in a fault."""
    counted: dict[str, int] = {}
    found: dict[int, str] = {}
    for seed in seeds:
        try:
            said = outcome(connection, seed, samples, folder)
        except Exception:
            said = "fault"
            found[seed] = traceback.format_exc()
        counted[said] = counted.get(said, 0) + 1
    return counted, found
