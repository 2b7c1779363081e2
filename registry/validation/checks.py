"""The checks of a validation, each a function whose docstring is the requirement.

They are the one list: `registry validate` runs them on the user's machine, and a test runs the same
functions. They follow each other on one empty registry that is thrown away afterwards.
"""

from __future__ import annotations

import csv
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from registry import __version__
from registry.validation.published import (
    EXCLUDED,
    FLOW,
    PUBLISHED_CHI2,
    PUBLISHED_COX,
    TABLE1,
    TABLE2,
)
from registry.words import note

# How far the study's synthetic files may lie from its printed numbers.
CHI2_WITHIN, COX_WITHIN = 0.04, 0.03
# A thousand rows of an import with their derivation, on the maker's machine of two cores.
BASELINE_SECONDS = 0.4
PAPER = ("--definition", "paper", "--format", "json")


class Ended(Protocol):
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Bench:
    """An empty registry and a folder; `run` runs a command, `by_hand` a statement past the program.

    `patients` is how many synthetic children the last check imports.
    """

    run: Callable[..., Ended]
    by_hand: Callable[[str], None]
    folder: Path
    cohort: Path
    patients: int

    def document(self, *command: str) -> Any:
        """What a command printed as JSON."""
        ended = self.run(*command)
        if ended.status:
            raise ValueError(ended.err.strip())
        return json.loads(ended.out)


@dataclass(frozen=True)
class Found:
    """What was done, what was expected and what was found; `passed` unless they differ."""

    done: str
    expected: Any
    found: Any
    passed: bool | None = None

    @property
    def holds(self) -> bool:
        """Whether it is as expected."""
        return self.expected == self.found if self.passed is None else self.passed


def program_version(_: Bench) -> Found:
    """The program is installed in the version that it says."""
    return Found("registry --version", version("crohn-registry"), __version__)


def program_files(_: Bench) -> Found:
    """The files of the program are known by a hash."""
    digest = hashlib.sha256()
    root = resources.files("registry")
    paths = sorted(
        path for path in Path(str(root)).rglob("*") if path.suffix in (".py", ".sql", ".txt")
    )
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    found = f"{len(paths)} files, SHA-256 {digest.hexdigest()}"
    return Found("SHA-256 of each file of the program", note("as the version's"), found, True)


def database_at_head(bench: Bench) -> Found:
    """The database is at the program's revision, its triggers and constraints as the program's."""
    found = bench.document("db", "status", "--format", "json")
    told = {name: found[name] for name in ("revision", "catalogue")}
    return Found("registry db status", {"revision": found["head"], "catalogue": []}, told)


def cohort_is_imported(bench: Bench) -> Found:
    """Every row of a set of files is taken in, and none that is not there."""
    expected = {}
    for file in sorted(bench.cohort.glob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as rows:
            expected[file.stem] = sum(1 for _ in csv.DictReader(rows))
    told = bench.document("import", str(bench.cohort), "--format", "json")
    found = {name: one["inserted"] for name, one in told["tables"].items() if one["read"]}
    return Found("registry import, the study's files", expected, found)


def cohort_is_derived(bench: Bench) -> Found:
    """The flow of the study's children is as published."""
    ended = bench.run("derive")
    flow = bench.document("analyse", "flow", *PAPER)
    found = {name: flow[name] for name in FLOW}
    found |= {one["reason"]: one["n"] for one in flow["excluded"] if one["n"]}
    return Found(
        "registry derive; analyse flow", FLOW | EXCLUDED, found if not ended.status else {}
    )


def table1_is_as_published(bench: Bench) -> Found:
    """The numbers of Table 1 are as published."""
    counted = ", ".join(
        f"count(*) filter (where {column}::text = '{value}') as n{place}"
        for place, (column, value) in enumerate(TABLE1)
    )
    query = f"select {counted} from baseline where definition = 'paper'"
    [row] = bench.document("sql", query, "--format", "json")
    expected = {f"{column} {value}": n for (column, value), n in TABLE1.items()}
    return Found(
        "registry sql over baseline", expected, dict(zip(expected, row.values(), strict=True))
    )


def table2_is_as_published(bench: Bench) -> Found:
    """The losses, children and log-rank tests of Table 2 are as published."""
    rows = bench.document("analyse", "table2", *PAPER)["rows"]
    found = {one["covariate"]: (one["events_true"], one["n_true"], one["chi2"]) for one in rows}
    same = {name: list(one[:2]) for name, one in found.items()}
    far = max(abs(found[name][2] - chi2) for name, chi2 in PUBLISHED_CHI2.items())
    return Found(
        "registry analyse table2",
        {name: list(one[:2]) for name, one in TABLE2.items()},
        same | {"chi2 off by": round(far, 3)},
        same == {name: list(one[:2]) for name, one in TABLE2.items()} and far <= CHI2_WITHIN,
    )


def table3_is_as_published(bench: Bench) -> Found:
    """The coefficients of Table 3 are as published."""
    terms = bench.document("analyse", "cox", *PAPER)["terms"]
    found = {one["covariate"]: round(one["coef"], 3) for one in terms}
    passed = set(found) == set(PUBLISHED_COX) and all(
        abs(found[name] - beta) <= COX_WITHIN for name, beta in PUBLISHED_COX.items()
    )
    return Found("registry analyse cox", PUBLISHED_COX, found, passed)


def audit_is_sound(bench: Bench) -> Found:
    """The audit is whole and sealed, and nothing in the registry is but by it."""
    sealed = bench.run("audit", "seal").status
    ended = bench.run("audit", "verify")
    return Found("registry audit seal; audit verify", [0, 0], [sealed, ended.status])


def tampering_is_found(bench: Bench) -> Found:
    """A value that an owner of the database changes past the audit is found."""
    dose = "update clinical.infusion set dose_mg = dose_mg {} 1 where record_id = 1"
    off, on = (
        f"alter table clinical.infusion {word} trigger user" for word in ("disable", "enable")
    )
    bench.by_hand(";".join((off, dose.format("+"), on)))
    changed = bench.run("audit", "verify").status
    bench.by_hand(";".join((off, dose.format("-"), on)))
    back = bench.run("audit", "verify").status
    return Found(
        "a dose by hand; audit verify; the dose back; audit verify", [1, 0], [changed, back]
    )


def backup_restores(bench: Bench) -> Found:
    """A backup brings the registry back as it was."""
    asked = ("status", "--format", "json")
    before = bench.run(*asked).out
    backup = str(bench.folder / "registry.backup")
    why = ("--reason", "validation")
    done = [bench.run("db", "backup", backup).status]
    done.append(bench.run("patient", "void", "P001", "--with-records", *why).status)
    done.append(bench.run("db", "restore", backup, "--replace", *why).status)
    same = bench.run(*asked).out == before
    return Found("db backup; patient void; db restore; status", [0, 0, 0, True], [*done, same])


def analyst_reads_views_only(bench: Bench) -> Found:
    """Whoever queries reads the views for research, and no record."""
    view = bench.run("sql", "select count(*) from status").status
    table = bench.run("sql", "select count(*) from clinical.patient").status
    written = bench.run("sql", "create table mine (n int)").status
    found = [view == 0, table == 0, written == 0]
    return Found("registry sql over a view, a table, and to write", [True, False, False], found)


def lock_holds(bench: Bench) -> Found:
    """A locked record is changed by nobody until it is unlocked."""
    why = ("--reason", "validation")
    amend = ("patient", "amend", "P002", "--centre", "TNY", *why)
    done = [bench.run("lock", "patient", "P002", *why).status, bench.run(*amend).status]
    done += [bench.run("unlock", "patient", "P002", *why).status, bench.run(*amend).status]
    return Found("lock; amend; unlock; amend", [0, 1, 0, 0], done)


def synthetic_registry_in_time(bench: Bench) -> Found:
    """A synthetic registry is imported and derived; how long it takes is told beside a baseline."""
    made = bench.folder / "synthetic"
    done = [
        bench.run("synth", "--patients", str(bench.patients), "--seed", "1", "--out", str(made))
    ]
    rows = sum(len(one.read_text("utf-8").splitlines()) - 1 for one in made.glob("*.csv"))
    began = time.monotonic()
    done += [bench.run("import", str(made)), bench.run("derive")]
    taken = time.monotonic() - began
    return Found(
        "registry synth, import, derive",
        f"{rows} rows; baseline {rows / 1000 * BASELINE_SECONDS:.1f} s",
        f"{rows} rows; {taken:.1f} s",
        not any(one.status for one in done),
    )


@dataclass(frozen=True)
class Check:
    """A check in its part of the validation."""

    part: str
    run: Callable[[Bench], Found]

    @property
    def name(self) -> str:
        """As the function is called."""
        return self.run.__name__

    @property
    def requirement(self) -> str:
        """What is required."""
        return (self.run.__doc__ or "").splitlines()[0]


PARTS = {
    note("Installation"): (program_version, program_files, database_at_head),
    note("Operation"): (
        *(cohort_is_imported, cohort_is_derived),
        *(table1_is_as_published, table2_is_as_published, table3_is_as_published),
        *(audit_is_sound, tampering_is_found, backup_restores),
        *(analyst_reads_views_only, lock_holds),
    ),
    note("Performance"): (synthetic_registry_in_time,),
}
CHECKS = tuple(Check(part, one) for part, listed in PARTS.items() for one in listed)


def carried_out(check: Check, bench: Bench) -> dict[str, Any]:
    """A check with what it found; what stopped it is a finding too."""
    try:
        found = check.run(bench)
    except (ValueError, KeyError, OSError) as error:
        found = Found(
            check.name, note("to be carried out"), f"{type(error).__name__}: {error}", False
        )
    return {
        "part": check.part,
        "check": check.name,
        "requirement": check.requirement,
        "done": found.done,
        "expected": found.expected,
        "found": found.found,
        "passed": found.holds,
    }
