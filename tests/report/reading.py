"""Reads a page as a browser would: its elements in order, its tables as rows of texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

BLOCKS = {"p", "li", "tr", "th", "td", "dt", "dd", "text", "div", "h1", "h2", "h3", "figcaption"}
VOID = {"meta", "br", "input", "link", "img", "hr"}


@dataclass
class Element:
    """One element with its attributes, what is in it and the text of all of it."""

    tag: str
    attributes: dict[str, str]
    inside: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def all(self, *tags: str) -> list[Element]:
        """Every element of these tags below this one, in the order of the page."""
        found = []
        for one in self.inside:
            if one.tag in tags:
                found.append(one)
            found += one.all(*tags)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].inside.append(made)
        if tag in BLOCKS:
            self.handle_data(" ")
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].inside.append(made)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for one in self.open:
            one.texts.append(data)


def read(html: str) -> Element:
    """The page; fails where an element is not closed in its place."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert [one.tag for one in reader.open] == [""]
    return reader.root


def rows_of(table: Element) -> list[list[str]]:
    """The body's rows as texts; a cell that spans rows is in each of them."""
    rows: list[list[str]] = []
    for body in table.all("tbody"):
        held: tuple[str, int] = ("", 0)
        for row in body.all("tr"):
            cells = row.all("th", "td")
            texts = [cell.text for cell in cells]
            if held[1]:
                texts, held = [held[0], *texts], (held[0], held[1] - 1)
            span = int(cells[0].attributes.get("rowspan", "1")) if cells else 1
            if span > 1:
                held = (texts[0], span - 1)
            rows.append(texts)
    return rows
