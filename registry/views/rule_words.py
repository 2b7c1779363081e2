"""What the rules say of one patient, as the headers of their files declare it.

A rule (`@rule CODE: title`) says what it found (`@found`), what that was held to (`@limit`), in
which record (`@record TABLE [COLUMN OF THE DATE]`), what an entry is answered when it changes that
(`@entered`), and how those are called whom it takes out of the cohort (`@excluded`). Of several
sentences of a kind the first that applies is said. The places of a sentence are columns of the
view `eligibility`, parameters of the definition, a `@part` (a sentence of its own, or nothing) or a
`@value`, computed from those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from registry.views.headers import Header, Sentence, Told, read_header
from registry.vocabulary import FOLLOW_UP_END_MEANINGS
from registry.words import Note, declared, spoken, tr

FOLDER = Path(__file__).parent / "rules"
# The rule whose cases are the exclusions, in their order.
ELIGIBILITY = "eligibility"

# A patient under one definition: a row of `facts_of`.
Facts = Mapping[str, Any]


def facts_of(eligibility: str, definition: str) -> str:
    """The columns of a query that gives the facts, from the aliases of the two views."""
    values = (f"{sql} as {name}" for one in _headers().values() for name, sql in one.values.items())
    return ", ".join([f"{definition}.*", f"{eligibility}.*", *values])


@cache
def rules() -> dict[str, Told]:
    """Every rule that says something of a patient, by its code."""
    return {told.code: told for one in _headers().values() for told in one.told}


@cache
def exclusions() -> dict[str, str]:
    """What each exclusion is called, in the order in which they are looked at.

    Where that depends on a parameter it is as the published study has it.
    """
    source = (FOLDER / f"{ELIGIBILITY}.sql").read_text(encoding="utf-8")
    cases = source.partition("end as reason")[0].rpartition("case")[2]
    return {
        code: rules()[code].sentences["excluded"][-1].words
        for code in re.findall(r"then '(\w+)'", cases)
    }


def said(code: str, kind: str, facts: Facts) -> str | None:
    """A rule's sentence of a kind in the person's language; None where it has none to say."""
    sentence = _first(rules()[code].sentences.get(kind, ()), facts)
    return None if sentence is None else _spoken(sentence.words, facts)


def part(name: str, facts: Facts) -> str:
    """A part of the sentences, by itself; empty where it is not said."""
    sentence = _first(_parts()[name], facts)
    return "" if sentence is None else _spoken(sentence.words, facts)


def part_note(name: str, facts: Facts) -> Note:
    """A part by itself for a document: in English, and still to be said in another language."""
    sentence = _first(_parts()[name], facts)
    words = "" if sentence is None else sentence.words
    return declared(
        words,
        **{
            place: part_note(place, facts) if place in _parts() else str(facts[place])
            for place in _places(words)
        },
    )


def excluded(code: str, facts: Facts) -> str:
    """What excluded a patient, as it stands within a sentence."""
    words = said(code, "excluded", facts) or code
    return words[:1].lower() + words[1:]


def record_of(code: str, facts: Facts) -> tuple[str | None, date | None]:
    """Table and date of the record that a rule looked at, as far as there is one."""
    sentence = _first(rules()[code].sentences.get("record", ()), facts)
    if sentence is None:
        return None, None
    table, _, column = sentence.words.partition(" ")
    if table.startswith("{"):
        table = facts[table.strip("{}")]
    return table, facts[column] if column else None


def words() -> Iterator[str]:
    """Every sentence and title, for the translators."""
    for told in rules().values():
        yield told.title
        for kind, sentences in told.sentences.items():
            if kind != "record":
                yield from (one.words for one in sentences)
    # What is a value alone says nothing of its own.
    for sentences in _parts().values():
        yield from (one.words for one in sentences if not re.fullmatch(r"\{\w+\}", one.words))


@cache
def _headers() -> dict[str, Header]:
    return {
        path.stem: read_header(path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.sql"))
    }


@cache
def _parts() -> dict[str, list[Sentence]]:
    return {name: said for one in _headers().values() for name, said in one.parts.items()}


def _first(sentences: Iterable[Sentence], facts: Facts) -> Sentence | None:
    return next((one for one in sentences if one.applies(facts)), None)


def _spoken(words: str, facts: Facts) -> str:
    """The words with their places filled, those by parts too."""
    return spoken(
        words,
        **{
            name: part(name, facts) if name in _parts() else _shown(facts[name])
            for name in _places(words)
        },
    )


def _places(words: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(words) if name]


def _shown(value: Any) -> str:
    """A fact as people read it: a code in words, a number without the zeros of its scale."""
    match value:
        case None:
            return tr("none")
        case str():
            return spoken(FOLLOW_UP_END_MEANINGS.get(value) or value.replace("_", " "))
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return str(value)
