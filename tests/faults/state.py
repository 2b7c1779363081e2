"""What a registry holds, and what must be so of it after whatever befell it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from registry.audit.verify import verify
from registry.database import archive, content, migrate
from registry.database.engine import Database
from registry.database.frozen import LIVE
from registry.derivation.run import derive
from registry.freezes.content import content_of, sha256_of
from registry.freezes.tables import sources
from registry.models.status_columns import STATUS_COLUMNS
from tests.faults.machine import Machine

# What a killed process leaves beside its target, and the next one takes away.
PART = re.compile(r"^\..*\.part(\.\w+)?$")
_MOMENT = re.compile(r"\d{8}T\d{6}Z")
_SCHEMAS = """
select nspname::text from pg_namespace
where nspname !~ '^pg_' and nspname not in ('information_schema', 'public') order by 1
"""

# By their numbers, which a copy of a database keeps; what an analysis of tables writes is left out.
_CATALOGUE = """
with ours as (
    select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(cast(:schemas as text[]))
)
select md5(string_agg(said, '|' order by said)) from (
    select concat_ws(' ', 'table', oid, relname, relkind, relowner, relacl) as said from ours
    union all
    select concat_ws(' ', 'column', attrelid, attnum, attname, atttypid, attnotnull, attacl)
    from pg_attribute where attrelid in (select oid from ours) and attnum > 0
    union all
    select concat_ws(' ', 'view', ev_class, ev_action) from pg_rewrite
    where ev_class in (select oid from ours)
    union all
    select concat_ws(' ', 'trigger', t) from pg_trigger t
    where not tgisinternal and tgrelid in (select oid from ours)
    union all
    select concat_ws(' ', 'constraint', c) from pg_constraint c
    where conrelid in (select oid from ours)
    union all
    select concat_ws(' ', 'function', p) from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace where nspname = any(cast(:schemas as text[]))
) c
"""


@dataclass(frozen=True)
class State:
    """`tables` and `catalogue` are to the byte; the others are what is the same in every run."""

    tables: dict[str, str]
    catalogue: str
    rows: dict[str, int]
    content: str
    statuses: str
    files: tuple[str, ...]

    def is_exactly(self, other: State) -> bool:
        """Whether nothing was changed, neither rows nor what the database is made of."""
        return (self.tables, self.catalogue) == (other.tables, other.catalogue)

    def is_as(self, other: State) -> bool:
        """Whether the same was done: moments, secrets and the hashes over them are others."""
        said = (self.rows, self.content, self.statuses)
        return said == (other.rows, other.content, other.statuses)


def state_of(machine: Machine) -> State:
    """The state of the registry and of the folder that commands write to."""
    with machine.opened() as database, database.engine.begin() as connection:
        schemas = tuple(connection.execute(text(_SCHEMAS)).scalars())
        found = content.content_of(connection, schemas)
        catalogue = connection.execute(text(_CATALOGUE), {"schemas": list(schemas)}).scalar_one()
        meaning = _meaning(connection)
    return State(found.hashes, catalogue, found.rows, *meaning, files_of(machine.work))


def _meaning(connection: Connection) -> tuple[str, str]:
    """Records with reference data, and statuses, without what is another in every run.

    Where the program cannot read them yet the revision stands for both.
    """
    revision = migrate.status(connection)
    if not revision.at_head:
        return str(revision.current), str(revision.current)
    listed = ", ".join(STATUS_COLUMNS)
    statuses = connection.execute(
        text(
            f"select md5(string_agg(row({listed})::text, '|' order by definition, patient_id)) "
            "from derived.lor_status"
        )
    ).scalar_one()
    return sha256_of(content_of(connection, LIVE, sources(connection))), str(statuses)


def files_of(folder: Path) -> tuple[str, ...]:
    """The files that stand under the names they were given, without moments in their names."""
    names = (path.name for path in folder.iterdir() if not PART.match(path.name))
    return tuple(sorted(_MOMENT.sub("MOMENT", name) for name in names))


def is_whole(folder: Path) -> bool:
    """Whether every file there is one that its reader takes."""
    for path in folder.iterdir():
        if PART.match(path.name):
            continue
        if path.suffix == ".backup":
            with archive.open_archive(path):
                pass
        elif not path.read_text().endswith("\n"):
            return False
    return True


def wrong_with(database: Database, *, deriving: bool = True) -> list[str]:
    """What the audit, the seals, the catalogue or a full derivation find: nothing, in a sound one.

    What waits is derived on the way, unless told not to.
    """
    wrong = [str(finding) for finding in verify(database.engine).findings]
    if not deriving:
        return wrong
    derive(database.engine, user="tester")
    anew = derive(database.engine, user="tester", full=True, dry_run=True)
    if anew.changed or anew.transitions:
        wrong.append(f"a full derivation differs in {anew.changed} statuses")
    with database.engine.connect() as connection:
        left = connection.execute(
            text("select count(*) from pg_namespace where nspname ~ '^(replaced|.*as_of_)'")
        ).scalar_one()
    if left:
        wrong.append(f"{left} schemas of a command are left")
    return wrong
