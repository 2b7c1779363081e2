"""What a person says of cells that mean nothing, and of those that say why."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator

from registry.vocabulary import NULL_FLAVOURS


class MissingWords(Collection[str]):
    """Cells that mean nothing; with a code those that say why, as `未测=NASK`."""

    def __init__(self, pairs: tuple[tuple[str, str | None], ...] = ()) -> None:
        self.pairs = pairs
        self._reasons = dict(pairs)

    @classmethod
    def of(cls, written: Iterable[str]) -> MissingWords:
        """The words as people write them, each alone or with `=` and a code behind it."""
        return cls(tuple(_pair(one.strip()) for one in written if one.strip()))

    @property
    def say_why(self) -> bool:
        """Whether any of the words gives a reason."""
        return any(reason is not None for _, reason in self.pairs)

    def reason(self, cell: str) -> str | None:
        """Why the value is missing, by the cell; None for a cell that does not say so."""
        return self._reasons.get(cell.strip())

    def __contains__(self, cell: object) -> bool:
        return cell in self._reasons

    def __iter__(self) -> Iterator[str]:
        return iter(self._reasons)

    def __len__(self) -> int:
        return len(self._reasons)

    def __or__(self, later: MissingWords) -> MissingWords:
        """The words of both; of a word that both have, what the later says."""
        return MissingWords((*self.pairs, *later.pairs))


NO_WORDS = MissingWords()


def _pair(written: str) -> tuple[str, str | None]:
    word, equals, code = written.rpartition("=")
    if equals and word.strip() and code.strip().upper() in NULL_FLAVOURS:
        return word.strip(), code.strip().upper()
    return written, None


def read_missing(text: str) -> MissingWords:
    """The cells named in `-,ND,未测=NASK`; one with a comma stands in double quotes."""
    return MissingWords.of(next(csv.reader([text], skipinitialspace=True), []))
