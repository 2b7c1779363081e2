"""Rows that come or go are audited with the columns in the order in which jsonb has its keys."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# A row of which the columns come as jsonb keeps them, short names first, needs no sorting; of many
# rows that is a tenth of what the audit costs. What is written is the same in any order. An update
# is of few rows, and keeps the statement that is planned once.
RECORD_ROWS = """
create or replace function audit.record_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    change bigint;
    seen text := case tg_op when 'DELETE' then 'old' else 'new' end;
    any_row boolean;
    listed text;
begin
    execute format('select exists (select from %I)', seen || '_rows') into any_row;
    if not any_row then
        return null;
    end if;
    change := audit.current_change(tg_op <> 'INSERT');
    if tg_op <> 'UPDATE' then
        select string_agg(quote_ident(attname), ', ' order by length(attname), attname)
        into listed
        from pg_attribute where attrelid = tg_relid and attnum > 0 and not attisdropped;
        execute format(
            'insert into audit.record_change'
            ' (patient_id, change_id, table_name, record_id, operation, row_version, %I)'
            ' select r.patient_id, $1, $2, %s, $3, r.row_version, to_jsonb(r)'
            ' from (select %s from %I) r',
            seen || '_values',
            case when 'record_id' = any(string_to_array(listed, ', '))
                then 'r.record_id' else 'null' end,
            listed, seen || '_rows')
        using change, tg_table_name, lower(tg_op);
        return null;
    end if;
    insert into audit.record_change
        (patient_id, change_id, table_name, record_id, operation, row_version,
         old_values, new_values)
    select coalesce(n.patient_id, o.patient_id), change, tg_table_name,
        nullif(coalesce(n.record_id, o.record_id), 0),
        case when o.patient_id is null then 'insert'
             when n.patient_id is null then 'delete' else 'update' end,
        coalesce(n.row_version, o.row_version), o.row_values, n.row_values
    from (
        select r.patient_id, r.row_version, v.row_values,
            coalesce((v.row_values ->> 'record_id')::bigint, 0) as record_id
        from old_rows r
        cross join lateral (select to_jsonb(r) as row_values offset 0) v
    ) o full join (
        select r.patient_id, r.row_version, v.row_values,
            coalesce((v.row_values ->> 'record_id')::bigint, 0) as record_id
        from new_rows r
        cross join lateral (select to_jsonb(r) as row_values offset 0) v
    ) n on n.patient_id = o.patient_id and n.record_id = o.record_id;
    return null;
end
$$
"""
BEFORE = Path(__file__).parent.parent / "sql" / "0014_audit.sql"


def upgrade() -> None:
    """Goes there."""
    op.get_bind().exec_driver_sql(RECORD_ROWS.replace("%", "%%"))


def downgrade() -> None:
    """Goes back."""
    _, begins, rest = BEFORE.read_text(encoding="utf-8").partition(
        "create or replace function audit.record_rows"
    )
    op.execute(f"{begins}{rest.partition('$$;')[0]}$$")
    op.execute("alter function audit.record_rows set search_path = pg_catalog, pg_temp")
