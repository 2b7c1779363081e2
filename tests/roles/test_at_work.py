"""What those who do not own the registry do with it all day, each by the own login."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.database.engine import Database, connect_to, server_url
from registry.database.roles import ENTRY_ROLE, INSPECTOR_ROLE, MANAGER_ROLE
from registry.signing import password as passwords
from tests.conftest import Databases, opened_for_test
from tests.programs import Outcome, Program
from tests.roles.conftest import OTHERS, OWN, Login

WHY = ("--reason", "a test")
PASSWORD = "correct horse"
Enter = Callable[..., Outcome]


@pytest.fixture(scope="module")
def ward(databases: Databases, two_centres_template: str) -> Iterator[Database]:
    """A registry of two centres, for those who write."""
    with opened_for_test(databases.create(two_centres_template)) as opened:
        yield opened


@pytest.fixture
def at_ward(ward: Database, login_of: Login) -> Login:
    """The URL of a login of that role there; the roles are the server's, the centres this one's."""

    def url(role: str) -> str:
        own = server_url(login_of(role)).set(database=ward.url.database)
        with ward.engine.begin() as connection:
            connection.execute(
                text(
                    "insert into reference.login_role values (:login, :role, :centres) "
                    "on conflict do nothing"
                ),
                {
                    "login": own.username,
                    "role": role,
                    "centres": [OWN] if role == ENTRY_ROLE else [],
                },
            )
        return own.render_as_string(hide_password=False)

    return url


@pytest.fixture
def enter(program: Program, monkeypatch: pytest.MonkeyPatch) -> Enter:
    """Runs a command to which lines are entered."""
    monkeypatch.setattr(passwords, "_COST", {"n": 2**4, "r": 8, "p": 1})

    def run(lines: str, where: str, *arguments: str) -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        outcome: Outcome = program(where, *arguments)
        return outcome

    return run


def child(ward: Database, centre: str, place: int = 0) -> str:
    """Study id of one of the children of a centre."""
    with ward.engine.connect() as connection:
        found = connection.execute(
            text(
                "select study_id from clinical.patient join reference.patient_number "
                "using (patient_id) where centre = :centre order by 1 offset :place limit 1"
            ),
            {"centre": centre, "place": place},
        )
        return str(found.scalar_one())


@pytest.mark.parametrize("role", [MANAGER_ROLE, ENTRY_ROLE])
def test_a_login_signs_with_a_password_of_its_own(
    ward: Database, at_ward: Login, enter: Enter, role: str
) -> None:
    url, own = at_ward(role), child(ward, OWN)
    login = server_url(url).username
    sign = ("sign", "patient", own, "--meaning", "reviewed", "--user", "somebody else")
    assert f"{login} has no signing password" in enter("x\n", url, *sign).refused(1)
    made = enter(f"{PASSWORD}\n{PASSWORD}\n", url, "sign", "password", "--user", "somebody else")
    assert made.status == 0, made
    assert "password is wrong" in enter("wrong\n", url, *sign).refused(1)
    assert f"is signed by {login}" in enter(f"{PASSWORD}\n", url, *sign).out
    listed = enter("", url, "sign", "list", "--format", "json").document
    assert [one["patient_id"] for one in listed if one["signed_by"] == login] == [own]
    # By hand neither the tables nor another's name.
    engine = connect_to(server_url(url))
    with engine.connect() as connection:
        connection.execute(text("select set_config('registry.reason', 'a test', true)"))
        # From PostgreSQL 16 on a server knows whether it has asked for a password.
        knows = connection.execute(
            text("select current_setting('server_version_num')::integer >= 160000")
        ).scalar_one()
        for statement in (
            "select * from reference.signing_password",
            "insert into reference.signature (patient_id, sha256, meaning, signed_by, "
            "authentication) values (1, repeat('a', 64), 'x', 'anna', 'signing_password')",
            *(
                f"select reference.sign('anna', {entered}, 1, null, null, repeat('a', 64), 'x')"
                for entered in ("'x'", *(["null"] if knows else []))
            ),
        ):
            with pytest.raises(DBAPIError) as refused, connection.begin_nested():
                connection.execute(text(statement))
            assert getattr(refused.value.orig, "sqlstate", None) == "42501", statement
        assert connection.execute(text("select audit.working_as('anna')")).scalar_one() == login
    engine.dispose()


def test_who_enters_for_a_centre_signs_the_records_of_its_children_only(
    ward: Database, at_ward: Login, enter: Enter, tmp_path: object
) -> None:
    url = at_ward(ENTRY_ROLE)
    forgotten = ("sign", "password", "--forgotten", *WHY)
    assert enter(f"{PASSWORD}\n{PASSWORD}\n", url, *forgotten).status == 0
    theirs = ("sign", "patient", child(ward, OTHERS), "--meaning", "reviewed")
    assert "There is no patient" in enter(f"{PASSWORD}\n", url, *theirs).refused(1)
    file = ("sign", "file", __file__, "--meaning", "reviewed")
    said = enter(f"{PASSWORD}\n", url, *file).refused(1)
    assert "registry_manager, registry_owner." in said
    inspector = at_ward(INSPECTOR_ROLE)
    said = enter(f"{PASSWORD}\n{PASSWORD}\n", inspector, *forgotten).refused(1)
    assert "registry_manager, registry_entry, registry_owner." in said


def test_a_change_of_two_centres_is_undone_in_part_and_said_to_be(
    ward: Database, at_ward: Login, program: Program
) -> None:
    """One of a single centre is undone as a whole, and nothing more is said."""
    own, theirs = child(ward, OWN, 1), child(ward, OTHERS, 1)
    numbers = []
    for ids in ((own, theirs), (own,)):
        with ward.engine.begin() as connection:
            connection.execute(
                text(
                    "insert into clinical.anthropometry (patient_id, measured_on, weight_kg) "
                    "select patient_id, date '2019-09-01' + :day, 30 "
                    "from reference.patient_number where study_id = any(:ids)"
                ),
                {"ids": list(ids), "day": len(ids)},
            )
            numbers.append(
                connection.execute(
                    text(
                        "select max(audit_id) from audit.record_change join "
                        "reference.patient_number using (patient_id) where study_id = :own"
                    ),
                    {"own": own},
                ).scalar_one()
            )
    entry = at_ward(ENTRY_ROLE)
    left = "The rest of what the command did is of other centres"
    for number, of_others in zip(numbers, (True, False), strict=True):
        undo = ("undo", str(number), "--command", *WHY)
        tried = program(entry, *undo, "--dry-run")
        done = program(entry, *undo)
        for one in (tried, done):
            assert one.status == 0, one
            assert (left in one.err) == of_others
            assert theirs not in one.out + one.err
        assert "Changes undone: 1." in done.err
    since = program(entry, "undo", "--since", "2000-01-01", "--dry-run", "--patient", own)
    assert "What was done since at other centres is not this login's to undo." in since.err
    with ward.engine.connect() as connection:
        weighed = connection.execute(
            text(
                "select study_id from clinical.anthropometry join reference.patient_number "
                "using (patient_id) where measured_on between '2019-09-01' and '2019-09-03' "
                "and study_id = any(:ids)"
            ),
            {"ids": [own, theirs]},
        ).scalars()
        assert weighed.all() == [theirs]
    manager = program(at_ward(MANAGER_ROLE), "undo", "--since", "2100-01-01", *WHY)
    assert "other centres" not in manager.err


def test_who_may_not_derive_is_told_who_does(
    ward: Database, at_ward: Login, program: Program
) -> None:
    own, entry = child(ward, OWN, 2), at_ward(ENTRY_ROLE)
    add = (
        "infusion",
        "add",
        own,
        "--infused-on",
        "2020-12-01",
        "--dose-mg",
        "100",
        "--weight-kg",
        "20",
    )
    assert program(entry, *add).status == 0
    said = program(entry, "status").err
    assert "the next night does it, or who has the role registry_manager" in said
    refused = program(entry, "analyse", "flow").refused(1)
    assert "the next night does it, or who has the role registry_manager" in refused
    shown = program(entry, "patient", "show", own)
    assert shown.status == 0
    assert "2020-12-01" in shown.out
    assert "the next night does it" in shown.err
    assert "derivation: registry derive" in program(at_ward(MANAGER_ROLE), "status").err
