"""What the tables and sequences of a registry hold: counts and hashes to hold a backup to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Content:
    """Rows and hash of every table by its name with its schema, last values of the sequences.

    A table's hash is the sum of the SHA-256 (the first 60 bits) of its rows as PostgreSQL writes
    them, columns in the order of their names: it does not depend on the order of rows, and is the
    same on every version and machine.
    """

    rows: dict[str, int]
    hashes: dict[str, str]
    sequences: dict[str, int | None]

    def differing(self, said: Content) -> list[str]:
        """Names of the tables that hold other rows than was said, and of sequences that are behind.

        A sequence is no part of a snapshot: it may have gone on before a dump read it.
        """
        found = {name for name, _ in self.rows.items() ^ said.rows.items()}
        found |= {name for name, _ in self.hashes.items() ^ said.hashes.items()}
        found |= {
            name
            for name, last in said.sequences.items()
            if last is not None and (self.sequences.get(name) or 0) < last
        }
        return sorted(found)


def table_names(connection: Connection, schemas: tuple[str, ...]) -> list[str]:
    """Every table of the schemas, named with its schema."""
    names = connection.execute(
        text(
            "select format('%I.%I', n.nspname, c.relname) from pg_class c "
            "join pg_namespace n on n.oid = c.relnamespace where n.nspname = any(:schemas) "
            "and c.relkind in ('r', 'p') and not c.relispartition order by 1"
        ),
        {"schemas": list(schemas)},
    ).scalars()
    return list(names)


def column_names(connection: Connection, tables: list[str]) -> dict[str, list[str]]:
    """The columns of each table in their order, without those that the database computes."""
    names: dict[str, list[str]] = {table: [] for table in tables}
    for table, column in connection.execute(
        text(
            "select t.name, a.attname::text from unnest(cast(:tables as text[])) t (name) "
            "join pg_attribute a on a.attrelid = cast(t.name as regclass) "
            "where attnum > 0 and not attisdropped and attgenerated = '' order by attrelid, attnum"
        ),
        {"tables": tables},
    ):
        names[table].append(column)
    return names


def content_of(connection: Connection, schemas: tuple[str, ...]) -> Content:
    """What the tables of the schemas hold now."""
    # The text of a moment depends on the time zone of the session.
    connection.execute(text("set local time zone 'UTC'"))
    rows, hashes = {}, {}
    columns_of = column_names(connection, table_names(connection, schemas))
    for table, names in columns_of.items():
        columns = ", ".join(f'"{name}"' for name in sorted(names))
        rows[table], hashes[table] = connection.execute(
            text(
                "select count(*), coalesce(sum(('x' || left(encode(sha256(convert_to("
                f"row({columns})::text, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0)::text "
                f"from {table}"
            )
        ).one()
    sequences = connection.execute(
        text(
            "select format('%I.%I', schemaname, sequencename), last_value from pg_sequences "
            "where schemaname = any(:schemas) order by 1"
        ),
        {"schemas": list(schemas)},
    ).all()
    return Content(rows, hashes, {str(name): value for name, value in sequences})
