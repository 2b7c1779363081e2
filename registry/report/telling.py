"""How the document of an analysis is told on a page, and what a page is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from registry.drawing.table import Document, Table


@dataclass(frozen=True)
class Telling:
    """The tables of one document, and the section of the page that they stand in.

    `heading` is that of the section, with the first of its documents; `sortable` tables may be
    sorted by whoever reads the page.
    """

    name: str
    tables: Callable[[Document], Table | list[Table]] | None = None
    section: str = ""
    heading: str = ""
    sortable: bool = False

    def laid_out(self, document: Document) -> list[Table]:
        """Every table of the document."""
        made = self.tables(document) if self.tables else []
        return [made] if isinstance(made, Table) else made


@dataclass(frozen=True)
class Content:
    """Documents by the names of their tellings, and curves by covariates, each with its curve.

    A document is a sentence where there is none, which says why; what is absent is left out.
    `data_hash` is the fingerprint of the rows behind them.
    """

    documents: Mapping[str, Document | str]
    curves: Sequence[Document | str]
    data_hash: str
    tellings: Mapping[str, Telling]
