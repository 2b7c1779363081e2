"""`registry release`: de-identified data for others, and what is kept of having given them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.files.export import FileFormat
from registry.cli.frame.completion import complete_release
from registry.cli.frame.context import opened, over, reading, remark, require_reason, run_of
from registry.cli.frame.options import ForceOption, ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, steps_shown
from registry.cli.frame.past import read_at
from registry.cli.frame.signatures import argument, flag, option
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.releases.store import Stored

app = typer.Typer(
    no_args_is_help=True,
    help="De-identified data for others: days for dates, ids of their own, nobody alone of a kind.",
)
COLUMNS = ("name", "made_at", "children", "smallest_class", "recipient", "made_by", "state")

NameArgument = Annotated[str, argument("NAME", "A release.", autocompletion=complete_release)]


@app.command("create")
@read_at
def create_command(
    context: typer.Context,
    name: Annotated[str, argument("NAME", "Its name: small letters, digits and _.")],
    to: Annotated[Path, option("--to", "DIR", "The folder that the recipient is given.")],
    recipient: Annotated[str | None, option("--recipient", "TEXT", "Who receives it.")] = None,
    series: Annotated[
        str | None,
        option(
            "--series",
            "NAME",
            "A child keeps its id among the releases of a series, to be brought up to date.",
        ),
    ] = None,
    smallest_group: Annotated[
        int | None,
        option(
            "--smallest-group",
            "N",
            "So many children at least are alike.  [the registry's setting]",
        ),
    ] = None,
    form: Annotated[FileFormat, typer.Option("--format", help="Of the files.")] = FileFormat.CSV,
    force: ForceOption = False,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Write what may leave the centre, with a codebook, and keep who received it.

    Dates are days from the first infusion, births completed years of age then; free text and the
    registry's ids are not there. Where fewer children than the limit are alike in centre, age and
    sex the centre is not told, then the age; who is then still alone is left out, as is whoever has
    no consent to it. k_anonymity.csv counts who is alike.

    Example: registry release create consortium_2026 --to consortium_2026 --recipient "P. Curie"
    """
    from registry.derivation.status import bring_up_to_date
    from registry.export.release import write_release
    from registry.export.write import CODEBOOK
    from registry.releases import store
    from registry.whole_file import require_free, write_folder

    require_free(to, force=force)
    settings = run_of(context).settings(user)
    with (
        opened(settings._replace(freeze=None, as_of=None)) as database,
        over(database, settings) as read,
    ):
        if read.frozen is None:
            bring_up_to_date(database.engine, user=settings.user)

        def write(part: Path) -> Stored:
            return store.create(
                database.engine,
                name,
                frozen=read.frozen,
                recipient=recipient,
                series=series,
                smallest_group=smallest_group,
                user=settings.user,
                reason=reason,
                write=lambda connection, schema: write_release(
                    connection,
                    schema,
                    name,
                    part,
                    f".{form.value}",
                    series=series,
                    erased=store.erased_of_series(connection, series) if series else (),
                ),
            )

        with steps_shown():
            made = write_folder(to, write, last=CODEBOOK, force=force)
        with database.engine.connect() as connection:
            _tell(connection, made)
    remark("Written to {folder}. Whose an id is the registry alone knows.", folder=to)


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the releases, with who received them, the dropped ones too.

    Example: registry release list
    """
    from registry.releases import store

    with reading(context) as connection:
        found = [one.to_json() for one in store.releases(connection)]
    if form is Format.JSON:
        print_json(found)
    else:
        rows = [one | {"state": tr("dropped") if one["dropped"] else ""} for one in found]
        print_rows(rows, form, COLUMNS)


@app.command("show")
def show_command(
    context: typer.Context,
    name: NameArgument,
    children: Annotated[bool, flag("--children", "Whose each id of the release is.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what a release holds, who received it, and who was left out and why.

    Example: registry release show consortium_2026
    """
    from registry.releases import store

    with reading(context) as connection:
        found = store.get(connection, name)
        if form is Format.JSON:
            listed: dict[str, Any] = {"left_out": store.left_out(connection, name)}
            if children:
                listed["ids"] = store.children(connection, name)
            print_json(found.to_json() | listed)
        elif children:
            rows = store.children(connection, name)
            print_rows(rows, form, ("patient_id", "child_id", "given_up"))
        elif form is Format.CSV:
            print_rows(store.left_out(connection, name), form, ("patient_id", "reason"))
        else:
            _tell(connection, found)
            rows = [{"file": file, **one} for file, one in found.content["files"].items()]
            print_rows(rows, form, ("file", "rows", "sha256"))


@app.command("drop")
def drop_command(
    context: typer.Context,
    name: NameArgument,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Forget whose the ids of a release are; its name, files' hashes and recipient stay.

    Example: registry release drop consortium_2026 --reason "the project has ended"
    """
    from registry.releases import store

    reason = require_reason(reason, tr("A release is dropped only for a reason."))
    settings = run_of(context).settings(user)
    with opened(settings) as database:
        store.drop(database.engine, name, user=settings.user, reason=reason)
    remark("Nobody knows any more whose the ids of {name} are.", name=name)


@app.command("erased")
def erased_command(
    context: typer.Context, name: NameArgument, form: FormatOption = Format.TABLE
) -> None:
    """List the ids of children who were erased since, for the recipient to remove.

    Example: registry release erased consortium_2026 --format csv
    """
    from registry.releases import store

    with reading(context) as connection:
        rows = store.erased(connection, name)
    print_rows(rows, form, ("child_id", "erased_at"))


def _tell(connection: Connection, one: Stored) -> None:
    """Who received it, how alike its children are, and who was left out."""
    from registry.releases import store

    typer.echo(
        tr(
            "{name}: {children:child|children} to {recipient}, made {moment} by {person}: {reason}",
            name=one.name,
            children=one.content["children"],
            recipient=one.recipient or tr("nobody named"),
            moment=one.made_at.isoformat(timespec="seconds"),
            person=one.made_by,
            reason=one.reason or tr("no reason given"),
        )
    )
    typer.echo(
        tr(
            "Every child is like at least {number} others in what is told of {columns} "
            "({classes:kind|kinds} of children).",
            number=one.content["smallest_class"] - 1,
            columns=", ".join(one.content["quasi_identifiers"]),
            classes=one.content["classes"],
        )
    )
    if one.erased:
        typer.echo(
            tr(
                "{number:child was|children were} erased since; their ids: registry release erased "
                "{name}",
                number=one.erased,
                name=one.name,
            )
        )
    if one.dropped:
        typer.echo(
            tr("dropped by {person}: {reason}", person=one.dropped_by, reason=one.dropped_reason)
        )
        return
    listed = store.left_out(connection, one.name)
    typer.echo(tr("{number:child was|children were} left out.", number=len(listed)))
    if listed:
        print_rows(listed, Format.TABLE, ("patient_id", "reason"))
