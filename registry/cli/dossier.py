"""`registry dossier`: the registry described as authorities ask for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.frame.context import opened, remark, run_of
from registry.cli.frame.disclosure import DisclosureOption, audience_of
from registry.cli.frame.options import DefinitionOption, ForceOption
from registry.cli.frame.signatures import option
from registry.disclosure.audience import Audience
from registry.whole_file import require_free
from registry.words import in_english


def dossier_command(
    context: typer.Context,
    to: Annotated[Path, option("--to", "FILE", "Ending .html, .md or .json.")],
    definition: DefinitionOption = None,
    disclosure: DisclosureOption = None,
    force: ForceOption = False,
) -> None:
    """Describe the registry in the items of EMA's guideline on registry-based studies and REQueST.

    Each number is read from the database; what only people know is asked for. With --disclosure
    publish few children are told as fewer than the registry's limit.

    Example: registry dossier --to dossier.html
    """
    from registry.derivation.status import bring_up_to_date
    from registry.records.registry_setting import definition_or_default, disclosure_setting
    from registry.report.dossier import dossier, write_dossier

    require_free(to, force=force)
    settings = run_of(context).settings()
    with opened(settings) as database:
        bring_up_to_date(database.engine, user=settings.user)
        with database.engine.connect().execution_options(
            isolation_level="REPEATABLE READ"
        ) as connection:
            publish = audience_of(connection, disclosure) is Audience.PUBLISH
            fewest = int(disclosure_setting(connection)["limit"]) if publish else None
            named = definition_or_default(connection, definition)
            with in_english():
                document = dossier(connection, named, fewest=fewest)
        write_dossier(document, to)
    open_items = sum(1 for item in document["items"] if item["to_state"])
    remark(
        "{items:item|items} written to {file}; in {stated} of them there is something to state "
        "that no database knows.",
        items=len(document["items"]),
        file=to,
        stated=open_items,
    )
