"""Publication and subscription: how a hospital's copy comes to a hub, and what state that is in.

PostgreSQL does the work. What is published is named column by column, and row by row by the
hospital's code, so that a hub which itself sends on publishes nothing of others.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from registry.database.engine import Database, first_line, server_url, shown
from registry.database.roles import quoted
from registry.errors import NotFound, Refused, WrongUsage
from registry.hub.send import Sent, bring, sends_as
from registry.models import table_of
from registry.models.hub import HOSPITAL_CODE, HubLeaving, HubRecord
from registry.records.change import declare_change, summarise_change
from registry.words import tr

PUBLICATION = "registry_hub"
PUBLISHED = (HubRecord, HubLeaving)
REASON = "asked for on the command line"


def publish(
    database: Database, hospital: str, *, subscriber: str | None, user: str, reason: str | None
) -> Sent:
    """Fills the copy of this hospital and publishes it; again it is brought up to date.

    `subscriber` is the login by which the hub comes and may read the copy then. Refused on a server
    that cannot replicate, and under another code than before.
    """
    _require_server(database)
    _require_code(hospital)
    with database.engine.begin() as connection:
        level = connection.exec_driver_sql("show wal_level").scalar_one()
        if level != "logical":
            raise Refused(
                tr("The server does not replicate: its wal_level is {level}.", level=level),
                cure=tr(
                    "Its administrator runs: alter system set wal_level = logical; and starts the "
                    "server again."
                ),
            )
        before = sends_as(connection)
        if before not in (None, hospital):
            raise Refused(
                tr("This registry is published as {hospital} already.", hospital=before),
                cure=tr("First end that: registry hub unpublish"),
            )
        if before is None:
            _set_code(connection, hospital, "hub publish", user, reason)
        sent = bring(connection)
        if not _is_published(connection):
            tables = ", ".join(
                f"{table.fullname} ({', '.join(column.name for column in table.columns)}) "
                f"where (hospital = '{hospital}')"
                for table in map(table_of, PUBLISHED)
            )
            connection.exec_driver_sql(f"create publication {PUBLICATION} for table {tables}")
        if subscriber is not None:
            _let_in(connection, subscriber)
    return sent


def unpublish(database: Database, *, user: str, reason: str | None) -> str:
    """Ends the publication and takes the copy away; the code it had. What a hub has stays there."""
    with database.engine.begin() as connection:
        hospital = sends_as(connection)
        if hospital is None:
            raise Refused(tr("This registry sends nothing to a hub."))
        connection.exec_driver_sql(f"drop publication if exists {PUBLICATION}")
        for table in map(table_of, PUBLISHED):
            connection.execute(
                text(f"delete from {table.fullname} where hospital = :hospital"),
                {"hospital": hospital},
            )
        _set_code(connection, None, "hub unpublish", user, reason)
    return hospital


def subscribe(database: Database, hospital: str, url: str) -> None:
    """Lets the records of a hospital come from its server from now on.

    The server keeps the password of `url`, for its superusers alone to read. Refused where the
    login may not subscribe, or the hospital's server cannot be reached.
    """
    _require_server(database)
    _require_code(hospital)
    given = server_url(url)
    with database.engine.connect() as connection:
        if sends_as(connection) == hospital:
            raise WrongUsage(tr("{hospital} is this registry itself.", hospital=hospital))
        if any(row["hospital"] == hospital for row in subscriptions(connection)):
            raise Refused(
                tr("The records of {hospital} come already.", hospital=hospital),
                cure=tr("First end that: registry hub unsubscribe {hospital}", hospital=hospital),
            )
    conninfo = given.set(drivername="postgresql").render_as_string(hide_password=False)
    literal = "'" + conninfo.replace("'", "''") + "'"
    _alone(
        database.engine,
        f"create subscription {_name(hospital)} connection {literal} publication {PUBLICATION}",
        refusal=tr("{server} does not publish to this hub", server=shown(given)),
    )


def unsubscribe(database: Database, hospital: str) -> bool:
    """Ends a subscription and takes away what lies there of it; whether the hospital's end is gone.

    What was gathered stays in the registry. Where the hospital's server cannot be reached, it keeps
    the changes for this hub until its administrator drops the slot.
    """
    with database.engine.connect() as connection:
        if all(row["hospital"] != hospital for row in subscriptions(connection)):
            raise NotFound(tr("No records of {hospital} come here.", hospital=hospital))
    name, refusal = _name(hospital), tr("It cannot be ended")
    clean = True
    try:
        _alone(database.engine, f"drop subscription {name}", refusal=refusal)
    except Refused:
        # Its server is away: without the slot there this end can go alone.
        clean = False
        for statement in (
            f"alter subscription {name} disable",
            f"alter subscription {name} set (slot_name = none)",
            f"drop subscription {name}",
        ):
            _alone(database.engine, statement, refusal=refusal)
    with database.engine.begin() as connection:
        for table in map(table_of, PUBLISHED):
            connection.execute(
                text(f"delete from {table.fullname} where hospital = :hospital"),
                {"hospital": hospital},
            )
    return clean


def subscriptions(connection: Connection) -> list[dict[str, Any]]:
    """Of each subscription the hospital, whether it is enabled and when it was last heard of."""
    rows = connection.execute(
        text(
            "select upper(substr(s.subname, :from)) as hospital, s.subenabled as enabled, "
            "bool_or(t.pid is not null) as connected, max(t.latest_end_time) as heard_at, "
            "(select bool_and(r.srsubstate = 'r') from pg_subscription_rel r "
            "where r.srsubid = s.oid) as copied "
            "from pg_subscription s left join pg_stat_subscription t on t.subid = s.oid "
            "where s.subdbid = (select oid from pg_database where datname = current_database()) "
            "and s.subname like :like group by s.oid, s.subname, s.subenabled order by 1"
        ),
        {"from": len(PUBLICATION) + 2, "like": f"{PUBLICATION}\\_%"},
    ).mappings()
    return [dict(row) for row in rows]


def listed(connection: Connection) -> list[dict[str, Any]]:
    """What this registry sends and what comes to it, a row a hospital, with counts."""
    own = sends_as(connection)
    counts = {
        row["hospital"]: dict(row)
        for row in connection.execute(
            text(
                "select r.hospital, count(distinct r.number) as children, count(*) as records, "
                "count(distinct c.here) as gathered, (select count(*) from derived.hub_leaving l "
                "where l.hospital = r.hospital) as left_since from derived.hub_record r "
                "left join derived.hub_child c using (hospital, number) group by r.hospital"
            )
        ).mappings()
    }
    none = {"children": 0, "records": 0, "gathered": 0, "left_since": 0}
    rows = [
        {"hospital": row["hospital"], "direction": tr("comes"), "state": _state(row),
         "heard_at": row["heard_at"]} | none | counts.pop(row["hospital"], {})
        for row in subscriptions(connection)
    ]  # fmt: skip
    if own is not None:
        state = "" if _is_published(connection) else tr("not published: registry hub publish")
        rows.insert(
            0,
            {"hospital": own, "direction": tr("is sent"), "state": state, "heard_at": None}
            | none
            | counts.pop(own, {})
            | {"gathered": None},
        )
    return rows


def _state(row: dict[str, Any]) -> str:
    if not row["enabled"]:
        return tr("stopped")
    if not row["connected"]:
        return tr("not reached, or keeps no changes for this hub")
    return "" if row["copied"] else tr("the first copy is on its way")


def _require_server(database: Database) -> None:
    if database.embedded:
        raise Refused(
            tr("The embedded server takes no connections from elsewhere."),
            cure=tr("A hub and its hospitals have their registries on servers: --database-url"),
        )


def _require_code(hospital: str) -> None:
    if not re.fullmatch(HOSPITAL_CODE, hospital):
        raise WrongUsage(
            tr("{hospital} is no code of a hospital.", hospital=hospital),
            cure=tr("Two to ten capital letters and digits, as BCH."),
        )


def _name(hospital: str) -> str:
    return f"{PUBLICATION}_{hospital.lower()}"


def _set_code(
    connection: Connection, hospital: str | None, command: str, user: str, reason: str | None
) -> None:
    declare_change(connection, user=user, command=command, reason=reason or REASON)
    connection.execute(
        text("update reference.registry_setting set hub_hospital = :hospital"),
        {"hospital": hospital},
    )
    summarise_change(connection, hospital or "ended")


def _is_published(connection: Connection) -> bool:
    found = connection.execute(
        text("select exists (select from pg_publication where pubname = :name)"),
        {"name": PUBLICATION},
    )
    return bool(found.scalar_one())


def _let_in(connection: Connection, login: str) -> None:
    """Lets the hub's login read the copy, and nothing else."""
    replicates = connection.execute(
        text("select rolreplication from pg_roles where rolname = :login"), {"login": login}
    ).scalar_one_or_none()
    if not replicates:
        raise Refused(
            tr("{login} is no login of this server that may replicate.", login=login),
            cure=tr(
                "Its administrator runs: create role {login} login replication password '...'",
                login=quoted(login),
            ),
        )
    name = connection.exec_driver_sql("select current_database()").scalar_one()
    connection.exec_driver_sql(f"grant connect on database {quoted(name)} to {quoted(login)}")
    connection.exec_driver_sql(f"grant usage on schema derived to {quoted(login)}")
    for table in map(table_of, PUBLISHED):
        connection.exec_driver_sql(f"grant select on {table.fullname} to {quoted(login)}")


def _alone(engine: Engine, statement: str, *, refusal: str) -> None:
    """Runs what may not be in a transaction. Its words may hold a password and are never shown."""
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state == "42501":
            raise Refused(
                tr("This login may not subscribe."),
                cure=tr(
                    "The server's administrator runs: grant pg_create_subscription to LOGIN; grant "
                    "create on database NAME to LOGIN. Before PostgreSQL 16 only a superuser "
                    "subscribes."
                ),
            ) from None
        said = first_line(error.orig)
        raise Refused(f"{refusal}: {re.sub('password=[^ ]+', 'password=***', said)}.") from None
