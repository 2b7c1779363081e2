"""Records of many children are held to their births by one join, not one after the other."""

from __future__ import annotations

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

# Where all is well no row is found, so whoever asks for the first that is found reads all of them,
# and the server goes about it as if the first came soon.
LEAST_OF_ALL = """
            'select study_id from reference.patient_number where patient_id = ('
            ' select min(n.patient_id) from new_rows n'
            ' join clinical.patient p using (patient_id)'
            ' where n.%I < p.birth_date)', dated"""
FIRST_FOUND = """
            'select s.study_id from new_rows n'
            ' join clinical.patient p using (patient_id)'
            ' join reference.patient_number s using (patient_id)'
            ' where n.%I < p.birth_date limit 1', dated"""
REFUSE_BEFORE_BIRTH = """
create or replace function clinical.refuse_before_birth() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    dated text;
    culprit text;
begin
    if tg_op = 'UPDATE' then
        perform from clinical.patient p
        where p.patient_id in (select patient_id from new_rows) for key share;
    end if;
    foreach dated in array tg_argv loop
        execute format({found}
        ) into culprit;
        if culprit is not null then
            raise exception using
                errcode = 'check_violation',
                message = format('%s of patient %s lies before the birth', dated, culprit),
                schema = tg_table_schema, table = tg_table_name, column = dated,
                constraint = format('%s_not_before_birth', dated);
        end if;
    end loop;
    return null;
end
$$
"""


def upgrade() -> None:
    """Goes there."""
    op.execute(REFUSE_BEFORE_BIRTH.format(found=LEAST_OF_ALL))


def downgrade() -> None:
    """Goes back."""
    op.execute(REFUSE_BEFORE_BIRTH.format(found=FIRST_FOUND))
