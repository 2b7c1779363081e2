"""The example in every command's help does what it shows, on the study's registry."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.cli.records.commands import VERBS
from registry.clinical_tables import BY_COMMAND
from registry.database.engine import Database
from tests.architecture.test_command_line import COMMANDS
from tests.conftest import COHORT, Databases, opened_for_test
from tests.docs.pages import PROJECT
from tests.programs import run_here

Words = tuple[str, ...]
Capture = pytest.CaptureFixture[str]

# What runs until it is ended, needs a home of its own, or has its own test: where it is run.
ELSEWHERE = {
    ("demo",): "tests/integration/test_command_files.py",
    ("db", "serve"): "tests/integration/test_command_files.py",
    ("db", "verify"): "tests/integration/test_backup_proved.py",
    ("db", "partition"): "tests/schema/test_partitions.py",
    ("db", "psql"): "tests/integration/test_command_files.py",
    ("schedule", "run"): "tests/schedule/test_process.py",
    ("validate",): "tests/validation/test_checks.py",
    # They ask for a password.
    **{
        ("sign", what): "tests/signing/test_signing.py"
        for what in ("password", "patient", "freeze", "file")
    },
    # They need servers that replicate.
    **{
        ("hub", verb): "tests/hub/test_three_hospitals.py"
        for verb in ("publish", "unpublish", "subscribe", "unsubscribe", "gather")
    },
    # They are of a login of the server.
    **{("role", verb): "tests/roles/test_granting.py" for verb in ("grant", "revoke")},
    # It changes what all the others may tell.
    ("disclosure",): "tests/disclosure/test_commands.py",
    # It asks an authority.
    ("audit", "stamp"): "tests/audit/test_stamp.py",
    # Refused on the study, which has one centre.
    ("centre", "report"): "tests/views/test_centres.py",
    # Refused on the study, which has too few losses under one of the strategies.
    ("analyse", "target-trial"): "tests/analysis/test_target_trial.py",
    # Keys, files and answers of several hospitals.
    **{
        ("study", verb): "tests/study/conftest.py"
        for verb in ("new", "check", "answer", "combine", "show")
    },
    # A laboratory's messages, from a child that is known by a number.
    **{("feed", verb): "tests/feeds/test_commands.py" for verb in ("read", "list", "unmap")},
    # Two freezes with something between them.
    ("freeze", "diff"): "tests/freezes/test_difference.py",
    # A query is named after what a record has.
    **{
        ("query", verb): "tests/quality/test_queries.py"
        for verb in ("show", "answer", "close", "reopen")
    },
    # All verbs of a group in turn, with what they leave in the tables and the audit.
    **{
        words: "tests/records/test_commands.py"
        for words in COMMANDS
        if words[0] in BY_COMMAND and words[0] != "patient" and words[1] in VERBS
    },
}
# As few samples as it takes.
QUICKLY = {("analyse", "risk"): ("--resamples", "50"), ("analyse", "tdm"): ("--resamples", "100")}
LAST_VOIDED = text("select max(audit_id) from audit.record_change where operation = 'delete'")
VISIT = """\
[anthropometry]
weight_kg = 27.5
[pcdai]
total = 7.5
"""


def example(words: Words) -> list[str]:
    """The arguments of a command's example."""
    [line] = re.findall(r"^\s*Example: registry (.+)$", COMMANDS[words].help, re.M)
    return [*shlex.split(line), *QUICKLY.get(words, ())]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the examples name; what they write by default goes there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGISTRY_HOME", str(tmp_path / "home"))
    (tmp_path / "visits").mkdir()
    shutil.copy(COHORT / "pcdai_visits.csv", tmp_path / "visits")
    (tmp_path / "who.csv").write_text("patient_id,name\nP003,Li\n", encoding="utf-8")
    (tmp_path / "visit.toml").write_text(VISIT, encoding="utf-8")
    # A backup is tried in a server of its own, which takes longer than all else of a night.
    (tmp_path / "nightly.toml").write_text('verify-every = "never"\n', encoding="utf-8")
    monkeypatch.setenv("REGISTRY_SCHEDULE", str(tmp_path / "nightly.toml"))
    return tmp_path


def failures(capsys: Capture, database: Database, lines: Iterable[Sequence[str]]) -> list[str]:
    """What each of these lines said that did not end well, or said nothing."""
    bad = []
    for line in lines:
        status, out, err = run_here(capsys, database, *line)
        if status != 0 or not (out + err).strip():
            bad.append(f"registry {shlex.join(line)}: {status} {err}")
    return bad


def test_every_example(
    nameless: Database,
    databases: Databases,
    migrated_template: str,
    folder: Path,
    capsys: Capture,
) -> None:
    order = [words for words in COMMANDS if words not in ELSEWHERE]
    # These need what another has done, a change or a backup, or leave nothing to be undone.
    order.remove(("undo",))
    order.remove(("patient", "erase"))
    order.remove(("db", "restore"))
    bad = failures(capsys, nameless, map(example, order))

    with nameless.engine.connect() as connection:
        number = connection.execute(LAST_VOIDED).scalar_one()
    [undo, change, *why] = example(("undo",))
    assert change.isdigit()
    bad += failures(capsys, nameless, [[undo, str(number), *why], example(("patient", "erase"))])

    with opened_for_test(databases.create(migrated_template)) as empty:
        bad += failures(capsys, empty, [example(("db", "restore"))])
    assert bad == [], "\n".join(bad)


def test_what_is_run_elsewhere_is() -> None:
    for words, path in ELSEWHERE.items():
        assert f'"{words[-1]}"' in (PROJECT / path).read_text(encoding="utf-8"), words
