"""What a file may hold: with these bounds no file takes more than 500 MB of memory to read.

They stand in docs/files.md; a test compares.
"""

from __future__ import annotations

MEGABYTE = 1 << 20

# Characters of a cell; Excel allows 32,767.
LONGEST_CELL = 131_072
# Rows and columns of a sheet: those of Excel.
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
# Characters of a row of a CSV or text file, whatever line ends it has inside quotes.
LONGEST_ROW = MEGABYTE
# Places of a sheet from the first cell of each row to its last filled one.
MOST_PLACES = 50_000_000
# Bytes of one member of a workbook when it is unpacked: a sheet; and of all else beside the sheets.
LARGEST_SHEET = 1024 * MEGABYTE
LARGEST_MEMBER = 256 * MEGABYTE
# Texts that a workbook keeps once for all its cells, and their characters.
MOST_SHARED = 1_000_000
SHARED_CHARACTERS = 50_000_000
# Bytes of a file that is read whole: an old workbook, and one of a statistics program.
LARGEST_XLS = 32 * MEGABYTE
LARGEST_STATISTICS = 64 * MEGABYTE
# Bytes of a mapping.
LARGEST_MAPPING = MEGABYTE


def megabytes(number: int) -> int:
    """A bound in bytes as a sentence has it."""
    return number // MEGABYTE
