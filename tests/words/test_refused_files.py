"""What is said of a file that is not there, is none, or finds no room, in the person's language."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from registry.database.engine import Database
from registry.errors import SYSTEM_WORDS, cannot_write
from tests.programs import Program

from .conftest import Speak

ELSEWHERE = "Name a place where you may write."
# A command; HERE is a folder, FILE a file in it -> what is said in English and in Chinese.
WRONG = {
    "visit P001 --file HERE/none.toml": (
        ["Error: There is no file HERE/none.toml."],
        ["错误：没有文件 HERE/none.toml。"],
    ),
    "visit P001 --file HERE": (
        ["Error: HERE cannot be read: Is a directory."],
        ["错误：无法读取 HERE：它是文件夹。"],
    ),
    "db restore HERE": (
        ["Error: HERE cannot be read: Is a directory."],
        ["错误：无法读取 HERE：它是文件夹。"],
    ),
    "codebook --to FILE/book.csv": (
        ["Error: FILE/book.csv cannot be written: Not a directory.", ELSEWHERE],
        [
            "错误：无法写入 FILE/book.csv：路径中有一部分不是文件夹。",
            "请指定您有写权限的位置。",
        ],
    ),
    "template FILE": (
        ["Error: FILE cannot be written: File exists.", ELSEWHERE],
        ["错误：无法写入 FILE：已有同名文件。", "请指定您有写权限的位置。"],
    ),
    "synth --patients 1 --seed 1 --out FILE": (
        ["Error: FILE is not a folder.", "Name a folder, new or empty."],
        ["错误：FILE 不是文件夹。", "请指定一个新的或空的文件夹。"],
    ),
    "synth --patients 1 --seed 1 --out FILE/more": (
        [
            "Error: FILE/more cannot be written: Not a directory.",
            "Choose a folder that you may write to, with some 3 kB of room a patient.",
        ],
        [
            "错误：无法写入 FILE/more：路径中有一部分不是文件夹。",
            "请选择您有写权限的文件夹，每名患者约需 3 kB 空间。",
        ],
    ),
}


@pytest.mark.parametrize("of", [0, 1], ids=["English", "Chinese"])
@pytest.mark.parametrize("line", WRONG)
def test_a_file_that_is_not_as_it_must_be(
    line: str, of: int, tmp_path: Path, program: Program, speak: Speak
) -> None:
    file = tmp_path / "patients.csv"
    file.write_text("patient_id\n")
    speak(["", "zh_CN"][of])
    assert _refused(program, line, file) == WRONG[line][of]


def _refused(program: Program, line: str, file: Path) -> list[str]:
    """What is said of the line, on standard error alone, with FILE and HERE for file and folder."""
    named = line.replace("HERE", str(file.parent)).replace("FILE", str(file))
    done = program(None, *named.split())
    assert (done.status, done.out) == (1, "")
    return done.err.replace(str(file), "FILE").replace(str(file.parent), "HERE").splitlines()


# What is in the file -> what is said of it.
WRITTEN = {
    "of another encoding": (
        "备注 = '无'".encode("gb18030"),
        ["Error: FILE is not in UTF-8.", "Save it in UTF-8 and try again."],
        ["错误：FILE 不是 UTF-8 编码。", "请以 UTF-8 编码保存后重试。"],
    ),
    "of another format": (
        b"patient_id,on\n",
        [
            "Error: visit.toml is not TOML: Expected '=' after a key in a key/value pair "
            "(at line 1, column 11).",
            "Nothing was stored. An empty file to fill in: registry visit ID --template",
        ],
        [
            "错误：visit.toml 不是 TOML：键之后应有 '='（第 1 行，第 11 列）。",
            "未保存任何内容。可填写的空白文件：registry visit ID --template",
        ],
    ),
}


@pytest.mark.parametrize("of", [1, 2], ids=["English", "Chinese"])
@pytest.mark.parametrize("name", WRITTEN)
def test_a_file_that_holds_something_else(
    name: str, of: int, tmp_path: Path, program: Program, speak: Speak
) -> None:
    content, *said = WRITTEN[name]
    file = tmp_path / "visit.toml"
    file.write_bytes(content)
    speak(["", "zh_CN"][of - 1])
    assert _refused(program, "visit P001 --file FILE", file) == said[of - 1]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "无法写入 x.csv：磁盘已满。\n请在那里腾出空间。"),
        (errno.EDQUOT, "无法写入 x.csv：磁盘配额已用完。\n请在那里腾出空间。"),
        (errno.EACCES, "无法写入 x.csv：没有权限。\n请指定您有写权限的位置。"),
        (errno.EFBIG, "无法写入 x.csv：文件过大。"),
        (errno.EIO, "无法写入 x.csv：磁盘读写出错。"),
    ],
)
def test_why_nothing_can_be_written(number: int, said: str, speak: Speak) -> None:
    """With the cure that goes with it, where there is one."""
    speak("zh_CN")
    assert str(cannot_write("x.csv", OSError(number, os.strerror(number)))) == said


def test_a_reason_that_nobody_translated_stands_in_the_systems_words(speak: Speak) -> None:
    speak("zh_CN")
    told = str(cannot_write("x.csv", OSError(errno.EL2HLT, "Level 2 halted")))
    assert told.startswith("无法写入 x.csv：Level 2 halted。")


def test_the_systems_words_are_its_own() -> None:
    """As Linux says them: a word that no error has would never be found."""
    said = {os.strerror(number) for number in errno.errorcode}
    assert set(SYSTEM_WORDS) <= said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("patient show P999 --to FILE.svg", "没有患者 P999。"),
        ("patient show P001 --to FILE/p.svg", "无法写入 FILE/p.svg：路径中有一部分不是文件夹。"),
        ("dossier --to FILE.html --definition mine", "没有定义 mine。"),
        ("dossier --to FILE.txt", "file.txt 的结尾看不出格式。"),
        ("dossier --to FILE/d.md", "无法写入 FILE/d.md：路径中有一部分不是文件夹。"),
    ],
)
def test_of_what_is_written_in_english_a_refusal_is_not(
    line: str, said: str, shared_study: Database, tmp_path: Path, program: Program, speak: Speak
) -> None:
    speak("zh_CN")
    file = tmp_path / "file"
    file.write_text("")
    done = program(shared_study, *line.replace("FILE", str(file)).split())
    assert done.err.splitlines()[0] == f"错误：{said.replace('FILE', str(file))}"
