"""The tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMAS = ("reference", "clinical", "derived")


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"create schema {schema}")
    # A range of one text stands for the text in an exclusion constraint, without btree_gist.
    op.execute("create type reference.textrange as range (subtype = text, collation = 'C')")
    op.create_table(
        "changed_patient",
        sa.Column("patient_id", sa.BigInteger(), nullable=False, comment="the registry's number"),
        sa.Column(
            "mark_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="number of the mark",
        ),
        sa.Column(
            "definition",
            sa.Text(),
            nullable=True,
            comment="the definition that is behind; empty = all",
        ),
        sa.Column(
            "marked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when the change was made",
        ),
        sa.PrimaryKeyConstraint("patient_id", "mark_id", name=op.f("pk_changed_patient")),
        schema="derived",
        comment="One row per change that a derivation has not taken in yet",
    )
    op.create_table(
        "derivation_run",
        sa.Column(
            "run_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="number of the run",
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the run took its view of the data",
        ),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the run was done",
        ),
        sa.Column("made_by", sa.Text(), nullable=False, comment="who ran it"),
        sa.Column(
            "definitions", sa.ARRAY(sa.Text()), nullable=False, comment="definitions derived"
        ),
        sa.Column(
            "hashes",
            sa.ARRAY(sa.Text()),
            nullable=False,
            comment="hash of each definition's parameters and rules, in the same order",
        ),
        sa.Column("examined", sa.BigInteger(), nullable=False, comment="patients looked at"),
        sa.Column(
            "changed", sa.BigInteger(), nullable=False, comment="statuses that came out different"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_derivation_run")),
        schema="derived",
        comment="One row per derivation that was carried through",
    )
    op.create_table(
        "status_transition",
        sa.Column("patient_id", sa.BigInteger(), nullable=False, comment="the registry's number"),
        sa.Column("run_id", sa.BigInteger(), nullable=False, comment="run that found the change"),
        sa.Column("definition", sa.Text(), nullable=False, comment="the definition held to"),
        sa.Column("from_state", sa.Text(), nullable=True, comment="state before; empty = none"),
        sa.Column("to_state", sa.Text(), nullable=True, comment="state after; empty = none"),
        sa.Column(
            "on_date",
            sa.Date(),
            nullable=True,
            comment="day of the loss, else the end of observation, else the first infusion",
        ),
        sa.PrimaryKeyConstraint(
            "patient_id", "run_id", "definition", name=op.f("pk_status_transition")
        ),
        schema="derived",
        comment="One row per change of a patient's state",
    )
    op.create_table(
        "analyte_unit",
        sa.Column("analyte", sa.Text(), nullable=False, comment="the analyte"),
        sa.Column("unit", sa.Text(), nullable=False, comment="a unit it may be reported in"),
        sa.Column(
            "own_unit", sa.Text(), nullable=False, comment="the unit the rules are written in"
        ),
        sa.Column(
            "factor",
            sa.Numeric(),
            nullable=False,
            comment="value in unit times factor = in own_unit",
        ),
        sa.PrimaryKeyConstraint("analyte", "unit", name=op.f("pk_analyte_unit")),
        schema="reference",
        comment="One row per analyte and unit it may be reported in",
    )
    op.create_table(
        "assay",
        sa.Column("name", sa.Text(), nullable=False, comment="name of the assay"),
        sa.Column(
            "drug_tolerant",
            sa.Boolean(),
            nullable=True,
            comment="whether antibodies are found in the presence of drug; empty = not known",
        ),
        sa.Column(
            "ada_positive_from",
            sa.Numeric(),
            nullable=True,
            comment="antibodies are positive from here on, in the assay's own unit",
        ),
        sa.Column(
            "ada_high_from",
            sa.Numeric(),
            nullable=True,
            comment="antibodies are high-titre from here on, in the assay's own unit",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_assay")),
        schema="reference",
        comment="One row per assay of infliximab and its antibodies",
    )
    op.create_table(
        "centre",
        sa.Column("code", sa.Text(), nullable=False, comment="code of the centre"),
        sa.Column("name", sa.Text(), nullable=True, comment="full name of the centre"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_centre")),
        schema="reference",
        comment="One row per treating centre",
    )
    op.create_table(
        "change_set",
        sa.Column(
            "change_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="number of the change",
        ),
        sa.Column(
            "made_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="when",
        ),
        sa.Column("made_by", sa.Text(), nullable=False, comment="who"),
        sa.Column("command", sa.Text(), nullable=False, comment="the command"),
        sa.Column("reason", sa.Text(), nullable=True, comment="why"),
        sa.Column("summary", sa.Text(), nullable=False, comment="what, in numbers of rows"),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_change_set")),
        schema="reference",
        comment="One row per command that changed data",
    )
    op.create_table(
        "definition",
        sa.Column("name", sa.Text(), nullable=False, comment="Name"),
        sa.Column(
            "version",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="counts the times the parameters were changed",
        ),
        sa.Column("description", sa.Text(), nullable=False, comment="what the definition is for"),
        sa.Column(
            "based_on", sa.Text(), nullable=True, comment="name of the definition it was made from"
        ),
        sa.Column(
            "hash",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="SHA-256 of the parameters, set by the database",
        ),
        sa.Column(
            "derived_hash",
            sa.Text(),
            nullable=True,
            comment="hash of parameters and rules of the last derivation of every patient; empty when none has been made",
        ),
        sa.Column(
            "data_cut",
            sa.Date(),
            nullable=False,
            comment="Data cut; whatever is dated later is not seen by any rule [P]",
        ),
        sa.Column(
            "time_zero",
            sa.Text(),
            nullable=False,
            comment="Where the clock starts [P: first infusion]; one of first_infusion, week14_visit",
        ),
        sa.Column(
            "exposure_tail_days",
            sa.Integer(),
            nullable=True,
            comment="Observation also ends this long after the last infusion [R] (days); 0 to 3650",
        ),
        sa.Column(
            "baseline_window_days",
            sa.Integer(),
            nullable=False,
            comment="Baseline PCDAI at most this long before t0 [R] (days); 0 to 3650",
        ),
        sa.Column(
            "week14_target_day",
            sa.Integer(),
            nullable=False,
            comment="Week-14 PCDAI: nearest to this day [P] (days); 0 to 3650",
        ),
        sa.Column(
            "week14_from_day",
            sa.Integer(),
            nullable=False,
            comment="Week-14 PCDAI: first day of the window [R] (days); 0 to 3650",
        ),
        sa.Column(
            "week14_to_day",
            sa.Integer(),
            nullable=False,
            comment="Week-14 PCDAI: last day of the window [R] (days); 0 to 3650",
        ),
        sa.Column(
            "response_drop",
            sa.Numeric(),
            nullable=False,
            comment="Response: fall of the PCDAI from baseline to week 14 of at least [P] (points); 2.5 to 100",
        ),
        sa.Column(
            "remission_below",
            sa.Numeric(),
            nullable=False,
            comment="Remission: PCDAI at week 14 below [P] (points); 2.5 to 100",
        ),
        sa.Column(
            "remission_overrides_drop",
            sa.Boolean(),
            nullable=False,
            comment="Remission at week 14 counts as response whatever the fall [R]; yes or no",
        ),
        sa.Column(
            "lor_above",
            sa.Numeric(),
            nullable=False,
            comment="Loss of response: PCDAI above [P] (points); 0 to 97.5",
        ),
        sa.Column(
            "lor_requires_rise",
            sa.Boolean(),
            nullable=False,
            comment="Loss of response needs a PCDAI above that of week 14 [R]; yes or no",
        ),
        sa.Column(
            "lor_confirmations",
            sa.Integer(),
            nullable=False,
            comment="Consecutive PCDAI that must show the loss; it is dated at the first [R] (visits); 1 to 2",
        ),
        sa.Column(
            "age_limit_years",
            sa.Integer(),
            nullable=False,
            comment="Age at t0 below [P] (years); 1 to 100",
        ),
        sa.Column(
            "required_infusions",
            sa.Integer(),
            nullable=False,
            comment="Infusions needed [P] (infusions); 1 to 4",
        ),
        sa.Column(
            "induction_day_2",
            sa.Integer(),
            nullable=False,
            comment="Day of infusion 2 [P] (days); 0 to 3650",
        ),
        sa.Column(
            "induction_day_3",
            sa.Integer(),
            nullable=False,
            comment="Day of infusion 3 [P] (days); 0 to 3650",
        ),
        sa.Column(
            "induction_day_4",
            sa.Integer(),
            nullable=False,
            comment="Day of infusion 4 [P] (days); 0 to 3650",
        ),
        sa.Column(
            "induction_tolerance_2",
            sa.Integer(),
            nullable=False,
            comment="Infusion 2 at most this far off its day [R] (days); 0 to 3650",
        ),
        sa.Column(
            "induction_tolerance_3",
            sa.Integer(),
            nullable=False,
            comment="Infusion 3 at most this far off its day [R] (days); 0 to 3650",
        ),
        sa.Column(
            "induction_tolerance_4",
            sa.Integer(),
            nullable=False,
            comment="Infusion 4 at most this far off its day [R] (days); 0 to 3650",
        ),
        sa.Column(
            "duration_origin",
            sa.Text(),
            nullable=False,
            comment="Disease duration counts from [P: onset]; one of onset, diagnosis",
        ),
        sa.Column(
            "duration_from_months",
            sa.Numeric(),
            nullable=False,
            comment="Long disease duration from [P] (months); 0 to 1200",
        ),
        sa.Column(
            "veo_before_years",
            sa.Integer(),
            nullable=False,
            comment="Very early onset: before age [P] (years); 1 to 18",
        ),
        sa.Column(
            "dose_from_mg_per_kg",
            sa.Numeric(),
            nullable=False,
            comment="High first dose from [P] (mg/kg); 0 to 100",
        ),
        sa.Column(
            "covariate_window_days",
            sa.Integer(),
            nullable=False,
            comment="Baseline laboratory values and anthropometry at most this long before t0 [R] (days); 0 to 3650",
        ),
        sa.Column(
            "bmi_z_at_most",
            sa.Numeric(),
            nullable=False,
            comment="Low BMI Z-score: at most [P] (SD); -10 to 10",
        ),
        sa.Column(
            "severity_mild_from",
            sa.Numeric(),
            nullable=False,
            comment="Mild disease: baseline PCDAI from [P] (points); 0 to 100",
        ),
        sa.Column(
            "severity_moderate_from",
            sa.Numeric(),
            nullable=False,
            comment="Moderate disease: baseline PCDAI from [P] (points); 0 to 100",
        ),
        sa.Column(
            "severity_severe_from",
            sa.Numeric(),
            nullable=False,
            comment="Severe disease: baseline PCDAI from [P] (points); 0 to 100",
        ),
        sa.Column(
            "crp_above",
            sa.Numeric(),
            nullable=False,
            comment="High CRP: above [P] (mg/L); 0 to 1000",
        ),
        sa.Column(
            "esr_above",
            sa.Numeric(),
            nullable=False,
            comment="High ESR: above [P] (mm/h); 0 to 1000",
        ),
        sa.Column(
            "wbc_above",
            sa.Numeric(),
            nullable=False,
            comment="High white cells: above [P] (10^9/L); 0 to 1000",
        ),
        sa.Column(
            "hb_below",
            sa.Numeric(),
            nullable=False,
            comment="Low haemoglobin: below [P] (g/L); 0 to 1000",
        ),
        sa.Column(
            "plt_above",
            sa.Numeric(),
            nullable=False,
            comment="High platelets: above [P] (10^9/L); 0 to 10000",
        ),
        sa.Column(
            "alb_below",
            sa.Numeric(),
            nullable=False,
            comment="Low albumin: below [P] (g/L); 0 to 1000",
        ),
        sa.Column(
            "im_min_days",
            sa.Integer(),
            nullable=False,
            comment="Immunomodulator with infliximab for more than [R: 183 for six months] (days); 0 to 3650",
        ),
        sa.Column(
            "trough_days_before",
            sa.Integer(),
            nullable=False,
            comment="A level is a trough at most this long before an infusion [R] (days); 0 to 28",
        ),
        sa.Column(
            "intensification_dose_mg_per_kg",
            sa.Numeric(),
            nullable=False,
            comment="Intensification: dose up by at least [R] (mg/kg); 0.1 to 100",
        ),
        sa.Column(
            "intensification_interval_days",
            sa.Integer(),
            nullable=False,
            comment="Intensification: interval shorter by at least [R] (days); 1 to 3650",
        ),
        sa.CheckConstraint(
            "duration_origin in ('onset', 'diagnosis')", name=op.f("ck_definition_duration_origin")
        ),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9_-]{0,39}$'", name=op.f("ck_definition_name")),
        sa.CheckConstraint(
            "time_zero in ('first_infusion', 'week14_visit')", name=op.f("ck_definition_time_zero")
        ),
        sa.CheckConstraint(
            "age_limit_years >= 1 and age_limit_years <= 100",
            name=op.f("ck_definition_age_limit_years"),
        ),
        sa.CheckConstraint(
            "alb_below >= 0 and alb_below <= 1000", name=op.f("ck_definition_alb_below")
        ),
        sa.CheckConstraint(
            "baseline_window_days >= 0 and baseline_window_days <= 3650",
            name=op.f("ck_definition_baseline_window_days"),
        ),
        sa.CheckConstraint(
            "bmi_z_at_most >= -10 and bmi_z_at_most <= 10", name=op.f("ck_definition_bmi_z_at_most")
        ),
        sa.CheckConstraint(
            "covariate_window_days >= 0 and covariate_window_days <= 3650",
            name=op.f("ck_definition_covariate_window_days"),
        ),
        sa.CheckConstraint(
            "crp_above >= 0 and crp_above <= 1000", name=op.f("ck_definition_crp_above")
        ),
        sa.CheckConstraint("data_cut <= current_date", name=op.f("ck_definition_data_cut")),
        sa.CheckConstraint(
            "dose_from_mg_per_kg >= 0 and dose_from_mg_per_kg <= 100",
            name=op.f("ck_definition_dose_from_mg_per_kg"),
        ),
        sa.CheckConstraint(
            "duration_from_months >= 0 and duration_from_months <= 1200",
            name=op.f("ck_definition_duration_from_months"),
        ),
        sa.CheckConstraint(
            "esr_above >= 0 and esr_above <= 1000", name=op.f("ck_definition_esr_above")
        ),
        sa.CheckConstraint(
            "exposure_tail_days >= 0 and exposure_tail_days <= 3650",
            name=op.f("ck_definition_exposure_tail_days"),
        ),
        sa.CheckConstraint(
            "hb_below >= 0 and hb_below <= 1000", name=op.f("ck_definition_hb_below")
        ),
        sa.CheckConstraint(
            "im_min_days >= 0 and im_min_days <= 3650", name=op.f("ck_definition_im_min_days")
        ),
        sa.CheckConstraint(
            "induction_day_2 < induction_day_3 and induction_day_3 < induction_day_4",
            name=op.f("ck_definition_induction_days_in_order"),
        ),
        sa.CheckConstraint(
            "induction_day_2 >= 0 and induction_day_2 <= 3650",
            name=op.f("ck_definition_induction_day_2"),
        ),
        sa.CheckConstraint(
            "induction_day_3 >= 0 and induction_day_3 <= 3650",
            name=op.f("ck_definition_induction_day_3"),
        ),
        sa.CheckConstraint(
            "induction_day_4 >= 0 and induction_day_4 <= 3650",
            name=op.f("ck_definition_induction_day_4"),
        ),
        sa.CheckConstraint(
            "induction_tolerance_2 >= 0 and induction_tolerance_2 <= 3650",
            name=op.f("ck_definition_induction_tolerance_2"),
        ),
        sa.CheckConstraint(
            "induction_tolerance_3 >= 0 and induction_tolerance_3 <= 3650",
            name=op.f("ck_definition_induction_tolerance_3"),
        ),
        sa.CheckConstraint(
            "induction_tolerance_4 >= 0 and induction_tolerance_4 <= 3650",
            name=op.f("ck_definition_induction_tolerance_4"),
        ),
        sa.CheckConstraint(
            "intensification_dose_mg_per_kg >= 0.1 and intensification_dose_mg_per_kg <= 100",
            name=op.f("ck_definition_intensification_dose_mg_per_kg"),
        ),
        sa.CheckConstraint(
            "intensification_interval_days >= 1 and intensification_interval_days <= 3650",
            name=op.f("ck_definition_intensification_interval_days"),
        ),
        sa.CheckConstraint(
            "lor_above >= 0 and lor_above <= 97.5", name=op.f("ck_definition_lor_above")
        ),
        sa.CheckConstraint(
            "lor_confirmations >= 1 and lor_confirmations <= 2",
            name=op.f("ck_definition_lor_confirmations"),
        ),
        sa.CheckConstraint(
            "plt_above >= 0 and plt_above <= 10000", name=op.f("ck_definition_plt_above")
        ),
        sa.CheckConstraint(
            "remission_below >= 2.5 and remission_below <= 100",
            name=op.f("ck_definition_remission_below"),
        ),
        sa.CheckConstraint(
            "required_infusions >= 1 and required_infusions <= 4",
            name=op.f("ck_definition_required_infusions"),
        ),
        sa.CheckConstraint(
            "response_drop >= 2.5 and response_drop <= 100",
            name=op.f("ck_definition_response_drop"),
        ),
        sa.CheckConstraint(
            "severity_mild_from < severity_moderate_from and severity_moderate_from < severity_severe_from",
            name=op.f("ck_definition_severity_in_order"),
        ),
        sa.CheckConstraint(
            "severity_mild_from >= 0 and severity_mild_from <= 100",
            name=op.f("ck_definition_severity_mild_from"),
        ),
        sa.CheckConstraint(
            "severity_moderate_from >= 0 and severity_moderate_from <= 100",
            name=op.f("ck_definition_severity_moderate_from"),
        ),
        sa.CheckConstraint(
            "severity_severe_from >= 0 and severity_severe_from <= 100",
            name=op.f("ck_definition_severity_severe_from"),
        ),
        sa.CheckConstraint(
            "trough_days_before >= 0 and trough_days_before <= 28",
            name=op.f("ck_definition_trough_days_before"),
        ),
        sa.CheckConstraint(
            "veo_before_years >= 1 and veo_before_years <= 18",
            name=op.f("ck_definition_veo_before_years"),
        ),
        sa.CheckConstraint(
            "wbc_above >= 0 and wbc_above <= 1000", name=op.f("ck_definition_wbc_above")
        ),
        sa.CheckConstraint(
            "week14_from_day <= week14_target_day and week14_target_day <= week14_to_day",
            name=op.f("ck_definition_week14_window_around_target"),
        ),
        sa.CheckConstraint(
            "week14_from_day >= 0 and week14_from_day <= 3650",
            name=op.f("ck_definition_week14_from_day"),
        ),
        sa.CheckConstraint(
            "week14_target_day >= 0 and week14_target_day <= 3650",
            name=op.f("ck_definition_week14_target_day"),
        ),
        sa.CheckConstraint(
            "week14_to_day >= 0 and week14_to_day <= 3650", name=op.f("ck_definition_week14_to_day")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_definition")),
        schema="reference",
        comment="One row per definition: the parameters every rule is held to",
    )
    op.create_table(
        "drug",
        sa.Column("code", sa.Text(), nullable=False, comment="the drug"),
        sa.Column(
            "drug_class",
            sa.Text(),
            nullable=False,
            comment="immunomodulator, glucocorticoid, nutrition, biologic, small_molecule or other",
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_drug")),
        schema="reference",
        comment="One row per drug, with its class",
    )
    op.create_table(
        "growth_reference",
        sa.Column("measure", sa.Text(), nullable=False, comment="height, weight or bmi"),
        sa.Column("sex", sa.Text(), nullable=False, comment="female or male"),
        sa.Column("month", sa.Integer(), nullable=False, comment="completed months of age"),
        sa.Column("l", sa.Numeric(), nullable=False, comment="power of the Box-Cox transformation"),
        sa.Column("m", sa.Numeric(), nullable=False, comment="median (cm, kg or kg/m2)"),
        sa.Column("s", sa.Numeric(), nullable=False, comment="coefficient of variation"),
        sa.PrimaryKeyConstraint("measure", "sex", "month", name=op.f("pk_growth_reference")),
        schema="reference",
        comment="WHO growth reference 2006 and 2007, LMS by month",
    )
    op.create_table(
        "patient_number",
        sa.Column(
            "study_id",
            sa.Text(),
            nullable=False,
            comment="Study id; the natural key everywhere; never a name or a hospital number",
        ),
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.CheckConstraint(
            "study_id ~ '^[A-Za-z0-9_-]{1,32}$'", name=op.f("ck_patient_number_study_id")
        ),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_patient_number")),
        sa.UniqueConstraint("patient_id", name=op.f("uq_patient_number_patient_id")),
        schema="reference",
        comment="One row per study id ever given, with the registry's own number",
    )
    op.create_table(
        "tdm_threshold",
        sa.Column("version", sa.Text(), nullable=False, comment="edition of the thresholds"),
        sa.Column(
            "timepoint", sa.Text(), nullable=False, comment="week_2, week_6, week_14, maintenance"
        ),
        sa.Column("phenotype", sa.Text(), nullable=False, comment="any, or perianal_fistulising"),
        sa.Column(
            "purpose", sa.Text(), nullable=False, comment="what the threshold is held to predict"
        ),
        sa.Column(
            "ifx_ug_ml", sa.Numeric(), nullable=False, comment="trough of infliximab (ug/mL)"
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="guideline or publication"),
        sa.PrimaryKeyConstraint("version", "timepoint", "phenotype", name=op.f("pk_tdm_threshold")),
        schema="reference",
        comment="Therapeutic thresholds of the infliximab trough",
    )
    op.create_table(
        "patient",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "centre", sa.Text(), nullable=False, comment="Centre; code of the treating centre"
        ),
        sa.Column(
            "sex", sa.Text(), nullable=False, comment="Sex; one of female, male; recorded at birth"
        ),
        sa.Column("birth_date", sa.Date(), nullable=False, comment="Date of birth"),
        sa.Column(
            "onset_on",
            sa.Date(),
            nullable=True,
            comment="First symptoms; a date, a month or a year",
        ),
        sa.Column(
            "onset_on_precision",
            sa.Text(),
            nullable=True,
            comment="what is known of onset_on: day, month or year; the column holds the first day of the period",
        ),
        sa.Column(
            "diagnosed_on",
            sa.Date(),
            nullable=True,
            comment="Date of diagnosis; a date, a month or a year",
        ),
        sa.Column(
            "diagnosed_on_precision",
            sa.Text(),
            nullable=True,
            comment="what is known of diagnosed_on: day, month or year; the column holds the first day of the period",
        ),
        sa.Column(
            "diagnosis",
            sa.Text(),
            nullable=False,
            comment="Diagnosis; one of CD, UC, IBDU; by the revised Porto criteria",
        ),
        sa.CheckConstraint(
            "(diagnosed_on is null) = (diagnosed_on_precision is null) and (diagnosed_on_precision is null or diagnosed_on_precision = 'day' or diagnosed_on_precision = 'month' and extract(day from diagnosed_on) = 1 or diagnosed_on_precision = 'year' and extract(doy from diagnosed_on) = 1)",
            name=op.f("ck_patient_diagnosed_on_precision"),
        ),
        sa.CheckConstraint(
            "(onset_on is null) = (onset_on_precision is null) and (onset_on_precision is null or onset_on_precision = 'day' or onset_on_precision = 'month' and extract(day from onset_on) = 1 or onset_on_precision = 'year' and extract(doy from onset_on) = 1)",
            name=op.f("ck_patient_onset_on_precision"),
        ),
        sa.CheckConstraint("btrim(centre) <> ''", name=op.f("ck_patient_centre")),
        sa.CheckConstraint(
            "case diagnosed_on_precision when 'year' then (diagnosed_on + interval '1 year')::date - 1 when 'month' then (diagnosed_on + interval '1 month')::date - 1 else diagnosed_on end >= birth_date",
            name=op.f("ck_patient_diagnosis_not_before_birth"),
        ),
        sa.CheckConstraint(
            "case diagnosed_on_precision when 'year' then (diagnosed_on + interval '1 year')::date - 1 when 'month' then (diagnosed_on + interval '1 month')::date - 1 else diagnosed_on end >= onset_on",
            name=op.f("ck_patient_diagnosis_not_before_onset"),
        ),
        sa.CheckConstraint(
            "case onset_on_precision when 'year' then (onset_on + interval '1 year')::date - 1 when 'month' then (onset_on + interval '1 month')::date - 1 else onset_on end >= birth_date",
            name=op.f("ck_patient_onset_not_before_birth"),
        ),
        sa.CheckConstraint("diagnosis in ('CD', 'UC', 'IBDU')", name=op.f("ck_patient_diagnosis")),
        sa.CheckConstraint("sex in ('female', 'male')", name=op.f("ck_patient_sex")),
        sa.CheckConstraint("birth_date <= current_date", name=op.f("ck_patient_birth_date")),
        sa.CheckConstraint("diagnosed_on <= current_date", name=op.f("ck_patient_diagnosed_on")),
        sa.CheckConstraint("onset_on <= current_date", name=op.f("ck_patient_onset_on")),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["reference.patient_number.patient_id"],
            name=op.f("fk_patient_patient_id"),
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_patient")),
        schema="clinical",
        comment="One row per child",
    )
    op.create_table(
        "lor_status",
        sa.Column("patient_id", sa.BigInteger(), nullable=False, comment="the registry's number"),
        sa.Column("definition", sa.Text(), nullable=False, comment="the definition held to"),
        sa.Column("eligible", sa.Boolean(), nullable=False, comment="in the cohort"),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=True,
            comment="first exclusion that holds; empty when eligible",
        ),
        sa.Column("start_on", sa.Date(), nullable=True, comment="t0, the first infusion"),
        sa.Column("baseline_on", sa.Date(), nullable=True, comment="day of the baseline PCDAI"),
        sa.Column("baseline_pcdai", sa.Numeric(), nullable=True, comment="baseline PCDAI (points)"),
        sa.Column("week14_on", sa.Date(), nullable=True, comment="day of the week-14 PCDAI"),
        sa.Column("week14_pcdai", sa.Numeric(), nullable=True, comment="week-14 PCDAI (points)"),
        sa.Column(
            "induction_outcome",
            sa.Text(),
            nullable=True,
            comment="remission or response at week 14",
        ),
        sa.Column("event", sa.Boolean(), nullable=True, comment="response was lost"),
        sa.Column("event_on", sa.Date(), nullable=True, comment="day of the loss of response"),
        sa.Column("event_pcdai", sa.Numeric(), nullable=True, comment="PCDAI at the loss (points)"),
        sa.Column("end_on", sa.Date(), nullable=True, comment="end of observation"),
        sa.Column(
            "time_days",
            sa.Integer(),
            nullable=True,
            comment="days from time zero to the loss, or else to the end of observation",
        ),
        sa.Column(
            "censor_reason",
            sa.Text(),
            nullable=True,
            comment="why the observation ended without a loss",
        ),
        sa.Column(
            "last_negative_on",
            sa.Date(),
            nullable=True,
            comment="last scored visit from week 14 on without a loss, before the loss",
        ),
        sa.Column(
            "deciding_table",
            sa.Text(),
            nullable=True,
            comment="table of the record that decided the status",
        ),
        sa.Column(
            "deciding_record_id",
            sa.BigInteger(),
            nullable=True,
            comment="number of the record that decided the status",
        ),
        sa.Column(
            "deciding_on",
            sa.Date(),
            nullable=True,
            comment="date of the record that decided the status",
        ),
        sa.Column(
            "state",
            sa.Text(),
            sa.Computed(
                "case when not eligible then reason when event then 'loss_of_response' else 'sustained_response' end",
                persisted=True,
            ),
            nullable=False,
            comment="reason of exclusion, sustained_response or loss_of_response",
        ),
        sa.Column(
            "definition_hash", sa.Text(), nullable=False, comment="hash of the parameters held to"
        ),
        sa.Column(
            "run_id", sa.BigInteger(), nullable=False, comment="run that last changed the row"
        ),
        sa.ForeignKeyConstraint(
            ["definition"],
            ["reference.definition.name"],
            name=op.f("fk_lor_status_definition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("patient_id", "definition", name=op.f("pk_lor_status")),
        schema="derived",
        comment="One row per definition and patient: derived status and deciding record",
    )
    op.create_index(
        op.f("ix_lor_status_definition"),
        "lor_status",
        ["definition"],
        unique=False,
        schema="derived",
    )
    op.create_table(
        "anthropometry",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("measured_on", sa.Date(), nullable=False, comment="Measured on"),
        sa.Column("height_cm", sa.Numeric(), nullable=True, comment="Height (cm); 30 to 230"),
        sa.Column("weight_kg", sa.Numeric(), nullable=True, comment="Weight (kg); 1 to 250"),
        sa.Column(
            "height_z",
            sa.Numeric(),
            nullable=True,
            comment="Height Z-score (SD); -10 to 10; entered; computed from the growth reference when empty",
        ),
        sa.Column(
            "bmi_z",
            sa.Numeric(),
            nullable=True,
            comment="BMI Z-score (SD); -10 to 10; entered; computed from the growth reference when empty",
        ),
        sa.CheckConstraint("bmi_z >= -10 and bmi_z <= 10", name=op.f("ck_anthropometry_bmi_z")),
        sa.CheckConstraint(
            "height_cm >= 30 and height_cm <= 230", name=op.f("ck_anthropometry_height_cm")
        ),
        sa.CheckConstraint(
            "height_z >= -10 and height_z <= 10", name=op.f("ck_anthropometry_height_z")
        ),
        sa.CheckConstraint(
            "measured_on <= current_date", name=op.f("ck_anthropometry_measured_on")
        ),
        sa.CheckConstraint(
            "weight_kg >= 1 and weight_kg <= 250", name=op.f("ck_anthropometry_weight_kg")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["clinical.patient.patient_id"],
            name=op.f("fk_anthropometry_patient_id"),
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_anthropometry")),
        sa.UniqueConstraint(
            "patient_id",
            "measured_on",
            name="uq_anthropometry_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient and day of measurement.",
    )
    op.create_table(
        "condition",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column(
            "condition",
            sa.Text(),
            nullable=False,
            comment="Condition; one of severe_infection, active_tuberculosis, lymphoma, malignancy, other; contraindication or comorbidity",
        ),
        sa.Column("onset_on", sa.Date(), nullable=False, comment="Onset"),
        sa.Column(
            "resolved_on", sa.Date(), nullable=True, comment="Resolved on; empty = not resolved"
        ),
        sa.CheckConstraint(
            "condition in ('severe_infection', 'active_tuberculosis', 'lymphoma', 'malignancy', 'other')",
            name=op.f("ck_condition_condition"),
        ),
        sa.CheckConstraint("onset_on <= current_date", name=op.f("ck_condition_onset_on")),
        sa.CheckConstraint("resolved_on <= current_date", name=op.f("ck_condition_resolved_on")),
        sa.CheckConstraint(
            "resolved_on >= onset_on", name=op.f("ck_condition_resolved_not_before_onset")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_condition_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_condition")),
        sa.UniqueConstraint(
            "patient_id",
            "condition",
            "onset_on",
            name="uq_condition_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient, condition and onset.",
    )
    op.create_table(
        "endoscopy",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("performed_on", sa.Date(), nullable=False, comment="Performed on"),
        sa.Column(
            "cdeis",
            sa.Numeric(),
            nullable=True,
            comment="CDEIS (points); 0 to 44; Crohn's Disease Endoscopic Index of Severity",
        ),
        sa.CheckConstraint("cdeis >= 0 and cdeis <= 44", name=op.f("ck_endoscopy_cdeis")),
        sa.CheckConstraint("performed_on <= current_date", name=op.f("ck_endoscopy_performed_on")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_endoscopy_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_endoscopy")),
        sa.UniqueConstraint(
            "patient_id",
            "performed_on",
            name="uq_endoscopy_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient and day of endoscopy.",
    )
    op.create_table(
        "follow_up_end",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("ended_on", sa.Date(), nullable=False, comment="Ended on"),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=False,
            comment="Reason; one of ifx_stopped, transferred_to_adult_care, lost_to_follow_up, died",
        ),
        sa.Column("note", sa.Text(), nullable=True, comment="Note"),
        sa.CheckConstraint("btrim(note) <> ''", name=op.f("ck_follow_up_end_note")),
        sa.CheckConstraint(
            "reason in ('ifx_stopped', 'transferred_to_adult_care', 'lost_to_follow_up', 'died')",
            name=op.f("ck_follow_up_end_reason"),
        ),
        sa.CheckConstraint("ended_on <= current_date", name=op.f("ck_follow_up_end_ended_on")),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["clinical.patient.patient_id"],
            name=op.f("fk_follow_up_end_patient_id"),
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_follow_up_end")),
        sa.UniqueConstraint(
            "patient_id", name="uq_follow_up_end_natural_key", postgresql_nulls_not_distinct=True
        ),
        schema="clinical",
        comment="At most one row per patient.",
    )
    op.create_table(
        "gene_finding",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("reported_on", sa.Date(), nullable=True, comment="Reported on"),
        sa.Column("gene", sa.Text(), nullable=False, comment="Gene; HGNC symbol"),
        sa.Column(
            "hgvs_c",
            sa.Text(),
            nullable=False,
            comment="Change of the coding DNA; HGVS, with or without a transcript, e.g. NM_001167.4:c.664C>T",
        ),
        sa.Column(
            "hgvs_p",
            sa.Text(),
            nullable=True,
            comment="Change of the protein; HGVS, as entered, e.g. p.R222X",
        ),
        sa.Column(
            "hgvs_p_normalised",
            sa.Text(),
            nullable=True,
            comment="the change of the protein in three letters, e.g. p.(Arg222Ter)",
        ),
        sa.Column(
            "zygosity",
            sa.Text(),
            nullable=True,
            comment="Zygosity; one of heterozygous, homozygous, hemizygous, compound_heterozygous, unknown",
        ),
        sa.Column(
            "acmg_class",
            sa.Text(),
            nullable=True,
            comment="ACMG class; one of pathogenic, likely_pathogenic, uncertain, likely_benign, benign",
        ),
        sa.Column(
            "diagnosis", sa.Text(), nullable=True, comment="Monogenic disease; the disease found"
        ),
        sa.CheckConstraint(
            "acmg_class in ('pathogenic', 'likely_pathogenic', 'uncertain', 'likely_benign', 'benign')",
            name=op.f("ck_gene_finding_acmg_class"),
        ),
        sa.CheckConstraint("btrim(diagnosis) <> ''", name=op.f("ck_gene_finding_diagnosis")),
        sa.CheckConstraint(
            "gene ~ '^[A-Za-z][A-Za-z0-9-]{0,19}$'", name=op.f("ck_gene_finding_gene")
        ),
        sa.CheckConstraint(
            "hgvs_c ~ '^([A-Za-z0-9_.]+(\\([A-Za-z0-9-]+\\))?:)?c\\.[^[:space:]]+$'",
            name=op.f("ck_gene_finding_hgvs_c"),
        ),
        sa.CheckConstraint(
            "hgvs_p ~ '^([A-Za-z0-9_.]+:)?p\\.[^[:space:]]+$'", name=op.f("ck_gene_finding_hgvs_p")
        ),
        sa.CheckConstraint(
            "zygosity in ('heterozygous', 'homozygous', 'hemizygous', 'compound_heterozygous', 'unknown')",
            name=op.f("ck_gene_finding_zygosity"),
        ),
        sa.CheckConstraint("reported_on <= current_date", name=op.f("ck_gene_finding_reported_on")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_gene_finding_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_gene_finding")),
        sa.UniqueConstraint(
            "patient_id",
            "gene",
            "hgvs_c",
            name="uq_gene_finding_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient, gene and change of the coding DNA.",
    )
    op.create_table(
        "infusion",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("infused_on", sa.Date(), nullable=False, comment="Infused on"),
        sa.Column(
            "dose_mg", sa.Numeric(), nullable=False, comment="Dose given (mg); above 0 to 2000"
        ),
        sa.Column(
            "weight_kg",
            sa.Numeric(),
            nullable=False,
            comment="Weight (kg); 1 to 250; on the day of the infusion",
        ),
        sa.Column(
            "product",
            sa.Text(),
            nullable=True,
            comment="Product; name of the originator or biosimilar",
        ),
        sa.CheckConstraint("btrim(product) <> ''", name=op.f("ck_infusion_product")),
        sa.CheckConstraint("dose_mg > 0 and dose_mg <= 2000", name=op.f("ck_infusion_dose_mg")),
        sa.CheckConstraint("infused_on <= current_date", name=op.f("ck_infusion_infused_on")),
        sa.CheckConstraint(
            "weight_kg >= 1 and weight_kg <= 250", name=op.f("ck_infusion_weight_kg")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_infusion_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_infusion")),
        sa.UniqueConstraint(
            "patient_id",
            "infused_on",
            name="uq_infusion_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient and day of infusion; dose per kg and interval are always derived.",
    )
    op.create_table(
        "lab_result",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("collected_on", sa.Date(), nullable=False, comment="Collected on"),
        sa.Column(
            "analyte",
            sa.Text(),
            nullable=False,
            comment="Analyte; one of CRP, ESR, WBC, HGB, HCT, PLT, ALB, FCAL",
        ),
        sa.Column(
            "value",
            sa.Numeric(),
            nullable=False,
            comment="Value; 0 or more; in the entered unit; <x and >x are kept with their limit",
        ),
        sa.Column(
            "value_comparator",
            sa.Text(),
            nullable=True,
            comment="< or > when value is a limit of quantification, empty when exact",
        ),
        sa.Column(
            "unit",
            sa.Text(),
            nullable=False,
            comment="Unit; one of mg/L, mg/dL, mm/h, 10^9/L, g/L, g/dL, %, ug/g; as entered; the analyte's own unit or one that converts to it",
        ),
        sa.CheckConstraint(
            "(analyte, unit) in (('CRP', 'mg/L'), ('CRP', 'mg/dL'), ('ESR', 'mm/h'), ('WBC', '10^9/L'), ('HGB', 'g/L'), ('HGB', 'g/dL'), ('HCT', '%'), ('PLT', '10^9/L'), ('ALB', 'g/L'), ('ALB', 'g/dL'), ('FCAL', 'ug/g'))",
            name=op.f("ck_lab_result_unit_of_analyte"),
        ),
        sa.CheckConstraint(
            "analyte in ('CRP', 'ESR', 'WBC', 'HGB', 'HCT', 'PLT', 'ALB', 'FCAL')",
            name=op.f("ck_lab_result_analyte"),
        ),
        sa.CheckConstraint(
            "unit in ('mg/L', 'mg/dL', 'mm/h', '10^9/L', 'g/L', 'g/dL', '%', 'ug/g')",
            name=op.f("ck_lab_result_unit"),
        ),
        sa.CheckConstraint("value >= 0 and value < 'Infinity'", name=op.f("ck_lab_result_value")),
        sa.CheckConstraint(
            "value_comparator is null or value_comparator in ('<', '>') and value is not null",
            name=op.f("ck_lab_result_value_comparator"),
        ),
        sa.CheckConstraint("collected_on <= current_date", name=op.f("ck_lab_result_collected_on")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_lab_result_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_lab_result")),
        sa.UniqueConstraint(
            "patient_id",
            "collected_on",
            "analyte",
            name="uq_lab_result_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient, day of collection and analyte.",
    )
    op.create_table(
        "medication",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column(
            "drug",
            sa.Text(),
            nullable=False,
            comment="Drug; one of azathioprine, mercaptopurine, methotrexate, thalidomide, prednisone, prednisolone, methylprednisolone, budesonide, hydrocortisone, EEN, mesalazine, adalimumab, certolizumab, golimumab, vedolizumab, ustekinumab, risankizumab, tofacitinib, upadacitinib",
        ),
        sa.Column("started_on", sa.Date(), nullable=False, comment="Started on"),
        sa.Column(
            "stopped_on", sa.Date(), nullable=True, comment="Stopped on; empty = still taken"
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(patient_id, patient_id, '[]')"), "="),
            (sa.text("reference.textrange(drug, drug, '[]')"), "="),
            (sa.text("daterange(started_on, stopped_on, '[)')"), "&&"),
            deferrable=True,
            initially="IMMEDIATE",
            using="gist",
            name="ex_medication_overlap",
        ),
        sa.CheckConstraint(
            "drug in ('azathioprine', 'mercaptopurine', 'methotrexate', 'thalidomide', 'prednisone', 'prednisolone', 'methylprednisolone', 'budesonide', 'hydrocortisone', 'EEN', 'mesalazine', 'adalimumab', 'certolizumab', 'golimumab', 'vedolizumab', 'ustekinumab', 'risankizumab', 'tofacitinib', 'upadacitinib')",
            name=op.f("ck_medication_drug"),
        ),
        sa.CheckConstraint("started_on <= current_date", name=op.f("ck_medication_started_on")),
        sa.CheckConstraint("stopped_on <= current_date", name=op.f("ck_medication_stopped_on")),
        sa.CheckConstraint(
            "stopped_on >= started_on", name=op.f("ck_medication_stop_not_before_start")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_medication_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_medication")),
        sa.UniqueConstraint(
            "patient_id",
            "drug",
            "started_on",
            name="uq_medication_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per course of a drug; courses of one drug do not overlap.",
    )
    op.create_table(
        "pcdai_visit",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("visited_on", sa.Date(), nullable=False, comment="Visited on"),
        sa.Column(
            "abdominal_pain",
            sa.Numeric(),
            nullable=True,
            comment="Abdominal pain (points); 0 to 10 in steps of 5; PCDAI item",
        ),
        sa.Column(
            "stools",
            sa.Numeric(),
            nullable=True,
            comment="Stools (points); 0 to 10 in steps of 5; PCDAI item",
        ),
        sa.Column(
            "functioning",
            sa.Numeric(),
            nullable=True,
            comment="Functioning (points); 0 to 10 in steps of 5; PCDAI item",
        ),
        sa.Column(
            "hematocrit",
            sa.Numeric(),
            nullable=True,
            comment="Haematocrit (points); 0 to 5 in steps of 2.5; PCDAI item",
        ),
        sa.Column(
            "esr",
            sa.Numeric(),
            nullable=True,
            comment="ESR (points); 0 to 5 in steps of 2.5; PCDAI item",
        ),
        sa.Column(
            "albumin",
            sa.Numeric(),
            nullable=True,
            comment="Albumin (points); 0 to 10 in steps of 5; PCDAI item",
        ),
        sa.Column(
            "weight",
            sa.Numeric(),
            nullable=True,
            comment="Weight (points); 0 to 10 in steps of 5; PCDAI item",
        ),
        sa.Column(
            "height",
            sa.Numeric(),
            nullable=True,
            comment="Height (points); 0 to 10 in steps of 5; PCDAI item",
        ),
        sa.Column(
            "abdomen",
            sa.Numeric(),
            nullable=True,
            comment="Abdomen (points); 0 to 10 in steps of 5; PCDAI item",
        ),
        sa.Column(
            "perirectal",
            sa.Numeric(),
            nullable=True,
            comment="Perirectal disease (points); 0 to 10 in steps of 5; PCDAI item",
        ),
        sa.Column(
            "extraintestinal",
            sa.Numeric(),
            nullable=True,
            comment="Extraintestinal manifestations (points); 0 to 10 in steps of 5; PCDAI item",
        ),
        sa.Column(
            "total",
            sa.Numeric(),
            nullable=True,
            comment="PCDAI declared (points); 0 to 100 in steps of 2.5; the total in the notes",
        ),
        sa.Column(
            "computed_total",
            sa.Numeric(),
            sa.Computed(
                "abdominal_pain + stools + functioning + hematocrit + esr + albumin + weight + coalesce(height, 0) + abdomen + perirectal + extraintestinal",
                persisted=True,
            ),
            nullable=True,
            comment="PCDAI computed (points): sum of the items, empty unless all but height are there",
        ),
        sa.Column(
            "score",
            sa.Numeric(),
            sa.Computed(
                "coalesce(total, abdominal_pain + stools + functioning + hematocrit + esr + albumin + weight + coalesce(height, 0) + abdomen + perirectal + extraintestinal)",
                persisted=True,
            ),
            nullable=False,
            comment="PCDAI (points): the declared total decides, without one the computed",
        ),
        sa.CheckConstraint(
            "abdomen >= 0 and abdomen <= 10 and mod(abdomen, 5) = 0",
            name=op.f("ck_pcdai_visit_abdomen"),
        ),
        sa.CheckConstraint(
            "abdominal_pain >= 0 and abdominal_pain <= 10 and mod(abdominal_pain, 5) = 0",
            name=op.f("ck_pcdai_visit_abdominal_pain"),
        ),
        sa.CheckConstraint(
            "albumin >= 0 and albumin <= 10 and mod(albumin, 5) = 0",
            name=op.f("ck_pcdai_visit_albumin"),
        ),
        sa.CheckConstraint(
            "esr >= 0 and esr <= 5 and mod(esr, 2.5) = 0", name=op.f("ck_pcdai_visit_esr")
        ),
        sa.CheckConstraint(
            "extraintestinal >= 0 and extraintestinal <= 10 and mod(extraintestinal, 5) = 0",
            name=op.f("ck_pcdai_visit_extraintestinal"),
        ),
        sa.CheckConstraint(
            "functioning >= 0 and functioning <= 10 and mod(functioning, 5) = 0",
            name=op.f("ck_pcdai_visit_functioning"),
        ),
        sa.CheckConstraint(
            "height >= 0 and height <= 10 and mod(height, 5) = 0",
            name=op.f("ck_pcdai_visit_height"),
        ),
        sa.CheckConstraint(
            "hematocrit >= 0 and hematocrit <= 5 and mod(hematocrit, 2.5) = 0",
            name=op.f("ck_pcdai_visit_hematocrit"),
        ),
        sa.CheckConstraint(
            "perirectal >= 0 and perirectal <= 10 and mod(perirectal, 5) = 0",
            name=op.f("ck_pcdai_visit_perirectal"),
        ),
        sa.CheckConstraint(
            "stools >= 0 and stools <= 10 and mod(stools, 5) = 0",
            name=op.f("ck_pcdai_visit_stools"),
        ),
        sa.CheckConstraint(
            "total = abdominal_pain + stools + functioning + hematocrit + esr + albumin + weight + height + abdomen + perirectal + extraintestinal",
            name=op.f("ck_pcdai_visit_total_is_sum_of_items"),
        ),
        sa.CheckConstraint(
            "total >= 0 and total <= 100 and mod(total, 2.5) = 0", name=op.f("ck_pcdai_visit_total")
        ),
        sa.CheckConstraint(
            "total is not null or abdominal_pain + stools + functioning + hematocrit + esr + albumin + weight + coalesce(height, 0) + abdomen + perirectal + extraintestinal is not null",
            name=op.f("ck_pcdai_visit_total_or_items"),
        ),
        sa.CheckConstraint("visited_on <= current_date", name=op.f("ck_pcdai_visit_visited_on")),
        sa.CheckConstraint(
            "weight >= 0 and weight <= 10 and mod(weight, 5) = 0",
            name=op.f("ck_pcdai_visit_weight"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_pcdai_visit_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_pcdai_visit")),
        sa.UniqueConstraint(
            "patient_id",
            "visited_on",
            name="uq_pcdai_visit_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient and day of visit with a PCDAI.",
    )
    op.create_table(
        "phenotype",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("assessed_on", sa.Date(), nullable=False, comment="Assessed on"),
        sa.Column(
            "location",
            sa.Text(),
            nullable=True,
            comment="Paris location; one of L1, L2, L3, none; below the ligament of Treitz; none = upper disease alone",
        ),
        sa.Column(
            "upper_gi",
            sa.Text(),
            nullable=True,
            comment="Paris upper disease; one of L4a, L4b, L4ab; empty = none",
        ),
        sa.Column(
            "behaviour",
            sa.Text(),
            nullable=True,
            comment="Paris behaviour; one of B1, B2, B3, B2B3",
        ),
        sa.Column(
            "perianal",
            sa.Boolean(),
            nullable=True,
            comment="Perianal disease; yes or no; Paris p modifier",
        ),
        sa.Column("growth", sa.Text(), nullable=True, comment="Paris growth delay; one of G0, G1"),
        sa.CheckConstraint(
            "behaviour in ('B1', 'B2', 'B3', 'B2B3')", name=op.f("ck_phenotype_behaviour")
        ),
        sa.CheckConstraint("growth in ('G0', 'G1')", name=op.f("ck_phenotype_growth")),
        sa.CheckConstraint(
            "location in ('L1', 'L2', 'L3', 'none')", name=op.f("ck_phenotype_location")
        ),
        sa.CheckConstraint(
            "upper_gi in ('L4a', 'L4b', 'L4ab')", name=op.f("ck_phenotype_upper_gi")
        ),
        sa.CheckConstraint("assessed_on <= current_date", name=op.f("ck_phenotype_assessed_on")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_phenotype_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_phenotype")),
        sa.UniqueConstraint(
            "patient_id",
            "assessed_on",
            name="uq_phenotype_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient and day of assessment by the Paris classification.",
    )
    op.create_table(
        "surgery",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("performed_on", sa.Date(), nullable=False, comment="Performed on"),
        sa.Column("procedure", sa.Text(), nullable=False, comment="Procedure"),
        sa.CheckConstraint("btrim(procedure) <> ''", name=op.f("ck_surgery_procedure")),
        sa.CheckConstraint("performed_on <= current_date", name=op.f("ck_surgery_performed_on")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_surgery_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_surgery")),
        sa.UniqueConstraint(
            "patient_id",
            "performed_on",
            "procedure",
            name="uq_surgery_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient, day and procedure.",
    )
    op.create_table(
        "tdm_level",
        sa.Column(
            "patient_id",
            sa.BigInteger(),
            nullable=False,
            comment="the registry's own number of the patient",
        ),
        sa.Column(
            "record_id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="the record's own number; stays when a date is corrected",
        ),
        sa.Column("sampled_on", sa.Date(), nullable=False, comment="Sampled on"),
        sa.Column(
            "ifx_ug_ml",
            sa.Numeric(),
            nullable=True,
            comment="Infliximab (ug/mL); 0 to 200; <x and >x are kept with their limit",
        ),
        sa.Column(
            "ifx_ug_ml_comparator",
            sa.Text(),
            nullable=True,
            comment="< or > when ifx_ug_ml is a limit of quantification, empty when exact",
        ),
        sa.Column(
            "ada_au_ml",
            sa.Numeric(),
            nullable=True,
            comment="Antibodies to infliximab (AU/mL); 0 to 10000; <x and >x are kept with their limit",
        ),
        sa.Column(
            "ada_au_ml_comparator",
            sa.Text(),
            nullable=True,
            comment="< or > when ada_au_ml is a limit of quantification, empty when exact",
        ),
        sa.Column(
            "assay",
            sa.Text(),
            nullable=True,
            comment="Assay; thresholds for antibodies depend on it",
        ),
        sa.CheckConstraint(
            "ada_au_ml_comparator is null or ada_au_ml_comparator in ('<', '>') and ada_au_ml is not null",
            name=op.f("ck_tdm_level_ada_au_ml_comparator"),
        ),
        sa.CheckConstraint("btrim(assay) <> ''", name=op.f("ck_tdm_level_assay")),
        sa.CheckConstraint(
            "ifx_ug_ml_comparator is null or ifx_ug_ml_comparator in ('<', '>') and ifx_ug_ml is not null",
            name=op.f("ck_tdm_level_ifx_ug_ml_comparator"),
        ),
        sa.CheckConstraint(
            "ada_au_ml >= 0 and ada_au_ml <= 10000", name=op.f("ck_tdm_level_ada_au_ml")
        ),
        sa.CheckConstraint(
            "ifx_ug_ml >= 0 and ifx_ug_ml <= 200", name=op.f("ck_tdm_level_ifx_ug_ml")
        ),
        sa.CheckConstraint("sampled_on <= current_date", name=op.f("ck_tdm_level_sampled_on")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["clinical.patient.patient_id"], name=op.f("fk_tdm_level_patient_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", "record_id", name=op.f("pk_tdm_level")),
        sa.UniqueConstraint(
            "patient_id",
            "sampled_on",
            "assay",
            name="uq_tdm_level_natural_key",
            postgresql_nulls_not_distinct=True,
        ),
        schema="clinical",
        comment="One row per patient, day of sampling and assay; a level below or above a limit keeps it.",
    )


def downgrade() -> None:
    for schema in reversed(SCHEMAS):
        op.execute(f"drop schema {schema} cascade")
