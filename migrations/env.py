"""Runs the migrations inside the caller's transaction and rebuilds the views at head."""

from __future__ import annotations

from alembic import context

from registry.database import migrate, partitions
from registry.models import all_tables
from registry.models.comments import write_comments
from registry.views.build import build_views, drop_views, let_in

SCHEMAS = {"clinical", "reference", "derived", "audit"}

config = context.config
connection = config.attributes["connection"]


def included(name: str | None, kind: str, parent: object) -> bool:
    """Only the registry's own schemas are compared with the models."""
    return name in SCHEMAS if kind == "schema" else True


context.configure(
    connection=connection,
    target_metadata=all_tables(),
    include_schemas=True,
    include_name=included,
    compare_type=True,
    autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    # One is done, so the next one's turn has come.
    on_version_apply=lambda **_applied: next(revisions, None),
)

if config.attributes.get("compare_only"):
    context.run_migrations()
else:
    # What a migration changes in audited tables is the upgrade's. At once, since a table cannot be
    # altered while a trigger on it waits for the commit.
    connection.exec_driver_sql(
        "set constraints all immediate; "
        "select set_config('registry.command', 'db upgrade', true), "
        "set_config('registry.reason', 'upgrade to the revision of the program', true)"
    )
    # A view would stand in the way of a change of type; none is read by a migration.
    drop_views(connection)
    # A downgrade finds the tables as the migrations made them.
    if config.attributes.get("whole"):
        partitions.divide(connection, 1)
    current = context.get_context().get_current_revision()
    revisions = migrate.told(current, context.get_revision_argument())
    next(revisions, None)
    context.run_migrations()
    at_head = set(context.get_context().get_current_heads()) == set(context.script.get_heads())
    if at_head and not config.attributes.get("without_views"):
        number = config.attributes.get("partitions")
        if number is None:
            number = partitions.number_of(connection)
        partitions.divide(connection, number)
        write_comments(connection)
        build_views(connection)
        # What is kept of the worklist was found by the rules of before.
        connection.exec_driver_sql("delete from derived.kept_worklist")
        let_in(connection, embedded=config.attributes.get("embedded", False))
