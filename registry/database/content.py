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


def column_names(connection: Connection, table: str) -> list[str]:
    """The columns of a table in their order, without those that the database computes."""
    names = connection.execute(
        text(
            "select attname::text from pg_attribute where attrelid = cast(:table as regclass) "
            "and attnum > 0 and not attisdropped and attgenerated = '' order by attnum"
        ),
        {"table": table},
    ).scalars()
    return list(names)


def content_of(connection: Connection, schemas: tuple[str, ...]) -> Content:
    """What the tables of the schemas hold now."""
    # The text of a moment depends on the time zone of the session.
    connection.execute(text("set local time zone 'UTC'"))
    rows, hashes = {}, {}
    for table in table_names(connection, schemas):
        columns = ", ".join(f'"{name}"' for name in sorted(column_names(connection, table)))
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
