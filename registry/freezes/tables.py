"""Fills the tables of a freeze: with what is there now, or with what the audit says was there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text

from registry.database.frozen import Place
from registry.models import ENTITIES, PatientNumber, table_of
from registry.models.freeze import Freeze
from registry.models.login_role import LoginRole
from registry.models.release import Release, ReleaseChild, ReleaseErased, ReleaseLeftOut
from registry.models.signing import (
    FreezeLock,
    RecordLock,
    Signature,
    SigningPassword,
    WrongPassword,
)
from registry.models.study import StudyAnswer, StudyChild
from registry.steps import each
from registry.words import tr

# What a freeze does not hold: what is kept of freezes, releases, studies, signatures and locks.
LEFT_OUT = tuple(
    table_of(one).name
    for one in (
        *(Freeze, Release, ReleaseChild, ReleaseLeftOut, ReleaseErased),
        *(Signature, SigningPassword, WrongPassword, RecordLock, FreezeLock, LoginRole),
        *(StudyAnswer, StudyChild),
    )
)
NUMBERS = table_of(PatientNumber).fullname
CHANGES = "reference.change_set"
HELD = ("clinical", "reference", "derived")


class Kept(StrEnum):
    """How the registry keeps the past of a table."""

    RECORD = "record"
    """Audited by patient and record."""
    REFERENCE = "reference"
    """Audited by its key."""
    ADDED = "added"
    """Rows are only ever added and carry their change."""
    CHANGE = "change"
    """The change sets themselves."""
    RUN = "run"
    """Rows of derivation runs, which are only ever added."""
    DERIVED = "derived"
    """Made anew for the freeze, or of no use in it."""


@dataclass(frozen=True)
class Source:
    """A table of the registry that a freeze has a copy of; `columns` in their order."""

    name: str
    kept: Kept
    columns: tuple[str, ...]

    @property
    def table(self) -> str:
        """The name without its schema."""
        return self.name.partition(".")[2]


_TABLES = """
select n.nspname || '.' || c.relname,
    exists (select from pg_trigger t join pg_proc p on p.oid = t.tgfoid
        where t.tgrelid = c.oid and p.proname = 'record_reference') as is_audited,
    array(select a.attname::text from pg_attribute a where a.attrelid = c.oid
        and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(:schemas) and c.relkind in ('r', 'p') and not c.relispartition
    and c.relname <> all(:left_out)
order by 1
"""
_NOT_AFTER = """
change_id in (select change_id from audit.committed_change where commit_number <= :commit)
"""
# Columns that came after an audit row have their default, or what the row has of it now.
_LACKED = """
select coalesce(jsonb_object_agg(a.attname, pg_get_expr(d.adbin, d.adrelid)), '{}')
from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = cast(:name as regclass) and a.attidentity = '' and a.attgenerated = ''
    and a.attnotnull
"""
_REFUSE = """
create function {schema}.refuse_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    raise exception using
        errcode = 'restrict_violation',
        message = format('%I.%I is frozen', tg_table_schema, tg_table_name);
end
$$;
revoke execute on function {schema}.refuse_change() from public
"""


def sources(connection: Connection) -> list[Source]:
    """Every table that a freeze has, in the order of their names."""
    records = {NUMBERS, *(table_of(entity).fullname for entity in ENTITIES)}
    found = []
    rows = connection.execute(text(_TABLES), {"schemas": list(HELD), "left_out": list(LEFT_OUT)})
    for name, is_audited, columns in rows:
        if name in records:
            kept = Kept.RECORD
        elif name == CHANGES:
            kept = Kept.CHANGE
        elif name.startswith("derived."):
            kept = Kept.RUN if name in RUNS else Kept.DERIVED
        else:
            kept = Kept.REFERENCE if is_audited else Kept.ADDED
        found.append(Source(name, kept, tuple(columns)))
    return found


# Table of a run -> which of its rows were there at a commit.
RUNS = {
    "derived.derivation_run": "seen_commit <= :commit",
    "derived.status_transition": "run_id in (select run_id from derived.derivation_run "
    "where seen_commit <= :commit)",
}


def make_tables(
    connection: Connection, place: Place, commit: int | None, *, passing: bool
) -> list[Source]:
    """Makes and fills every table of a freeze but the statuses, and closes them to change.

    `commit` is the number up to which the audit is replayed; None takes what is there now. A
    `passing` freeze is not written to the server's log, and is empty after the server fell.
    """
    for schema in HELD:
        connection.execute(text(f"create schema {place.schema(schema)}"))
    made = sources(connection)
    for source in made:
        connection.execute(
            text(
                f"create {'unlogged ' if passing else ''}table {place.sql(source.name)} "
                f"(like {source.name} including comments including indexes)"
            )
        )
    in_order = sorted(made, key=lambda one: one.kept is Kept.CHANGE)
    for source in each(in_order, lambda one: tr("Copying {table}", table=one.name)):
        if (filling := _filling(connection, place, source, commit, made)) is not None:
            connection.execute(text(filling), {} if commit is None else {"commit": commit})
    return made


def close(connection: Connection, place: Place, made: list[Source]) -> None:
    """Nobody changes a row of the freeze, its owner neither; the planner learns what is there."""
    schema = place.schema("reference")
    connection.exec_driver_sql(_REFUSE.format(schema=schema).replace("%", "%%"))
    for source in made:
        name = place.sql(source.name)
        connection.execute(
            text(
                f"create trigger frozen before insert or update or delete or truncate on {name} "
                f"for each statement execute function {schema}.refuse_change()"
            )
        )


def _filling(
    connection: Connection, place: Place, source: Source, commit: int | None, made: list[Source]
) -> str | None:
    """The statement that fills a table; None for one that is made otherwise."""
    listed = ", ".join(f'"{column}"' for column in source.columns)
    into = f"insert into {place.sql(source.name)} ({listed}) select {listed}"
    match source.kept:
        case Kept.DERIVED:
            return None
        case Kept.CHANGE:
            carrying = " union all ".join(
                f"select change_id from {place.sql(one.name)}"
                for one in made
                if one.kept is Kept.ADDED
            )
            return f"{into} from {source.name} where change_id in ({carrying})"
        case Kept.RUN:
            seen = RUNS[source.name]
            return f"{into} from {source.name}" + ("" if commit is None else f" where {seen}")
        case Kept.ADDED:
            until = "" if commit is None else f" where {_NOT_AFTER}"
            return f"{into} from {source.name}{until}"
    if commit is None:
        first = " order by patient_id" if "patient_id" in source.columns else ""
        return f"{into} from {source.name}{first}"
    replayed = "replay" if source.kept is Kept.RECORD else "replay_reference"
    lacked = connection.execute(text(_LACKED), {"name": source.name}).scalar_one()
    defaults = ", ".join(f"'{column}', {value}" for column, value in sorted(lacked.items()))
    return (
        f"{into} from audit.{replayed}('{source.table}', :commit) r "
        f"cross join lateral jsonb_populate_record(null::{source.name}, "
        f"jsonb_build_object({defaults}) || r.row_values) as x"
    ).replace(f"select {listed}", "select " + ", ".join(f'x."{c}"' for c in source.columns))
