"""`registry role`: which login has which role of the registry, and for which centres."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.context import changing, reading, require_reason
from registry.cli.frame.options import CentresOption, ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_rows
from registry.cli.frame.signatures import argument
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = typer.Typer(no_args_is_help=True, help="Which login has which role, and for which centres.")
COLUMNS = ("role", "login", "centres", "purpose")

LoginArgument = Annotated[str, argument("LOGIN", "A login of the server.")]
RoleArgument = Annotated[str, argument("ROLE", "One that `role list` names.")]


@app.command("list")
def list_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the roles, what each is for, and the logins that have them.

    Example: registry role list
    """
    from registry.entry.logins import list_roles

    with reading(context) as connection:
        print_rows(list_roles(connection), form, COLUMNS)


@app.command("grant")
def grant_command(
    context: typer.Context,
    login: LoginArgument,
    role: RoleArgument,
    centres: CentresOption = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Give a login a role; one of registry_entry sees the children of the centres that are named.

    Who has the role already gets these centres in place of those before.

    Example: registry role grant anna registry_entry --centre BCH --reason "begins here"
    """
    from registry.entry.logins import grant_role

    def grant(connection: Connection, who: str, why: str) -> None:
        grant_role(connection, login, role, centres or [], user=who, reason=why)

    _change(context, grant, login, user, reason, form)


@app.command("revoke")
def revoke_command(
    context: typer.Context,
    login: LoginArgument,
    role: RoleArgument,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Take a role from a login, with the centres it had by it.

    Example: registry role revoke anna registry_entry --reason "has left"
    """
    from registry.entry.logins import revoke_role

    def revoke(connection: Connection, who: str, why: str) -> None:
        revoke_role(connection, login, role, user=who, reason=why)

    _change(context, revoke, login, user, reason, form)


def _change(
    context: typer.Context,
    change: Callable[[Any, str, str], None],
    login: str,
    user: str | None,
    reason: str | None,
    form: Format,
) -> None:
    reason = require_reason(reason, tr("Who may see what is changed only for a reason."))
    from registry.entry.logins import list_roles

    with changing(context, user) as (connection, person):
        change(connection, person, reason)
        rows = [row for row in list_roles(connection) if row["login"] == login]
        print_rows(rows, form, COLUMNS)
