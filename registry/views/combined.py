"""Views that stand on many others as one query, in which what several read is computed once.

The server computes a view anew wherever a query names it. Here the text of every view below the
one that is asked stands where its name does, but for those whose header says `@once`: where more
than one reads such a view it stands in front (`with NAME as materialized`). What it has of a child
must depend on that child's records alone, so that a condition on the child can be put into it too:
none reaches through what is computed once. (Each CTE that the server puts in its place itself costs
it a look through the whole query: as many as there are views took half its planning.)

Of one child its records are read once too, and views whose header says `@once of_one`: there are
few rows, and to plan a table wherever it stands costs the server more than to look through them.
Who goes by other children (`of_others`) reads the tables themselves. What failed of all rules is in
front as well, though one view alone reads it: the server copies a query with each one around it.

The text names the schemas of tables and functions, so that it is the same for a view and for a
program's query, for the registry and for a freeze. The rules' files mean `present` here.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from registry.clinical_tables import CLINICAL_TABLES
from registry.views.plausibility import ALL_RULES, of_others, union_of_rules
from registry.views.sources import FUNCTIONS, PRESENT, folders, has, names, select_of, source

# The child that a query is asked of.
OF_ONE = "patient_id = cast(:number as bigint)"
# What lies in `present` beside the views, from no file.
DEFINITION, DATED_RECORD = "definition", "dated_record"
BESIDE = {*(table.name for table in CLINICAL_TABLES), DEFINITION, DATED_RECORD}
# What is read is found by its first letter; what may stand before it is looked at behind it.
_READ = re.compile(
    r"((?:from|join)(?<=[\s(](?:from|join))(?<!distinct from)\s+(?:lateral\s+)?)"
    r"([a-z_0-9]+)\b(?!\s*[.(])"
)
_GOES_ON = "where|join|left|cross|inner|on|using|group|order|union|window|limit|offset"
_ALIAS = re.compile(rf"\s+(?:as\s+)?(?!(?:{_GOES_ON})\b)\w")
_WHOLE = re.compile(r"select \* from ([a-z_.]+)")
_OF_A_NAME = f"{string.ascii_letters}{string.digits}_"
_NAMED = re.compile(r"\n\s*+(?:with\s+)?(\w++)(?: \([\w, ]+\))? as (?:materialized )?\($", re.M)

# A text in which every second piece is the name of a view that is read there, or of what the text
# itself names.
Pieces = tuple[str, ...]


def combined(
    root: str,
    condition: str = "",
    rules: Iterable[str] | None = None,
    instead: Mapping[str, str] | None = None,
) -> str:
    """The query of the view `root` of `present` over all that it reads.

    With a condition on `patient_id` of what meets it alone; with all rules of plausibility, or with
    these. `instead` has texts that stand in the place of those of views.
    """
    given = {ALL_RULES: union_of_rules(rules), **(instead or {})}
    return _combined(root, condition, tuple(given.items()))


@cache
def _combined(root: str, condition: str, given: tuple[tuple[str, str], ...]) -> str:
    texts: dict[str, Pieces] = {}
    _gather(root, dict(given), texts)
    read = Counter(name for pieces in texts.values() for name in pieces[1::2])
    of_one = condition == OF_ONE
    failed = ALL_RULES if of_one and root != ALL_RULES else None
    once = [
        name
        for name in texts
        if name == failed or (read[name] > 1 and _is_once(name, of_one=of_one))
    ]
    where = f" where {condition}" if condition else ""
    whole: dict[str, str] = {}
    in_front = []
    for name, pieces in texts.items():
        query = _pasted(pieces, whole)
        if name == root or (condition and name in once and name != DEFINITION):
            query = f"select * from ({query}) {name}{where}{' and failed' * (name == failed)}"
        if name in once:
            in_front.append(f"{name} as materialized ({query})")
        else:
            whole[name] = query
    return f"with {', '.join(in_front)} {whole[root]}" if in_front else whole[root]


def _gather(name: str, given: Mapping[str, str], texts: dict[str, Pieces]) -> None:
    """Adds the text of a view behind those of the views that it reads."""
    pieces = _taken_apart(given[name]) if name in given else _pieces(name)
    for read in sorted({*pieces[1::2]} & _known() - {name}):
        if read not in texts:
            _gather(read, given, texts)
    texts[name] = pieces


def _pasted(pieces: Pieces, views: Mapping[str, str]) -> str:
    """The text with each of these views read as a query of its own, or as the table that it is."""
    text = [*pieces]
    for place, name in enumerate(pieces[1::2]):
        if name in views and (table := _WHOLE.fullmatch(views[name])):
            text[2 * place + 1] = table[1]
        elif name in views:
            called = "" if _ALIAS.match(pieces[2 * place + 2]) else f" {name}"
            text[2 * place + 1] = f"({views[name]}){called}"
    return "".join(text)


@cache
def _known() -> frozenset[str]:
    return frozenset({*folders(), *BESIDE, ALL_RULES})


@cache
def _is_once(name: str, *, of_one: bool) -> bool:
    if name in BESIDE:
        return of_one or name == DATED_RECORD
    marks = ("once: ", "once of_one: ") if of_one else ("once: ",)
    return name in folders() and any(has(folders()[name], name, mark) for mark in marks)


@cache
def _pieces(name: str) -> Pieces:
    if name in BESIDE:
        return (f"select * from {PRESENT}.{name}",)
    return _taken_apart(select_of(folders()[name], name), of_all=name in of_others())


@cache
def _functions() -> frozenset[str]:
    made = "".join(source(FUNCTIONS, name) for name in names(FUNCTIONS))
    return frozenset(re.findall(r"^create function (\w+)\(", made, re.M))


def _taken_apart(text: str, *, of_all: bool = False) -> Pieces:
    """The text without comments, tables and functions with their schemas.

    Tables of `present` have theirs when they are pasted, with `of_all` at once.
    """
    text = re.sub(r"--[^\n]*", "", text)
    inside = set(_NAMED.findall(f"\n{text}"))
    # What stands before each bracket: no pattern finds it as soon.
    *before, last = text.split("(")
    for place, part in enumerate(before):
        rest = part.rstrip(_OF_A_NAME)
        if part[len(rest) :] in _functions() and not rest.endswith("."):
            before[place] = f"{rest}rules.{part[len(rest) :]}"
    first, *found = _READ.split("(".join([*before, last]))
    pieces = [first]
    for lead, name, rest in zip(found[::3], found[1::3], found[2::3], strict=True):
        if name in inside or (name in _known() and not (of_all and name in BESIDE)):
            pieces[-1] += lead
            pieces += [name, rest]
        else:
            schema = PRESENT if name in BESIDE else "reference"
            pieces[-1] += f"{lead}{schema}.{name}{rest}"
    return tuple(pieces)
