"""Views that stand on many others as one query, in which what several read is computed once.

The server computes a view anew wherever a query names it. Here the text of every view below the
one that is asked stands where its name does, but for those whose header says `@once`: where more
than one reads such a view it stands in front (`with NAME as materialized`). What it has of a child
must depend on that child's records alone, so that a condition on the child can be put into it too:
none reaches through what is computed once. (Each CTE that the server puts in its place itself costs
it a look through the whole query: as many as there are views took half its planning.)

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
from registry.views.plausibility import ALL_RULES, union_of_rules
from registry.views.sources import FUNCTIONS, folders, names, source
from registry.views.view import PRESENT, select_of

# What lies in `present` beside the views, from no file.
BESIDE = {*(table.name for table in CLINICAL_TABLES), "definition", "dated_record"}
_READ = re.compile(
    r"(?<=[\s(])(from|join)(?<!distinct from)\s+(lateral\s+)?([a-z_0-9]+)\b(?!\s*[.(])"
)
_GOES_ON = "where|join|left|cross|inner|on|using|group|order|union|window|limit|offset"
_ALIAS = re.compile(rf"\s+(?:as\s+)?(?!(?:{_GOES_ON})\b)\w")
_OF_A_NAME = f"{string.ascii_letters}{string.digits}_"
_NAMED = re.compile(r"^\s*+(?:with\s+)?(\w++)(?: \([\w, ]+\))? as (?:materialized )?\($", re.M)


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
    texts: dict[str, str] = {}
    _gather(root, dict(given), texts)
    read = Counter(match[3] for text in texts.values() for match in _READ.finditer(text))
    once = [name for name in texts if read[name] > 1 and _is_once(name)]
    where = f" where {condition}" if condition else ""
    whole: dict[str, str] = {}
    for name, text in texts.items():
        whole[name] = _pasted(text, {one: whole[one] for one in whole if one not in once})
        if name == root or (condition and name in once):
            whole[name] = f"select * from ({whole[name]}) {name}{where}"
    parts = [f"{name} as materialized ({whole[name]})" for name in once]
    return f"with {', '.join(parts)} {whole[root]}" if parts else whole[root]


def _gather(name: str, given: Mapping[str, str], texts: dict[str, str]) -> None:
    """Adds the text of a view behind those of the views that it reads."""
    text = _qualified(given[name]) if name in given else _text(name)
    for read in sorted({match[3] for match in _READ.finditer(text)} & _known() - {name}):
        if read not in texts:
            _gather(read, given, texts)
    texts[name] = text


def _pasted(text: str, views: Mapping[str, str]) -> str:
    """The text with each of these views read as a query of its own."""

    def query(match: re.Match[str]) -> str:
        name = match[3]
        if name not in views:
            return match[0]
        called = "" if _ALIAS.match(text, match.end()) else f" {name}"
        return f"{match[1]} {match[2] or ''}({views[name]}){called}"

    return _READ.sub(query, text)


@cache
def _known() -> frozenset[str]:
    return frozenset({*folders(), ALL_RULES})


@cache
def _is_once(name: str) -> bool:
    folder = folders().get(name)
    return folder is not None and "\n-- @once: " in source(folder, name)


@cache
def _text(name: str) -> str:
    return _qualified(select_of(folders()[name], name))


@cache
def _functions() -> frozenset[str]:
    made = "".join(source(FUNCTIONS, name) for name in names(FUNCTIONS))
    return frozenset(re.findall(r"^create function (\w+)\(", made, re.M))


def _qualified(text: str) -> str:
    """The text without comments, tables and functions with their schemas."""
    text = re.sub(r"--[^\n]*", "", text)
    inside = {match[1] for match in _NAMED.finditer(text)}

    def table(match: re.Match[str]) -> str:
        name = match[3]
        if name in inside or name in _known():
            return match[0]
        schema = PRESENT if name in BESIDE else "reference"
        return f"{match[1]} {match[2] or ''}{schema}.{name}"

    # What stands before each bracket: no pattern finds it as soon.
    *before, last = _READ.sub(table, text).split("(")
    for place, part in enumerate(before):
        rest = part.rstrip(_OF_A_NAME)
        if part[len(rest) :] in _functions() and not rest.endswith("."):
            before[place] = f"{rest}rules.{part[len(rest) :]}"
    return "(".join([*before, last])
