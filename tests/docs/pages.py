"""Runs a page of the documentation: its console blocks in order, with the files that it shows.

- a fenced block `console` holds commands after `$`, each with what it prints; `...` stands for
  an output that is not compared
- a file stands in a fenced block after a line with nothing but its name, as "`labs.csv`:"; one
  that ends in .xlsx is shown as CSV and written as a workbook
- `<!-- typed: a | b -->` before a block: what a person answers to the prompts of its command
- `<!-- mended: bad.xlsx sheet!C3 = 128.5 -->`: a person writes a cell of a workbook
- `<!-- edited: map.toml: old => new -->`: a person changes a line in an editor
"""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import io
import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import openpyxl
import pexpect
import pytest
from sqlalchemy import URL

from registry.cli import run as run_registry

PROJECT = Path(__file__).parents[2]
REWRITE = "REGISTRY_REWRITE_DOCS"
WIDTH = 100
STEP = re.compile(
    r"```console\n(?P<console>.*?)```"
    r"|^`(?P<name>[^`\n]+)`:\n\n```\w*\n(?P<content>.*?)```"
    r"|<!-- typed: (?P<typed>.*?) -->"
    r"|<!-- mended: (?P<book>\S+) (?P<sheet>\S+)!(?P<cell>[A-Z]+\d+) = (?P<value>.*?) -->"
    r"|<!-- edited: (?P<file>\S+): (?P<old>.*?) => (?P<new>.*?) -->",
    re.DOTALL | re.MULTILINE,
)
# What differs from run to run: days and moments from 2026 on, which no page's story reaches, ages
# of today, seconds, sizes of files, seals, the revision of the program.
VARYING = (
    (re.compile(r"20(?:2[6-9]|[3-9]\d)-\d\d-\d\d"), "DAY"),
    (re.compile(r"DAY[ T]\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d| [A-Z]{3,5}\b)?"), "MOMENT"),
    (re.compile(r"(Age +)\d+ years|\b\d+ now\b"), r"\1N"),
    (re.compile(r"\b\d+(\.\d+)? (s|kB|MB)\b"), r"N \2"),
    (re.compile(r"\b[0-9a-f]{64} \(seal \d+\)|(?<=backup names: )[0-9a-f]{64}"), "HEAD"),
    (re.compile(r"([\d,]+ rows of \d+ tables at )?revision \w+"), "N"),
)
# The number of a change: in a history, where others made before move it on, and of what is undone.
LISTED, UNDONE = re.compile(r"^ *(\d+)  (?=20\d\d-)", re.MULTILINE), re.compile(r"(?<= undo )\d+")
# Where the folder of a page is, for its reader; who works there.
FOLDER, PERSON = "~/week", "ann"
# A command of the registry and, outside of quotes, what a shell does with its output.
PIPED = re.compile(r"""registry((?:[^'"|>]|'[^']*'|"[^"]*")*)(?:>(?P<file>.*)|\|(?P<rest>.*))?""")


@dataclass
class Page:
    """A page that is being run in a folder, on a registry."""

    path: Path
    folder: Path
    database: URL
    # What `--home NAME` stands for on it.
    homes: dict[str, URL] = field(default_factory=dict)
    # Numbers of changes as the page has them, and as they are now.
    changes: dict[str, str] = field(default_factory=dict)

    def run(self) -> tuple[str, str]:
        """The page as it is, and as it would be with what the commands print now."""
        text = self.path.read_text(encoding="utf-8")
        made, answers = [], None
        end = 0
        for step in STEP.finditer(text):
            made.append(text[end : step.start()])
            end = step.end()
            shown = step[0]
            if step["console"] is not None:
                block = self._block(step["console"], answers)
                shown = f"```console\n{block}```"
                answers = None
            elif step["name"] is not None:
                write_file(self.folder / step["name"], step["content"])
            elif step["typed"] is not None:
                answers = [answer.strip() for answer in step["typed"].split("|")]
            elif step["file"] is not None:
                edit(self.folder / step["file"], step["old"], step["new"])
            else:
                mend(self.folder / step["book"], step["sheet"], step["cell"], step["value"])
            made.append(shown)
        return text, "".join([*made, text[end:]])

    def _block(self, block: str, answers: list[str] | None) -> str:
        parts = []
        for command, shown in commands(block):
            command = UNDONE.sub(lambda number: self.changes.get(number[0], number[0]), command)
            printed = self._printed(command, answers)
            numbers = zip(LISTED.findall(shown), LISTED.findall(printed), strict=False)
            self.changes.update(numbers)
            if shown.strip() == "..." or steady(printed) == steady(shown):
                printed = shown
            parts.append(f"$ {command}\n{printed}")
        return "".join(parts)

    def _printed(self, command: str, answers: list[str] | None) -> str:
        """What a person would see in the terminal."""
        command = command.replace("\\\n", "")
        url = self.database
        for name, other in self.homes.items():
            if f"--home {name} " in command:
                url = other
                command = command.replace(f"--home {name} ", "")
        environment = {
            **os.environ,
            "REGISTRY_DATABASE_URL": url.render_as_string(hide_password=False),
            "REGISTRY_HOME": str(self.folder / "home"),
            "REGISTRY_USER": PERSON,
            "PYTHONPATH": str(PROJECT),
            "COLUMNS": str(WIDTH),
            "LC_ALL": "C.UTF-8",
        }
        if answers is not None:
            printed = at_terminal(command, answers, self.folder, environment)
        elif piped := PIPED.fullmatch(command):
            out, err = in_process(shlex.split(piped[1]), self.folder, environment, piped.lastgroup)
            printed = err + self._taken_on(out, piped, environment)
        else:
            printed = in_shell(command, self.folder, environment)
        return printed.replace(str(self.folder), FOLDER)

    def _taken_on(self, out: str, piped: re.Match[str], environment: dict[str, str]) -> str:
        """What a shell prints of an output that goes to a file or to another program."""
        if piped["file"] is not None:
            (self.folder / piped["file"].strip()).write_text(out, encoding="utf-8")
            return ""
        if piped["rest"] is not None:
            return in_shell(piped["rest"], self.folder, environment, given=out)
        return out


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a block with the output that is shown for it."""
    pairs = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        # A line that ends in a backslash goes on in the next.
        [command] = re.findall(r"\A(?:.*\\\n)*.*", part)
        pairs.append((command, part[len(command) + 1 :]))
    return pairs


def steady(output: str) -> str:
    """The output without what differs from run to run."""
    for pattern, word in VARYING:
        output = pattern.sub(word, output)
    return output


def in_process(
    arguments: list[str], folder: Path, environment: dict[str, str], apart: object
) -> tuple[str, str]:
    """What `registry` prints here, without a program of its own; with errors between or apart."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) if apart else out
    before = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                run_registry(arguments)
        except SystemExit:
            pass
        finally:
            signal.signal(signal.SIGTERM, before)
    printed = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return printed[0], printed[1] if apart else ""


def in_shell(command: str, folder: Path, environment: dict[str, str], given: str = "") -> str:
    """What another program prints, with this on its input."""
    ended = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.stdout


def at_terminal(command: str, answers: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What stands on a terminal where a person answers the prompts of a command."""
    spawned = pexpect.spawn(
        sys.executable,
        ["-m", "registry", *shlex.split(command)[1:]],
        cwd=str(folder),
        env={**environment, "TERM": "dumb"},
        dimensions=(50, 300),
        encoding="utf-8",
        timeout=30,
    )
    log = io.StringIO()
    spawned.logfile_read = log
    for answer in answers:
        # A prompt waits behind a colon or, below what points mean, behind a >.
        if spawned.expect([r"[^\r\n]*[:>] $", pexpect.EOF]):
            break
        spawned.sendline(answer)
    ended = spawned.expect([pexpect.EOF, pexpect.TIMEOUT]) == 0
    spawned.close(force=True)
    assert ended, f"{command} asks for more than was typed:\n{log.getvalue()}"
    # Where nothing was typed the line ends at the colon.
    return re.sub(r" *\r?\n", "\n", log.getvalue())


def write_file(path: Path, content: str) -> None:
    """A file that the page shows; a workbook from its CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".xlsx":
        path.write_text(content, encoding="utf-8")
        return
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in csv.reader(io.StringIO(content)):
        sheet.append([cell or None for cell in row])
    book.save(path)


def mend(path: Path, sheet: str, cell: str, value: str) -> None:
    """Writes one cell, as a person does in a spreadsheet."""
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)


def edit(path: Path, old: str, new: str) -> None:
    """Changes a place in a file, as a person does in an editor."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path.name, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


def held(page: Page) -> None:
    """Raises where the page shows something else; writes it anew where that is wanted."""
    text, found = page.run()
    if os.environ.get(REWRITE):
        page.path.write_text(found, encoding="utf-8")
    assert found == text


def load(path: Path) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
