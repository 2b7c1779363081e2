"""The help of every command and option in the person's language."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

from registry.terminal_width import columns
from tests.architecture.test_command_line import EVERY

from .test_language import CHINESE

# Every help in one process, as it is printed, and what stands on the commands themselves.
ASK = """
import contextlib, io, json, sys
from registry.cli import app
from typer.main import get_command
shown = {}
for words in json.loads(sys.argv[1]):
    command = get_command(app)
    for word in words:
        command = command.get_command(command.context_class(command), word)
    # Typer's own two of the shell are said when they are printed.
    helps = {one.name: getattr(one, "help", None) for one in command.params
             if "completion" not in one.name}
    with contextlib.redirect_stdout(io.StringIO()) as page:
        try:
            app([*words, "--help"])
        except SystemExit:
            pass
    shown[" ".join(words)] = [command.help, helps, page.getvalue()]
print(json.dumps(shown))
"""


def test_every_help_is_said_in_chinese() -> None:
    """Each paragraph but the examples, each option; lines break at the width of the terminal."""
    environment = {name: held for name, held in os.environ.items() if name != "LANGUAGE"}
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(list(EVERY))],
        env=environment | {"LANG": "zh_CN.UTF-8", "COLUMNS": "80"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    for words, (help_, options, page) in json.loads(done.stdout).items():
        paragraphs = help_.split("\n\n")
        assert all(CHINESE.search(one) for one in paragraphs), (words, paragraphs)
        assert [one for one in paragraphs if one.startswith("示例：")] or "Example" not in page
        assert all(CHINESE.search(said) for said in options.values() if said), (words, options)
        assert page.startswith("用法："), words
        assert "显示此帮助并退出" in page, words
        assert re.search("^选项：$", page, re.M), words
        assert not re.search(r"\((points|days|months|years)\b", page), words
        assert not re.search("^(Options|Arguments|Commands|Usage)", page, re.M), words
        # The sections of a visit's file stand in lines that are kept.
        broken = (line for line in page.splitlines() if CHINESE.search(line) and "  [" not in line)
        wide = [line for line in broken if columns(line) > 80]
        assert wide == [], words
