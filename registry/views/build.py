"""Builds the rules and the analysts' views from their files, in one transaction.

A file holds one `create view NAME as ...` whose name is the file's; a file in `functions` holds
what several rules share. A view's leading comment becomes its comment; in it, a line
`-- @column: text` becomes that column's. Columns that a model or the list of covariates already
describes need no such line. Tables are named without a schema, so that the same files can be built
over another copy of the tables.

In each schema of rules a view `definition` stands before the table and adds the day up to which
its rules see: in `rules` the data cut, or without one the day of the last derivation, so that
whatever is read beside a stored status is of the same day; in `present` today. That schema also
holds the tables without what is dated later than today, and the worklist's rules.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from psycopg.errors import DependentObjectsStillExist
from sqlalchemy import Connection, text
from sqlalchemy.exc import InternalError

from registry.database.analyst import ANALYST_ROLE, make_role
from registry.errors import Refused
from registry.models import ENTITIES, Base, Definition, GeneFinding, Patient, table_of
from registry.models.missing_reason import (
    MISSING_REASONS,
    may_lack,
    reason_column,
    reason_of,
    reason_variable,
)
from registry.views import plausibility, work
from registry.views.dated_records import dated_records
from registry.views.headers import Sentence, exclusions, read_header, tables_read
from registry.vocabulary import COVARIATES
from registry.words import tr

RULES = "rules"
PRESENT = "present"
ANALYTICS = "analytics"
# What an inspector reads and an analyst does not: values that were changed or taken out.
INSPECTION = "inspection"
TODAY = "(select today())"
# What a definition's rules see; a derivation sets the day before it reads them.
SEEN_UNTIL = {RULES: "coalesce(data_cut, derived_on, today())", PRESENT: TODAY}
CUT_ON = (
    "day up to which the rules see: the data cut, or without one the day of the last derivation"
)
# Day on which consents are judged: research reads `rules`, the worklist cares for every child.
CONSENT_ON = {RULES: "coalesce(derived_on, today())", PRESENT: "null::date"}
# Each reads those before it.
SCHEMAS = (RULES, PRESENT, ANALYTICS, INSPECTION)
WORKLIST = "worklist"
QUALITY = "quality"
FOLDER = Path(__file__).parent
STUDY_ID_COMMENT = "study id"
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


@dataclass(frozen=True)
class View:
    """One view: its schema, name, statement and comments."""

    schema: str
    name: str
    statement: str
    comment: str
    column_comments: dict[str, str]
    methods: tuple[Sentence, ...] = ()

    def reads(self, names: set[str]) -> set[str]:
        """Which of `names` stand after a FROM or JOIN in the statement."""
        return (tables_read(self.statement) & names) - {self.name}


def drop_views(connection: Connection) -> None:
    """Removes every view; the tables stay.

    Raises Refused where something that is not the registry's stands among them or on them: it
    would be lost. A view without a comment is not the registry's.
    """
    dropped = connection.execute(
        text(
            "select coalesce('drop view ' || string_agg(oid::regclass::text, ', '), '') "
            "from pg_class where relkind = 'v' and obj_description(oid, 'pg_class') is not null "
            "and relnamespace::regnamespace::text = any(:schemas) union all "
            "select coalesce('drop function ' || string_agg(oid::regprocedure::text, ', '), '') "
            "from pg_proc where pronamespace = to_regnamespace(:rules)"
        ),
        {"rules": RULES, "schemas": list(SCHEMAS)},
    ).scalars()
    try:
        for statement in filter(None, dropped.all()):
            _run(connection, statement)
        _run(connection, f"drop schema if exists {', '.join(SCHEMAS)}")
    except InternalError as error:
        if not isinstance(error.orig, DependentObjectsStillExist):
            raise
        raise Refused(
            tr(
                "Something that the registry did not make stands among its views or on them: "
                "{what}.",
                what=(error.orig.diag.message_detail or "").splitlines()[0],
            ),
            cure=tr(
                "Keep its definition, drop it, and make it again after the upgrade; a "
                "schema of your own is a better place for it than {schema}.",
                schema=ANALYTICS,
            ),
        ) from None


def build_views(connection: Connection, *, analyst_may_log_in: bool = False) -> None:
    """Creates all views with their comments and gives the analysts' role its rights."""
    views_of = {
        RULES: [_definition(RULES), _exclusions(), *_in_order(_views(RULES))],
        PRESENT: [
            *_present_tables(),
            *_in_order(
                [
                    *_views(RULES, PRESENT),
                    *_views(WORKLIST, PRESENT),
                    *_views(QUALITY, PRESENT),
                    _plausibility(),
                    _dated_records(),
                ]
            ),
        ],
        ANALYTICS: _in_order([*_views(ANALYTICS), *_clinical_views()]),
        INSPECTION: _in_order(_views(INSPECTION)),
    }
    described = _described_columns([view for views in views_of.values() for view in views])
    for schema, views in views_of.items():
        connection.execute(text(f"create schema {schema}"))
        search_path = "rules, clinical, derived, reference, audit, analytics, present"
        if schema == PRESENT:
            search_path = f"{PRESENT}, {search_path}"
        connection.execute(text(f"set local search_path = {search_path}"))
        if schema == RULES:
            for path in sorted((FOLDER / "functions").glob("*.sql")):
                _run(connection, path.read_text(encoding="utf-8"))
        for view in views:
            _run(connection, view.statement)
            _comment(connection, view, described)
        connection.execute(text("set local search_path = default"))
    work.store_words(connection)
    _run(connection, f"comment on schema {RULES} is 'rules {rules_hash()}'")
    _run(
        connection,
        f"comment on schema {ANALYTICS} is 'What analysts read; every view has a comment'",
    )
    _grant_to_analyst(connection, analyst_may_log_in)


def sentences() -> list[Sentence]:
    """What a report says of the rules, each rule after those that it rests on."""
    views = [*_in_order(_views(RULES)), *_in_order(_views(ANALYTICS))]
    return [sentence for view in views for sentence in view.methods]


@cache
def rules_hash() -> str:
    """SHA-256 of the rules' statements: a change of one, not of words, asks for a derivation."""
    digest = hashlib.sha256()
    for path in sorted([*(FOLDER / RULES).glob("*.sql"), *(FOLDER / "functions").glob("*.sql")]):
        _, statement = re.split(
            r"^(?=create )", path.read_text(encoding="utf-8"), maxsplit=1, flags=re.M
        )
        digest.update(f"{path.name}\0{statement}\0".encode())
    return digest.hexdigest()


def _views(folder: str, schema: str | None = None) -> list[View]:
    """The views of a folder, in the schema of its name or in another."""
    return [_read(schema or folder, path) for path in sorted((FOLDER / folder).glob("*.sql"))]


def _read(schema: str, path: Path) -> View:
    source = path.read_text(encoding="utf-8")
    header = read_header(source)
    statement, count = re.subn(
        rf"create view {path.stem} as\b", f"create view {schema}.{path.stem} as", source, count=1
    )
    if count != 1:
        raise ValueError(f"{path.name} does not hold 'create view {path.stem} as'")
    return View(schema, path.stem, statement, header.comment, header.columns, header.methods)


def _plausibility() -> View:
    """The rows of all rules of plausibility."""
    return View(
        PRESENT,
        plausibility.ALL_RULES,
        f"create view {PRESENT}.{plausibility.ALL_RULES} as " + plausibility.union_of_rules(),
        "One row per active rule of plausibility and record that it was tried on. Source: the "
        "rules in the files of the folder quality.",
        PLAUSIBILITY_COLUMNS,
    )


def _clinical_views() -> list[View]:
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


def _present_tables() -> list[View]:
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
        _definition(PRESENT),
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


def _exclusions() -> View:
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


def _dated_records() -> View:
    """Every record that tells of a contact with the child, by each of its dates."""
    return View(
        PRESENT,
        "dated_record",
        f"create view {PRESENT}.dated_record as {dated_records()}",
        "One row per record with a date, whatever its table. A course of a drug has two: its "
        "start, and its stop where that is not in the future. Source: the clinical tables.",
        DATED_COLUMNS,
    )


def _definition(schema: str) -> View:
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


def _in_order(views: list[View]) -> list[View]:
    by_name = {view.name: view for view in views}
    names = set(by_name)
    built_elsewhere = {table.name for table in Base.metadata.tables.values()}
    graph = {view.name: view.reads(names - built_elsewhere) for view in views}
    return [by_name[name] for name in TopologicalSorter(graph).static_order()]


def _described_columns(views: list[View]) -> dict[str, str]:
    """Comment of every column by its name: a column means the same wherever it stands."""
    known = {
        column.name: column.comment
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.comment
    }
    for covariate in COVARIATES:
        known[covariate.id] = (
            f"{covariate.label}: true = {covariate.level}, false = {covariate.other_level}, "
            "null = no data"
        )
    for view in views:
        for column, comment in view.column_comments.items():
            known.setdefault(column, comment)
    return known


def _comment(connection: Connection, view: View, described: dict[str, str]) -> None:
    name = f"{view.schema}.{view.name}"
    _run(connection, f"comment on view {name} is {_literal(view.comment)}")
    columns = connection.execute(
        text(
            "select attname from pg_attribute where attrelid = cast(:name as regclass) "
            "and attnum > 0 order by attnum"
        ),
        {"name": name},
    ).scalars()
    for column in columns:
        comment = view.column_comments.get(column)
        if comment is None and column == "patient_id":
            comment = STUDY_ID_COMMENT if view.schema in (ANALYTICS, INSPECTION) else None
        comment = comment or described.get(column)
        if comment is None:
            raise ValueError(f"column {column} of view {name} has no comment")
        _run(connection, f"comment on column {name}.{column} is {_literal(comment)}")


def _literal(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def _run(connection: Connection, statement: str) -> None:
    """Runs a statement as it stands in its file: the driver would read a percent sign as a mark."""
    connection.exec_driver_sql(statement.replace("%", "%%"))


def _grant_to_analyst(connection: Connection, may_log_in: bool) -> None:
    """Lets the analysts' role read `analytics`, where there is one or this login may make it."""
    if make_role(connection, may_log_in=may_log_in):
        connection.execute(text(f"grant usage on schema {ANALYTICS} to {ANALYST_ROLE}"))
        connection.execute(
            text(f"grant select on all tables in schema {ANALYTICS} to {ANALYST_ROLE}")
        )
