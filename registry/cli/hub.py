"""`registry hub`: the records of several hospitals in one registry, by the servers' replication."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.frame.context import opened, reading, remark, run_of, warn
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, steps_shown
from registry.cli.frame.signatures import argument, option

app = typer.Typer(
    no_args_is_help=True,
    help="Records of several hospitals in one registry, where they may leave each of them.",
)
LISTED = ("hospital", "direction", "children", "records", "gathered", "left_since", "heard_at",
          "state")  # fmt: skip
GATHERED = ("hospital", "inserted", "updated", "unchanged", "taken_out", "voided", "erased")

HospitalArgument = Annotated[str, argument("HOSPITAL", "Its code, as it publishes itself.")]


@app.command("publish")
def publish_command(
    context: typer.Context,
    hospital: Annotated[str, option("--as", "CODE", "The code of this hospital at the hub.")],
    subscriber: Annotated[
        str | None, option("--to", "LOGIN", "The login by which the hub comes.")
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Send this registry's records to a hub: now, and with every night what has changed.

    No name, hospital number or free text is sent, nor a table whose records are told by one; no
    child who withdrew consent to research or to sharing, no genetic finding where that was
    withdrawn. An erased child leaves the hub as well.

    Example: registry hub publish --as BCH --to hub
    """
    from registry.hub.links import publish

    settings = run_of(context).settings(user)
    with opened(settings) as database:
        sent = publish(database, hospital, subscriber=subscriber, user=settings.user, reason=reason)
    if form is Format.JSON:
        print_json(sent.to_json())
        return
    rows = [{name: value for name, value in sent.to_json().items() if name != "tables_kept_back"}]
    print_rows(rows, form, ("hospital", "children", "records", "changed", "withheld"))
    remark(
        "Free text is not sent, nor these tables: {tables}.",
        tables=", ".join(sent.tables_kept_back),
    )


@app.command("unpublish")
def unpublish_command(
    context: typer.Context, reason: ReasonOption = None, user: UserOption = None
) -> None:
    """Send nothing any more. What a hub has gathered it keeps until it is told otherwise.

    Example: registry hub unpublish --reason "the agreement ended"
    """
    from registry.hub.links import unpublish

    settings = run_of(context).settings(user)
    with opened(settings) as database:
        hospital = unpublish(database, user=settings.user, reason=reason)
    remark("Nothing is sent as {hospital} any more.", hospital=hospital)


@app.command("subscribe")
def subscribe_command(
    context: typer.Context,
    hospital: HospitalArgument,
    url: Annotated[str, option("--from", "URL", "The hospital's database, with a login.")],
) -> None:
    """Let a hospital's records come to this registry, from now on. They are taken in by: hub gather

    The server keeps the login's password; only its superusers read it.

    Example: registry hub subscribe BCH --from postgresql://hub@db.bch.example/registry
    """
    from registry.hub.links import subscribe

    with opened(run_of(context).settings()) as database:
        subscribe(database, hospital, url)
    remark("The records of {hospital} are on their way: registry hub list", hospital=hospital)


@app.command("unsubscribe")
def unsubscribe_command(context: typer.Context, hospital: HospitalArgument) -> None:
    """Let nothing come from a hospital any more. What was gathered stays.

    Example: registry hub unsubscribe BCH
    """
    from registry.hub.links import unsubscribe

    with opened(run_of(context).settings()) as database:
        clean = unsubscribe(database, hospital)
    remark("Nothing comes from {hospital} any more.", hospital=hospital)
    if not clean:
        remark(
            "Its server was not reached and keeps what it would send until its administrator "
            "runs: select pg_drop_replication_slot('registry_hub_{hospital}')",
            hospital=hospital.lower(),
        )


@app.command("gather")
def gather_command(
    context: typer.Context, user: UserOption = None, form: FormatOption = Format.TABLE
) -> None:
    """Take what has come from every hospital into this registry, and take out what went there.

    A child is CODE-ID here. Who was erased there, or withdrew, is erased; who was voided is voided.
    Records that are refused leave the hospital as it was, and the others go on.

    Example: registry hub gather
    """
    from registry.hub.gather import gather

    settings = run_of(context).settings(user)
    with opened(settings) as database, steps_shown():
        found = gather(database, user=settings.user, identity_url=settings.identity_url)
    if form is Format.JSON:
        print_json([one.to_json() for one in found])
    else:
        rows = [one.to_json() | {"voided": len(one.voided)} for one in found]
        print_rows(rows, form, GATHERED)
    for one in found:
        for problem in one.problems:
            warn(f"{one.hospital}: {problem}")
        if not one.good:
            remark("Nothing of {hospital} was taken in.", hospital=one.hospital)
    if not all(one.good for one in found):
        raise typer.Exit(1)


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List what is sent to a hub and what comes to this one, and whether each server is reached.

    Example: registry hub list
    """
    from registry.hub.links import listed

    with reading(context) as connection:
        rows = listed(connection)
    print_rows(rows, form, LISTED)
    if not rows and form is Format.TABLE:
        remark("Nothing is sent to a hub, and nothing comes to one.")
