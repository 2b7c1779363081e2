"""`registry query`: what is asked of single values, by the rules of plausibility and by people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import RequiredPatient
from registry.cli.frame.context import opened, reading, remark, run_of
from registry.cli.frame.options import PatientOption, ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import argument, flag, option
from registry.clinical_tables import BY_COMMAND
from registry.errors import NotFound, WrongUsage, there_are
from registry.vocabulary import QUERY_STATE_MEANINGS, QUERY_STATES, SETTLED_STATES
from registry.words import spoken, tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.database.engine import Database
    from registry.records.queries import Query
    from registry.records.rows import Entity
    from registry.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="What is asked of single values: a record that fails a rule of plausibility is a query by "
    "itself, people raise others. A query closes by itself when its value is mended.",
)
COLUMNS = ("query_id", "state", "said")
STEP_COLUMNS = ("at", "by", "command", "state", "words")
OPEN_STATES = tuple(state for state in QUERY_STATES if state not in SETTLED_STATES)

QueryArgument = Annotated[str, argument("QUERY", "A query, as registry query list names it.")]


def _states(incomplete: str) -> list[str]:
    return [state for state in QUERY_STATES if state.startswith(incomplete.lower())]


@app.command("list")
def list_command(
    context: typer.Context,
    patient: PatientOption = None,
    rule: Annotated[str | None, option("--rule", "RULE", "Only this rule.")] = None,
    states: Annotated[
        list[str] | None,
        option(
            "--state",
            "STATE",
            f"Only this state, may be repeated: {', '.join(QUERY_STATES)}. "
            "Without it those that are open.",
            autocompletion=_states,
        ),
    ] = None,
    everything: Annotated[bool, flag("--all", "Of every state.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the queries that are open, or of other states.

    Example: registry query list --state closed --format json
    """
    from registry.records.queries import list_queries

    for state in states or ():
        if state not in QUERY_STATES:
            raise WrongUsage(
                tr("There is no state {name}.", name=state), cure=there_are(QUERY_STATES)
            )
    wanted = QUERY_STATES if everything else tuple(states or OPEN_STATES)
    with reading(context) as connection:
        found = [
            query
            for query in list_queries(connection, patient=patient, rule=rule)
            if query.state in wanted
        ]
    if form is Format.TABLE:
        print_rows([_row(query) for query in found], form, COLUMNS)
    else:
        print_rows([query.to_json() for query in found], form)
    remark("{number:query|queries}.", number=len(found))


@app.command("show")
def show_command(
    context: typer.Context, query: QueryArgument, form: FormatOption = Format.TABLE
) -> None:
    """Show a query and every step that people took in it.

    Example: registry query show P023:lab_high:lab_result:17:value:0cc175b9
    """
    from registry.records.queries import find_query, steps_of

    with reading(context) as connection:
        found = find_query(connection, query)
        steps = steps_of(connection, found.patient_id, query)
    if form is Format.JSON:
        print_json({**found.to_json(), "history": [vars(step) for step in steps]})
        return
    if form is Format.TABLE:
        typer.echo(_told(found) + "\n")
        print_rows([step.to_row() for step in steps], form, STEP_COLUMNS)
        return
    print_rows([vars(step) for step in steps], form)


@app.command("raise")
def raise_command(
    context: typer.Context,
    patient: RequiredPatient,
    table: Annotated[str, argument("TABLE", f"One of {', '.join(BY_COMMAND)}.")],
    key: Annotated[list[str] | None, argument("KEY", "The record's key, as its date.")] = None,
    column: Annotated[str | None, option("--column", "COLUMN", "The column asked about.")] = None,
    record: Annotated[int | None, option("--record", "N", "The record's own number.")] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Ask about a value of a record; the words are those of --reason.

    Example: registry query raise P023 patient --column onset_on --reason "only the year?"
    """
    from registry.cli.records.options import sought
    from registry.records.queries import raise_query

    entity = _entity(table)
    if column is None:
        raise WrongUsage(tr("Which value?"), cure=tr("Name its column with --column."))
    given = {"patient": patient, "patient_option": None, "key": key, "record": record}
    words = _words(reason)
    settings = run_of(context).settings(user)
    with opened(settings) as database:
        stored = sought(database, entity, given)[0]
        with _change(database, settings, "query raise") as connection:
            query = raise_query(connection, entity, stored.study_id, stored.record, column, words)
    _print(query, form)


@app.command("answer")
def answer_command(
    context: typer.Context,
    query: QueryArgument,
    proposed: Annotated[bool, flag("--proposed", "The words propose how to settle it.")] = False,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say something to an open query: it is updated, or its resolution is proposed.

    Example: registry query answer P023:lab_high:lab_result:17:value:0cc175b9 --reason "asked"
    """
    from registry.records.queries import answer

    _take(
        context,
        "query answer",
        reason,
        user,
        form,
        lambda connection, words: answer(connection, query, words, proposed=proposed),
    )


@app.command("close")
def close_command(
    context: typer.Context,
    query: QueryArgument,
    not_applicable: Annotated[
        bool, flag("--not-applicable", "The rule is not meant for this record.")
    ] = False,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Settle a query: the value is right though unusual; nothing more is said of it.

    A value that is changed later is asked about again.

    Example: registry query close P023:lab_high:lab_result:17:value:0cc175b9 --reason "seen twice"
    """
    from registry.records.queries import close

    _take(
        context,
        "query close",
        reason,
        user,
        form,
        lambda connection, words: close(connection, query, words, applies=not not_applicable),
    )


@app.command("reopen")
def reopen_command(
    context: typer.Context,
    query: QueryArgument,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Ask again what was settled.

    Example: registry query reopen P023:lab_high:lab_result:17:value:0cc175b9 --reason "not so sure"
    """
    from registry.records.queries import reopen

    _take(
        context,
        "query reopen",
        reason,
        user,
        form,
        lambda connection, words: reopen(connection, query, words),
    )


def _take(
    context: typer.Context,
    command: str,
    reason: str | None,
    user: str | None,
    form: Format,
    step: Callable[[Connection, str], Query],
) -> None:
    """Takes one step in a query and says where it stands."""
    words = _words(reason)
    settings = run_of(context).settings(user)
    with opened(settings) as database, _change(database, settings, command) as connection:
        query = step(connection, words)
    _print(query, form)


@contextmanager
def _change(database: Database, settings: Settings, command: str) -> Iterator[Connection]:
    """A transaction with who and by which command; the words stay with the patient's query."""
    from registry.records.change import declare_change

    with database.engine.begin() as connection:
        declare_change(
            connection, user=settings.user, command=command, reason=tr("as the query says")
        )
        yield connection


def _words(reason: str | None) -> str:
    from registry.cli.records.prompts import ask_alone, ask_reason, may_ask

    if not (reason and reason.strip()) and may_ask():
        reason = ask_alone(ask_reason)["reason"]
    if not (reason and reason.strip()):
        raise WrongUsage(
            tr("A query is raised and answered in words."), cure=tr('Say them with --reason "..."')
        )
    return str(reason).strip()


def _entity(table: str) -> Entity:
    from registry.models import ENTITIES

    for entity in ENTITIES:
        declared = entity.declared
        if table in (declared.command, declared.file, declared.name):
            return entity
    raise NotFound(tr("There is no table {table}.", table=table), cure=there_are(BY_COMMAND))


def _row(query: Query) -> dict[str, Any]:
    return {
        "query_id": query.query_id,
        "state": spoken(QUERY_STATE_MEANINGS[query.state]),
        "said": query.said or query.last_words,
    }


def _told(query: Query) -> str:
    state = spoken(QUERY_STATE_MEANINGS[query.state])
    if query.mended:
        state = tr("{state} by itself: the value is mended", state=state)
    value = "-" if query.value is None else query.value
    asked = query.said or tr("asked by a person")
    where = f"{query.table}.{query.column}" if query.column else query.table
    return f"{query.query_id}\n  {state}\n  {where} = {value}\n  {asked}"


def _print(query: Query, form: Format) -> None:
    if form is Format.TABLE:
        typer.echo(_told(query))
    else:
        print_rows([query.to_json()], form)
