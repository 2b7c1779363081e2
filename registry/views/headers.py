"""Reads the comment that a view's file begins with: what it says of the view, and its `@` lines.

`@methods SECTION: sentence` is what a report says of the rule, with the definition's parameters as
`{parameter}`; behind the section may stand when it is said: `if PARAMETER` (it is yes, or has a
value), `unless PARAMETER`, `if PARAMETER=VALUE`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a rule of plausibility is told by; the other `@` lines describe columns.
OF_A_RULE = ("says", "do", "category", "from")


METHODS = "methods"


@dataclass(frozen=True)
class Sentence:
    """What a report says of a rule in one of its sections, always or under a condition."""

    section: str
    words: str
    parameter: str | None = None
    value: str | None = None
    otherwise: bool = False

    def applies(self, parameters: Mapping[str, Any]) -> bool:
        """Whether it is said of a definition with these parameters."""
        if self.parameter is None:
            return True
        held = parameters[self.parameter]
        if self.value is not None:
            return str(held) == self.value
        return (held is None or held is False) is self.otherwise


def tables_read(statement: str) -> set[str]:
    """The names that stand after a FROM or JOIN in a statement."""
    return set(re.findall(r"\b(?:from|join)\s+(?:lateral\s+)?([a-z_0-9]+)", statement))


@dataclass(frozen=True)
class Header:
    """The view's comment, the text of each `@name: text` behind it, and what a report says."""

    comment: str
    columns: dict[str, str]
    rule: dict[str, str]
    methods: tuple[Sentence, ...]


def read_header(source: str) -> Header:
    """The header of a file that holds `create view`; a line without `@` goes on with the last."""
    comment: list[str] = []
    tags: list[list[str]] = []
    for line in source.split("create view", 1)[0].splitlines():
        if not line.startswith("--"):
            continue
        words = line.removeprefix("--").strip()
        if match := re.match(r"@(\w+(?: [\w= ]+)?): (.+)", words):
            tags.append([match[1], match[2]])
        elif tags:
            tags[-1][1] += " " + words
        else:
            comment.append(words)
    said = [_sentence(tag, words) for tag, words in tags if tag.split()[0] == METHODS]
    named = {tag: words for tag, words in tags if tag.split()[0] != METHODS}
    return Header(
        " ".join(comment).strip(),
        {name: words for name, words in named.items() if name not in OF_A_RULE},
        {name: words for name, words in named.items() if name in OF_A_RULE},
        tuple(said),
    )


def _sentence(tag: str, words: str) -> Sentence:
    match tag.split():
        case [_, section]:
            return Sentence(section, words)
        case [_, section, "if" | "unless" as word, condition]:
            parameter, _, value = condition.partition("=")
            return Sentence(section, words, parameter, value or None, word == "unless")
    raise ValueError(f"@{tag}: a section, or a section and a condition, is needed")
