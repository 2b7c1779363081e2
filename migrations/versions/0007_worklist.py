"""The worklist: its rules in words, the numbers they are held to, the items set aside."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = Path(__file__).parents[1] / "sql" / "0007_worklist.sql"

SETTING = {
    "infusion_2_day": 14,
    "infusion_3_day": 42,
    "infusion_4_day": 98,
    "infusion_interval_days": 56,
    "infusion_interval_min_days": 14,
    "infusion_grace_days": 14,
    "infusion_twice_days": 7,
    "visit_interval_days": 90,
    "visit_grace_days": 30,
    "level_first_day": 98,
    "level_interval_days": 365,
    "level_grace_days": 30,
    "silent_days": 548,
    "window_closing_days": 14,
    "window_search_days": 365,
    "review_days": 56,
    "dose_drift_percent": 15,
    "dose_lowest_mg_per_kg": 5,
    "gene_always_before_years": 2,
    "unusual_loss_days": 183,
    "unusual_perianal_penetrating": True,
    "weight_differs_percent": 10,
    "height_falls_cm": 2,
}

STUDY = "doi 10.21037/tp-2025-344"
OURS = "this registry's choice"
WEEK_14 = f"{STUDY}: the PCDAI of week 14 decides on response; its window is {OURS}"
MECHANISM = f"{STUDY}, discussion: a level tells why response was lost; the window is {OURS}"
MONOGENIC = f"{STUDY}, discussion, and guideline: suspect a monogenic cause"
PARIS = "Paris classification: behaviour, perianal disease and growth delay never go back"
LEVELS = f"{STUDY}: 34 of 69 children had levels; how often they are due is {OURS}"
RECORDS = "records of one child that cannot all be right"

# (place, kind, rule, speaks of ended observations too, what to do, why, source)
RULES = (
    (
        10,
        "week14_window",
        "week14_closing",
        False,
        "See the child and score the PCDAI by {until}, before infusion 4.",
        "There is no PCDAI since {from}; the week-14 window closes in {days_left} days.",
        WEEK_14,
    ),
    (
        20,
        "level_missing_at_loss",
        "level_at_loss_open",
        False,
        "Draw infliximab and antibodies before the next infusion, by {until}.",
        "Response was lost on {event_on} (PCDAI {pcdai}) and no level lies from {from} to {until}.",
        MECHANISM,
    ),
    (
        30,
        "gene_test_missing",
        "gene_test_always",
        False,
        "Order a gene test or enter its result; if it found nothing, set this item aside.",
        "The disease began at {onset_years} years of age, before {always_before_years}.",
        MONOGENIC + f"; below 2 years always test; {STUDY}",
    ),
    (
        40,
        "gene_test_missing",
        "gene_test_early_loss",
        False,
        "Order a gene test or enter its result; if it found nothing, set this item aside.",
        "Response was lost on {event_on}, {loss_day} days after the first infusion: an unusual "
        "course.",
        MONOGENIC + f"; what is unusual is {OURS}",
    ),
    (
        41,
        "gene_test_missing",
        "gene_test_perianal_penetrating",
        False,
        "Order a gene test or enter its result; if it found nothing, set this item aside.",
        "Response was lost on {event_on} with perianal and penetrating disease: an unusual course.",
        MONOGENIC + f"; what is unusual is {OURS}",
    ),
    (
        50,
        "low_trough",
        "low_trough",
        False,
        "Decide on a higher dose, a shorter interval or an immunomodulator by the next infusion; "
        "enter what is done, or a new level.",
        "The last trough that tells ({trough} ug/mL on {sampled_on}) is below {threshold}; "
        "nothing has been intensified since.",
        "threshold: {threshold_source}; action: guideline as told in the discussion of " + STUDY,
    ),
    (
        60,
        "infusion_overdue",
        "infusion_overdue",
        False,
        "Enter the infusion, or the end of infliximab; if neither was, call the family.",
        "Infusion {number} was planned for {due_on}; the last is of {last_on}.",
        f"{STUDY}: weeks 0, 2, 6, then every 8; days of grace are {OURS}",
    ),
    (
        70,
        "dose_drifted",
        "dose_below_lowest",
        False,
        "Reckon the dose of the next infusion by the present weight.",
        "{dose_mg} mg were {last_mg_per_kg} mg/kg on {last_on} and are {now_mg_per_kg} mg/kg at "
        "the {weight_kg} kg of {weighed_on}, below {lowest_mg_per_kg}.",
        f"{STUDY}: 5-10 mg/kg",
    ),
    (
        80,
        "dose_drifted",
        "dose_drifted",
        False,
        "Reckon the dose of the next infusion by the present weight.",
        "{dose_mg} mg are {now_mg_per_kg} mg/kg at {weight_kg} kg ({weighed_on}), {percent} % less "
        "than at infusion 4 ({first_mg_per_kg} mg/kg at {first_kg} kg).",
        f"{STUDY}: dose by weight; how much is too much is {OURS}",
    ),
    (
        90,
        "response_without_remission",
        "response_without_remission",
        False,
        "See the child again: a PCDAI and a level of infliximab by {until}.",
        "Week 14 brought response without remission (PCDAI {pcdai} on {week14_on}): the group "
        "that lost response most often. Since then there are {visits} PCDAI and {levels} levels.",
        f"{STUDY}, Table 3; the days until the review are {OURS}",
    ),
    (
        100,
        "gene_test_missing",
        "gene_test_early_onset",
        False,
        "Consider a gene test or enter its result; if it found nothing, set this item aside.",
        "The disease began at {onset_years} years of age, before {early_before_years}.",
        MONOGENIC,
    ),
    (
        110,
        "contradiction",
        "records_after_death",
        True,
        "Correct the date of death, or the records.",
        "The child died on {ended_on}, but {records} records are later; the first is of {on} in "
        "{table}.",
        RECORDS,
    ),
    (
        111,
        "contradiction",
        "drug_open_after_death",
        True,
        "Enter the day on which {drug} was stopped.",
        "The child died on {ended_on}, but {drug} from {started_on} has no end.",
        RECORDS,
    ),
    (
        112,
        "contradiction",
        "drug_stopped_after_death",
        True,
        "Correct the end of {drug}, or the date of death.",
        "The child died on {ended_on}, but {drug} from {started_on} ends on {stopped_on}.",
        RECORDS,
    ),
    (
        113,
        "contradiction",
        "drug_begun_after_death",
        True,
        "Correct the beginning of {drug}, or the date of death.",
        "The child died on {ended_on}, but {drug} begins on {started_on}.",
        RECORDS,
    ),
    (
        114,
        "contradiction",
        "infusion_after_end",
        True,
        "Correct the end of follow-up or take it out, or correct the infusion.",
        "Follow-up ended on {ended_on} ({reason}), but infliximab was infused on {on}.",
        RECORDS,
    ),
    (
        115,
        "contradiction",
        "visit_after_end",
        True,
        "Correct the end of follow-up or take it out, or correct the visit.",
        "Follow-up ended on {ended_on} ({reason}), but there is a visit of {on}.",
        RECORDS,
    ),
    (
        116,
        "contradiction",
        "onset_after_infliximab",
        True,
        "Correct the date of the first symptoms, or the first infusion.",
        "The first symptoms ({value}) lie after the first infusion ({start_on}).",
        RECORDS,
    ),
    (
        117,
        "contradiction",
        "diagnosis_after_infliximab",
        True,
        "Correct the date of diagnosis, or the first infusion.",
        "The diagnosis ({value}) lies after the first infusion ({start_on}).",
        RECORDS,
    ),
    (
        118,
        "contradiction",
        "infusion_twice",
        True,
        "Take out one of the two infusions, if it is one.",
        "Infusions on {before_on} and {on}, {days} days apart.",
        RECORDS + f"; how close is too close is {OURS}",
    ),
    (
        119,
        "contradiction",
        "biologic_with_infliximab",
        True,
        "Correct the course of {drug} or the infusion; if both were given, set this item aside.",
        "{drug} from {started_on} to {stopped_on}, but infliximab was infused on {on}.",
        RECORDS,
    ),
    (
        120,
        "contradiction",
        "two_weights",
        True,
        "Correct the weight of the infusion or that of the measurement.",
        "Two weights on {on}: {infusion_kg} kg at the infusion, {measured_kg} kg measured.",
        RECORDS + f"; how far apart is {OURS}",
    ),
    (
        121,
        "contradiction",
        "height_falls",
        True,
        "Correct one of the two heights.",
        "{height_cm} cm on {on} is less than {before_cm} cm on {before_on}.",
        RECORDS + f"; how much less is {OURS}",
    ),
    (
        122,
        "contradiction",
        "pcdai_total",
        True,
        "Correct the declared total or an item.",
        "On {on} the total is {total}, but the items allow {lowest} to {highest}.",
        "PCDAI: the total is the sum of its items",
    ),
    (
        123,
        "contradiction",
        "phenotype_goes_back",
        True,
        "Correct one of the two assessments.",
        "{part} went back from {before} ({before_on}) to {code} ({on}).",
        PARIS,
    ),
    (
        130,
        "visit_overdue",
        "visit_overdue",
        False,
        "Enter the PCDAI of the last visit, or see the child.",
        "The last PCDAI is of {last_on}; the next was due on {due_on}.",
        OURS,
    ),
    (
        131,
        "visit_overdue",
        "first_visit_overdue",
        False,
        "Enter the PCDAI of a visit, or see the child.",
        "There is no PCDAI; infliximab was begun on {last_on} and one was due by {due_on}.",
        OURS,
    ),
    (
        140,
        "level_overdue",
        "level_overdue",
        False,
        "Draw a trough before the infusion planned for {planned_on}, or enter one not yet entered.",
        "The last level of infliximab is of {last_on}; the next was due by {due_on}.",
        LEVELS,
    ),
    (
        141,
        "level_overdue",
        "first_level_overdue",
        False,
        "Draw a trough before the infusion planned for {planned_on}, or enter one not yet entered.",
        "There is no level of infliximab; infliximab was begun on {last_on} and one was due by "
        "{due_on}.",
        LEVELS,
    ),
    (
        150,
        "week14_window",
        "week14_open",
        False,
        "Score the PCDAI before infusion 4, by {until}.",
        "There is no PCDAI since {from}; the week-14 window is open for {days_left} days more.",
        WEEK_14,
    ),
    (
        160,
        "week14_window",
        "week14_closed",
        False,
        "Look in the notes for a PCDAI from {from} to {until} and enter it; if there is none, "
        "set this item aside.",
        "There is no PCDAI from {from} to {until}; without one the child is in no analysis.",
        WEEK_14,
    ),
    (
        170,
        "level_missing_at_loss",
        "level_at_loss_closed",
        False,
        "Ask the laboratory for a level from {from} to {until} and enter it; if there is none, "
        "set this item aside.",
        "Response was lost on {event_on} (PCDAI {pcdai}) and no level lies from {from} to {until}.",
        MECHANISM,
    ),
    (
        180,
        "silent",
        "silent",
        False,
        "Call the family; enter what has happened since, or the end of follow-up.",
        "The last record of any kind is of {last_on}, {days} days ago. Nothing else is asked for.",
        OURS,
    ),
)


def upgrade() -> None:
    """Goes there."""
    op.get_bind().exec_driver_sql(TABLES.read_text(encoding="utf-8").replace("%", "%%"))
    names = ("place", "kind", "rule", "after_end", "action", "why", "source")
    rule = sa.table("worklist_rule", *(sa.column(name) for name in names), schema="reference")
    op.bulk_insert(rule, [dict(zip(names, row, strict=True)) for row in RULES])
    setting = sa.table(
        "worklist_setting", *(sa.column(name) for name in SETTING), schema="reference"
    )
    op.bulk_insert(setting, [SETTING])
    op.execute(
        "create trigger append_only before update or delete or truncate "
        "on reference.worklist_dismissal "
        "for each statement execute function derived.refuse_change()"
    )


def downgrade() -> None:
    """Goes back."""
    for name in ("worklist_dismissal", "worklist_setting", "worklist_rule"):
        op.execute(f"drop table reference.{name}")
