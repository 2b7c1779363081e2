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
from datetime import date
from functools import cache

from psycopg.errors import DependentObjectsStillExist
from sqlalchemy import Connection, text
from sqlalchemy.exc import InternalError

from registry import __version__
from registry.covariates import AS_PUBLISHED, COVARIATES
from registry.database.analyst import analyst_role_exists, limit_role
from registry.database.frozen import CHANGE_SET, LIVE, OWN, OWN_VIEWS, Place
from registry.database.migrate import head
from registry.database.rights import give_rights, make_roles
from registry.database.roles import ANALYST_ROLE, literal
from registry.errors import Refused
from registry.models import all_tables
from registry.steps import each
from registry.views import worklist_words
from registry.views.combined import combined
from registry.views.declared import (
    clinical_views,
    dated_records_view,
    definition_view,
    exclusions_view,
    plausibility_view,
    present_tables,
    visit_work_view,
)
from registry.views.deidentified_tables import deidentified_views, released_child_view
from registry.views.headers import Sentence
from registry.views.sources import FOLDER, FUNCTIONS, PRESENT, WORKLIST, names, source
from registry.views.view import (
    ANALYTICS,
    DEIDENTIFIED,
    INSPECTION,
    RULES,
    SCHEMAS,
    View,
    in_order,
    read_view,
    views_of,
)
from registry.words import tr

QUALITY = "quality"
# What stands on every rule.
AS_ONE = "work"
OWN_FOLDER = "own"
OWN_SCHEMAS = tuple(OWN.schema(schema) for schema in OWN_VIEWS)
STUDY_ID_COMMENT = "study id"
TODAY_OF_A_FREEZE = """
create or replace function today() returns date
language sql stable parallel safe as $$ select date '{day}' $$
"""


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
            "from pg_proc where pronamespace::regnamespace::text = any(:rules)"
        ),
        {"rules": [RULES, OWN.schema(RULES)], "schemas": [*OWN_SCHEMAS, *SCHEMAS]},
    ).scalars()
    try:
        for statement in filter(None, dropped.all()):
            _run(connection, statement)
        _run(connection, f"drop schema if exists {', '.join([*OWN_SCHEMAS, *SCHEMAS])}")
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


def build_views(connection: Connection) -> None:
    """Creates all views with their comments, and once more for who sees some centres only."""
    for place in each((LIVE, OWN), lambda _place: tr("Building the views")):
        _build(connection, place)
    worklist_words.store_words(connection)
    _run(connection, f"alter function {OWN.schema(RULES)}.was_mended(bigint) security invoker")


def let_in(connection: Connection, *, embedded: bool) -> None:
    """Makes the roles and gives them their rights on tables and views."""
    make_roles(connection, embedded=embedded)
    if embedded:
        limit_role(connection)
    give_rights(connection, embedded=embedded)


def build_frozen_views(connection: Connection, place: Place, day: date) -> None:
    """The same over a freeze, whose day its rules take for today.

    An inspector's views are not built: they read the audit, which is of no moment.
    """
    _build(connection, place, day)
    _run(connection, f"revoke execute on all functions in schema {place.schema(RULES)} from public")
    if analyst_role_exists(connection):
        _let_analysts_read(connection, place)


def drop_frozen_views(connection: Connection, place: Place) -> None:
    """Removes every view of a freeze; its tables stay."""
    built = (RULES, PRESENT, ANALYTICS, DEIDENTIFIED)
    schemas = ", ".join(place.schema(schema) for schema in built)
    _run(connection, f"drop schema if exists {schemas} cascade")


def _build(connection: Connection, place: Place, day: date | None = None) -> None:
    views = {
        RULES: [
            *(definition_view(RULES), exclusions_view()),
            *(*in_order(views_of(RULES)), released_child_view()),
        ],
        PRESENT: [
            *present_tables(),
            *in_order(
                [
                    *views_of(RULES, PRESENT),
                    *map(_as_one, views_of(WORKLIST, PRESENT)),
                    *views_of(QUALITY, PRESENT),
                    plausibility_view(),
                    visit_work_view(),
                    dated_records_view(),
                ]
            ),
        ],
        ANALYTICS: in_order([*views_of(ANALYTICS), *clinical_views()]),
    }
    if place is OWN:
        # Who was given what is the owner's to know.
        views[RULES] = [view for view in views[RULES] if view.name != "released_child"]
        views[RULES].insert(0, read_view(RULES, OWN_FOLDER, CHANGE_SET))
        views[INSPECTION] = [read_view(INSPECTION, INSPECTION, "record_change")]
    else:
        views[DEIDENTIFIED] = deidentified_views()
    if place is LIVE:
        views[INSPECTION] = in_order(views_of(INSPECTION))
    # In one go: a statement alone costs the program more than most views cost the server.
    script = []
    for schema, built in views.items():
        path = ["rules", "clinical", "derived", "reference", "analytics", "present"]
        if schema == PRESENT:
            path.insert(0, PRESENT)
        # What a release keeps is of no moment, and a freeze has no copy of it.
        own = [place.schema(one) for one in path]
        searched = ", ".join([*own, "audit" if day is None else "derived"])
        script += [
            f"create schema {place.schema(schema)}",
            f"set local search_path = {searched}",
        ]
        if schema == RULES:
            script += [place.source(source(FUNCTIONS, name)) for name in names(FUNCTIONS)]
            if day is not None:
                script.append(TODAY_OF_A_FREEZE.format(day=day))
        script += [place.source(_statement(view, place)) for view in built]
    script.append("set local search_path = default")
    _run(connection, ";\n".join(script))
    _comment(connection, views, place)
    _run(connection, f"comment on schema {place.schema(RULES)} is 'rules {rules_hash()}'")
    read = "of the registry" if day is None else "of a freeze"
    told = f"What analysts read {read}; views {views_stamp()}"
    _run(connection, f"comment on schema {place.schema(ANALYTICS)} is '{told}'")


def _as_one(view: View) -> View:
    """A view of all work, of one text; any other as its file has it."""
    if view.name != AS_ONE:
        return view
    return view._replace(statement=f"create view {PRESENT}.{view.name} as {combined(view.name)}")


def sentences() -> list[Sentence]:
    """What a report says of the rules, each rule after those that it rests on."""
    views = [*in_order(views_of(RULES)), *in_order(views_of(ANALYTICS))]
    return [sentence for view in views for sentence in view.methods]


@cache
def views_stamp() -> str:
    """What tells the views of this program from another's: its revision and a hash of the files."""
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(FOLDER.rglob("*.sql")):
        digest.update(f"{path.name}\0{path.read_text(encoding='utf-8')}\0".encode())
    return f"{head()} {digest.hexdigest()}"


def stamp_of(connection: Connection, place: Place) -> str | None:
    """By which program's views the registry or a freeze is read; None where it is not there."""
    schema = place.schema(ANALYTICS)
    said = connection.execute(
        text("select obj_description(to_regnamespace(:schema), 'pg_namespace')"), {"schema": schema}
    ).scalar_one()
    return None if said is None else said.rpartition("views ")[2]


def is_built(connection: Connection) -> bool:
    """Whether the registry's views are this program's, over tables of its revision."""
    return stamp_of(connection, LIVE) == views_stamp()


@cache
def rules_hash(*beside: str) -> str:
    """SHA-256 of the rules' statements: a change of one, not of words, asks for a derivation.

    `beside` are further folders of views that are to be the same.
    """
    digest = hashlib.sha256()
    folders = (RULES, "functions", *beside)
    for path in sorted(path for one in folders for path in (FOLDER / one).glob("*.sql")):
        _, statement = re.split(
            r"^(?=create )", path.read_text(encoding="utf-8"), maxsplit=1, flags=re.M
        )
        digest.update(f"{path.name}\0{statement}\0".encode())
    return digest.hexdigest()


def _described_columns(views: list[View]) -> dict[str, str]:
    """Comment of every column by its name: a column means the same wherever it stands."""
    known = {
        column.name: column.comment
        for table in all_tables().tables.values()
        for column in table.columns
        if column.comment
    }
    # A column is of every definition, so its comment names the parameter.
    limits = {name: name for name in AS_PUBLISHED}
    for covariate in (one.under(limits) for one in COVARIATES):
        known[covariate.id] = (
            f"{covariate.label}: true = {covariate.level}, false = {covariate.other_level}, "
            "null = no data"
        )
    for view in views:
        for column, comment in view.column_comments.items():
            known.setdefault(column, comment)
    return known


def _comment(connection: Connection, views: dict[str, list[View]], place: Place) -> None:
    """The comments of all views and their columns, in one statement."""
    built = [view for of_schema in views.values() for view in of_schema]
    described = _described_columns(built)
    columns: dict[str, list[str]] = {}
    for name, column in connection.execute(
        text(
            "select n.nspname || '.' || c.relname, a.attname from pg_attribute a "
            "join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = any(:schemas) and c.relkind = 'v' and a.attnum > 0 "
            "order by c.oid, a.attnum"
        ),
        {"schemas": [place.schema(schema) for schema in views]},
    ):
        columns.setdefault(name, []).append(column)
    statements = []
    for view in built:
        name = f"{place.schema(view.schema)}.{view.name}"
        statements.append(f"comment on view {name} is {literal(view.comment)}")
        if place is OWN:
            # Its columns are those of the view that everybody else reads.
            continue
        for column in columns[name]:
            comment = view.column_comments.get(column)
            if comment is None and column == "patient_id":
                comment = STUDY_ID_COMMENT if view.schema in (ANALYTICS, INSPECTION) else None
            comment = comment or described.get(column)
            if comment is None:
                raise ValueError(f"column {column} of view {name} has no comment")
            statements.append(f"comment on column {name}.{column} is {literal(comment)}")
    _run(connection, ";\n".join(statements))


def _run(connection: Connection, statement: str) -> None:
    """Runs a statement as it stands in its file: the driver would read a percent sign as a mark."""
    connection.exec_driver_sql(statement.replace("%", "%%"))


def _statement(view: View, place: Place) -> str:
    """What creates a view; one of one's own centres shows the rows of who reads it.

    Not of those who made it, but for that of the change sets, whose own condition says which.
    """
    if place is not OWN:
        return view.statement
    option = "barrier" if view.name == CHANGE_SET else "invoker"
    created, select = view.statement.split(f"create view {view.schema}.{view.name} as", 1)
    named = f"create view {view.schema}.{view.name} with (security_{option} = true) as"
    return f"{created}{named}{select}"


def _let_analysts_read(connection: Connection, place: Place) -> None:
    schema = place.schema(ANALYTICS)
    connection.execute(text(f"grant usage on schema {schema} to {ANALYST_ROLE}"))
    connection.execute(text(f"grant select on all tables in schema {schema} to {ANALYST_ROLE}"))
    called = f"all functions in schema {place.schema(RULES)}"
    connection.execute(text(f"grant execute on {called} to {ANALYST_ROLE}"))
