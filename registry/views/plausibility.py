"""The rules of plausibility: a file each in `quality`, which says all that is told of the rule.

Its view has a row per record that the rule was tried on, and whether the record failed it. From the
header come the sentence (`@says`), what to do (`@do`), OHDSI's word for the kind of check
(`@category`), where the rule is from (`@from`) and, where it goes by more than the child's own
records, what it reads of other children (`@others`). A file without a sentence only serves the
rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from registry.views.dated_records import tables_of_contact
from registry.views.headers import read_header, tables_read
from registry.views.sources import folders, has, names, source

FOLDER = "quality"
ALL_RULES = "plausibility"
# Every rule's view gives these.
COLUMNS = (
    "patient_id",
    "from_table",
    "record_id",
    "record_on",
    "about",
    "column_name",
    "value",
    "with_table",
    "with_record_id",
    "failed",
    "facts",
)


class Rule(NamedTuple):
    """One rule: its name, sentence with `{facts}`, what to do, OHDSI's category, its source."""

    rule: str
    why: str
    action: str
    category: str
    source: str


@cache
def names_of_rules() -> tuple[str, ...]:
    """The names of all rules, in order."""
    return tuple(name for name in names(FOLDER) if has(FOLDER, name, "says: "))


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its name."""
    found = {}
    for name in names_of_rules():
        told = read_header(source(FOLDER, name)).plausibility
        found[name] = Rule(name, told["says"], told["do"], told["category"], told["from"])
    return found


@cache
def rules_on(table: str) -> tuple[str, ...]:
    """The rules that read a table, themselves or through the views that they read."""
    return tuple(rule for rule in names_of_rules() if table in _read_by(rule))


@cache
def of_others() -> tuple[str, ...]:
    """The rules that read other children's records."""
    return tuple(name for name in names_of_rules() if has(FOLDER, name, "others: "))


@cache
def _read_by(view: str) -> frozenset[str]:
    """The tables and views that a view reads, through however many others."""
    if view == "dated_record":
        return frozenset(table.name for table in tables_of_contact())
    folder = folders().get(view)
    if folder is None:
        return frozenset()
    read = tables_read(source(folder, view)) - {view}
    return frozenset(read).union(*map(_read_by, read))


def union_of_rules(asked: Iterable[str] | None = None, told: str = ", ".join(COLUMNS)) -> str:
    """What is told of the rows of these rules, or of all, as far as they are active, as a query."""
    return "\nunion all\n".join(
        f"select '{rule}'::text as rule, {told} from {rule} "
        f"where (select active from worklist_rule where rule = '{rule}')"
        for rule in (names_of_rules() if asked is None else asked)
    )
