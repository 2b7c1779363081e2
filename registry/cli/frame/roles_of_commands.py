"""Which roles each command is for beside who owns the registry, who may run every one.

The database is what holds a login to this, by the rights of `database/roles`; said beforehand, a
refusal names the roles of the command instead of those of the table that it met first. A test runs
every command as every role, and shows them in docs/roles.md.
"""

from __future__ import annotations

from collections.abc import Collection

from typer._click.globals import get_current_context

from registry.clinical_tables import BY_COMMAND
from registry.errors import Refused
from registry.words import tr

# M manager, E entry, for the children of its centres, and e where a command tells of no child,
# I identity, D derivation, A analyst, X inspector.
LETTERS = {
    "M": "registry_manager",
    "E": "registry_entry",
    "I": "registry_identity",
    "D": "registry_derivation",
    "A": "registry_analyst",
    "X": "registry_inspector",
}
OF_THE_MACHINE, NO_DATABASE = "of the machine", "no database"
_OF_RECORDS = {"add": "ME", "list": "MED", "show": "ME", "amend": "ME", "void": "ME"}
# A group of commands or a command -> for whom; what stands at the command counts.
_FOR = {
    "demo": OF_THE_MACHINE,
    "db": "",
    "db status": "MeIDX",
    "db url": "MeIDX",
    "db analyst": NO_DATABASE,
    "db psql": "A",
    "db serve": OF_THE_MACHINE,
    "db verify": OF_THE_MACHINE,
    "import": "ME",
    "codebook": NO_DATABASE,
    "template": NO_DATABASE,
    "patient show": "MED",
    "patient withdraw": "ME",
    "patient merge": "M",
    "patient erase": "",
    "patient erasures": "MDX",
    "consent list": "MEDX",
    "consent forms": "MEDX",
    "consent use-form": "M",
    "visit": "ME",
    "history": "MEX",
    "undo": "ME",
    "audit": "",
    "audit seal": "MD",
    "audit seals": "MDX",
    "audit list": "MX",
    "audit show": "MX",
    "audit stamps": "MDX",
    "audit check": NO_DATABASE,
    "freeze": "",
    "freeze list": "MDX",
    "freeze show": "MDX",
    "sign": "MEDX",
    "sign password": "ME",
    "sign patient": "ME",
    "sign freeze": "",
    "sign limit": "MeIDX",
    "sign file": "M",
    "lock": "M",
    "lock list": "MDX",
    "unlock": "M",
    "validate": OF_THE_MACHINE,
    "release": "M",
    "release create": "",
    "release drop": "",
    "study": "M",
    "study key": NO_DATABASE,
    "study combine": NO_DATABASE,
    "study show": NO_DATABASE,
    "study sent": "MDX",
    "feed": "M",
    "feed codes": "MEDX",
    "hub": "",
    "derive": "MD",
    "status": "MED",
    "explain": "MED",
    "definition": "MeD",
    "definition default": "M",
    "definition add": "M",
    "identity": "I",
    "disclosure": "MeIDX",
    "role": "",
    "role list": "MDX",
    "centre": "M",
    "centre list": "MED",
    "centre report": "MD",
    "assay": "M",
    "assay list": "MED",
    "analyse": "MED",
    "analyse sensitivity": "M",
    "worklist": "ME",
    "worklist list": "MED",
    "worklist rules": "M",
    "worklist parameters": "M",
    "quality": "MD",
    "quality list": "MEDX",
    "quality trend": "MDX",
    "query": "ME",
    "query list": "MEDX",
    "query show": "MEDX",
    "schedule": "D",
    "schedule backup": "",
    "schedule status": "MD",
    "schedule show": NO_DATABASE,
    "report": "MED",
    "dossier": "MD",
    "sql": "MEDAX",
    "export": "MED",
    "synth": NO_DATABASE,
}


def said_of(words: str) -> str:
    """The letters of a command, or that it has no need of a login."""
    group, _, verb = words.partition(" ")
    if words not in _FOR and group in BY_COMMAND:
        return _OF_RECORDS[verb]
    return _FOR.get(words, _FOR.get(group, ""))


def roles_for(words: str) -> list[str]:
    """The roles of a command, without the owner."""
    return [role for letter, role in LETTERS.items() if letter in said_of(words).upper()]


def hold_to_roles(having: Collection[str]) -> None:
    """Raises Refused where the command that runs is for none of the roles that a login has."""
    from registry.database.roles import OWNER_ROLE, needs

    words = command_that_runs()
    if words is None or said_of(words) in (OF_THE_MACHINE, NO_DATABASE):
        return
    roles = roles_for(words)
    if having and not set(having) & set(roles):
        raise Refused(
            tr("This login may not run: registry {command}", command=words),
            cure=needs([*roles, OWNER_ROLE]),
        )


def command_that_runs() -> str | None:
    """The words by which it was called; None where no command is at work."""
    found: list[str] = []
    context = get_current_context(silent=True)
    while context is not None and context.parent is not None:
        found.insert(0, str(context.info_name))
        context = context.parent
    return " ".join(found) or None
