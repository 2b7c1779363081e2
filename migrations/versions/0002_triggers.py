"""Triggers: what holds across tables, who has changed, what is only ever added."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Clinical table -> its dates that may not lie before the birth.
DATES = {
    "phenotype": ("assessed_on",),
    "anthropometry": ("measured_on",),
    "infusion": ("infused_on",),
    "tdm_level": ("sampled_on",),
    "pcdai_visit": ("visited_on",),
    "lab_result": ("collected_on",),
    "medication": ("started_on",),
    "endoscopy": ("performed_on",),
    "surgery": ("performed_on",),
    "gene_finding": ("reported_on",),
    "condition": ("onset_on",),
    "follow_up_end": ("ended_on",),
}

MARK_CHANGED = """
create function derived.mark_changed() returns trigger language plpgsql as $$
begin
    if tg_op = 'TRUNCATE' then
        insert into derived.changed_patient (patient_id)
        select patient_id from reference.patient_number;
    elsif tg_op = 'DELETE' then
        insert into derived.changed_patient (patient_id)
        select distinct patient_id from old_rows;
    elsif tg_op = 'INSERT' then
        insert into derived.changed_patient (patient_id)
        select distinct patient_id from new_rows;
    else
        insert into derived.changed_patient (patient_id)
        select patient_id from old_rows union select patient_id from new_rows;
    end if;
    return null;
end
$$
"""

# Who moves a date while someone else moves the birth must wait for the other: an insert does so by
# its foreign key, an update by this lock, the birth by the one in refuse_birth_after_records.
REFUSE_BEFORE_BIRTH = """
create function clinical.refuse_before_birth() returns trigger language plpgsql as $$
declare
    dated text;
    culprit text;
begin
    if tg_op = 'UPDATE' then
        perform from clinical.patient p
        where p.patient_id in (select patient_id from new_rows) for key share;
    end if;
    foreach dated in array tg_argv loop
        execute format(
            'select s.study_id from new_rows n'
            ' join clinical.patient p using (patient_id)'
            ' join reference.patient_number s using (patient_id)'
            ' where n.%I < p.birth_date limit 1', dated
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

REFUSE_BIRTH_AFTER_RECORDS = """
create function clinical.refuse_birth_after_records() returns trigger language plpgsql as $$
declare
    place record;
    culprit text;
begin
    if not exists (
        select from new_rows n join old_rows o using (patient_id) where n.birth_date > o.birth_date
    ) then
        return null;
    end if;
    perform from clinical.patient p
    where p.patient_id in (select patient_id from new_rows) for update;
    for place in select * from (values {places}) as listed (place_table, dated) loop
        execute format(
            'select s.study_id from new_rows p'
            ' join clinical.%I r using (patient_id)'
            ' join reference.patient_number s using (patient_id)'
            ' where r.%I < p.birth_date limit 1', place.place_table, place.dated
        ) into culprit;
        if culprit is not null then
            raise exception using
                errcode = 'check_violation',
                message = format(
                    'birth_date of patient %s lies after %s of a record in %s',
                    culprit, place.dated, place.place_table
                ),
                schema = 'clinical', table = 'patient', column = 'birth_date',
                constraint = 'birth_date_not_after_records';
        end if;
    end loop;
    return null;
end
$$
"""

ADD_CENTRE = """
create function reference.add_centre() returns trigger language plpgsql as $$
begin
    insert into reference.centre (code) select distinct centre from new_rows
    on conflict do nothing;
    return null;
end
$$
"""

ADD_ASSAY = """
create function reference.add_assay() returns trigger language plpgsql as $$
begin
    insert into reference.assay (name) select distinct assay from new_rows where assay is not null
    on conflict do nothing;
    return null;
end
$$
"""

# The hash covers what the rules read, in a fixed order, with numbers in one way of writing.
STAMP_DEFINITION = """
create function reference.stamp_definition() returns trigger language plpgsql as $$
begin
    new.hash := (
        select encode(sha256(convert_to(string_agg(key || '=' || coalesce(
            case when value ~ '^-?[0-9]+[.][0-9]+$' then trim_scale(value::numeric)::text
                 else value end, ''), E'\\n' order by key), 'UTF8')), 'hex')
        from jsonb_each_text(to_jsonb(new))
        where key not in ('name', 'version', 'description', 'based_on', 'hash', 'derived_hash')
    );
    if tg_op = 'UPDATE' and new.hash <> old.hash then
        new.version := old.version + 1;
    end if;
    return new;
end
$$
"""

REFUSE_CHANGE = """
create function derived.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception using
        errcode = 'restrict_violation',
        message = format('rows of %s.%s are only ever added', tg_table_schema, tg_table_name);
end
$$
"""

APPEND_ONLY = ("derived.derivation_run", "derived.status_transition", "reference.change_set")

FUNCTIONS = (
    "derived.mark_changed",
    "clinical.refuse_before_birth",
    "clinical.refuse_birth_after_records",
    "reference.add_centre",
    "reference.add_assay",
    "reference.stamp_definition",
    "derived.refuse_change",
)


def statement_trigger(name: str, event: str, table: str, call: str) -> None:
    """A trigger that runs once a statement and sees its rows as new_rows and old_rows."""
    seen = {
        "insert": "referencing new table as new_rows",
        "update": "referencing old table as old_rows new table as new_rows",
        "delete": "referencing old table as old_rows",
        "truncate": "",
    }[event]
    op.execute(
        f"create trigger {name}_{event} after {event} on {table} {seen} "
        f"for each statement execute function {call}"
    )


def upgrade() -> None:
    places = ", ".join(f"('{table}', '{dated}')" for table, ds in DATES.items() for dated in ds)
    for function in (
        MARK_CHANGED,
        REFUSE_BEFORE_BIRTH,
        REFUSE_BIRTH_AFTER_RECORDS.replace("{places}", places),
        ADD_CENTRE,
        ADD_ASSAY,
        STAMP_DEFINITION,
        REFUSE_CHANGE,
    ):
        op.execute(function)
    for table in ("patient", *DATES):
        for event in ("insert", "update", "delete", "truncate"):
            statement_trigger("mark_changed", event, f"clinical.{table}", "derived.mark_changed()")
    for table, dates in DATES.items():
        arguments = ", ".join(f"'{dated}'" for dated in dates)
        for event in ("insert", "update"):
            statement_trigger(
                "before_birth",
                event,
                f"clinical.{table}",
                f"clinical.refuse_before_birth({arguments})",
            )
    statement_trigger(
        "birth", "update", "clinical.patient", "clinical.refuse_birth_after_records()"
    )
    for event in ("insert", "update"):
        statement_trigger("centre", event, "clinical.patient", "reference.add_centre()")
        statement_trigger("assay", event, "clinical.tdm_level", "reference.add_assay()")
    op.execute(
        "create trigger stamp before insert or update on reference.definition "
        "for each row execute function reference.stamp_definition()"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function derived.refuse_change()"
        )


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"drop function {function} cascade")
