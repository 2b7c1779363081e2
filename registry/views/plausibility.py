"""The rules of plausibility: a file each in `quality`, which says all that is told of the rule.

Its view has a row per record that the rule was tried on, and whether the record failed it. From the
header come the sentence (`@says`), what to do (`@do`), OHDSI's word for the kind of check
(`@category`) and where the rule is from (`@from`). A file without a sentence only serves the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

from registry.views.headers import read_header, tables_read

FOLDER = Path(__file__).parent / "quality"
ALL_RULES = "plausibility"
# The kind of work in the worklist, and where it stands there: behind what is due, before what is
# overdue.
KIND = "contradiction"
PLACE = 110
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


@dataclass(frozen=True)
class Rule:
    """One rule: its name, sentence with `{facts}`, what to do, OHDSI's category, its source."""

    rule: str
    why: str
    action: str
    category: str
    source: str


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its name."""
    found = {}
    for path in sorted(FOLDER.glob("*.sql")):
        told = read_header(path.read_text(encoding="utf-8")).plausibility
        if "says" in told:
            found[path.stem] = Rule(
                path.stem, told["says"], told["do"], told["category"], told["from"]
            )
    return found


@cache
def rules_on(table: str) -> tuple[str, ...]:
    """The rules that read a table, themselves or through the views that they read."""
    return tuple(rule for rule in rules() if table in _read_by(rule))


@cache
def _read_by(view: str) -> frozenset[str]:
    """The tables and views that a view reads, through however many others."""
    path = next(FOLDER.parent.glob(f"*/{view}.sql"), None)
    if path is None:
        return frozenset()
    read = set(tables_read(path.read_text(encoding="utf-8"))) - {view}
    return frozenset(read).union(*map(_read_by, read))


def union_of_rules() -> str:
    """The rows of all active rules, as a query."""
    columns = ", ".join(COLUMNS)
    return "\nunion all\n".join(
        f"select '{rule}'::text as rule, {columns} from {rule} "
        f"where (select active from worklist_rule where rule = '{rule}')"
        for rule in rules()
    )


def store_words(connection: Connection) -> None:
    """Brings the words of the rules in the database to those of the files.

    They stand beside those of the worklist, so that a rule is listed and switched off as any other
    is; whether it is stays as it was.
    """
    wanted = [
        vars(rule) | {"kind": KIND, "place": PLACE, "after_end": True} for rule in rules().values()
    ]
    names = ("rule", "kind", "place", "after_end", "action", "why", "source", "category")
    listed = ", ".join(names)
    told = ", ".join(names[1:])
    connection.execute(text("select set_config('registry.command', 'db upgrade', true)"))
    connection.execute(
        text(
            f"insert into reference.worklist_rule as w ({listed}) "
            f"values ({', '.join(f':{name}' for name in names)}) "
            f"on conflict (rule) do update set ({told}) = "
            f"row({', '.join(f'excluded.{name}' for name in names[1:])}) "
            f"where ({', '.join(f'w.{name}' for name in names[1:])}) is distinct from "
            f"({', '.join(f'excluded.{name}' for name in names[1:])})"
        ),
        wanted,
    )
    connection.execute(
        text(
            "delete from reference.worklist_rule where category is not null and rule <> all(:rules)"
        ),
        {"rules": list(rules())},
    )
