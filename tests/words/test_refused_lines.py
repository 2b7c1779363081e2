"""What is said of a line that no command takes: what is wrong, where, and the cure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

import pytest

from registry.cli import app
from registry.errors import WrongUsage
from tests.architecture.test_command_line import COMMANDS
from tests.programs import Program

from .conftest import Speak
from .test_language import CHINESE

# What was typed -> what is wrong and the cure, in English and in Chinese.
OF_THE_LINE = {
    "import": (
        ("PATH is missing.", "PATH: Folders, or files named after their tables."),
        ("缺少 PATH。", "PATH：文件夹，或以表命名的文件。"),
    ),
    "definition add x": (
        ("--from is missing.", "--from NAME: The definition to start from."),
        ("缺少 --from。", "--from NAME：作为起点的定义。"),
    ),
    "pateint list": (
        ("registry has no command pateint.", "Did you mean patient?"),
        ("registry 没有命令 pateint。", "您是指 patient 吗？"),
    ),
    "it's": (
        ("registry has no command it's.", "There are: demo, db, import, codebook,"),
        ("registry 没有命令 it's。", "现有：demo, db, import, codebook,"),
    ),
    "identity zzz": (
        ("registry identity has no command zzz.", "There are: add, import, list, show,"),
        ("registry identity 没有命令 zzz。", "现有：add, import, list, show,"),
    ),
    "analyse": (
        ("registry analyse needs a command.", "There are: flow, table1, table2, km,"),
        ("registry analyse 之后须有命令。", "现有：flow, table1, table2, km,"),
    ),
    "patient show P001 --formt csv": (
        ("registry patient show has no option --formt.", "Did you mean --format?"),
        ("registry patient show 没有选项 --formt。", "您是指 --format 吗？"),
    ),
    "patient show P001 -x": (
        ("registry patient show has no option -x.",),
        ("registry patient show 没有选项 -x。",),
    ),
    "status --home x": (
        (
            "registry status has no option --home.",
            "It stands before the command: registry --home DIR ...",
        ),
        ("registry status 没有选项 --home。", "它要写在命令之前：registry --home DIR ..."),
    ),
    "--format json status": (
        ("registry has no option --format.", "The options of a command stand behind its name."),
        ("registry 没有选项 --format。", "命令自己的选项写在命令之后。"),
    ),
    "patient show P001 P002": (
        ("P002 is more than registry patient show takes.",),
        ("registry patient show 不接受多余的 P002。",),
    ),
    "patient show P001 --width": (
        ("--width needs a value.", "--width N: Columns; those of the terminal."),
        ("--width 需要一个值。", "--width N：列宽；默认为终端的列数。"),
    ),
    "infusion list --format": (
        ("--format needs a value.", "--format <table|json|csv>: How to print:"),
        ("--format 需要一个值。", "--format <table|json|csv>：打印方式："),
    ),
    "--home": (
        ("--home needs a value.", "--home DIR: Where the embedded database lives."),
        ("--home 需要一个值。", "--home DIR：内置数据库的所在。"),
    ),
    "import x.csv --skip-hidden=3": (
        ("--skip-hidden takes no value.",),
        ("--skip-hidden 不带值。",),
    ),
}
OF_A_VALUE = {
    "patient show P001 --width 10": (
        ("--width cannot be '10'.", "Write a whole number from 60 to 400."),
        ("--width 不能是 '10'。", "请写 60 至 400 之间的整数。"),
    ),
    "disclosure publish --limit 1001": (
        ("--limit cannot be '1001'.", "Write a whole number from 2 to 1000."),
        ("--limit 不能是 '1001'。", "请写 2 至 1000 之间的整数。"),
    ),
    "worklist --limit half": (
        ("--limit cannot be 'half'.", "Write a whole number, at least 1."),
        ("--limit 不能是 'half'。", "请写整数，至少为 1。"),
    ),
    "analyse tdm --resamples 99": (
        ("--resamples cannot be '99'.", "Write a whole number, at least 100."),
        ("--resamples 不能是 '99'。", "请写整数，至少为 100。"),
    ),
    "undo first": (
        ("CHANGE cannot be 'first'.", "Write a whole number."),
        ("CHANGE 不能是 'first'。", "请写整数。"),
    ),
    "undo 9223372036854775807": (
        ("CHANGE cannot be '9223372036854775807'.", "Write a smaller number."),
        ("CHANGE 不能是 '9223372036854775807'。", "请写小一些的数。"),
    ),
    "infusion list P001 --to 2020-13-01": (
        ("--to cannot be '2020-13-01'.", "Write it as YYYY-MM-DD."),
        ("--to 不能是 '2020-13-01'。", "请写成 YYYY-MM-DD。"),
    ),
    "analyse km --rmst 2y": (
        ("--rmst cannot be '2y'.", "Write a number."),
        ("--rmst 不能是 '2y'。", "请写数字。"),
    ),
    "analyse risk P001 --events-per-covariate 0.5": (
        ("--events-per-covariate cannot be '0.5'.", "Write a number, at least 1."),
        ("--events-per-covariate 不能是 '0.5'。", "请写数字，至少为 1。"),
    ),
    "status --format xml": (
        ("--format cannot be 'xml'.", "Write one of 'table', 'json', 'csv'."),
        ("--format 不能是 'xml'。", "请写 'table', 'json', 'csv' 之一。"),
    ),
    "disclosure all": (
        ("LEVEL cannot be 'all'.", "Write one of 'none', 'publish'."),
        ("LEVEL 不能是 'all'。", "请写 'none', 'publish' 之一。"),
    ),
}
LANGUAGES = ("", "zh_CN")
HEADS, USAGE, MORE = ("Error: ", "错误："), ("Usage: ", "用法："), ("More: ", "详见：")


@pytest.fixture(autouse=True)
def _on_a_wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """And by the program's own name, where pytest's would be told."""
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr("typer._click.utils._detect_program_name", lambda: "registry")


def refused(program: Program, line: str) -> list[str]:
    """What is said of the line, which must be wrong usage."""
    done = program(None, *line.split())
    assert (done.status, done.out) == (2, "")
    return done.err.splitlines()


@pytest.mark.parametrize("of", [0, 1], ids=["English", "Chinese"])
@pytest.mark.parametrize("line", OF_THE_LINE)
def test_a_line_that_no_command_takes(line: str, of: int, program: Program, speak: Speak) -> None:
    speak(LANGUAGES[of])
    problem, *cure = OF_THE_LINE[line][of]
    first, *said, usage, more = refused(program, line)
    assert first == HEADS[of] + problem
    assert len(said) == len(cure)
    assert all(one.startswith(begin) for one, begin in zip(said, cure, strict=True))
    assert usage.startswith(f"{USAGE[of]}registry ")
    assert more.startswith(f"{MORE[of]}registry ")
    assert more.endswith(" --help")


@pytest.mark.parametrize("of", [0, 1], ids=["English", "Chinese"])
@pytest.mark.parametrize("line", OF_A_VALUE)
def test_a_value_that_an_option_does_not_take(
    line: str, of: int, program: Program, speak: Speak
) -> None:
    """In the house's words, and never those of the library that reads numbers."""
    speak(LANGUAGES[of])
    problem, cure = OF_A_VALUE[line][of]
    assert refused(program, line) == [HEADS[of] + problem, cure]


def test_help_that_is_asked_for_by_saying_nothing_stays_help(
    program: Program, speak: Speak
) -> None:
    speak("zh_CN")
    first, *rest = refused(program, "patient")
    assert first.startswith("用法：registry patient")
    assert "  登记库中的患儿。" in rest


def wrong_lines(command: Any) -> Iterator[tuple[str, ...]]:
    """An option that there is not, each without its value, and each that is no text with one."""
    if not command.context_settings.get("ignore_unknown_options"):
        yield ("--no-such-option",)
    for one in command.params:
        if one.param_type_name != "option" or one.is_flag:
            continue
        yield (one.opts[0],)
        kind = one.type_descriptor.annotation
        if kind in (int, float, datetime) or (isinstance(kind, type) and issubclass(kind, Enum)):
            yield one.opts[0], "@@"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_is_refused_in_the_persons_language(
    words: tuple[str, ...], speak: Speak
) -> None:
    speak("zh_CN")
    for line in wrong_lines(COMMANDS[words]):
        with pytest.raises(WrongUsage) as refused:
            app([*words, *line])
        problem, *cure = str(refused.value).splitlines()
        assert CHINESE.search(problem), problem
        assert any(map(CHINESE.search, cure)), cure
