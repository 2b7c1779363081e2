"""`registry validate`: the checks of a validation on this machine, for a quality office."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.cli.frame.context import remark, warn
from registry.cli.frame.options import ForceOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.signatures import option
from registry.settings import DATABASE_URL_VARIABLE, HOME_VARIABLE, Settings
from registry.words import spoken, tr

PATIENTS = 200
DOCUMENT = "validation.json"


def validate_command(
    to: Annotated[Path, option("--to", "DIR", "Where the reports go.")],
    patients: Annotated[
        int, option("--patients", "N", "Synthetic children to time.", min=1)
    ] = PATIENTS,
    force: ForceOption = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Check installation, operation and performance on this machine, and report what was found.

    The checks run on a registry of their own that is thrown away; yours is not touched. DIR gets
    a page, a Word document with fields to sign, and the results as JSON. Ends with 1 when a
    requirement does not hold.

    Example: registry validate --to validation
    """
    from registry.report.validation import write_validation
    from registry.report.versions import versions
    from registry.validation.checks import CHECKS, carried_out
    from registry.whole_file import require_free, write_folder

    require_free(to, force=force)
    results = []
    with tempfile.TemporaryDirectory(prefix="registry-", ignore_cleanup_errors=True) as folder:
        bench = _bench(Path(folder), patients)
        for check in CHECKS:
            warn(check.requirement)
            results.append(carried_out(check, bench))
    facts = {
        tr("Moment"): datetime.now().astimezone().isoformat(timespec="seconds"),
        tr("Machine"): f"{platform.platform()}, {os.cpu_count()} cores",
        **versions(),
    }

    def write(part: Path) -> None:
        write_validation(results, facts, part / "validation.html", part / "validation.docx")
        document = {"facts": facts, "checks": results}
        (part / DOCUMENT).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    write_folder(to, write, last=DOCUMENT, force=force)
    if form is Format.JSON:
        print_json(results)
    else:
        rows = [one | {"part": spoken(str(one["part"])), "result": _result(one)} for one in results]
        print_rows(rows, form, ("part", "requirement", "result"))
    remark("Written to {folder}. Sign it: registry sign file FILE --meaning approved", folder=to)
    if not all(one["passed"] for one in results):
        raise typer.Exit(1)


def _result(one: dict[str, Any]) -> str:
    return tr("holds") if one["passed"] else tr("FAILS")


def _bench(folder: Path, patients: int) -> Any:
    """A registry of its own in the folder, whose commands are processes as a person's are."""
    from registry import demo
    from registry.database.engine import open_database
    from registry.validation.checks import Bench

    home = folder / "home"
    environment = {**os.environ, HOME_VARIABLE: str(home)}
    environment.pop(DATABASE_URL_VARIABLE, None)

    def run(*command: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "registry", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return _Ended(done.returncode, done.stdout, done.stderr)

    def by_hand(statement: str) -> None:
        # Never the server that the environment names.
        settings = Settings.read(home=home)._replace(database_url=None)
        with open_database(settings) as database, database.engine.begin() as connection:
            connection.exec_driver_sql("set local registry.reason = 'validation'")
            connection.exec_driver_sql(statement)

    run("db", "upgrade")
    return Bench(run, by_hand, folder, Path(demo.__path__[0]) / "cohort", patients)


class _Ended:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
