"""The rules of the worklist in words, from the files that hold them, and those of plausibility.

In `worklist` a file is a kind of work. `@rule RULE: why` begins one of its rules; behind it stand
what to do (`@do`), where the rule is from (`@from`), its place in the list (`@place`), and
`@after_end` where it speaks of children whose observation has ended too. Places in the words are
the item's facts.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from functools import cache

from sqlalchemy import Connection, text

from registry.views import plausibility
from registry.views.headers import read_header
from registry.views.sources import names, source

FOLDER = "worklist"
# The kind of work that what is not plausible is, and where it stands: behind what is due, before
# what is overdue.
CONTRADICTION = "contradiction"
PLACE = 110


@dataclass(frozen=True)
class WorkRule:
    """One rule as a row of `reference.worklist_rule`; whether it is active is a person's."""

    rule: str
    kind: str
    place: int
    after_end: bool
    action: str
    why: str
    source: str
    category: str | None = None


WORDS = tuple(field.name for field in fields(WorkRule) if field.name != "rule")


@cache
def rules() -> tuple[WorkRule, ...]:
    """Every rule of the worklist, those of plausibility last."""
    found = []
    for name in names(FOLDER):
        for told in read_header(source(FOLDER, name)).told:
            said = {kind: sentences[0].words for kind, sentences in told.sentences.items()}
            after_end = "after_end" in said
            place, do, origin = int(said["place"]), said["do"], said["from"]
            found.append(WorkRule(told.code, name, place, after_end, do, told.title, origin))
    found += (
        WorkRule(
            one.rule, CONTRADICTION, PLACE, True, one.action, one.why, one.source, one.category
        )
        for one in plausibility.rules().values()
    )
    return tuple(found)


def store_words(connection: Connection) -> None:
    """Brings the words of the rules in the database to those of the files."""
    names = [field.name for field in fields(WorkRule)]
    told = ", ".join(names[1:])
    connection.execute(text("select set_config('registry.command', 'db upgrade', true)"))
    connection.execute(
        text(
            f"insert into reference.worklist_rule as w ({', '.join(names)}) "
            f"values ({', '.join(f':{name}' for name in names)}) "
            f"on conflict (rule) do update set ({told}) = "
            f"row({', '.join(f'excluded.{name}' for name in names[1:])}) "
            f"where ({', '.join(f'w.{name}' for name in names[1:])}) is distinct from "
            f"({', '.join(f'excluded.{name}' for name in names[1:])})"
        ),
        [dict(zip(names, astuple(rule), strict=True)) for rule in rules()],
    )
    connection.execute(
        text("delete from reference.worklist_rule where rule <> all(:rules)"),
        {"rules": [rule.rule for rule in rules()]},
    )
