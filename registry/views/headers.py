"""Reads the comment that a view's file begins with: what it says of the view, and its `@` lines.

`@methods SECTION: sentence` is what a report says of the rule, with the definition's parameters as
`{parameter}`. `@rule CODE: title` begins what is said of one patient by that rule (`rule_words`),
or of work by a rule of the worklist (`work`): the lines behind it are its own. Behind what a line
is may stand when it is said: `if NAME` (it is yes, or has a value), `unless NAME`, `if NAME=VALUE`,
`unless NAME=VALUE`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a rule of plausibility is told by.
OF_PLAUSIBILITY = ("says", "do", "category", "from")
# What a rule says of a patient, behind its `@rule`; and one of the worklist, of the work.
OF_A_RULE = ("found", "limit", "record", "entered", "excluded")
OF_WORK = ("do", "from", "place", "after_end")


@dataclass(frozen=True)
class Sentence:
    """Words that are said always or under a condition; of methods with their section."""

    words: str
    section: str = ""
    name: str | None = None
    value: str | None = None
    otherwise: bool = False

    def applies(self, known: Mapping[str, Any]) -> bool:
        """Whether it is said where these parameters, or facts of a patient, hold."""
        if self.name is None:
            return True
        held = known[self.name]
        if self.value is not None:
            return (str(held) == self.value) is not self.otherwise
        return (held is None or held is False) is self.otherwise


@dataclass(frozen=True)
class Told:
    """What one rule says of a patient: its code and title, and its sentences by their kind."""

    code: str
    title: str
    sentences: dict[str, list[Sentence]]


@dataclass(frozen=True)
class Header:
    """The view's comment, the text of each `@column: text` behind it, and what its rules say."""

    comment: str
    columns: dict[str, str]
    plausibility: dict[str, str]
    methods: tuple[Sentence, ...]
    told: tuple[Told, ...]
    parts: dict[str, list[Sentence]]
    values: dict[str, str]
    parameters: tuple[str, ...]


def tables_read(statement: str) -> set[str]:
    """The names that stand after a FROM or JOIN in a statement."""
    return set(re.findall(r"\b(?:from|join)\s+(?:lateral\s+)?([a-z_0-9]+)", statement))


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
    columns: dict[str, str] = {}
    plausibility: dict[str, str] = {}
    methods: list[Sentence] = []
    told: list[Told] = []
    parts: dict[str, list[Sentence]] = {}
    values: dict[str, str] = {}
    parameters: list[str] = []
    for tag, words in tags:
        match tag.split():
            case ["rule", code]:
                told.append(Told(code, words, {}))
            case ["methods", section, *condition]:
                methods.append(_sentence(words, condition, section))
            case ["part", name, *condition]:
                parts.setdefault(name, []).append(_sentence(words, condition))
            case ["value", name]:
                values[name] = words
            case ["parameters"]:
                parameters = words.split(", ")
            case [kind, *condition] if told and kind in (*OF_A_RULE, *OF_WORK):
                told[-1].sentences.setdefault(kind, []).append(_sentence(words, condition))
            case [kind] if kind in OF_PLAUSIBILITY:
                plausibility[kind] = words
            case [column]:
                columns[column] = words
            case _:
                raise ValueError(f"@{tag} is not known")
    return Header(
        comment=" ".join(comment).strip(),
        columns=columns,
        plausibility=plausibility,
        methods=tuple(methods),
        told=tuple(told),
        parts=parts,
        values=values,
        parameters=tuple(parameters),
    )


def _sentence(words: str, condition: list[str], section: str = "") -> Sentence:
    # What begins or ends with a space stands in quotes.
    words = words.removeprefix('"').removesuffix('"') if words.startswith('"') else words
    match condition:
        case []:
            return Sentence(words, section)
        case ["if" | "unless" as word, said]:
            name, _, value = said.partition("=")
            return Sentence(words, section, name, value or None, word == "unless")
    raise ValueError(f"{' '.join(condition)}: a condition is needed: if NAME, unless NAME")
