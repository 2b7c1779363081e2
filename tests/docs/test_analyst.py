"""The blocks of docs/analyst.md print what they show, where their program is there.

With REGISTRY_REWRITE_DOCS=1 the outputs are written anew; read the difference before keeping it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from registry.database.cluster import bin_directory
from registry.database.engine import Database
from tests.programs import Program

from .test_readme import REWRITE

DOCUMENT = Path(__file__).parents[2] / "docs" / "analyst.md"
BLOCK = re.compile(r"```(sql|python|r|r csv)\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
BLOCKS = [match.groups() for match in BLOCK.finditer(DOCUMENT.read_text(encoding="utf-8"))]
NUMBER = re.compile(r"\d+\.\d+|\d+")


@cache
def r_has(*packages: str) -> bool:
    """Whether R is there, with these packages."""
    if shutil.which("Rscript") is None:
        return False
    wanted = ", ".join(f'requireNamespace("{one}", quietly = TRUE)' for one in packages)
    asked = ["Rscript", "-e", f"quit(status = 1 - all({wanted}))"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def command(kind: str, file: Path, url: str) -> list[str]:
    """How a person runs the block; skips where the program is not there."""
    match kind:
        case "sql":
            own = bin_directory() / "psql"
            psql = str(own) if own.exists() else shutil.which("psql")
            if psql is None:
                pytest.skip("psql is not there")
            return [psql, url, "-X", "-P", "pager=off", "-f", str(file)]
        case "python":
            return [sys.executable, "-W", "error::FutureWarning", str(file)]
    packages = ("survival",) if kind == "r csv" else ("survival", "DBI", "RPostgreSQL")
    if not r_has(*packages):
        pytest.skip(f"R with {', '.join(packages)} is not there")
    return ["Rscript", "--vanilla", str(file)]


@pytest.mark.parametrize("number", range(len(BLOCKS)), ids=[kind for kind, _, _ in BLOCKS])
def test_block(
    number: int,
    shared_study: Database,
    tmp_path: Path,
    program: Program,
) -> None:
    kind, code, shown = BLOCKS[number]
    url = shared_study.url.set(drivername="postgresql").render_as_string(hide_password=False)
    file = tmp_path / "block"
    file.write_text(code, encoding="utf-8")
    run = command(kind, file, url)
    if kind == "r csv":
        assert program(shared_study, "export", "survival", "--to", f"{tmp_path}/survival.csv")
    done = subprocess.run(
        run,
        cwd=tmp_path,
        env={**os.environ, "REGISTRY": url, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n") + "\n"
    if os.environ.get(REWRITE):
        text = DOCUMENT.read_text(encoding="utf-8")
        old = f"```{kind}\n{code}```\n\n```text\n{shown}```"
        assert old in text
        DOCUMENT.write_text(text.replace(old, old[: -len(shown) - 3] + printed + "```"))
        return
    assert printed == shown


def test_all_ways_give_the_same_curve() -> None:
    curves = [
        [float(one) for one in NUMBER.findall(shown.split("-\n")[-1].split("(")[0])]
        for kind, code, shown in BLOCKS
        if "survfit" in code or "KaplanMeier" in code or kind == "sql"
    ]
    assert len(curves) == 4
    assert len(curves[0]) == 15
    assert all(curve == pytest.approx(curves[0], abs=1.01e-4) for curve in curves)


def test_the_program_gives_the_same(shared_study: Database, program: Program) -> None:
    """The months of the text are the days of the blocks."""
    months = re.search(r"--at ([\d.,]+)`", DOCUMENT.read_text(encoding="utf-8"))
    assert months is not None
    asked = ("analyse", "km", "--at", months[1], "--format", "json")
    estimates = program(shared_study, *asked).document["groups"][0]["estimates"]
    shown = next(shown for kind, _, shown in BLOCKS if kind == "python")
    for line, estimate in zip(shown.splitlines(), estimates, strict=True):
        day, at_risk, *numbers = line.split()
        assert round(estimate["at_months"] * 30.4375) == int(day)
        assert estimate["at_risk"] == int(at_risk)
        found = [estimate[key] for key in ("cumulative_incidence", "upper", "lower")]
        assert [1 - one for one in found] == pytest.approx([float(n) for n in numbers], abs=6e-5)


def test_the_program_gives_the_same_hazard_ratio(
    shared_study: Database,
    program: Program,
) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    line = re.search(r"`registry (analyse cox [^`]+)`", text)
    assert line is not None
    term = program(shared_study, *line[1].split(), "--format", "json").document["terms"][0]
    shown = [shown for _, _, shown in BLOCKS if shown.startswith("HR")]
    told = f"HR {term['hr']:.3f} ({term['hr_lower']:.3f} to {term['hr_upper']:.3f})\n"
    assert shown == [told, told]
