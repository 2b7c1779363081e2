"""`registry freeze impact`: what one child is to the freezes, and what results are without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import RequiredPatient, complete_freeze
from registry.cli.frame.context import opened, remark, run_of
from registry.cli.frame.options import DefinitionOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import option
from registry.cli.freeze.analysed import documents, require_analyses, shown
from registry.words import note, spoken, tr

if TYPE_CHECKING:
    from registry.database.engine import Database
    from registry.freezes.impact import Child
    from registry.freezes.store import Stored

ANALYSES = ("flow", "outcomes", "km", "table2", "cox", "tdm")
KINDS = {
    "significance": note("P on the other side of 0.05"),
    "direction": note("hazard ratio on the other side of 1"),
    "median": note("median reached with or without only"),
    "estimate": note("estimated with or without only"),
}
COLUMNS = ("freeze", "analysis", "value", "with", "without", "conclusion")


def impact_command(
    context: typer.Context,
    study_id: RequiredPatient,
    freeze: Annotated[
        str | None, option("--freeze", "NAME", "This one only.", autocompletion=complete_freeze)
    ] = None,
    definition: DefinitionOption = None,
    analysis: Annotated[
        list[str] | None,
        option("--analysis", "NAME", "Only this one; may be given more than once."),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tell which freezes and stored reports hold a child, and which results change without.

    Each analysis is run over the freeze as it is and without the child, which nobody else sees:
    every number that moves is told, and each conclusion that turns. Of a child who was erased it is
    told where it was; results with it cannot be had again.

    Example: registry freeze impact P023 --analysis km
    """
    from registry.freezes.impact import child_of, holding, reports_naming
    from registry.freezes.store import get
    from registry.records.registry_setting import definition_or_default

    names = analysis or list(ANALYSES)
    require_analyses(names)
    settings = run_of(context).settings()
    with opened(settings) as database:
        with database.engine.connect() as connection:
            child = child_of(connection, study_id)
            held_to = definition_or_default(connection, definition)
            found = holding(connection, child)
            if freeze is not None:
                get(connection, freeze)
                found = [one for one in found if one.frozen.name == freeze]
            reports = reports_naming(connection, study_id)
        told = [_told(database, one, child, held_to, names, settings.user) for one in found]
    document = {
        "patient_id": study_id,
        "erased_at": child.erased_at,
        "definition": held_to,
        "freezes": told,
        "reports": reports,
    }
    if form is Format.JSON:
        print_json(document)
    else:
        _print(document, form)


def _told(
    database: Database, one: Stored, child: Child, definition: str, names: list[str], user: str
) -> dict[str, Any]:
    """One freeze: what it has of the child, and the numbers that move without."""
    told: dict[str, Any] = {
        "freeze": one.frozen.name,
        "as_of": one.frozen.as_of,
        "sha256": one.frozen.sha256,
        "dropped": one.dropped,
        "note": one.frozen.note,
        "status": None,
        "numbers": [],
        "conclusions": [],
    }
    if one.dropped or child.erased_at is not None:
        return told
    from registry.analysis.cox.choice import ALPHA
    from registry.freezes import store
    from registry.freezes.impact import status_in
    from registry.freezes.moved import conclusions, moved
    from registry.freezes.what_if import take_out, what_if

    with store.opened(database, str(one.frozen.name), user=user) as over:
        assert over.frozen is not None
        with what_if(database.engine, over.frozen) as connection:
            told["status"] = status_in(connection, over.frozen.place, child.number, definition)
            as_it_is = documents(connection, definition, names)
            take_out(connection, over.frozen.place, [child.number])
            without = documents(connection, definition, names)
    for name in names:
        numbers = moved(as_it_is[name], without[name])
        turned = {row["value"]: row["kind"] for row in conclusions(numbers, ALPHA)}
        rows = [
            {"analysis": name, "value": row["value"], "with": row["a"], "without": row["b"]}
            for row in numbers
        ]
        told["numbers"] += rows
        told["conclusions"] += [
            row | {"kind": turned[row["value"]]} for row in rows if row["value"] in turned
        ]
    return told


def _print(document: dict[str, Any], form: Format) -> None:
    rows = [
        {**row, "freeze": one["freeze"], "conclusion": _kind(one, row)}
        for one in document["freezes"]
        for row in one["numbers"]
    ]
    # Hundreds of numbers may move; what turns is read first.
    rows.sort(key=lambda row: row["conclusion"] == "")
    if form is Format.CSV:
        print_rows(rows, form, COLUMNS)
        return
    if not document["freezes"]:
        typer.echo(tr("No freeze held {patient}.", patient=document["patient_id"]))
    for one in document["freezes"]:
        typer.echo(_line(one, document))
    for one in document["reports"]:
        typer.echo(
            tr(
                "Report of night {number}, {moment}: names the child.",
                number=one["night"],
                moment=one["started_at"].isoformat(timespec="seconds"),
            )
        )
    if rows:
        told = [row | {side: shown(row[side]) for side in ("with", "without")} for row in rows]
        print_rows(told, form, COLUMNS)
    turned = sum(len(one["conclusions"]) for one in document["freezes"])
    if any(one["status"] for one in document["freezes"]):
        remark("{number:conclusion changes|conclusions change} without.", number=turned)


def _kind(one: dict[str, Any], row: dict[str, Any]) -> str:
    kinds = {(turned["analysis"], turned["value"]): turned["kind"] for turned in one["conclusions"]}
    kind = kinds.get((row["analysis"], row["value"]))
    return "" if kind is None else spoken(KINDS[kind])


def _line(one: dict[str, Any], document: dict[str, Any]) -> str:
    if document["erased_at"] is not None:
        told = tr("held the child, who was erased: what rests on it cannot be had again")
    elif one["dropped"]:
        told = tr("held the child; it was dropped")
    elif one["status"] is None:
        told = tr("holds the child, without a status")
    else:
        told = tr(
            "holds the child: {state}; {numbers:number moves|numbers move} without",
            state=one["status"]["state"],
            numbers=len(one["numbers"]),
        )
    return f"{one['freeze']}  {told}"
