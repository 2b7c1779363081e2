"""What the audit of a registry knows that a backup in its place does not: kept in a file beside it.

Before the old tables fall those of the audit are moved aside; when the backup is in place, what it
lacks of them is written, and then they fall too: all in the restore's transaction.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import Connection, text

from registry.database.partitions import PARTITION, number_of, schemas
from registry.errors import cannot_write
from registry.whole_file import part_beside
from registry.words import tr

ASIDE = "replaced"
# Those of a change set hang on it; a registry of an older revision may lack some.
_OF_CHANGES = ("audit.committed_change", "audit.record_change", "audit.reference_change")
_TABLES = ("reference.change_set", "reference.patient_number", *_OF_CHANGES)

_LACKING = f"""
create temporary table lacking on commit drop as
select o.change_id from {ASIDE}.change_set o where not exists (
    select from reference.change_set n where (n.change_id, n.made_at, n.made_by, n.command)
        = (o.change_id, o.made_at, o.made_by, o.command)
)
"""
# A row of the audit has the patient's number; here it has the study id as well.
_LINES = f"""
copy (
    select jsonb_build_object('table', '{{table}}', 'row', to_jsonb(o)
        || coalesce(jsonb_build_object('study_id', (select n.study_id
            from {ASIDE}.patient_number n
            where n.patient_id = (to_jsonb(o) ->> 'patient_id')::bigint)), '{{{{}}}}'))
    from {ASIDE}.{{name}} o join lacking using (change_id) order by {{order}}
) to stdout
"""


@dataclass(frozen=True)
class Kept:
    """The file, how many rows are in it and the SHA-256 of it; a `part` until it is published."""

    file: Path
    rows: int
    sha256: str
    part: Path

    def publish(self) -> None:
        """Gives it its name, which a restore that came to nothing must not leave behind."""
        os.replace(self.part, self.file)


def move_aside(connection: Connection) -> None:
    """Takes the tables of the audit out of the schemas that are about to fall, and all partitions
    out of the way of those to come."""
    connection.execute(text(f"create schema {ASIDE}"))
    for table in _TABLES:
        if connection.scalar(text("select to_regclass(:table)"), {"table": table}):
            connection.execute(text(f"alter table {table} set schema {ASIDE}"))
    for schema in schemas(number_of(connection)):
        connection.execute(text(f"alter schema {schema} rename to {ASIDE}_{schema}"))


def keep(connection: Connection, backup: Path, part_of: ExitStack) -> Kept | None:
    """Writes beside the backup what its audit lacks, a JSON object a line, for its owner only.

    Unless it is published it is gone with `part_of`, or after a kill with the next file there.
    None, and no file, where it lacks nothing. Raises Refused where no file can be written there.
    """
    file = backup.with_name(f"{backup.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
    connection.exec_driver_sql(_LACKING)
    kept = None
    if connection.scalar(text("select exists (select from lacking)")):
        try:
            kept = _write(connection, file, part_of.enter_context(part_beside(file)))
        except OSError as error:
            cure = tr(
                "Nothing was changed. What the audit has since the backup is kept beside it: "
                "copy the backup to a folder that you may write to."
            )
            raise cannot_write(file, error, cure) from None
    gone = connection.execute(
        text(
            f"select string_agg(nspname, ', ') from pg_namespace "
            f"where nspname ~ '^{ASIDE}(_{PARTITION})?$'"
        )
    ).scalar_one()
    connection.execute(text(f"drop schema {gone} cascade"))
    return kept


def _write(connection: Connection, file: Path, part: Path) -> Kept:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    digest, rows = hashlib.sha256(), 0
    with part.open("wb") as target, driver.cursor() as cursor:
        for table in ("reference.change_set", *_OF_CHANGES):
            name = table.partition(".")[2]
            if not connection.scalar(
                text("select to_regclass(:name)"), {"name": f"{ASIDE}.{name}"}
            ):
                continue
            order = "change_id" if name in ("change_set", "committed_change") else "audit_id"
            statement = _LINES.format(table=table, name=name, order=order)
            with cursor.copy(statement.encode()) as lines:
                for (line,) in lines.rows():
                    written = f"{line}\n".encode()
                    digest.update(written)
                    target.write(written)
                    rows += 1
        target.flush()
        os.fsync(target.fileno())
    return Kept(file, rows, digest.hexdigest(), part)
