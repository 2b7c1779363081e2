"""What is packed in a file: archives, workbooks, documents, pages, tables and backups."""

from __future__ import annotations

import io
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

from registry.database import cluster

_LARGEST = 1 << 26
# Some files of the tests are broken on purpose.
_BROKEN = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
)


def _zip(content: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for one in packed.infolist():
            if one.file_size < _LARGEST:
                yield packed.read(one)


def _gzip(content: bytes) -> Iterator[bytes]:
    yield zlib.decompressobj(wbits=31).decompress(content, _LARGEST)


def _pdf(content: bytes) -> Iterator[bytes]:
    for stream in content.split(b"stream")[1::2]:
        try:
            yield zlib.decompressobj().decompress(stream.lstrip(b"\r\n"), _LARGEST)
        except zlib.error:
            continue


def _parquet(content: bytes) -> Iterator[bytes]:
    from pyarrow import BufferReader, parquet

    yield repr(parquet.read_table(BufferReader(content)).to_pydict()).encode()


def _backup(content: bytes) -> Iterator[bytes]:
    command = [cluster.bin_directory() / "pg_restore", "--data-only", "--file=-"]
    with tempfile.TemporaryFile() as backup:
        backup.write(content)
        backup.seek(0)
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        with subprocess.Popen(command, stdin=backup, stdout=pipe, stderr=nothing) as reading:
            assert reading.stdout is not None
            yield reading.stdout.read()


_BY_BEGINNING: dict[bytes, Callable[[bytes], Iterator[bytes]]] = {
    b"PK\x03\x04": _zip,
    b"\x1f\x8b": _gzip,
    b"%PDF-": _pdf,
    b"PAR1": _parquet,
    b"PGDMP": _backup,
}


def unpacked(content: bytes) -> Iterator[bytes]:
    """The contents of what these bytes pack, as far as they can be read."""
    for beginning, read in _BY_BEGINNING.items():
        if content.startswith(beginning):
            try:
                yield from read(content)
            except _BROKEN:
                return
