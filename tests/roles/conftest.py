"""The study's registry with a second centre, and a login for each role."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.database.roles import ENTRY_ROLE, OWNER_ROLE
from registry.entry.logins import grant_role
from tests.conftest import Databases, opened_for_test
from tests.schema.catalogue import fill_every_table

OWN, OTHERS = "BCH", "SYS"
Login = Callable[[str], str]


@pytest.fixture(scope="session")
def two_centres_template(databases: Databases, study_template: str) -> str:
    """Name of a database of the study whose every second child is of another centre."""
    url = databases.create(study_template)
    with opened_for_test(url) as opened, opened.engine.begin() as connection:
        connection.execute(
            text(f"update clinical.patient set centre = '{OTHERS}' where patient_id % 2 = 0")
        )
        # The last child of each has a row in every table that has rows of children.
        last = text("select max(patient_id) from clinical.patient group by centre")
        for number in connection.execute(last).scalars().all():
            fill_every_table(connection, number)
        # No test here asks what these come to, and a derivation takes its time.
        connection.execute(text("delete from derived.changed_patient"))
    assert url.database is not None
    return url.database


@pytest.fixture(scope="session")
def two_centres(databases: Databases, two_centres_template: str) -> Iterator[Database]:
    """That registry; who changes it leaves it as it was."""
    with opened_for_test(databases.create(two_centres_template)) as opened:
        yield opened


@pytest.fixture(scope="session")
def login_of(two_centres: Database) -> Login:
    """The URL of a login that has the role; of registry_entry it is for the centre OWN.

    They stay on the server, which is the run's.
    """
    made: dict[str, str] = {}

    def url(role: str) -> str:
        if role == OWNER_ROLE:
            return two_centres.url.render_as_string(hide_password=False)
        if role not in made:
            made[role] = f"{role}_{uuid.uuid4().hex[:8]}"
            with two_centres.engine.begin() as connection:
                connection.execute(text(f"create role {made[role]} login"))
                centres = [OWN] if role == ENTRY_ROLE else []
                grant_role(
                    connection, made[role], role, centres, user="tester", reason="for a test"
                )
        return two_centres.url.set(username=made[role]).render_as_string(hide_password=False)

    return url
