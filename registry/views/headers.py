"""Reads the comment that a view's file begins with: what it says of the view, and its `@` lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What a rule of plausibility is told by; the other `@` lines describe columns.
OF_A_RULE = ("says", "do", "category", "from")


@dataclass(frozen=True)
class Header:
    """The view's comment, and the text of each `@name: text` behind it."""

    comment: str
    columns: dict[str, str]
    rule: dict[str, str]


def read_header(source: str) -> Header:
    """The header of a file that holds `create view`; a line without `@` goes on with the last."""
    comment: list[str] = []
    tags: dict[str, str] = {}
    tag = None
    for line in source.split("create view", 1)[0].splitlines():
        if not line.startswith("--"):
            continue
        words = line.removeprefix("--").strip()
        if match := re.match(r"@(\w+): (.+)", words):
            tag = match[1]
            tags[tag] = match[2]
        elif tag is not None:
            tags[tag] += " " + words
        else:
            comment.append(words)
    return Header(
        " ".join(comment).strip(),
        {name: words for name, words in tags.items() if name not in OF_A_RULE},
        {name: words for name, words in tags.items() if name in OF_A_RULE},
    )
