"""Says that a registry is the demo's, and keeps real children out of it."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Annotated

from registry.cli.frame.signatures import flag
from registry.cli.records.prompts import agrees, may_ask
from registry.errors import Refused
from registry.words import tr

if TYPE_CHECKING:
    from registry.database.engine import Database

IntoDemoOption = Annotated[
    bool, flag("--into-demo", "Write into the demo's registry without being asked.")
]


def hold_to_demo(database: Database, into_demo: bool, *, no_input: bool = False) -> None:
    """Asks before a record that is not the demo's is written into it; Refused in a pipe."""
    from registry.records.registry_setting import is_demo

    if into_demo:
        return
    with database.engine.connect() as connection:
        if not is_demo(connection):
            return
    if may_ask(no_input):
        words = tr(
            "This is the demo's registry, of synthetic children. Write into it all the same?"
        )
        if agrees(words):
            return
        raise Refused(tr("Nothing was stored."))
    raise Refused(
        tr("This is the demo's registry, of synthetic children: nothing was stored."),
        cure=tr("Your own is another --home (or REGISTRY_HOME); --into-demo writes here."),
    )


def nature_of_demo() -> str:
    """What the demo's data are, as its report says it."""
    return (resources.files("registry.demo") / "NATURE.txt").read_text(encoding="utf-8").strip()
