"""Homes of embedded servers, and a user who is not root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.database import embedded
from tests.embedded_server.processes import kill_spawned, processes, temporary_folder, wait_until


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, 0700; nothing that runs in it may outlive the test."""
    with temporary_folder() as made:
        yield made
        kill_spawned()


@pytest.fixture(scope="module")
def made_home() -> Iterator[Path]:
    with temporary_folder() as made:
        embedded.start(made / "home").close()
        yield made / "home"


@pytest.fixture
def home(made_home: Path) -> Iterator[Path]:
    """A home that has its data; the server is stopped before and must be after the test."""
    assert not embedded.is_running(made_home)
    yield made_home
    kill_spawned()
    wait_until(lambda: not processes(made_home) and not embedded.is_running(made_home))


@pytest.fixture
def ordinary_user() -> Iterator[pwd.struct_passwd]:
    name = f"registry-test-{os.getpid()}"
    # Who became root by `su` has no folder of the administrator's programs on the path.
    beside = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    subprocess.run(["useradd", "--system", "--no-create-home", name], check=True, env=beside)
    try:
        yield pwd.getpwnam(name)
    finally:
        subprocess.run(["userdel", name], check=False, env=beside)
