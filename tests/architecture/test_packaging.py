"""What is installed: the lock files hold everything that is needed, by hash and from no address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def entries(lock: str) -> list[str]:
    """Every requirement with its hashes, each in one line; comments are left out."""
    lines = (PROJECT / lock).read_text(encoding="utf-8").splitlines()
    whole = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return [entry for entry in whole.replace("\\\n", " ").splitlines() if entry.strip()]


def locked(lock: str) -> dict[str, Version]:
    """Package -> version, of those that this Python and this system need."""
    found = [Requirement(entry.split(" --hash=")[0].strip()) for entry in entries(lock)]
    needed = [one for one in found if one.marker is None or one.marker.evaluate()]
    versions = {
        canonicalize_name(one.name): Version(str(one.specifier).removeprefix("=="))
        for one in needed
    }
    assert len(versions) == len(needed)
    return versions


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_has_hashes(lock: str) -> None:
    found = entries(lock)
    assert len(found) > 30
    loose = [
        entry
        for entry in found
        if not re.match(r"[\w.\[\],-]+==\S+", entry)
        or not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)
    ]
    assert loose == []
    assert len(locked(lock)) > 30


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    written = (PROJECT / lock).read_text(encoding="utf-8")
    assert (
        re.findall(r"\w+://\S+|--(?:extra-)?index-url|--find-links|@ \S+| file:\S+", written) == []
    )


def test_the_lock_holds_every_dependency_at_a_version_it_allows(project: dict[str, Any]) -> None:
    versions = locked("requirements.lock")
    for requirement in map(Requirement, project["dependencies"]):
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_developers_lock_holds_more_and_nothing_else(project: dict[str, Any]) -> None:
    plain, developers = (locked(lock) for lock in LOCKS)
    for requirement in map(Requirement, project["optional-dependencies"]["dev"]):
        assert developers[canonicalize_name(requirement.name)] in requirement.specifier
    assert {name: developers.get(name) for name in plain} == plain


def test_the_project_says_what_it_is(project: dict[str, Any]) -> None:
    assert project["requires-python"] == ">=3.11"
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert project["scripts"] == {"registry": "registry.__main__:main"}
