"""The same visit by prompts, by options, by the form and by a file: typed on a pseudo-terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.conftest import Command, place
from tests.visit.clinic import DAY, DAYS_WORK, ROWS, add_responder, everything, rows_of

# Several commands in one process, which starts once; each is the program's own.
SEVERAL = (
    "import json, sys\nfrom registry.cli import app\n"
    "for words in json.loads(sys.argv[1]):\n    app(words, standalone_mode=False)"
)
ON = ["--on", str(DAY)]
F2, F3, TAB, PAGE_DOWN, SHIFT_TAB = "\x1bOQ", "\x1bOR", "\t", "\x1b[6~", "\x1b[Z"
CTRL_C, CTRL_S, RIGHT = "\x03", "\x13", "\x1b[C"
ITEMS = [value for name, value in DAYS_WORK.items() if name.startswith("pcdai.")]


def typing(database: Database, *arguments: str, program: tuple[str, ...] = ()) -> pexpect.spawn:
    """The program on a terminal of 80 by 24, as a person starts it."""
    child = pexpect.spawn(
        sys.executable,
        [*(program or ("-m", "registry", *place(database))), *arguments],
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=60,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    child.delaybeforesend = None
    return child


def give_up(child: pexpect.spawn) -> None:
    """Ctrl-C until the program ends, as a person presses it again.

    Python shows the prompt before it waits for the key, and a signal between the two is kept until
    the next one: https://docs.python.org/3/library/signal.html#execution-of-python-signal-handlers
    """
    for _ in range(6):
        child.send(CTRL_C)
        if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=10) == 0:
            return
    raise AssertionError(child)


@pytest.fixture
def clinic(registry: Database) -> Database:
    """Four children with the same course, one for each way."""
    with registry.engine.begin() as connection:
        for study_id in ("PROMPTS", "OPTIONS", "FORM", "FILE"):
            add_responder(connection, study_id)
    return registry


def test_the_same_visit_four_ways_gives_the_same_rows(clinic: Database, tmp_path: Path) -> None:
    by_prompts(clinic)
    by_options(clinic)
    by_form(clinic)
    by_file(clinic, tmp_path / "visit.json")
    with clinic.engine.connect() as connection:
        numbers = connection.execute(
            text("select study_id, patient_id from reference.patient_number")
        ).all()
        found = {study_id: rows_of(connection, number) for study_id, number in numbers}
        changes = connection.execute(
            text(
                "select n.study_id, s.reason, count(*), count(distinct s.change_id) "
                "from reference.change_set s join audit.record_change c using (change_id) "
                "join reference.patient_number n using (patient_id) where s.command = 'visit' "
                "group by 1, 2 order by 1"
            )
        ).all()
    assert found == dict.fromkeys(("PROMPTS", "OPTIONS", "FORM", "FILE"), ROWS)
    # Form and file are one change of eight records each, whose reason is the visit.
    assert list(map(tuple, changes)) == [
        ("FILE", f"visit of {DAY}", 8, 1),
        ("FORM", f"visit of {DAY}", 8, 1),
    ]


def by_prompts(database: Database) -> None:
    """Every question answered at the prompt; a wrong answer is asked again."""
    answers = {
        "anthropometry add": ["PROMPTS", str(DAY), "138", "315", "31.5", "", ""],
        "infusion add": ["PROMPTS", str(DAY), "200", "31.5", "Remicade"],
        "tdm add": ["PROMPTS", str(DAY), "<0.4", "35", "ELISA"],
        "pcdai add": ["PROMPTS", str(DAY), "items", *ITEMS],
        "lab add": ["PROMPTS", str(DAY), "crp", "<5", "mg/L"],
        "lab add ": ["PROMPTS", str(DAY), "ALB", "3.4", "g/dl"],
        "medication add": ["PROMPTS", "prednisone", str(DAY), ""],
        "medication amend PROMPTS azathioprine 2020-01-06": ["clinic letter"],
    }
    stop = ["--stopped-on", str(DAY)]
    commands = [[*place(database), *name.split()] for name in answers]
    commands[-1] += stop
    child = typing(database, json.dumps(commands), program=("-c", SEVERAL))
    for given in answers.values():
        for answer in given:
            # A question ends with a colon or, below its choices, with an arrow.
            child.expect(r"(: |> )$")
            child.sendline(answer)
        child.expect("Stored: |Amended: ")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def by_options(database: Database) -> None:
    """The options of the single records; nothing is asked."""
    day = str(DAY)
    items = {name[6:]: held for name, held in DAYS_WORK.items() if name.startswith("pcdai.")}
    stop = f"amend OPTIONS azathioprine 2020-01-06 --stopped-on {day} --reason letter"
    commands = [
        f"anthropometry add OPTIONS --measured-on {day} --height-cm 138 --weight-kg 31.5",
        f"infusion add OPTIONS --infused-on {day} --dose-mg 200 --weight-kg 31.5 "
        "--product Remicade",
        f"tdm add OPTIONS --sampled-on {day} --ifx-ug-ml <0.4 --ada-au-ml 35 --assay ELISA",
        f"lab add OPTIONS --collected-on {day} --analyte CRP --value <5 --unit mg/L",
        f"lab add OPTIONS --collected-on {day} --analyte ALB --value 3.4 --unit g/dL",
        f"pcdai add OPTIONS --visited-on {day} "
        + " ".join(f"--{item.replace('_', '-')} {points}" for item, points in items.items()),
        f"medication add OPTIONS --drug prednisone --started-on {day}",
        f"medication {stop}",
    ]
    child = typing(
        database,
        json.dumps([[*place(database), *words.split()] for words in commands]),
        program=("-c", SEVERAL),
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before


def by_form(database: Database) -> None:
    """Typed as a person types: down the page, a slip mended, proposals left alone."""
    child = typing(database, "visit", "FORM", *ON)
    child.expect("F2 save")
    child.send("315\r138\r<5\r\r\r\r\r\r3.4\r")
    child.expect("outside 1 to 250 kg")
    # Back to the weight, which is mended; what is typed replaces what stands there.
    child.send(SHIFT_TAB * 9 + "31.5" + PAGE_DOWN * 2 + TAB)
    # In full or by the first digit; the first is mended before the person goes on.
    child.send("105\r5\t0\r2.5\r" + "\r".join(points[0] for points in ITEMS[4:]) + "\r")
    child.send("<0.4\t35\tELISA\r200\rRemicade\rpredni")
    # The name is completed; the arrow takes it, the space bar ticks what is stopped.
    child.expect("sone")
    child.send(RIGHT + TAB + " " + F2)
    child.expect("Loss of response on 2020-06-08")
    child.expect("F2 or Ctrl-S save")
    child.send(CTRL_S)
    child.expect("Stored: the visit of FORM on 2020-06-08")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def by_file(database: Database, path: Path) -> None:
    """Tried first, which stores nothing; then stored."""
    sections: dict[str, dict[str, str]] = {}
    for name, value in DAYS_WORK.items():
        section, key = name.split(".")
        sections.setdefault(section, {})[key] = value
    path.write_text(json.dumps({"patient_id": "FILE", "on": str(DAY), **sections}), "utf-8")
    visit = [*place(database), "visit", "FILE", "--file", str(path), "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, json.dumps([[*visit, "--dry-run"], visit])],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    tried, stored = map(json.loads, done.stdout.replace("}\n{", "}\0{").split("\0"))
    assert (tried.pop("committed"), stored.pop("committed")) == (False, True)
    for one in tried["records"] + stored["records"]:
        del one["record"], one["version"]
    assert tried == stored
    assert (stored["patient_id"], stored["on"], len(stored["records"])) == ("FILE", str(DAY), 8)
    assert {one["kind"] for one in stored["status_changes"]} == {"loss_of_response"}
    assert any("cut-off" in words for words in stored["warnings"])


@pytest.fixture
def untouched(clinic: Database) -> Iterator[None]:
    """That whatever is done leaves no row, no change and no question behind."""
    with clinic.engine.connect() as connection:
        before = everything(connection)
    yield
    with clinic.engine.connect() as connection:
        assert everything(connection) == before


@pytest.mark.usefixtures("untouched")
def test_giving_up_leaves_nothing(clinic: Database) -> None:
    """Ctrl-C on the summary and at a prompt, and a closed terminal."""
    child = typing(clinic, "visit", "FORM", *ON)
    child.expect("F2 save")
    child.send("31.5\r138" + F2)
    child.expect("F2 or Ctrl-S save")
    child.send(CTRL_C)
    child.expect("Interrupted: what was not finished is not stored.")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130

    prompts = typing(clinic, "infusion", "add", "FORM")
    closing = typing(clinic, "visit", "FORM", *ON)
    prompts.expect("Infused on.*: $")
    prompts.sendline(str(DAY))
    prompts.expect("Dose given.*: $")
    give_up(prompts)
    prompts.close()
    assert prompts.exitstatus == 130

    closing.expect("F2 save")
    closing.send("31.5" + F2)
    closing.expect("Will be stored")
    closing.kill(signal.SIGHUP)
    closing.wait()
    closing.close()


def test_without_a_terminal_the_cure_is_named(tmp_path: Path, process: Command) -> None:
    done = process(tmp_path, "visit", "FORM", stdin=None, input="")
    assert done.returncode == 2
    assert "--file" in done.stderr
    assert "Traceback" not in done.stderr
