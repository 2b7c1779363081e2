"""Keeps freezes readable by the program of today.

A freeze that another program made keeps its rows, its statuses and its hash; it gets the columns
and tables that came since, and the views of this program. One whose tables are not there, as after
a restore, is made again from the audit and held to its hash. Both happen when it is next read.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

from registry import __version__
from registry.database.frozen import Frozen, Place
from registry.database.locks import Lock, take
from registry.freezes.content import Content, content_of, sha256_of
from registry.freezes.make import fill
from registry.freezes.tables import sources
from registry.records.change import declare_change
from registry.views.build import (
    build_frozen_views,
    drop_frozen_views,
    rules_hash,
    stamp_of,
    views_stamp,
)
from registry.words import in_english, tr

_LACKING = """
select a.attname, format_type(a.atttypid, a.atttypmod),
    case when a.attnotnull then pg_get_expr(d.adbin, d.adrelid) end
from pg_attribute a
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = cast(:live as regclass) and a.attnum > 0 and not a.attisdropped
    and not exists (select from pg_attribute k where k.attrelid = cast(:kept as regclass)
        and k.attname = a.attname and not k.attisdropped)
order by a.attnum
"""


def keep_up(engine: Engine, frozen: Frozen, said: Content, *, user: str) -> bool:
    """Brings a freeze to this program, or makes it again, where it is not there or of another.

    Whether there was anything to do.
    """
    with engine.connect() as connection:
        if stamp_of(connection, frozen.place) == views_stamp():
            return False
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        take(connection, Lock.UPGRADE, shared=True)
        take(connection, Lock.FREEZE)
        stamp = stamp_of(connection, frozen.place)
        if stamp is None:
            declare_change(
                connection, user=user, command="freeze", reason="made again from the audit"
            )
            _make_again(connection, frozen, said)
        elif stamp != views_stamp():
            _bring_columns(connection, frozen.place)
            drop_frozen_views(connection, frozen.place)
            build_frozen_views(connection, frozen.place, frozen.day)
        connection.commit()
    return True


def _make_again(connection: Connection, frozen: Frozen, said: Content) -> None:
    found = fill(connection, frozen.place, frozen.day, frozen.commit_number)
    if sha256_of(found) != frozen.sha256:
        found = content_of(connection, frozen.place, sources(connection), said)
    told = _add_note(connection, frozen.place, made_again(sha256_of(found), frozen.sha256))
    connection.execute(
        text(
            "update reference.data_freeze set rules_hash = :rules, program_version = :version, "
            "note = :note where name = :name"
        ),
        {"rules": rules_hash(), "version": __version__, "note": told, "name": frozen.name},
    )


def made_again(found: str, said: str) -> str:
    """What the note of a freeze says of having been made from the audit."""
    with in_english():
        if found == said:
            return tr("Made again from the audit, with the same hash.")
        return tr("Made again from the audit; its hash now is {sha256}.", sha256=found)


def _add_note(connection: Connection, place: Place, words: str) -> str:
    before = connection.execute(
        text("select note from reference.data_freeze where name = :name"), {"name": place.freeze}
    ).scalar_one_or_none()
    return " ".join(filter(None, (before, words)))


def _bring_columns(connection: Connection, place: Place) -> None:
    """Adds what came since, with its default where it may not be empty."""
    for source in sources(connection):
        kept = place.sql(source.name)
        is_there = connection.execute(
            text("select to_regclass(:kept) is not null"), {"kept": kept}
        ).scalar_one()
        if not is_there:
            connection.execute(
                text(
                    f"create table {kept} (like {source.name} including comments including indexes)"
                )
            )
            continue
        lacking = connection.execute(text(_LACKING), {"live": source.name, "kept": kept})
        for name, kind, default in lacking.all():
            filled = "" if default is None else f" default {default}"
            connection.exec_driver_sql(f'alter table {kept} add column "{name}" {kind}{filled}')
