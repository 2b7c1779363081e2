"""`registry worklist`: who needs what today, why, and until when."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from registry.cli.frame.completion import PatientArgument
from registry.cli.frame.context import changing, reading, remark, require_reason
from registry.cli.frame.options import DefinitionOption, ForceOption, ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, steps_shown
from registry.cli.frame.past import day_of
from registry.cli.frame.signatures import argument, flag, option
from registry.terminal_width import aligned, columns, wrapped
from registry.whole_file import require_free
from registry.words import tr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from registry.worklist.read import Item

# What a spreadsheet or CSV of the list holds; JSON also has what the words were filled with.
COLUMNS = (
    "rank",
    "patient_id",
    "centre",
    "kind",
    "action",
    "why",
    "due_on",
    "days_overdue",
    "rule",
    "source",
    "item",
    "set_aside",
    "set_aside_until",
)
RULE_COLUMNS = ("rule", "kind", "active", "action", "source")
# The width of a table where no terminal says its own, and the least one of the words in it.
USUAL_WIDTH, LEAST_WIDTH = 100, 40
CALENDAR = ".ics"


class ListByDefault(TyperGroup):
    """A group whose first word may be left out: `registry worklist P001` lists."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts `list` before arguments that do not begin with a command or ask for help."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ListByDefault,
    help="Who needs what today, why, and until when. Without a further word it lists: "
    "registry worklist P001 is registry worklist list P001.",
)

ItemArgument = Annotated[str, argument("ITEM", "An item, as the list names it: PATIENT:KIND:DATE.")]


@app.command("list")
def list_command(
    context: typer.Context,
    patient: PatientArgument = None,
    kinds: Annotated[
        list[str] | None, option("--kind", "KIND", "Only this kind; may be repeated.")
    ] = None,
    centre: Annotated[str | None, option("--centre", "CODE", "Only this centre.")] = None,
    on: Annotated[
        str | None, option("--on", "DATE", "Judge on this day; what is later is not seen.")
    ] = None,
    limit: Annotated[int | None, option("--limit", "N", "Only the first N items.", min=1)] = None,
    set_aside: Annotated[bool, flag("--set-aside", "Also what has been set aside.")] = False,
    to: Annotated[
        Path | None, option("--to", "FILE", "Write FILE.csv, FILE.xlsx or FILE.ics instead.")
    ] = None,
    force: ForceOption = False,
    definition: DefinitionOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what is to be done, the most urgent first.

    Example: registry worklist list --kind visit_overdue --centre BCH --to worklist.xlsx
    """
    day = day_of("--on", on)
    if to is not None:
        require_free(to, force=force)
    with reading(context) as connection, steps_shown():
        from registry.worklist.read import Filters, read_worklist

        filters = Filters(definition, patient, kinds or (), centre, day, set_aside)
        found = read_worklist(connection, filters)
    shown = found[:limit]
    if to is not None:
        _write(shown, to, day or date.today())
    elif form is Format.JSON:
        print_json([item.to_json() for item in shown])
    elif form is Format.CSV:
        print_rows([item.to_json() for item in shown], form, COLUMNS)
    elif shown:
        _print(shown)
    _summarise(found, len(shown), day or date.today())


@app.command("dismiss")
def dismiss_command(
    context: typer.Context,
    item: ItemArgument,
    until: Annotated[
        str | None, option("--until", "DATE", "Last day it is aside; without it for good.")
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Set an item aside, for a time or for good; who did it and why is kept.

    Example: registry worklist dismiss P003:silent:2023-12-19 --reason "family called"
    """
    from registry.worklist.dismissal import dismiss

    last = day_of("--until", until)
    with _change(context, user, "worklist dismiss", reason, summary=item) as connection:
        dismiss(connection, item, until=last, on=date.today())
    if last is None:
        remark("{item} is set aside for good.", item=item)
    else:
        remark("{item} is set aside through {until}.", item=item, until=last)


@app.command("resume")
def resume_command(
    context: typer.Context,
    item: ItemArgument,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Take an item up again that was set aside.

    Example: registry worklist resume P003:silent:2023-12-19 --reason "no answer yet"
    """
    from registry.worklist.dismissal import resume

    with _change(context, user, "worklist resume", reason, summary=item) as connection:
        resume(connection, item, on=date.today())
    remark("{item} is in the worklist again.", item=item)


@app.command("rules")
def rules_command(
    context: typer.Context,
    off: Annotated[
        list[str] | None, option("--off", "RULE", "Have the rule give no items, for everyone.")
    ] = None,
    on: Annotated[
        list[str] | None, option("--on", "RULE", "Have the rule give items again.")
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the rules in the order of the list, with their source; switch rules off or on.

    Example: registry worklist rules --off height_falls --reason "heights are not measured here"
    """
    from registry.worklist.parameters import list_rules, switch_rule

    switched = [(rule, False) for rule in off or ()] + [(rule, True) for rule in on or ()]
    if switched:
        words = ", ".join(f"{rule} {'on' if active else 'off'}" for rule, active in switched)
        with _change(context, user, "worklist rules", reason, summary=words) as connection:
            for rule, active in switched:
                switch_rule(connection, rule, active=active)
    with reading(context) as connection:
        rows = list_rules(connection)
    print_rows(rows, form, RULE_COLUMNS if form is Format.TABLE else None)


@app.command("parameters")
def parameters_command(
    context: typer.Context,
    changes: Annotated[
        list[str] | None, option("--set", "KEY=VALUE", "A number to change; may be repeated.")
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the numbers that the rules are held to, with their origin; change them for everyone.

    Example: registry worklist parameters --set visit_interval_days=84 --reason "every 12 weeks"
    """
    from registry.worklist.parameters import list_parameters, set_parameters

    if changes:
        with _change(
            context, user, "worklist parameters", reason, summary=", ".join(changes)
        ) as connection:
            set_parameters(connection, changes)
    with reading(context) as connection:
        rows = list_parameters(connection)
    print_rows(rows, form)


@contextmanager
def _change(
    context: typer.Context, user: str | None, command: str, reason: str | None, *, summary: str
) -> Iterator[Connection]:
    """A transaction that changes the worklist, with who, why and what; committed at its end."""
    reason = require_reason(
        reason, tr("This changes the worklist for everyone, so it needs a reason.")
    )
    from registry.records.change import declare_change, summarise_change

    with changing(context, user) as (connection, person):
        declare_change(connection, user=person, command=command, reason=reason)
        yield connection
        summarise_change(connection, summary)


def _print(items: Sequence[Item]) -> None:
    """What to do, why and the item's name below each other, as wide as the terminal."""
    heads = (tr("rank"), tr("patient"), tr("due"), tr("overdue"), tr("what to do, and why"))
    cells = [
        (str(item.rank), item.patient_id, str(item.due_on or ""), str(item.days_overdue or ""))
        for item in items
    ]
    widths = [max(columns(line[n]) for line in [heads, *cells]) for n in range(4)]
    width = shutil.get_terminal_size((USUAL_WIDTH, 24)).columns - sum(widths) - 2 * len(widths)
    width = max(width, LEAST_WIDTH)
    lines = [
        _line(heads[:4], widths, heads[4]),
        _line(["-" * w for w in widths], widths, "-" * width),
    ]
    for item, line in zip(items, cells, strict=True):
        words = [item.action, item.why, item.item]
        texts = [part for said in words for part in _wrapped(said, width)]
        lines.append(_line(line, widths, texts[0]))
        lines += [_line([""] * 4, widths, part) for part in texts[1:]]
    typer.echo("\n".join(lines))


def _wrapped(words: str, width: int) -> list[str]:
    """Lines of whole words, so that the name of an item can be copied."""
    return wrapped(words, width, whole=True)


def _line(cells: Sequence[str], widths: Sequence[int], words: str) -> str:
    return aligned([*cells, words], [*widths, 0], (True, False, False, True, False))


def _write(items: Sequence[Item], to: Path, day: date) -> None:
    from registry.drawing.sheet import write_sheet

    def events() -> bytes:
        from registry.worklist.calendar import calendar

        return calendar(items, day)

    rows: list[dict[str, Any]] = [item.to_json() for item in items]
    write_sheet(rows, COLUMNS, to, title="worklist", other={CALENDAR: events})
    remark("Written to {file}: {count:item|items}.", file=to, count=len(items))
    undated = sum(item.due_on is None for item in items)
    if to.suffix.lower() != CALENDAR:
        return
    if undated == len(items):
        remark("The calendar is empty: nothing on this list has a date.")
    elif undated:
        remark("Without a date, and so not in the calendar: {count}.", count=undated)


def _summarise(found: Sequence[Item], shown: int, day: date) -> None:
    """The number of items by kind, most urgent first, as they were found."""
    if not found:
        remark("There is nothing to do on {day}.", day=day)
        return
    counts = ", ".join(f"{kind} {n}" for kind, n in Counter(item.kind for item in found).items())
    remark("Items on {day}: {count} ({kinds}).", day=day, count=len(found), kinds=counts)
    if shown < len(found):
        remark("Only the first {shown} are shown.", shown=shown)
