"""`registry role`, and whose name stands at what a login changes."""

from __future__ import annotations

import uuid

from sqlalchemy import text

from registry.database.engine import Database
from registry.database.roles import MANAGER_ROLE, OWNER_ROLE, needed
from tests.programs import Program
from tests.roles.conftest import Login

WHY = ("--reason", "begins here")


def test_a_role_is_given_and_taken_and_both_are_in_the_audit(
    study: Database, program: Program
) -> None:
    login = f"anna_{uuid.uuid4().hex[:8]}"
    with study.engine.begin() as connection:
        connection.execute(text(f"create role {login} login"))
    own = study.url.set(username=login).render_as_string(hide_password=False)
    said = program(own, "patient", "list").refused(1)
    assert "no role of the registry" in said
    assert "--reason" in program(study, "role", "grant", login, "registry_manager").refused(2)
    assert "for centres" in program(study, "role", "grant", login, "registry_entry", *WHY).refused(
        2
    )
    assert "no centre XXX" in program(
        study, "role", "grant", login, "registry_entry", "--centre", "XXX", *WHY
    ).refused(1)
    given = program(study, "role", "grant", login, "registry_entry", "--centre", "BCH", *WHY)
    assert "BCH" in given.out
    listed = program(study, "role", "list", "--format", "json").document
    [row] = [row for row in listed if row["login"] == login]
    assert (row["role"], row["centres"]) == ("registry_entry", "BCH")
    assert program(own, "patient", "list").status == 0
    add = ("anthropometry", "add", "P001", "--measured-on", "2019-09-09", "--weight-kg", "40")
    assert program(own, "--user", "somebody else", *add).status == 0
    said = program(own, "role", "grant", login, "registry_manager", *WHY).refused(1)
    assert "registry_owner" in said
    taken = program(study, "role", "revoke", login, "registry_entry", "--reason", "has left")
    assert taken.status == 0
    assert "no role of the registry" in program(own, "patient", "list").refused(1)
    kept = program(study, "audit", "list", "--table", "login_role", "--format", "json").document
    assert [(row["operation"], row["reason"]) for row in kept] == [
        ("insert", "begins here"),
        ("delete", "has left"),
    ]
    with study.engine.connect() as connection:
        who = connection.execute(
            text(
                "select made_by, database_role from reference.change_set "
                "where command = 'anthropometry add'"
            )
        ).one()
    # The name is the login's, whatever the client says.
    assert tuple(who) == (login, login)


def test_what_is_the_owners_takes_no_role(study: Database, program: Program) -> None:
    told = program(study, "--role", "registry_derivation", "db", "upgrade").refused(2)
    assert "This command is the owner's and takes no --role." in told


def test_only_roles_that_may_write_are_named_to_who_may_only_read() -> None:
    """The manager reads the list of erasures, and is not told to become a manager."""
    refused = "permission denied for table erasure"
    insertion = "insert into audit.erasure (patient_id) values (1)"
    assert needed(refused, insertion) == ("table erasure", ["registry_owner"])
    assert "registry_manager" in needed(refused, "select 1 from audit.erasure")[1]


def test_what_leaves_the_centre_is_for_the_owner_to_decide(
    two_centres: Database, login_of: Login, program: Program
) -> None:
    manager = login_of(MANAGER_ROLE)
    before = program(two_centres, "disclosure", "--format", "json").document
    for change in (("publish",), ("--limit", "7"), ("--rounds", "3"), ("--studies", "9")):
        said = program(manager, "disclosure", *change, "--reason", "for the network").refused(1)
        assert "Roles that may: registry_owner. Who owns" in said
    assert program(manager, "disclosure", "--format", "json").document == before
    # Which definition holds is a manager's, and told so to who may not set it.
    setting = "update reference.registry_setting set default_definition = 'x'"
    refused = "permission denied for table registry_setting"
    assert needed(refused, setting)[1] == [MANAGER_ROLE, OWNER_ROLE]
