"""Definitions without a data cut, the day of every derivation, the settings of the registry."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Before and after: `derived_on` is no parameter, so it is not hashed.
STAMP_DEFINITION = """
create or replace function reference.stamp_definition() returns trigger language plpgsql as $$
begin
    new.hash := (
        select encode(sha256(convert_to(string_agg(key || '=' || coalesce(
            case when value ~ '^-?[0-9]+[.][0-9]+$' then trim_scale(value::numeric)::text
                 else value end, ''), E'\\n' order by key), 'UTF8')), 'hex')
        from jsonb_each_text(to_jsonb(new))
        where key not in ({descriptive})
    );
    if tg_op = 'UPDATE' and new.hash <> old.hash then
        new.version := old.version + 1;
    end if;
    return new;
end
$$
"""
DESCRIPTIVE = "'name', 'version', 'description', 'based_on', 'hash', 'derived_hash'"

PARAMETERS = """
time_zero, exposure_tail_days, baseline_window_days, week14_target_day, week14_from_day,
week14_to_day, response_drop, remission_below, remission_overrides_drop, lor_above,
lor_requires_rise, lor_confirmations, age_limit_years, required_infusions, induction_day_2,
induction_day_3, induction_day_4, induction_tolerance_2, induction_tolerance_3,
induction_tolerance_4, duration_origin, duration_from_months, veo_before_years,
dose_from_mg_per_kg, covariate_window_days, bmi_z_at_most, severity_mild_from,
severity_moderate_from, severity_severe_from, crp_above, esr_above, wbc_above, hb_below,
plt_above, alb_below, im_min_days, trough_days_before, intensification_dose_mg_per_kg,
intensification_interval_days
"""

# One that a person has made by that name stays as it is.
CURRENT = f"""
insert into reference.definition (name, description, based_on, {PARAMETERS})
select 'current', 'The recommended rules over everything up to today', name, {PARAMETERS}
from reference.definition where name = 'recommended'
on conflict (name) do nothing
"""

REGISTRY_SETTING = """
create table reference.registry_setting (
    only_row boolean default true not null,
    default_definition text not null,
    constraint pk_registry_setting primary key (only_row),
    constraint ck_registry_setting_only_row check (only_row),
    constraint fk_registry_setting_default_definition foreign key (default_definition)
        references reference.definition (name)
)
"""

# Whoever changes a setting, also by hand, is kept with the reason where there is one.
NOTE_CHANGE = """
create function reference.note_change_of_setting() returns trigger language plpgsql as $$
begin
    if new is distinct from old then
        perform audit.current_change(false);
    end if;
    return null;
end
$$
"""


def upgrade() -> None:
    """Adds `current`, which is `recommended` up to today, and makes it the default."""
    op.execute("alter table reference.definition alter column data_cut drop not null")
    op.execute("alter table reference.definition add column derived_on date")
    op.execute(STAMP_DEFINITION.replace("{descriptive}", f"{DESCRIPTIVE}, 'derived_on'"))
    op.execute("alter table derived.derivation_run add column day date")
    op.execute(CURRENT)
    op.execute(REGISTRY_SETTING)
    op.execute("insert into reference.registry_setting (default_definition) values ('current')")
    op.execute(NOTE_CHANGE)
    op.execute(
        "create trigger note_change after update on reference.registry_setting "
        "for each row execute function reference.note_change_of_setting()"
    )


def downgrade() -> None:
    """Takes out whatever has no data cut: before, every definition had one."""
    op.execute("drop table reference.registry_setting")
    op.execute("drop function reference.note_change_of_setting()")
    op.execute("delete from reference.definition where data_cut is null")
    op.execute("alter table derived.derivation_run drop column day")
    op.execute("alter table reference.definition drop column derived_on")
    op.execute(STAMP_DEFINITION.replace("{descriptive}", DESCRIPTIVE))
    op.execute("alter table reference.definition alter column data_cut set not null")
