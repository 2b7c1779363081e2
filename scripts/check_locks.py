"""Says whether the lock files satisfy pyproject.toml, pin with hashes and hold no address."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def pinned(lock: str) -> dict[str, set[str]]:
    """Name -> versions of a lock file; several where they differ by Python version."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", lock, re.MULTILINE):
        versions.setdefault(canonicalize_name(name), set()).add(version)
    return versions


def problems(lock_name: str, wanted: list[str]) -> list[str]:
    """What is wrong with one lock file."""
    lock = (ROOT / lock_name).read_text(encoding="utf-8")
    found = []
    if re.search(r"https?://|--(extra-)?index-url|--find-links", lock):
        found.append(f"{lock_name} holds an address")
    found.extend(
        f"{lock_name}: {entry.split()[0]} has no hash"
        for entry in re.split(r"\n(?=[A-Za-z0-9])", lock)
        if "==" in entry and "--hash=sha256:" not in entry
    )
    versions = pinned(lock)
    for text in wanted:
        requirement = Requirement(text)
        having = versions.get(canonicalize_name(requirement.name), set())
        if not having or not all(requirement.specifier.contains(one) for one in having):
            found.append(f"{lock_name} does not satisfy {text}; run scripts/lock")
    return found


def main() -> int:
    """Prints the problems; 1 when there are any."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = project["dependencies"]
    development = [*runtime, *project["optional-dependencies"]["dev"]]
    found = [
        *problems("requirements.lock", runtime),
        *problems("requirements-dev.lock", development),
    ]
    print("\n".join(found) or "The locks satisfy pyproject.toml.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
