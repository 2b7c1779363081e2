"""Views that stand on many others as one query, in which what several read is computed once.

The server computes a view anew wherever a query names it. So the text of every view below the one
that is asked is put in front of it (`with NAME as ...`): one whose header says `@once` is computed
once where more than one reads it, any other is read as if its text stood where its name does. What
such a view has of one child must depend on that child's records alone, so that a condition on the
child may be put into it: no condition reaches through what is computed once.

The text names the schemas of tables and functions, so that it is the same for a view and for a
program's query, for the registry and for a freeze. The rules' files mean `present` here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from registry.clinical_tables import CLINICAL_TABLES
from registry.views.headers import read_header
from registry.views.plausibility import ALL_RULES, union_of_rules
from registry.views.view import FOLDER, PRESENT, RULES, select_of

# Whose views lie in `present`.
FOLDERS = (RULES, "worklist", "quality")
# What lies there beside them, from no file.
BESIDE = {*(table.name for table in CLINICAL_TABLES), "definition", "dated_record"}
_READ = re.compile(r"(?<!distinct )\b(from|join)\s+(lateral\s+)?([a-z_0-9]+)\b(?!\s*[.(])")
_NAMED = re.compile(r"^\s*(?:with\s+)?(\w+)(?: \([\w, ]+\))? as (?:materialized )?\($", re.M)


def combined(
    root: str, condition: str = "", rules: Iterable[str] | None = None, columns: str = "*"
) -> str:
    """The query of the view `root` of `present` over all that it reads.

    With a condition on `patient_id` of what meets it alone; with all rules of plausibility, or with
    these.
    """
    below: dict[str, str] = {}
    _gather(root, union_of_rules(rules), below)
    where = f" where {condition}" if condition else ""
    parts = []
    for name, text in below.items():
        readers = sum(len(_names(name, other)) for other in below.values())
        if readers > 1 and _is_once(name):
            of_one = f"select * from ({text}) {name}{where}" if condition else text
            parts.append(f"{name} as materialized ({of_one})")
        elif name != root:
            parts.append(f"{name} as not materialized ({text})")
    named = f"with {', '.join(parts)} " if parts else ""
    return f"{named}select {columns} from ({below[root]}) {root}{where}"


def _gather(name: str, plausible: str, below: dict[str, str]) -> None:
    """Adds the text of a view behind those of the views that it reads."""
    if name in below:
        return
    text = _qualified(plausible) if name == ALL_RULES else _text(name)
    for read in sorted({match[3] for match in _READ.finditer(text)} & _known() - {name}):
        _gather(read, plausible, below)
    below[name] = text


def _names(name: str, text: str) -> list[str]:
    return [match[3] for match in _READ.finditer(text) if match[3] == name]


@cache
def _files() -> dict[str, str]:
    """The folder of each view that has a file."""
    return {path.stem: folder for folder in FOLDERS for path in (FOLDER / folder).glob("*.sql")}


@cache
def _known() -> frozenset[str]:
    return frozenset({*_files(), ALL_RULES})


@cache
def _is_once(name: str) -> bool:
    folder = _files().get(name)
    if folder is None:
        return False
    return bool(read_header((FOLDER / folder / f"{name}.sql").read_text("utf-8")).once)


@cache
def _text(name: str) -> str:
    return _qualified(select_of(_files()[name], name))


@cache
def _functions() -> re.Pattern[str]:
    made = "".join(path.read_text("utf-8") for path in (FOLDER / "functions").glob("*.sql"))
    names = re.findall(r"^create function (\w+)\(", made, re.M)
    return re.compile(rf"(?<![\w.])({'|'.join(names)})\(")


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

    return _functions().sub(r"rules.\1(", _READ.sub(table, text))
