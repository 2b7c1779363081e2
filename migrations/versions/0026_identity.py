"""Identities in a schema of their own; the form of a centre's study ids; two ids of one child."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

IDENTITY = Path(__file__).parents[1] / "sql" / "identity.sql"

# The identity goes with the child, before the audit forgets what ids the child had; what it came
# to is counted with the rest. What went in a database of its own the program says.
ERASE = """
create function audit.erase_identity() returns trigger language plpgsql security definer as $$
declare
    child text;
    gone jsonb;
    removed jsonb := coalesce(
        nullif(current_setting('registry.identity_removed', true), ''), '{}')::jsonb;
begin
    for child in
        select distinct v.id from audit.record_change r
        cross join lateral (values
            (r.old_values ->> 'study_id'), (r.new_values ->> 'study_id')) v (id)
        where r.patient_id = new.patient_id and r.table_name = 'patient_number'
            and v.id is not null
    loop
        insert into identity.erasure (study_id) values (child) returning erasure.removed into gone;
        select coalesce(jsonb_object_agg(key, value), '{}') into removed from (
            select key, sum(value::bigint) as value from (
                select * from jsonb_each_text(removed) union all select * from jsonb_each_text(gone)
            ) b group by key
        ) s;
    end loop;
    perform set_config('registry.identity_removed', removed::text, true);
    return new;
end
$$;
create function audit.count_identity() returns trigger language plpgsql security definer as $$
begin
    new.removed := new.removed || current_setting('registry.identity_removed')::jsonb;
    select sum(value::bigint) into new.values_removed from jsonb_each_text(new.removed);
    perform set_config('registry.identity_removed', '', true);
    return new;
end
$$;
alter function audit.erase_identity set search_path = pg_catalog, pg_temp;
alter function audit.count_identity set search_path = pg_catalog, pg_temp;
-- By their names they come before erase_patient and after it.
create trigger erase_identity before insert on audit.erasure
for each row execute function audit.erase_identity();
create trigger erase_patient_counted before insert on audit.erasure
for each row execute function audit.count_identity();
"""

CENTRE = """
alter table reference.centre add column study_id_pattern text
constraint ck_centre_study_id_pattern check (
    study_id_pattern ~ '^[A-Za-z0-9_-]{0,20}#{2,9}-?[*]?$'
)
"""

MERGED = """
alter table reference.patient_number add column merged_into text
constraint fk_patient_number_merged_into references reference.patient_number (study_id),
add constraint ck_patient_number_merged_into check (merged_into <> study_id)
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(IDENTITY.read_text(encoding="utf-8").replace("%", "%%"))
    op.get_bind().exec_driver_sql(ERASE)
    op.get_bind().exec_driver_sql(CENTRE)
    op.get_bind().exec_driver_sql(MERGED)


def downgrade() -> None:
    op.execute("alter table reference.patient_number drop column merged_into")
    op.execute("alter table reference.centre drop column study_id_pattern")
    op.execute("drop function audit.erase_identity, audit.count_identity cascade")
    op.execute("drop schema identity cascade")
