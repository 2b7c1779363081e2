"""Runs a page of the documentation: its console blocks in order, with the files that it shows.

- a fenced block `console` holds commands after `$`, each with what it prints; `...` stands for
  an output that is not compared
- a file stands in a fenced block after a line with nothing but its name, as "`labs.csv`:"; one
  that ends in .xlsx is shown as CSV and written as a workbook
- `<!-- typed: a | b -->` before a block: what a person answers to the prompts of its command
- `<!-- mended: bad.xlsx sheet!C3 = 128.5 -->`: a person writes a cell of a workbook
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

from registry.cli import run as run_registry
from registry.database.engine import Database

PROJECT = Path(__file__).parents[2]
REWRITE = "REGISTRY_REWRITE_DOCS"
WIDTH = 100
STEP = re.compile(
    r"```console\n(?P<console>.*?)```"
    r"|^`(?P<name>[^`\n]+)`:\n\n```\w*\n(?P<content>.*?)```"
    r"|<!-- typed: (?P<typed>.*?) -->"
    r"|<!-- mended: (?P<book>\S+) (?P<sheet>\S+)!(?P<cell>[A-Z]+\d+) = (?P<value>.*?) -->",
    re.DOTALL | re.MULTILINE,
)
# What differs from run to run: moments, seconds, sizes of files, the revision of the program.
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( [A-Z]{2,5})?"), "MOMENT"),
    (re.compile(r"\b\d+\.\d+ (s|kB|MB)\b"), r"N \1"),
    (re.compile(r"revision \w+"), "revision N"),
)
# A shell is needed for these.
OF_SHELL = re.compile(r"[|<>;&$*]")


@dataclass
class Page:
    """A page that is being run in a folder, on a registry."""

    path: Path
    folder: Path
    database: Database
    # What else `--home NAME` stands for.
    homes: dict[str, str] = field(default_factory=dict)

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
            else:
                mend(self.folder / step["book"], step["sheet"], step["cell"], step["value"])
            made.append(shown)
        return text, "".join([*made, text[end:]])

    def _block(self, block: str, answers: list[str] | None) -> str:
        parts = []
        for command, shown in commands(block):
            printed = self._printed(command, answers)
            if shown.strip() == "..." or steady(printed) == steady(shown):
                printed = shown
            parts.append(f"$ {command}\n{printed}")
        return "".join(parts)

    def _printed(self, command: str, answers: list[str] | None) -> str:
        """What a person would see in the terminal."""
        url = self.database.url.render_as_string(hide_password=False)
        for name, other in self.homes.items():
            if f"--home {name} " in command:
                url = other
                command = command.replace(f"--home {name} ", "")
        environment = {
            **os.environ,
            "REGISTRY_DATABASE_URL": url,
            "PYTHONPATH": str(PROJECT),
            "COLUMNS": str(WIDTH),
            "LC_ALL": "C.UTF-8",
        }
        if answers is not None:
            return at_terminal(command, answers, self.folder, environment)
        if command.startswith("registry ") and not OF_SHELL.search(command):
            return in_process(shlex.split(command)[1:], self.folder, environment)
        return in_shell(command, self.folder, environment)


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a block with the output that is shown for it."""
    pairs = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        pairs.append((command, output))
    return pairs


def steady(output: str) -> str:
    """The output without what differs from run to run."""
    for pattern, word in VARYING:
        output = pattern.sub(word, output)
    return output


def in_process(arguments: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What `registry` prints here, without a program of its own."""
    said = io.StringIO()
    before = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                run_registry(arguments)
        except SystemExit:
            pass
        finally:
            signal.signal(signal.SIGTERM, before)
    return said.getvalue()


def in_shell(command: str, folder: Path, environment: dict[str, str]) -> str:
    """What a shell prints."""
    program = f"{shlex.quote(sys.executable)} -m registry"
    ended = subprocess.run(
        re.sub(r"(^|[|;&] *)registry\b", rf"\1{program}", command),
        shell=True,
        cwd=folder,
        env=environment,
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
        timeout=60,
    )
    log = io.StringIO()
    spawned.logfile_read = log
    for answer in answers:
        # A prompt waits behind a colon or, below what points mean, behind a >.
        if spawned.expect([r"[^\r\n]*[:>] $", pexpect.EOF]):
            break
        spawned.sendline(answer)
    spawned.expect(pexpect.EOF)
    spawned.close()
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
