"""What a freeze holds, as one hash that is the same on every machine and server for the same data.

A row is written as a line `column=value` for each column with a value, in the order of the
columns' names: numbers without zeros at their end, dates as 2026-11-29, moments in UTC to the
microsecond, yes and no as true and false, what is missing and why by its columns' names; a
backslash or a line's end within a value is written behind a backslash. The registry's own numbers
of patients and records and the versions of rows are no part of it.

The hash of a row is the SHA-256 of that text in UTF-8; of a child in a table that of its rows'
hashes, in their order as bytes; of a table of children that of a line `study id, rows, hash` for
each child, in the order of the ids' bytes; of another table that of its rows' hashes; and of the
freeze that of a line `table, rows, hash` for each table with rows, in the order of their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from registry.database.frozen import Place
from registry.freezes.tables import NUMBERS, Kept, Source
from registry.steps import each
from registry.views.worklist_words import WORDS
from registry.words import tr

# Numbers that the registry gives, how often a row was changed, how far a definition was derived.
NOT_CONTENT = ("patient_id", "record_id", "row_version", "derived_hash", "derived_on")
# Words that come with the program, and settings by which no result is made.
NO_DATA = {
    "reference.worklist_rule": WORDS,
    "reference.registry_setting": ("identities_apart", "password_wait_minutes", "wrong_passwords"),
}

_TYPES = """
select attname::text, format_type(atttypid, null) from pg_attribute
where attrelid = cast(:name as regclass) and attnum > 0 and not attisdropped
"""
_AS_TEXT = {
    "numeric": "trim_scale({column})::text",
    "date": "to_char({column}, 'YYYY-MM-DD')",
    "timestamp with time zone": (
        "to_char({column} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    ),
    "jsonb": (
        "(select string_agg(j.key || ':' || j.value, ',' order by j.key collate \"C\") "
        "from jsonb_each_text({column}) j)"
    ),
    "text": r"replace(replace({column}, '\', '\\'), chr(10), '\n')",
}
_PLAIN = "{column}::text"


@dataclass(frozen=True)
class TableContent:
    """How many rows a table has, their hash, and the columns that are in it."""

    rows: int
    sha256: str
    columns: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As it is kept with the freeze."""
        return {"rows": self.rows, "sha256": self.sha256, "columns": list(self.columns)}


Content = Mapping[str, TableContent]


def content_of(
    connection: Connection, place: Place, made: list[Source], said: Content | None = None
) -> Content:
    """What the tables hold; with `said` by the columns of then, whatever has come since."""
    found = {}
    for source in each(made, lambda one: tr("Hashing {table}", table=one.name)):
        if source.kept not in (Kept.RECORD, Kept.REFERENCE):
            continue
        if said is None:
            apart = (*NOT_CONTENT, *NO_DATA.get(source.name, ()))
            columns = tuple(sorted(set(source.columns) - set(apart)))
        elif source.name in said:
            columns = said[source.name].columns
        else:
            continue
        rows, sha256 = connection.execute(
            text(_statement(connection, place, source, columns))
        ).one()
        if rows:
            found[source.name] = TableContent(rows, sha256, columns)
    return found


def sha256_of(content: Content) -> str:
    """The hash of a freeze."""
    lines = [f"{name} {content[name].rows} {content[name].sha256}\n" for name in sorted(content)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def from_json(kept: Mapping[str, Mapping[str, Any]]) -> Content:
    """What was kept with a freeze."""
    return {
        name: TableContent(one["rows"], one["sha256"], tuple(one["columns"]))
        for name, one in kept.items()
    }


def _statement(
    connection: Connection, place: Place, source: Source, columns: tuple[str, ...]
) -> str:
    types: dict[str, str] = {
        row[0]: row[1] for row in connection.execute(text(_TYPES), {"name": place.sql(source.name)})
    }
    lines = []
    for name in columns:
        value = _AS_TEXT.get(types[name], _PLAIN).format(column=f't."{name}"')
        lines.append(f"'{name}=' || {value} || chr(10)")
    row = f"sha256(convert_to(concat({', '.join(lines)}), 'UTF8'))"
    hashes = "encode(sha256(string_agg(row_hash, ''::bytea order by row_hash)), 'hex')"
    table = place.sql(source.name)
    if source.kept is Kept.REFERENCE:
        return f"select count(*), {hashes} from (select {row} as row_hash from {table} t) r"
    child = "t" if source.name == NUMBERS else "n"
    numbers = "" if child == "t" else f" join {place.sql(NUMBERS)} n using (patient_id)"
    line = f"study_id || ' ' || count(*) || ' ' || {hashes} || chr(10)"
    return (
        "select coalesce(sum(rows), 0)::bigint, encode(sha256(convert_to("
        "string_agg(line, '' order by study_id collate \"C\"), 'UTF8')), 'hex') "
        f"from (select study_id, count(*) as rows, {line} as line from "
        f"(select {child}.study_id, {row} as row_hash from {table} t{numbers}) r "
        "group by study_id) c"
    )
