"""The views that come from declarations, not from files: a view or a row of it a clinical table."""

from __future__ import annotations

from registry.models import ENTITIES, GeneFinding, Patient, table_of
from registry.models.definition import Definition
from registry.models.missing_reason import (
    MISSING_REASONS,
    may_lack,
    reason_column,
    reason_of,
    reason_variable,
)
from registry.views import plausibility
from registry.views.combined import combined
from registry.views.dated_records import dated_records
from registry.views.headers import exclusions
from registry.views.sources import PRESENT
from registry.views.view import ANALYTICS, RULES, View

TODAY = "(select today())"
# What a definition's rules see; a derivation sets the day before it reads them.
SEEN_UNTIL = {RULES: "coalesce(data_cut, derived_on, today())", PRESENT: TODAY}
CUT_ON = (
    "day up to which the rules see: the data cut, or without one the day of the last derivation"
)
# Day on which consents are judged: research reads `rules`, the worklist cares for every child.
CONSENT_ON = {RULES: "coalesce(derived_on, today())", PRESENT: "null::date"}
# Columns of a clinical table that its view does not have, or not as they are.
REPLACED = ("patient_id", "row_version", MISSING_REASONS)
# What every rule of plausibility gives of a record.
PLAUSIBILITY_COLUMNS = {
    "rule": "name of the rule",
    "from_table": "table of the record",
    "record_id": "number of the record in its table; empty for a patient",
    "record_on": "date of the record; empty when it has none",
    "about": "what tells the record from others of its date; empty when nothing has to",
    "column_name": "column of the value; empty when the rule is about the whole record",
    "value": "the value as it stands there",
    "with_table": "table of the record that it was held against; empty when none",
    "with_record_id": "number of the record that it was held against",
    "failed": "whether the record failed the rule",
    "facts": "what the rule's sentence is filled with",
}

DATED_COLUMNS = {
    "from_table": "table of the record",
    "from_record_id": "number of the record",
    "column_name": "column of the date",
    "dated_on": "date of the record",
}


def plausibility_view() -> View:
    """The rows of all rules of plausibility."""
    return View(
        PRESENT,
        plausibility.ALL_RULES,
        f"create view {PRESENT}.{plausibility.ALL_RULES} as {combined(plausibility.ALL_RULES)}",
        "One row per active rule of plausibility and record that it was tried on. Source: the "
        "rules in the files of the folder quality.",
        PLAUSIBILITY_COLUMNS,
    )


def visit_work_view() -> View:
    """The view `work` of visits alone, for who asks for no other work."""
    visits = "select d.name as definition, i.* from visit_overdue i cross join definition d"
    query = combined("work", instead={"worklist_item": visits})
    return View(
        PRESENT,
        "visit_work",
        f"create view {PRESENT}.visit_work as {query}",
        "One row per definition and child whose PCDAI is overdue, as the view work has it.",
        {},
    )


def clinical_views() -> list[View]:
    """One view a clinical table, as entered, with the study id in place of the number.

    Why a value is missing stands beside its column.
    """
    views = []
    for entity in ENTITIES:
        table = table_of(entity)
        lacking = may_lack(table, entity.natural_key)
        withdrawn = "withdrawn_genetics" if entity is GeneFinding else "withdrawn_use"
        columns = ["n.study_id as patient_id"]
        comments = {}
        for column in table.columns:
            if column.name in REPLACED:
                continue
            columns.append(f"t.{column.name}")
            if column.comment:
                comments[column.name] = column.comment
            if column.name in lacking:
                reason = reason_column(column.name)
                columns.append(f"{reason_of('t', reason)} as {reason}")
                comments[reason] = reason_variable(lacking[column.name]).comment()
        views.append(
            View(
                ANALYTICS,
                table.name,
                f"create view {ANALYTICS}.{table.name} as select {', '.join(columns)} "
                f"from {table.name} t join patient_number n using (patient_id) "
                f"where t.patient_id not in (select patient_id from {withdrawn})",
                f"{table.comment} As entered, without children of whom it was withdrawn.",
                comments,
            )
        )
    return views


def present_tables() -> list[View]:
    """The definitions and the clinical tables as of today."""
    shown = {}
    for entity in ENTITIES:
        table = table_of(entity)
        # A child is seen, whatever is known of the onset.
        dated = () if entity is Patient else entity.not_before_birth
        seen = [
            f"({name} is null or {name} <= {TODAY})"
            if table.columns[name].nullable
            else f"{name} <= {TODAY}"
            for name in dated
        ]
        where = f" where {' and '.join(seen)}" if seen else ""
        shown[table.name] = f"select * from clinical.{table.name}{where}"
    return [
        definition_view(PRESENT),
        *(
            View(
                PRESENT,
                name,
                f"create view {PRESENT}.{name} as {statement}",
                "As of today: whatever is dated later is not seen.",
                {},
            )
            for name, statement in shown.items()
        ),
    ]


def exclusions_view() -> View:
    """The exclusions in the order in which the rule of eligibility looks at them."""
    rows = ", ".join(f"({place}, '{code}')" for place, code in enumerate(exclusions(), start=1))
    return View(
        RULES,
        "exclusion",
        f"create view {RULES}.exclusion as select * from (values {rows}) as e (position, reason)",
        "One row per exclusion, in the order in which they are looked at. Source: the cases of the "
        "rule of eligibility.",
        {"position": "place in the order", "reason": "the exclusion"},
    )


def dated_records_view() -> View:
    """Every record that tells of a contact with the child, by each of its dates."""
    return View(
        PRESENT,
        "dated_record",
        f"create view {PRESENT}.dated_record as {dated_records()}",
        "One row per record with a date, whatever its table. A course of a drug has two: its "
        "start, and its stop where that is not in the future. Source: the clinical tables.",
        DATED_COLUMNS,
    )


def definition_view(schema: str) -> View:
    """The definitions with the day up to which the rules of that schema see."""
    name = table_of(Definition).name
    return View(
        schema,
        name,
        f"create view {schema}.{name} as "
        f"select *, {SEEN_UNTIL[schema]} as cut_on, {CONSENT_ON[schema]} as consent_on "
        f"from reference.{name}",
        "One row per definition: every parameter that the rules are held to.",
        {
            "cut_on": CUT_ON,
            "consent_on": "day on which consents are judged: that of the last derivation; empty "
            "where they are not",
        },
    )
