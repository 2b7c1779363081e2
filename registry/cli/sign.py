"""`registry sign`: names, moments and meanings under records, freezes and files."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.completion import FreezeArgument, RequiredPatient
from registry.cli.frame.context import opened, reading, remark, require_reason, run_of
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_one, print_rows
from registry.cli.frame.signatures import argument, flag, option, setting
from registry.errors import Refused, WrongUsage
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.signing.signatures import Signature, Signed

app = typer.Typer(
    no_args_is_help=True,
    help="Sign a child's record, a freeze or a file, with a password that is entered again.",
)
COLUMNS = ("number", "what", "meaning", "signed_by", "signed_at", "authentication", "sha256")

MeaningOption = Annotated[
    str, option("--meaning", "TEXT", "What it means: reviewed, approved, written by.")
]


@app.command("password")
def password_command(
    context: typer.Context,
    forgotten: Annotated[
        bool, flag("--forgotten", "Without the old one; needs a --reason.")
    ] = False,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Make or change the password that you sign with; the registry keeps a salted hash of it.

    On a server that asks for a password you sign with that one, and need none here.

    Example: registry sign password
    """
    from registry.signing import password as passwords

    if forgotten:
        require_reason(reason, tr("A forgotten password needs a reason."))
    settings = run_of(context).settings(user)
    with opened(settings) as database, database.engine.begin() as connection:
        who = passwords.asked_for(connection, database, settings.user)
        if who.by == "database_password":
            raise Refused(
                tr("On this server you sign with the password of {person}.", person=who.person)
            )
        if passwords.has_password(connection, who.person) and not forgotten:
            passwords.require(database, who, _entered(tr("Old password: ")))
        new = _entered(tr("New password: "))
        if new != _entered(tr("Once more: ")):
            raise Refused(tr("The two are not the same."), cure=tr("Nothing was changed."))
        why = reason or tr("made by whoever signs with it")
        passwords.set_password(connection, who.person, new, user=settings.user, reason=why)
    remark("{person} signs with it from now on.", person=who.person)


@app.command("limit")
def limit_command(
    context: typer.Context,
    wrong: Annotated[int | None, setting("wrong_passwords", "--wrong", "So many in a row.")] = None,
    minutes: Annotated[
        int | None, setting("password_wait_minutes", "--minutes", "So long a wait.")
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show or set after how many wrong passwords in a row a person waits, and how long.

    The count is kept in the registry and begins anew with a signature, not with a new password.
    Every wrong one is in the audit, without what was entered.

    Example: registry sign limit --wrong 3 --minutes 60 --reason "our rule for signatures"
    """
    from registry.records.registry_setting import set_settings, settings_of
    from registry.signing.password import LIMIT

    settings = run_of(context).settings(user)
    with opened(settings) as database, database.engine.begin() as connection:
        set_settings(
            connection,
            LIMIT,
            {"wrong": wrong, "minutes": minutes},
            user=settings.user,
            command="sign limit",
            reason=(reason or "").strip() or "sign limit",
        )
        found = settings_of(connection, LIMIT)
    print_one(found, form)


@app.command("patient")
def patient_command(
    context: typer.Context,
    patient: RequiredPatient,
    meaning: MeaningOption,
    user: UserOption = None,
) -> None:
    """Sign all records of a child as they are now.

    Example: registry sign patient P023 --meaning reviewed
    """
    from registry.signing.signatures import record_of

    _sign(context, user, meaning, lambda connection: record_of(connection, patient))


@app.command("freeze")
def freeze_command(
    context: typer.Context,
    name: FreezeArgument,
    meaning: MeaningOption,
    user: UserOption = None,
) -> None:
    """Sign what a freeze holds.

    Example: registry sign freeze paper_2026 --meaning approved
    """
    _sign(context, user, meaning, lambda connection: _freeze(connection, name))


@app.command("file")
def file_command(
    context: typer.Context,
    file: Annotated[Path, argument("FILE", "A report, or any file.")],
    meaning: MeaningOption,
    user: UserOption = None,
) -> None:
    """Sign a file, by its hash; the file itself is not kept.

    Example: registry sign file report.html --meaning approved
    """
    from registry.signing.signatures import file_of

    signed = file_of(file)
    _sign(context, user, meaning, lambda _: signed)


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the signatures: what, by whom, when, what it means.

    Example: registry sign list
    """
    from registry.signing.signatures import signatures

    with reading(context) as connection:
        _show(signatures(connection), form)


@app.command("verify")
def verify_command(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, argument("FILE", "Files whose signatures are looked for.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say whether what was signed is as it was, and what was done to it since.

    Children and freezes are always held to their signatures, files where they are named. Ends
    with 1 when something has changed or a file bears no signature.

    Example: registry sign verify
    """
    from registry.signing.signatures import signatures, under_file

    rows: list[dict[str, Any]] = []
    with reading(context) as connection:
        signed = [one for one in signatures(connection) if one.file is None]
        rows += [_held(connection, one) for one in signed]
        for file in files or []:
            found = under_file(connection, file)
            rows += [_told(one, tr("unchanged")) for one in found]
            if not found:
                unsigned = {"what": tr("file {name}", name=file.name)}
                rows.append(unsigned | {"state": tr("not signed as it is"), "as_signed": False})
    print_rows(rows, form, ("what", "meaning", "signed_by", "signed_at", "state"))
    if not all(row["as_signed"] for row in rows):
        raise typer.Exit(1)


def _sign(
    context: typer.Context,
    user: str | None,
    meaning: str,
    signed: Callable[[Connection], Signed],
) -> None:
    from registry.signing import password as passwords
    from registry.signing.signatures import sign

    if not meaning.strip():
        raise WrongUsage(tr("A signature says what it means."), cure=tr("Add --meaning reviewed"))
    settings = run_of(context).settings(user)
    with (
        opened(settings) as database,
        database.engine.connect().execution_options(
            isolation_level="REPEATABLE READ"
        ) as connection,
    ):
        what = signed(connection)
        who = passwords.asked_for(connection, database, settings.user)
        # Nothing is held while a person types.
        connection.rollback()
        password = _entered(tr("Password of {person}: ", person=who.person))
        entered = passwords.require(database, who, password)
        if signed(connection) != what:
            raise Refused(tr("It was changed meanwhile."), cure=tr("Nothing was signed."))
        made = sign(connection, what, who.person, entered, meaning)
        connection.commit()
    typer.echo(
        tr(
            "{what} is signed by {person} on {moment}: {meaning}. SHA-256 {sha256}",
            what=made.what,
            person=made.signed_by,
            moment=made.signed_at.isoformat(timespec="seconds"),
            meaning=made.meaning,
            sha256=made.sha256,
        )
    )


def _freeze(connection: Connection, name: str) -> Signed:
    from registry.freezes import store
    from registry.freezes.content import content_of, sha256_of
    from registry.freezes.tables import sources
    from registry.signing.signatures import Signed

    found = store.get(connection, name)
    if found.dropped:
        raise Refused(tr("The freeze {name} was dropped.", name=name))
    held = content_of(connection, found.frozen.place, sources(connection), found.content)
    return Signed(sha256_of(held), freeze_name=name)


def _held(connection: Connection, one: Signature) -> dict[str, Any]:
    """A signature under a child or a freeze, with what has become of it."""
    from registry.signing.signatures import changes_since, is_unchanged

    if one.freeze is not None:
        try:
            same = _freeze(connection, one.freeze).sha256 == one.sha256
        except Refused:
            return _told(one, tr("dropped"), as_signed=False)
        return _told(one, tr("unchanged") if same else tr("changed"), as_signed=same)
    if is_unchanged(connection, one):
        return _told(one, tr("unchanged"))
    since = changes_since(connection, one)
    last = since[-1] if since else None
    state = tr("changed")
    if last is not None:
        state = tr(
            "changed: {number:change|changes} since, the last on {moment} by {person}: {reason}",
            number=len(since),
            moment=last["made_at"].isoformat(timespec="seconds"),
            person=last["made_by"],
            reason=last["reason"] or tr("no reason given"),
        )
    return _told(one, state, as_signed=False) | {"changes": since}


def _told(one: Signature, state: str, *, as_signed: bool = True) -> dict[str, Any]:
    return one.to_json() | {"what": one.what, "state": state, "as_signed": as_signed}


def _show(found: list[Signature], form: Format) -> None:
    rows = [one.to_json() | {"what": one.what} for one in found]
    print_rows(rows, form, COLUMNS)


def _entered(words: str) -> str:
    """A password, never from the command line; from a pipe a line of it."""
    if sys.stdin.isatty():
        return getpass.getpass(words)
    return sys.stdin.readline().rstrip("\n")
