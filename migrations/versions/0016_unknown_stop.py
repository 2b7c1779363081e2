"""A drug's stop that is not known to the day, how a definition counts it, the mark of the demo."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Whoever writes a date alone means that day, and whoever takes it out means that there is none.
KEEP_PRECISION = """
create function clinical.keep_stop_precision() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    new.stopped_on_precision := case
        when new.stopped_on is null
            then case new.stopped_on_precision when 'unknown' then 'unknown' end
        else coalesce(nullif(new.stopped_on_precision, 'unknown'), 'day')
    end;
    return new;
end
$$
"""

PRECISION = (
    "(stopped_on is null) = (stopped_on_precision is null or stopped_on_precision = 'unknown') "
    "and (stopped_on_precision is null or stopped_on_precision = 'unknown' "
    "or stopped_on_precision = 'day' "
    "or stopped_on_precision = 'month' and extract(day from stopped_on) = 1 "
    "or stopped_on_precision = 'year' and extract(doy from stopped_on) = 1)"
)
END_OF_PERIOD = (
    "case stopped_on_precision when 'year' then (stopped_on + interval '1 year')::date - 1 "
    "when 'month' then (stopped_on + interval '1 month')::date - 1 else stopped_on end"
)
SURELY_UNTIL = (
    "case when stopped_on_precision is not null then greatest(started_on, stopped_on) end"
)


def upgrade() -> None:
    op.execute("alter table clinical.medication add column stopped_on_precision text")
    _in_silence(
        "update clinical.medication set stopped_on_precision = 'day' where stopped_on is not null"
    )
    _constraints(END_OF_PERIOD, SURELY_UNTIL)
    op.execute(
        "alter table clinical.medication add constraint ck_medication_stopped_on_precision "
        f"check ({PRECISION})"
    )
    op.execute(KEEP_PRECISION)
    op.execute(
        "create trigger keep_stop_precision before insert or update on clinical.medication "
        "for each row execute function clinical.keep_stop_precision()"
    )
    op.execute(
        "alter table reference.definition add column unknown_stop text not null "
        "default 'last_evidence' constraint ck_definition_unknown_stop "
        "check (unknown_stop in ('last_evidence', 'left_out'))"
    )
    op.execute("alter table reference.definition alter column unknown_stop drop default")
    _stamp_again()
    op.execute(
        "alter table reference.registry_setting add column is_demo boolean default false not null"
    )


def downgrade() -> None:
    op.execute("alter table reference.registry_setting drop column is_demo")
    op.execute("alter table reference.definition drop column unknown_stop")
    _stamp_again()
    op.execute("drop trigger keep_stop_precision on clinical.medication")
    op.execute("drop function clinical.keep_stop_precision()")
    # What cannot be said without the column becomes the last day that is sure.
    _in_silence(
        f"update clinical.medication set stopped_on = {SURELY_UNTIL} "
        "where stopped_on_precision <> 'day'"
    )
    op.execute("alter table clinical.medication drop constraint ck_medication_stopped_on_precision")
    _constraints("stopped_on", "stopped_on")
    op.execute("alter table clinical.medication drop column stopped_on_precision")


def _in_silence(statement: str) -> None:
    """Changes how records are kept, and nothing that they say: no audit, no mark."""
    op.execute("set constraints all immediate")
    op.execute("alter table clinical.medication disable trigger user")
    op.execute(statement)
    op.execute("alter table clinical.medication enable trigger user")


def _constraints(last_day: str, surely_until: str) -> None:
    table = "alter table clinical.medication"
    for name in ("ck_medication_stop_not_before_start", "ex_medication_overlap"):
        op.execute(f"{table} drop constraint {name}")
    op.execute(
        f"{table} add constraint ck_medication_stop_not_before_start "
        f"check ({last_day} >= started_on)"
    )
    op.execute(
        f"{table} add constraint ex_medication_overlap exclude using gist ("
        "int8range(patient_id, patient_id, '[]') with =, "
        "reference.textrange(drug, drug, '[]') with =, "
        f"daterange(started_on, {surely_until}, '[)') with &&) deferrable initially immediate"
    )


def _stamp_again() -> None:
    """The hash covers every parameter; the version counts changes that people make."""
    op.execute("update reference.definition set derived_hash = derived_hash")
    op.execute("update reference.definition set version = version - 1")
