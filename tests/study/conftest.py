"""Three hospitals with synthetic children, the keys of each, and studies that they are asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from registry.database.engine import Database
from registry.definitions.store import get_definition
from registry.derivation.run import derive
from registry.importing.run import import_files
from registry.study.keys import make_key, read_json
from registry.study.told import Cohort
from registry.synth import write_registry
from tests.conftest import Databases, opened_for_test
from tests.programs import Outcome, Program
from tests.study.in_memory import telling

NAMES = ("North", "East", "South")
CHILDREN = 105
FIRST_SEED = 4
"""Of seeds whose hospitals each tell of the model; others of so few children do not."""


@dataclass
class Network:
    """Hospitals by name, a folder for their files, and the program."""

    hospitals: dict[str, Database]
    folder: Path
    run: Program
    rounds: dict[str, list[Path]] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        """A file of the folder."""
        return self.folder / name

    def new(self, name: str, *options: str) -> Outcome:
        """The coordinator, who sits in the first hospital, writes a study."""
        taking_part = ",".join(str(self.file(f"{one}.key.pub")) for one in NAMES)
        return self.run(
            self.hospitals["North"], "study", "new", name, "--key", str(self.file("c.key")),
            "--question", "Who loses response early?", "--definition", "paper",
            "--to", str(self.file(f"{name}.json")), "--participants", taking_part, *options,
        )  # fmt: skip

    def check(self, hospital: str, envelope: Path, *options: str) -> Outcome:
        """A hospital looks at what would leave."""
        return self.run(self.hospitals[hospital], "study", "check", str(envelope), *options)

    def show(self, file: Path, *options: str) -> Outcome:
        """Anybody reads a file."""
        return self.run(self.hospitals["South"], "study", "show", str(file), *options)

    def answer(self, hospital: str, envelope: Path, *options: str) -> tuple[Outcome, Path]:
        """A hospital answers; how it went, and the file."""
        to = self.file(f"{envelope.stem}-{hospital}.json")
        outcome = self.run(
            self.hospitals[hospital], "study", "answer", str(envelope), "--to", str(to),
            "--key", str(self.file(f"{hospital}.key")), *options,
        )  # fmt: skip
        return outcome, to

    def combine(self, answers: list[Path], to: Path, *options: str) -> Outcome:
        """The coordinator combines the answers of all rounds."""
        return self.run(
            self.hospitals["North"], "study", "combine", *map(str, answers), "--to", str(to),
            "--key", str(self.file("c.key")), *options,
        )  # fmt: skip

    def to_the_end(self, name: str) -> dict[str, Any]:
        """All rounds by files; the body of the result. The answers of all stand in `rounds`."""
        envelope, answers = self.file(f"{name}.json"), []
        for number in range(2, 30):
            for hospital in NAMES:
                outcome, file = self.answer(hospital, envelope)
                if "asks nothing of" in outcome.err:
                    continue
                assert outcome.status == 0, outcome
                answers.append(file)
            following = self.file(f"{name}-{number}.json")
            combined = self.combine(answers, following)
            assert combined.status == 0, combined
            if read_json(following)["registry_study"] == "result":
                self.rounds[name] = answers
                body: dict[str, Any] = read_json(following)["body"]
                return body
            envelope = following
        raise AssertionError("the study does not end")


@pytest.fixture(scope="session")
def hospitals() -> dict[str, Cohort]:
    """Three hospitals in memory that tell of the model."""
    return telling()


@pytest.fixture(scope="session")
def definition(_shared_registry: Database) -> dict[str, Any]:
    """The definition of the study."""
    with _shared_registry.engine.connect() as connection:
        return get_definition(connection, "paper")


@pytest.fixture(scope="session")
def _hospital_urls(
    databases: Databases, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    made = {}
    for seed, name in enumerate(NAMES, start=FIRST_SEED):
        folder = tmp_path_factory.mktemp(name)
        write_registry(CHILDREN, seed, folder)
        url = databases.create(migrated_template)
        with opened_for_test(url) as database:
            with database.engine.begin() as connection:
                assert import_files(connection, [folder]).errors == []
            derive(database.engine, user="tester")
        made[name] = url
    return made


@pytest.fixture
def network(
    databases: Databases, _hospital_urls: dict[str, Any], tmp_path: Path, program: Program
) -> Iterator[Network]:
    """Copies of the three hospitals, with keys."""
    for name in (*NAMES, "c"):
        make_key("Coordinator" if name == "c" else name, tmp_path / f"{name}.key")
    hospitals, urls, opened = {}, [], []
    for name, url in _hospital_urls.items():
        copy = databases.create(url.database)
        urls.append(copy)
        manager = opened_for_test(copy)
        hospitals[name] = manager.__enter__()
        opened.append(manager)
    yield Network(hospitals, tmp_path, program)
    for manager, copy in zip(opened, urls, strict=True):
        manager.__exit__(None, None, None)
        databases.drop(copy.database)
