"""`registry analyse`: a command for each declared analysis, from up-to-date views."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.analyse.analyses import ANALYSES, Analysis
from registry.cli.analyse.data import Data, frozen_basis, up_to_date
from registry.cli.analyse.publication import (
    basis_published,
    plan_for,
    prove,
    published_beside,
    told_of,
)
from registry.cli.frame.context import remark
from registry.cli.frame.disclosure import DisclosureOption
from registry.cli.frame.options import DefinitionOption, FigureOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, steps_shown
from registry.cli.frame.past import read_at
from registry.cli.frame.signatures import with_parameters
from registry.disclosure.publish import like, publishable
from registry.errors import CannotEstimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from sqlalchemy import Connection

    from registry.disclosure.audience import Audience
    from registry.disclosure.plan import Plan

app = typer.Typer(help="Flow, Tables 1 to 3, Kaplan-Meier, troughs and outcomes.")


def _command(analysis: Analysis) -> Callable[..., None]:
    """The command of an analysis: its own options, then those that all have."""

    def command(
        context: typer.Context,
        form: Format,
        definition: str | None,
        figure: Path | None = None,
        part: str | None = None,
        disclosure: Audience | None = None,
        **options: Any,
    ) -> None:
        frozen: dict[str, Any] = {}
        plans: list[Plan | None] = []
        beside: dict[str, Any] = {}
        with steps_shown(), ExitStack() as stack:

            def connect() -> tuple[Connection, str]:
                found = stack.enter_context(up_to_date(context, definition))
                frozen.update(frozen_basis(*found))
                shared = Data(lambda: found)
                plan = plan_for(shared, disclosure)
                plans.append(plan)
                if plan is not None:
                    # Against a hash of all rows guesses of one child's could be tried.
                    frozen.update(basis_published(frozen))
                    beside.update(published_beside(shared, plan))
                # Before it writes anything, such as a file of residuals.
                analysis.require_publishable(plans[0], options)
                return found

            try:
                result = analysis.run(Data(connect, analysis.reads, stack.close), **options)
                if analysis.refuse is not None:
                    analysis.refuse(result, options)
            except CannotEstimate as error:
                raise (publishable(error) if any(plans) else error) from error
        plan = plans[0] if plans else None
        document = analysis.published(result, plan, full=plan is not None)
        if plan is not None:
            together = {**beside, analysis.name: document}
            prove(together, plan)
            proved = told_of(together[analysis.name])
            document = like(proved, analysis.document(result))
        elif figure is not None:
            proved = analysis.document(result, full=True)
        if figure is not None:
            for ending, make in analysis.drawn(plan).items():
                _draw(make(proved), figure.with_name(figure.name + ending))
        _show(analysis, document | frozen, form, part)

    command.__doc__ = analysis.run.__doc__
    return with_parameters(command, _parameters(analysis))


def _parameters(analysis: Analysis) -> list[Parameter]:
    own = list(signature(analysis.run, eval_str=True).parameters.values())[1:]
    shared: dict[str, tuple[Any, Any]] = {}
    if analysis.figures:
        shared["figure"] = (FigureOption, None)
    shared["definition"] = (DefinitionOption, None)
    shared["disclosure"] = (DisclosureOption, None)
    shared["form"] = (FormatOption, Format.TABLE)
    if len(analysis.rows) > 1:
        enumeration: Any = StrEnum
        parts = enumeration("Part", {name.upper(): name for name in analysis.rows})
        asked = typer.Option("--part", help="Which table a CSV holds; the others have all.")
        own.insert(0, _parameter("part", Annotated[parts, asked], next(iter(parts))))
    return [
        _parameter("context", typer.Context, Parameter.empty),
        *own,
        *(_parameter(name, kind, default) for name, (kind, default) in shared.items()),
    ]


def _parameter(name: str, kind: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=kind, default=default)


def _show(analysis: Analysis, document: dict[str, Any], form: Format, part: str | None) -> None:
    from registry.report.text import render

    match form:
        case Format.JSON:
            print_json(document)
        case Format.CSV:
            print_rows(analysis.rows[part or next(iter(analysis.rows))](document), form)
        case Format.TABLE:
            typer.echo("\n\n".join(map(render, analysis.laid_out(document))))


def _draw(figure: Figure, stem: Path) -> None:
    from registry.drawing.plot import save

    drawn = save(figure, stem)
    remark("Drawn: {files}", files=", ".join(str(path) for path in drawn))


for one in ANALYSES:
    if one.rows:
        app.command(one.name)(read_at(_command(one)))
