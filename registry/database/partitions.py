"""The large tables in native hash partitions by patient, and whole again.

A partition is a table of the same name in a schema of its own, `partition_1` and so on, with
indexes and constraints of the same names: what refuses a row names them alike, and rights on the
schemas of the registry give none on it. All that others know of a table stays where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from registry.errors import WrongUsage
from registry.steps import each
from registry.words import tr

# Those with several rows a visit or a change, and a key that begins with the patient. The others
# are small; `medication` has an exclusion constraint, which PostgreSQL takes on a partitioned table
# from 17 on and with btree_gist only.
TABLES = (
    "clinical.anthropometry",
    "clinical.infusion",
    "clinical.lab_result",
    "clinical.pcdai_visit",
    "clinical.tdm_level",
    "audit.record_change",
)
# Each makes every statement over these tables longer to plan; this registry's choice.
MOST = 64
PARTITION = "partition_[0-9]+"
GUARD = "by_whole_table_only"
_ASIDE = "partitioned_before"

_NUMBER = """
select greatest(count(i.inhrelid), 1) from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_inherits i on i.inhparent = c.oid and c.relkind = 'p'
where n.nspname || '.' || c.relname = :table
"""
# In the order in which they are made: a foreign key rests on a key.
_CONSTRAINTS = """
select quote_ident(conname), pg_get_constraintdef(oid) from pg_constraint
where conrelid = cast(:table as regclass) and contype in ('p', 'u', 'f') and conparentid = 0
order by contype = 'f', contype, conname
"""
_INDEXES = """
select replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') from pg_index i
where i.indrelid = cast(:table as regclass)
    and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
order by 1
"""
_TRIGGERS = """
select pg_get_triggerdef(oid) from pg_trigger
where tgrelid = cast(:table as regclass) and not tgisinternal order by tgname
"""
_SEQUENCES = """
select quote_literal(a.attname), pg_get_serial_sequence(:table, a.attname) from pg_attribute a
where a.attrelid = cast(:table as regclass) and a.attidentity <> ''
"""
_COLUMNS = """
select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
where attrelid = cast(:table as regclass) and attnum > 0 and not attisdropped
    and attgenerated = ''
"""
# A partition's indexes bear the names of those they belong to.
_NAMES = """
select format('alter index %s rename to %I', h.inhrelid::regclass, p.relname)
from pg_index i join pg_inherits h on h.inhparent = i.indexrelid
join pg_class p on p.oid = i.indexrelid
where i.indrelid = cast(:table as regclass)
"""


@dataclass(frozen=True)
class Table:
    """A table as the catalogue has it, to be made once more."""

    name: str
    columns: str
    constraints: tuple[tuple[str, str], ...]
    indexes: tuple[str, ...]
    triggers: tuple[str, ...]


def number_of(connection: Connection, table: str = TABLES[0]) -> int:
    """In how many partitions a table lies; 1 where it is whole."""
    return int(connection.execute(text(_NUMBER), {"table": table}).scalar_one())


def schemas(number: int) -> list[str]:
    """The schemas of so many partitions; a whole table has none."""
    return [f"partition_{place}" for place in range(1, number + 1)] if number > 1 else []


def require_number(number: int) -> None:
    """Raises WrongUsage for what is no number of partitions."""
    if not 1 <= number <= MOST:
        raise WrongUsage(tr("The large tables lie in 1 to {most} partitions.", most=MOST))


def divide(connection: Connection, number: int) -> None:
    """Makes every one of the tables lie in so many partitions, or be whole with 1.

    In the caller's transaction, with no view on them; rows are copied, and no trigger sees that.
    What lies as asked stays untouched.
    """
    connection.exec_driver_sql("set constraints all immediate")
    for schema in schemas(number):
        connection.exec_driver_sql(f"create schema if not exists {schema}")
    others = [table for table in TABLES if number_of(connection, table) != number]
    for name in each(others, lambda one: tr("Copying {table}", table=one)):
        _make_again(connection, _read(connection, name), number)
    left = connection.execute(
        text("select nspname from pg_namespace where nspname ~ :form"),
        {"form": f"^{PARTITION}$"},
    ).scalars()
    for schema in sorted(set(left) - set(schemas(number))):
        connection.exec_driver_sql(f"drop schema {schema}")


def _read(connection: Connection, name: str) -> Table:
    def lines(statement: str) -> list[str]:
        return list(connection.execute(text(statement), {"table": name}).scalars())

    constraints = connection.execute(text(_CONSTRAINTS), {"table": name})
    return Table(
        name,
        lines(_COLUMNS)[0],
        tuple((key, definition) for key, definition in constraints),
        tuple(lines(_INDEXES)),
        tuple(lines(_TRIGGERS)),
    )


def _make_again(connection: Connection, table: Table, number: int) -> None:
    run = connection.exec_driver_sql
    short = table.name.partition(".")[2]
    before = f"{_ASIDE}.{short}"
    run(f"create schema {_ASIDE}")
    run(f"alter table {table.name} set schema {_ASIDE}")
    run(
        f"create table {table.name} (like {before} including all excluding indexes)"
        + (" partition by hash (patient_id)" if number > 1 else "")
    )
    parts = [f"{schema}.{short}" for schema in schemas(number)]
    for place, part in enumerate(parts):
        run(
            f"create table {part} partition of {table.name} "
            f"for values with (modulus {number}, remainder {place})"
        )
    run(
        f"insert into {table.name} ({table.columns}) overriding system value "
        f"select {table.columns} from {before}"
    )
    sequences = connection.execute(text(_SEQUENCES), {"table": before}).all()
    for column, sequence in sequences:
        run(
            f"select setval(pg_get_serial_sequence('{table.name}', {column}), last_value, "
            f"is_called) from {sequence}"
        )
    run(f"drop schema {_ASIDE} cascade")
    for name, definition in table.constraints:
        run(f"alter table {table.name} add constraint {name} {definition}".replace("%", "%%"))
    for statement in (*table.indexes, *table.triggers):
        run(statement.replace("%", "%%"))
    for statement in connection.execute(text(_NAMES), {"table": table.name}).scalars().all():
        run(statement)
    for part in parts:
        run(
            f"create trigger {GUARD} before insert or update or delete or truncate on {part} "
            "for each statement execute function audit.refuse_partition()"
        )
