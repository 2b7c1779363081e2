"""The words of the rules: the comment that a view's file begins with, read, and said of a patient.

`@methods SECTION: sentence` is what a report says of the rule, with the definition's parameters as
`{parameter}`. `@rule CODE: title` begins what is said of one patient by that rule, or of work by a
rule of the worklist (`worklist_words`): the lines behind it are its own. Behind what a line is may
stand when it is said: `if NAME` (it is yes, or has a value), `unless NAME`, `if NAME=VALUE`,
`unless NAME=VALUE`.

A rule says what it found (`@found`), what that was held to (`@limit`), in which record (`@record
TABLE [COLUMN OF THE DATE]`), what an entry is answered when it changes that (`@entered`), and how
those are called whom it takes out of the cohort (`@excluded`). Of several sentences of a kind the
first that applies is said. The places of a sentence are columns of the view `eligibility`,
parameters of the definition, a `@part` (a sentence of its own, or nothing) or a `@value`, computed
from those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from string import Formatter
from typing import Any, NamedTuple

from registry.views.sources import has, names, source
from registry.vocabulary import FOLLOW_UP_END_MEANINGS
from registry.words import Note, declared, spoken, tr

# What a rule of plausibility is told by.
OF_PLAUSIBILITY = ("says", "do", "category", "from", "others")
# What a rule says of a patient, behind its `@rule`; and one of the worklist, of the work.
OF_A_RULE = ("found", "limit", "record", "entered", "excluded")
OF_WORK = ("do", "from", "place", "after_end")


class Sentence(NamedTuple):
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


class Told(NamedTuple):
    """What one rule says of a patient: its code and title, and its sentences by their kind."""

    code: str
    title: str
    sentences: dict[str, list[Sentence]]


class Header(NamedTuple):
    """The view's comment, the text of each `@column: text` behind it, and what its rules say."""

    comment: str
    columns: dict[str, str]
    plausibility: dict[str, str]
    methods: tuple[Sentence, ...]
    told: tuple[Told, ...]
    parts: dict[str, list[Sentence]]
    values: dict[str, str]
    parameters: tuple[str, ...]


# Found by its first letter: what stands before it is looked at behind it.
_READ = re.compile(r"(?:from|join)(?<!\w(?:from|join))\s+(?:lateral\s+)?([a-z_0-9]+)")


@cache
def tables_read(statement: str) -> frozenset[str]:
    """The names that stand after a FROM or JOIN in a statement."""
    return frozenset(_READ.findall(statement))


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
            case ["once"] | ["once", "of_one"]:
                pass  # it is for `combined`
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


FOLDER = "rules"
# The rule whose cases are the exclusions, in their order.
ELIGIBILITY = "eligibility"

# A patient under one definition: a row of `facts_of`.
Facts = Mapping[str, Any]


def facts_of(eligibility: str, definition: str) -> str:
    """The columns of a query that gives the facts, from the aliases of the two views."""
    telling = [name for name in names(FOLDER) if has(FOLDER, name, "value ")]
    values = (f"{sql} as {name}" for one in telling for name, sql in _header(one).values.items())
    return ", ".join([f"{definition}.*", f"{eligibility}.*", *values])


@cache
def rules() -> dict[str, Told]:
    """Every rule that says something of a patient, by its code."""
    return {told.code: told for one in _headers().values() for told in one.told}


def exclusions(parameters: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What each exclusion is called under a definition, in the order in which they are looked at.

    Without the definition's parameters as the published study has it.
    """
    told = {code: rules()[code].sentences["excluded"] for code in _exclusions()}
    if parameters is None:
        return {code: sentences[-1].words for code, sentences in told.items()}
    found = {code: _first(sentences, parameters) for code, sentences in told.items()}
    return {
        code: declared(one.words, **{name: parameters[name] for name in _places(one.words)})
        for code, one in found.items()
        if one is not None
    }


@cache
def _exclusions() -> list[str]:
    """The exclusions, in the order of the cases of the rule of eligibility."""
    cases = source(FOLDER, ELIGIBILITY).partition("end as reason")[0].rpartition("case")[2]
    return re.findall(r"then '(\w+)'", cases)


def said(code: str, kind: str, facts: Facts) -> str | None:
    """A rule's sentence of a kind in the person's language; None where it has none to say."""
    sentence = _first(rules()[code].sentences.get(kind, ()), facts)
    return None if sentence is None else _spoken(sentence.words, facts)


def part(name: str, facts: Facts) -> str:
    """A part of the sentences, by itself; empty where it is not said."""
    sentence = _first(_parts()[name], facts)
    return "" if sentence is None else _spoken(sentence.words, facts)


def data_cut_of(definition: Facts) -> str:
    """The data cut of a definition in words, from a row with `data_cut` and `cut_on`."""
    return part("cut", definition)


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
        said = (of for kind, of in told.sentences.items() if kind != "record")
        yield from (one.words for sentences in said for one in sentences if _speaks(one))
    for sentences in _parts().values():
        yield from (one.words for one in sentences if _speaks(one))


def _speaks(sentence: Sentence) -> bool:
    """Whether it has words of its own, and is not of places alone."""
    return not re.fullmatch(r"(\{\w+\})+", sentence.words)


@cache
def _header(name: str) -> Header:
    return read_header(source(FOLDER, name))


@cache
def _headers() -> dict[str, Header]:
    return {name: _header(name) for name in names(FOLDER)}


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
