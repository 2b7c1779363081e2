"""`registry freeze diff`: whose status and which numbers differ between two freezes, and why."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import complete_freeze
from registry.cli.frame.context import opened, run_of
from registry.cli.frame.options import DefinitionOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import argument, option
from registry.cli.freeze.analysed import documents, require_analyses, shown
from registry.words import spoken, tr

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from registry.database.frozen import Frozen

COLUMNS = ("patient_id", "cause", "before", "after", "rows")


def diff_command(
    context: typer.Context,
    a: Annotated[str, argument("A", "A freeze.", autocompletion=complete_freeze)],
    b: Annotated[str, argument("B", "Another.", autocompletion=complete_freeze)],
    definition: DefinitionOption = None,
    analysis: Annotated[
        str | None, option("--analysis", "NAME", "Also which numbers of it moved, e.g. km.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tell whose status differs between two freezes, and why, with the rows that did it.

    New data, corrections, erased children, changed definitions, changed rules, changed reference
    data or a later day: the first that applies is the cause, the others stand beside it. A number
    of an analysis moves step by step: as the corrections alone would have it, then the new data,
    then the rest.

    Example: registry freeze diff paper_2025 paper_2026 --analysis km
    """
    from registry.freezes import store
    from registry.freezes.difference import difference
    from registry.records.registry_setting import definition_or_default

    if analysis is not None:
        require_analyses([analysis])
    settings = run_of(context).settings()
    with opened(settings) as database, ExitStack() as stack:
        freezes = []
        for name in (a, b):
            over = stack.enter_context(store.opened(database, name, user=settings.user))
            assert over.frozen is not None
            freezes.append(over.frozen)
            with over.engine.connect() as connection:
                definition = definition_or_default(connection, definition)
        with database.engine.connect() as connection:
            found = difference(connection, freezes[0], freezes[1], str(definition))
        numbers = (
            []
            if analysis is None
            else _numbers(database.engine, freezes[0], freezes[1], str(definition), analysis)
        )
    if form is Format.JSON:
        print_json(found.to_json() | ({} if analysis is None else {"numbers": numbers}))
        return
    _print(found.causes, found.to_json()["patients"], form)
    if form is Format.TABLE and analysis is not None:
        told = [
            {
                "value": one["value"],
                "a": shown(one["a"]),
                "b": shown(one["b"]),
                "why": "; ".join(map(_told, one["why"])),
            }
            for one in numbers
        ]
        if told:
            print_rows(told, form, ("value", "a", "b", "why"))
        else:
            typer.echo(tr("No number of {analysis} moved.", analysis=analysis))


def _numbers(
    engine: Engine, a: Frozen, b: Frozen, definition: str, analysis: str
) -> list[dict[str, Any]]:
    """The numbers that moved, each with the steps at which it did."""
    from registry.freezes.difference import causes_of_all, changed_children
    from registry.freezes.moved import moved
    from registry.freezes.what_if import take_from, what_if

    def document(frozen: Frozen) -> Any:
        with what_if(engine, frozen) as connection:
            return documents(connection, definition, [analysis])[analysis]

    first, last = document(a), document(b)
    numbers = moved(first, last)
    if not numbers:
        return []
    with engine.connect() as connection:
        children = changed_children(connection, a, b)
        rest = causes_of_all(connection, a, b, definition) or ["reference"]
    steps: list[tuple[list[str], Any]] = []
    with what_if(engine, a) as connection:
        for cause, of_cause in children.items():
            if of_cause:
                take_from(connection, a.place, b.place, of_cause)
                step = documents(connection, definition, [analysis])[analysis]
                steps.append(([cause], step))
    steps.append((rest, last))
    why: dict[str, list[dict[str, Any]]] = {}
    before = first
    for causes, after in steps:
        for one in moved(before, after):
            step = {"causes": causes, "from": one["a"], "to": one["b"]}
            why.setdefault(one["value"], []).append(step)
        before = after
    return [one | {"why": why.get(one["value"], [])} for one in numbers]


def _print(causes: dict[str, int], patients: list[dict[str, Any]], form: Format) -> None:
    from registry.freezes.difference import CAUSES

    rows = [
        {
            "patient_id": one["patient_id"],
            "cause": spoken(CAUSES[one["cause"]]),
            "before": one["before"] and one["before"]["state"],
            "after": one["after"] and one["after"]["state"],
            "rows": "; ".join(_row_told(row) for row in one["rows"]),
        }
        for one in patients
    ]
    if form is Format.CSV:
        print_rows(rows, form, COLUMNS)
        return
    for cause, number in causes.items():
        if number:
            typer.echo(f"{number:>6}  {spoken(CAUSES[cause])}")
    if not rows:
        typer.echo(tr("No status differs."))
    else:
        print_rows(rows, form, COLUMNS)


def _row_told(row: dict[str, Any]) -> str:
    told = f"{row['operation']} {row['table']}"
    return f"{told} ({', '.join(row['freezes'])})" if "freezes" in row else told


def _told(step: dict[str, Any]) -> str:
    from registry.freezes.difference import CAUSES

    causes = ", ".join(spoken(CAUSES[cause]) for cause in step["causes"])
    return f"{causes}: {shown(step['from'])} -> {shown(step['to'])}"
