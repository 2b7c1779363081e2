"""`registry db`: the database itself."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.audit.group import told
from registry.cli.db.backup import backup_command, restore_command
from registry.cli.db.proved_backup import verify_command
from registry.cli.frame.context import opened, reached, remark, run_of
from registry.cli.frame.options import UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows, steps_shown
from registry.cli.frame.signatures import argument, flag
from registry.errors import NotFound, Refused, WrongUsage
from registry.words import tr

app = typer.Typer(help="Make, upgrade and reach the database.")
app.command("backup")(backup_command)
app.command("restore")(restore_command)
app.command("verify")(verify_command)


@app.command("upgrade")
def upgrade_command(context: typer.Context) -> None:
    """Create the registry in an empty database, or bring it up to this program.

    Example: registry db upgrade
    """
    from registry.database import migrate
    from registry.database.engine import open_database
    from registry.database.identities import are_apart, make_elsewhere, remember_apart
    from registry.database.rights import statements_of_administrator
    from registry.records.change import declare_change
    from registry.settings import IDENTITY_URL_VARIABLE

    settings = run_of(context).settings()
    with open_database(settings) as database:
        with database.engine.connect() as connection:
            before = migrate.status(connection)
        with steps_shown():
            migrate.upgrade(database)
        if settings.identity_url is not None:
            make_elsewhere(settings.identity_url)
        with database.engine.begin() as connection:
            if settings.identity_url is not None:
                declare_change(
                    connection,
                    user=settings.user,
                    command="db upgrade",
                    reason="identities are kept in another database",
                )
                remember_apart(connection)
            elif are_apart(connection):
                remark(
                    "The identities are in another database; set {variable} for an upgrade of "
                    "it, too.",
                    variable=IDENTITY_URL_VARIABLE,
                )
            after = migrate.status(connection)
            statements = statements_of_administrator(connection)
            if statements:
                remark(
                    "This login may not make or take on every role of the registry. "
                    "An administrator runs: {statements} Then: registry db upgrade",
                    statements=statements,
                )
    if before.current is None:
        words = tr("created")
    elif before.current == after.current:
        words = tr("as before; the views were built anew")
    else:
        words = tr("from {revision}", revision=before.current)
    remark("The registry is at revision {current} ({words}).", current=after.current, words=words)


@app.command("partition")
def partition_command(
    context: typer.Context,
    number: Annotated[int, argument("N", "How many; 1 makes the tables whole again.")],
) -> None:
    """Lay the large tables in so many hash partitions by patient, or make them whole again.

    Their rows are copied in one transaction, in which nobody reads or writes: it takes as long as a
    restore, and as much room again as the tables. Everything else is as before.

    Example: registry db partition 4
    """
    from registry.database import migrate
    from registry.database.partitions import TABLES, require_number

    require_number(number)
    with opened(run_of(context).settings()) as database, steps_shown():
        migrate.upgrade(database, partitions=number)
    tables = ", ".join(table.partition(".")[2] for table in TABLES)
    if number == 1:
        remark("Every table is whole.")
    else:
        remark("{number} partitions by patient each: {tables}.", number=number, tables=tables)


@app.command("status")
def status_command(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """Show server, revision and size; exit status 3 when it is not at the right migration.

    Of a standby also how far it is behind its primary.

    Example: registry db status
    """
    from registry.audit.catalogue import check_catalogue
    from registry.database import migrate
    from registry.database.engine import shown
    from registry.database.partitions import number_of
    from registry.database.standby import standby

    with (
        reached(run_of(context).settings()) as database,
        database.engine.connect() as connection,
    ):
        found = migrate.status(connection)
        sizes = migrate.table_sizes(connection) if found.at_head else []
        findings = check_catalogue(connection) if found.at_head else []
        follows, partitions = standby(connection), number_of(connection)
        document = {
            "url": shown(database.url),
            "embedded": database.embedded,
            "server": migrate.server_version(connection),
            "revision": found.current,
            "head": found.head,
            "at_head": found.at_head,
            "partitions": partitions,
            "standby": None if follows is None else follows.to_json(),
            "tables": sizes,
            "catalogue": [finding.to_json() for finding in findings],
        }
        if form is Format.JSON:
            print_json(document)
        elif form is Format.CSV:
            print_rows(sizes, form, ("table", "rows"))
        else:
            where = tr("embedded") if database.embedded else document["url"]
            typer.echo(f"PostgreSQL {document['server']}, {where}")
            if follows is not None:
                typer.echo(follows.told())
            if partitions > 1:
                typer.echo(tr("{number} partitions by patient", number=partitions))
            typer.echo(
                tr(
                    "revision {current}, this program needs {head}",
                    current=found.current or tr("none"),
                    head=found.head,
                )
                + "\n"
            )
            if sizes:
                print_rows(sizes, form)
        migrate.require_head(connection)
    if findings:
        raise Refused(
            tr(
                "The database is not as the migrations made it: {findings}", findings=told(findings)
            ),
            cure=tr("Somebody with the owner's rights did that; see: registry audit verify"),
        )


@app.command("url")
def url_command(
    context: typer.Context,
    analyst: Annotated[bool, flag("--analyst", "For the role that only reads the views.")] = False,
) -> None:
    """Print the connection URL; of the embedded server it works while `db serve` runs.

    Example: registry db url --analyst
    """
    from registry.database.engine import without_password
    from registry.database.roles import ANALYST_ROLE

    with opened(run_of(context).settings()) as database:
        url = database.url.set(drivername="postgresql")
        if analyst:
            url = without_password(url).set(username=ANALYST_ROLE)
            if not database.embedded:
                remark(
                    "On a server {role} has no password unless an administrator "
                    "gives it one; a login of your own that it was granted to can use "
                    "the views as well.",
                    role=ANALYST_ROLE,
                )
        typer.echo(url.render_as_string(hide_password=False))


@app.command("analyst")
def analyst_command(
    context: typer.Context,
    name: Annotated[str, argument("NAME", "Name of the login.")],
) -> None:
    """Print what an administrator's psql runs on a server to give an analyst a login of her own.

    It may read the views and nothing else, within limits of time and of the server's disk.
    The password is taken from REGISTRY_ANALYST_PASSWORD.

    Example: registry db analyst anna
    """
    from registry.database.analyst import login_statements

    typer.echo(login_statements(name))


@app.command("serve")
def serve_command(context: typer.Context) -> None:
    """Keep the embedded server running until Ctrl-C, for R, pandas or psql beside it.

    Example: registry db serve
    """
    import signal

    from registry.database.engine import shown
    from registry.database.roles import ANALYST_ROLE

    settings = run_of(context).settings()
    if settings.database_url is not None:
        raise WrongUsage(
            tr("The database URL names a server that runs by itself: there is nothing to serve."),
            cure=tr("See: registry db url"),
        )
    with opened(settings) as database:
        typer.echo(shown(database.url.set(username=ANALYST_ROLE)))
        remark("Serving the registry at this URL, read-only for analysts. Ctrl-C stops it.")
        try:
            signal.pause()
        except KeyboardInterrupt:
            remark("Stopped.")


@app.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql_command(context: typer.Context, user: UserOption = None) -> None:
    """Open psql on the database; further arguments go to psql.

    What is changed there is kept as done by the one who works, or by --user; psql's own name for
    its login is -U. Before a change: set registry.reason = 'why';

    Example: registry db psql -c "select count(*) from clinical.patient"
    """
    import os
    import re
    import shutil
    import signal
    import subprocess

    from registry.database.engine import shown

    settings = run_of(context).settings(user)
    with reached(settings) as database:
        program = str(database.programs / "psql") if database.programs else shutil.which("psql")
        if program is None:
            raise NotFound(
                tr("psql is not on the path."), cure=tr("Install PostgreSQL's client programs.")
            )
        environment = dict(os.environ)
        url = database.url
        named = "-c registry.user=" + re.sub(r"([\s\\])", r"\\\1", settings.user)
        if given := url.query.get("options"):
            # Of the URL, which the environment does not add to.
            url = url.update_query_dict({"options": f"{given} {named}"})
        else:
            environment["PGOPTIONS"] = f"{environment.get('PGOPTIONS', '')} {named}"
        password = database.url.password or database.url.query.get("password")
        if password is not None:
            # Not as an argument, which everybody on the computer could read.
            environment["PGPASSWORD"] = str(password)
        # Ctrl-C is psql's own: it ends a query there, not this program with psql left behind.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            ended = subprocess.run(
                [program, shown(url), *context.args], check=False, env=environment
            )
        finally:
            signal.signal(signal.SIGINT, before)
    raise typer.Exit(ended.returncode)
