"""Every role against every command: what is declared, what the database does, what is said.

With REGISTRY_REWRITE_DOCS every command is run as every role, which takes minutes; else one of each
group that is refused, and some of what people and the night do all day.
"""

from __future__ import annotations

import io
import os
import re
import uuid
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.cli.frame import roles_of_commands
from registry.clinical_tables import BY_COMMAND
from registry.database.engine import Database
from registry.database.roles import ENTRY_ROLE, MANAGER_ROLE, OWNER_ROLE, ROLES
from registry.entry.logins import grant_role
from tests.architecture.test_command_line import COMMANDS
from tests.conftest import Databases, opened_for_test
from tests.docs.test_examples import example, folder
from tests.programs import Outcome, Program
from tests.roles.conftest import OTHERS, OWN, Login
from tests.roles.page import held_to_page

__all__ = ["folder"]

Words = tuple[str, ...]
GRANTED = [role.name for role in ROLES if role.name != OWNER_ROLE]
WITHOUT_LOGIN = (roles_of_commands.OF_THE_MACHINE, roles_of_commands.NO_DATABASE)
DAILY: dict[str, tuple[str, ...]] = {
    "registry_manager": (
        *("patient list", "infusion list", "status", "explain", "history", "audit list"),
        *("freeze list", "release list", "role list", "lock list", "definition list", "sql"),
    ),
    ENTRY_ROLE: (
        *("patient list", "infusion list", "status", "explain", "history", "query list"),
        *("quality list", "centre list", "sign list", "sql", "analyse flow", "export"),
    ),
    "registry_identity": ("identity list", "identity show", "identity twins", "identity audit"),
    "registry_derivation": ("derive", "quality trend", "status", "worklist list", "audit seals"),
    "registry_analyst": ("sql",),
    "registry_inspector": ("audit show", "audit seals", "patient erasures", "sign list"),
}
# Sessions that never end, and what asks an authority: nothing of theirs is another command's.
# Studies need envelopes of others, a hub servers that replicate, a feed its files; of a few
# children there is nothing that could be sensitive.
NOT_RUN = {
    *(("schedule", "run"), ("db", "psql"), ("audit", "stamp"), ("feed", "read")),
    ("analyse", "sensitivity"),
    *(("study", verb) for verb in ("new", "check", "answer")),
    *(words for words in COMMANDS if words[0] == "hub"),
}
# Their examples name what the registry of the daily tests has not, or they ask for a password.
UNPREPARED = {
    *NOT_RUN,
    *(("db", "restore"), ("patient", "merge"), ("undo",), ("freeze", "diff"), ("sql",)),
    *(("sign", "password"), ("sign", "patient"), ("sign", "freeze"), ("sign", "file")),
    *(("role", "grant"), ("role", "revoke"), ("worklist", "resume"), ("lock", "freeze")),
    *(("follow-up", "add"), ("feed", "read")),
}
LAST = [("patient", verb) for verb in ("void", "merge", "withdraw", "erase")]
ENDING = re.compile(r"Roles that may: (.+?)\. Who owns", re.S)


def cell(role: str, words: Words) -> str:
    """What the page says of a role and a command."""
    said = roles_of_commands.said_of(" ".join(words))
    if said in WITHOUT_LOGIN:
        return said
    if role not in roles_of_commands.roles_for(" ".join(words)):
        return "refused"
    return "own rows" if role == ENTRY_ROLE and "E" in said else "allowed"


def refused_by_database(outcome: Outcome) -> bool:
    """Whether it was for want of a right; never in the database's own words."""
    if "The database refused the query: permission denied" in outcome.err:
        return True  # of a statement of one's own
    for alarming in ("Traceback", "permission denied", "Unexpected error", "row-level security"):
        assert alarming not in outcome.err, outcome
    if ENDING.search(outcome.err) is None:
        return False
    assert outcome.status == 1, outcome
    assert OWNER_ROLE in outcome.err
    return True


def test_the_page_shows_every_command_and_every_role() -> None:
    lines = ["| command | " + " | ".join(GRANTED) + " |", "|---" * (len(GRANTED) + 1) + "|"]
    lines += [
        f"| `{' '.join(words)}` | " + " | ".join(cell(role, words) for role in GRANTED) + " |"
        for words in COMMANDS
    ]
    held_to_page("commands", "\n".join(lines) + "\n")


def test_every_line_of_the_declaration_is_of_a_command() -> None:
    named = {" ".join(words[: len(one.split())]) for words in COMMANDS for one in ("a", "a b")}
    declared = set(vars(roles_of_commands)["_FOR"])
    assert declared <= named
    assert {words[0] for words in COMMANDS} <= declared | set(BY_COMMAND)
    assert set(roles_of_commands.LETTERS.values()) == set(GRANTED)


@pytest.mark.parametrize("role", GRANTED)
def test_the_database_refuses_what_the_page_says(
    login_of: Login,
    program: Program,
    folder: Path,
    role: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether or not the program has asked beforehand, which says the roles of the command."""
    refused: dict[str, Words] = {}
    for words in COMMANDS:
        if cell(role, words) == "refused" and words not in UNPREPARED:
            refused.setdefault(words[0], words)
    for words in list(refused.values())[:: len(refused) // 5]:
        found = ENDING.search(program(login_of(role), *example(words)).refused(1))
        assert found is not None
        assert found[1].split(", ") == [*roles_of_commands.roles_for(" ".join(words)), OWNER_ROLE]
    monkeypatch.setattr(roles_of_commands, "hold_to_roles", lambda _: None)
    for words in refused.values():
        told = program(login_of(role), *own_child(words))
        assert refused_by_database(told), (words, told)


def own_child(words: Words) -> list[str]:
    """The example's arguments, of a child whom whoever enters for OWN may see."""
    if words == ("patient", "add"):
        return example(words)
    if words == ("disclosure",):
        return ["disclosure"]
    return [re.sub(r"^P\d{3}$", "P001", one) for one in example(words)]


@pytest.mark.parametrize("role", GRANTED)
def test_what_people_do_all_day_is_allowed(
    login_of: Login, program: Program, folder: Path, role: str
) -> None:
    for name in DAILY[role]:
        words = tuple(name.split())
        assert cell(role, words) != "refused"
        assert program(login_of(role), *example(words)).status == 0, name


if "REGISTRY_REWRITE_DOCS" in os.environ:

    @pytest.mark.parametrize("role", GRANTED)
    def test_every_command_as_every_role(
        databases: Databases,
        study_template: str,
        program: Program,
        folder: Path,
        role: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The database alone: the program asks nothing beforehand."""
        with opened_for_test(databases.create(study_template)) as registry:
            named = prepared(registry, program, role)
            monkeypatch.setattr(roles_of_commands, "hold_to_roles", lambda _: None)
            other = {}
            # A status that waits for the night would stand before what analyses.
            for words in sorted(COMMANDS, key=lambda one: (one in LAST, one[0] not in ANALYSING)):
                if words in NOT_RUN or cell(role, words) in WITHOUT_LOGIN:
                    continue
                if (role, words) == (ENTRY_ROLE, ("centre", "report")):
                    # This login sees its own centre alone, with nothing beside it.
                    continue
                lines = "a long password\na long password\n"
                monkeypatch.setattr("sys.stdin", io.StringIO(lines))
                outcome = program(named["its url"], *arguments(words, role, named))
                if refused_by_database(outcome) != (cell(role, words) == "refused"):
                    other[words] = outcome.err[:300]
            assert other == {}, sorted(other)


ANALYSING = ("analyse", "centre", "dossier", "export", "release", "report", "status")
SEEN = "select count(*) from {}"


def prepared(registry: Database, program: Program, role: str) -> dict[str, str]:
    """Makes what the examples name; a login of that role, and what stands for their numbers."""
    ids = {one for words in COMMANDS for one in re.findall(r"P\d{3}", " ".join(example(words)))}
    login = f"{role}_{uuid.uuid4().hex[:8]}"
    with registry.engine.begin() as connection:
        connection.execute(
            text(
                f"update clinical.patient set centre = '{OTHERS}' where patient_id not in "
                "(select patient_id from reference.patient_number where study_id = any(:ids))"
            ),
            {"ids": list(ids)},
        )
        change = connection.execute(
            text(
                "select max(audit_id) from audit.record_change join reference.patient_number "
                "using (patient_id) where table_name = 'infusion' and study_id = 'P023'"
            )
        ).scalar_one()
        connection.execute(text(f"create role {login} login"))
        connection.execute(text("drop role if exists anna"))
        connection.execute(text("create role anna login"))
        centres = [OWN] if role == ENTRY_ROLE else []
        grant_role(connection, login, role, centres, user="tester", reason="for a test")
    Path("laboratory").mkdir(exist_ok=True)
    Path("report.html").write_text("<p>as signed</p>", encoding="utf-8")
    adds = [words for words in COMMANDS if words[0] in BY_COMMAND and words[1] == "add"]
    writes = role in (MANAGER_ROLE, ENTRY_ROLE)
    for words in (
        *(("freeze", "create"), ("release", "create"), ("patient", "add"), ("feed", "map")),
        ("role", "grant"),
        *([] if writes else [one for one in adds if one[0] != "patient"]),
    ):
        assert program(registry, *example(words)).status == 0, words
    assert program(registry, "freeze", "create", "paper_2025").status == 0
    assert program(registry, "db", "backup", "registry.backup").status == 0
    assert program(registry, "derive").status == 0
    queries = program(registry, "query", "list", "--format", "json").document
    items = program(registry, "worklist", "list", "--format", "json").document
    aside = next(one["item"] for one in items if one["item"] != example(("worklist", "dismiss"))[2])
    assert program(registry, "worklist", "dismiss", aside, "--reason", "a test").status == 0
    return {
        "aside": aside,
        "its url": registry.url.set(username=login).render_as_string(hide_password=False),
        "4711": str(change),
        "/srv/laboratory": "laboratory",
        "a query": next(one["query_id"] for one in queries if one["patient_id"] in ids),
    }


def arguments(words: Words, role: str, named: dict[str, str]) -> list[str]:
    """Those of the example, of what is there."""
    given = [named.get(one, one) for one in example(words)]
    if words == ("patient", "add"):
        given = [one.replace("P900", "P901") for one in given]
    if words[0] == "query" and words[1] in ("show", "answer", "close", "reopen"):
        given[2] = named["a query"]
    if words == ("report",):
        given.append("--force")
    if role not in (MANAGER_ROLE, ENTRY_ROLE):
        # What the command before it would have made is not there.
        if words == ("worklist", "resume"):
            given[2] = named["aside"]
        if words == ("surgery", "void"):
            given = [one.replace("2020-02-03", "2020-02-02") for one in given]
    if words == ("sign", "limit"):
        return ["sign", "limit"]
    if words == ("db", "backup"):
        return ["db", "backup", "another.backup"]
    if words == ("release", "create"):
        return ["release", "create", "another", "--to", "another"]
    if words == ("disclosure",):
        # To set it is the owner's alone, to know it everybody's.
        return ["disclosure"]
    if words == ("sql",):
        given[1] = SEEN.format(
            "inspection.audit_row" if role == "registry_inspector" else "analytics.patient"
        )
    return given
