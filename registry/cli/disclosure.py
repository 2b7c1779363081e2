"""`registry disclosure`: for whom results are made unless told otherwise, and their limits."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.frame.context import changing
from registry.cli.frame.options import ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_one
from registry.cli.frame.signatures import argument, setting
from registry.disclosure.audience import Audience


def disclosure_command(
    context: typer.Context,
    level: Annotated[
        Audience | None, argument("LEVEL", "For whom results are made from now on.")
    ] = None,
    limit: Annotated[
        int | None, setting("smallest_group", "--limit", "The fewest children told of.")
    ] = None,
    rounds: Annotated[
        int | None, setting("study_rounds", "--rounds", "The most of one study.")
    ] = None,
    studies: Annotated[
        int | None, setting("studies_of_definition", "--studies", "The most of one definition.")
    ] = None,
    reason: ReasonOption = None,
    user: UserOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show or set whether results are made to leave the centre, and how few those may tell of.

    The limit holds for releases of data as well, and for studies over several hospitals; --rounds
    and --studies are what is answered of those.

    Without a reason the command itself stands in its place.

    Example: registry disclosure publish --limit 10 --reason "all results go to the network"
    """
    from registry.records.registry_setting import disclosure_setting, set_disclosure

    with changing(context, user) as (connection, person):
        set_disclosure(
            connection,
            user=person,
            reason=(reason or "").strip() or "disclosure",
            level=level and level.value,
            limit=limit,
            rounds=rounds,
            studies=studies,
        )
        setting = disclosure_setting(connection)
    print_one(setting, form)
