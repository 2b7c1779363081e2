"""Registries of hand-made children, one a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.definitions.store import add_definition
from registry.derivation.run import derive
from registry.importing.run import import_files
from tests.conftest import Databases, opened_for_test
from tests.oracle.cohort import write_csv
from tests.oracle.records import Records
from tests.views.clinic import Clinic

OpenRegistry = Callable[..., Database]
OpenClinic = Callable[..., Clinic]


@pytest.fixture(scope="module")
def open_registry(
    databases: Databases, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenRegistry]:
    """Imports patients into a registry of its own, after `setup` statements, and derives them.

    `definitions` are further ones, by their name with what they change of the study's.
    """
    with ExitStack() as opened:

        def build(
            patients: Sequence[Records],
            setup: Sequence[str] = (),
            definitions: dict[str, list[str]] | None = None,
        ) -> Database:
            folder = tmp_path_factory.mktemp("patients")
            write_csv(patients, folder)
            url = databases.create(migrated_template)
            assert url.database is not None
            opened.callback(databases.drop, url.database)
            database = opened.enter_context(opened_for_test(url))
            with database.engine.begin() as connection:
                for statement in setup:
                    connection.execute(text(statement))
                assert import_files(connection, [folder]).errors == []
                for name, changes in (definitions or {}).items():
                    add_definition(connection, name, "paper", changes)
            derive(database.engine, user="tester")
            return database

        yield build


@pytest.fixture(scope="module")
def open_clinic(open_registry: OpenRegistry) -> OpenClinic:
    """The same, to hold views against tables."""

    def build(*arguments: Any, **options: Any) -> Clinic:
        return Clinic(open_registry(*arguments, **options))

    return build
