"""Who speaks which language: the locale chooses, data and documents stay as they are."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from registry.cli.frame.output import print_table
from registry.database.engine import Database
from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.run import import_mapped
from registry.importing.run import import_files
from registry.models import Infusion, PcdaiVisit
from registry.models.codebook import codebook
from registry.records.rows import dictionary_columns
from registry.terminal_width import columns, padded, wrapped
from registry.words import in_english, language, note, spoken, tr
from registry.worklist.read import Filters, read_worklist
from tests.conftest import Command

from .conftest import Speak

CHINESE = re.compile("[\u4e00-\u9fff]")
LOSS = "Loss of response"


def test_a_number_has_its_noun(speak: Speak) -> None:
    speak("")
    for number, said in ((0, "0 days since x"), (1, "1 day since x"), (11, "11 days since x")):
        assert tr("{days:day|days} since {on}", days=number, on="x") == said
        assert note("{days:day|days} since {on}", days=number, on="x") == said
    counted = "{done:,} of {patients:,|patient|patients}"
    assert tr(counted, done=1, patients=1) == "1 of 1 patient"
    assert tr(counted, done=1, patients=1234) == "1 of 1,234 patients"
    assert tr("{number:item|items}", number="1") == "1 item"
    speak("zh_CN")
    assert tr("{days:day|days} since {on}", days=1, on="x") == "自 x 起 1 天"


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "失应答"),
        ({"LANG": "zh_CN.GB18030"}, "失应答"),
        ({"LANG": "zh_CN"}, "失应答"),
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "失应答"),
        ({"LC_ALL": "zh_CN.UTF-8", "LC_MESSAGES": "C", "LANG": "C"}, "失应答"),
        ({"LANGUAGE": "zh_CN", "LANG": "en_US.UTF-8"}, "失应答"),
        ({"LANGUAGE": "zh_CN:en", "LC_ALL": "C"}, "失应答"),
        ({"LANGUAGE": "en", "LANG": "zh_CN.UTF-8"}, LOSS),
        ({"LANG": "C"}, LOSS),
        ({"LANG": "en_US.UTF-8"}, LOSS),
        ({"LANG": "xx_YY.UTF-8"}, LOSS),
        ({}, LOSS),
    ],
)
def test_the_locale_chooses(
    environment: dict[str, str], chosen: str, speak: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of these need be installed on the machine."""
    speak("")
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert tr(LOSS) == chosen


def test_a_message_is_said_with_its_values(speak: Speak) -> None:
    assert tr("There is no patient {patient}.", patient="{P1}") == "There is no patient {P1}."
    speak("zh_CN")
    assert tr("There is no patient {patient}.", patient="{P1}") == "没有患者 {P1}。"
    assert tr("{not a message}") == "{not a message}"
    assert tr("") == ""
    assert language() == "zh-CN"


def test_what_is_stored_or_published_is_in_english(speak: Speak) -> None:
    speak("zh_CN")
    with in_english():
        assert tr(LOSS) == LOSS
        assert language() == "en"
    assert tr(LOSS) == "失应答"
    dose = dictionary_columns(Infusion)["dose_mg"]
    assert dose.limits() == "高于 0 至 2000"
    assert dose.comment() == "Dose given (mg); above 0 to 2000"


def test_a_unit_that_is_a_word_is_said(speak: Speak) -> None:
    total, dose = (dictionary_columns(PcdaiVisit)["total"], dictionary_columns(Infusion)["dose_mg"])
    assert total.limits_with_unit() == "0 to 100 in steps of 2.5 points"
    speak("zh_CN")
    assert total.limits_with_unit() == "0 至 100，步长 2.5 分"
    assert dose.limits_with_unit() == "高于 0 至 2000 mg"
    with in_english():
        assert " (points); 0 to 100 in steps of 2.5" in total.comment()


def test_a_note_is_english_and_can_be_said_in_the_persons_language(speak: Speak) -> None:
    made = note("{one}; {other}", one=note("Loss of response"), other=note("Response maintained"))
    speak("zh_CN")
    assert made == "Loss of response; Response maintained"
    assert json.dumps(made) == '"Loss of response; Response maintained"'
    assert spoken(made) == "失应答；维持应答"
    assert spoken("Perianal disease") == "肛周病变"


def shape(document: Any) -> Any:
    """The keys of a document, without its words."""
    match document:
        case dict():
            return {key: shape(held) for key, held in document.items()}
        case list():
            return [shape(held) for held in document]
        case _:
            return type(document)


def test_the_codebook_is_translated_and_its_keys_are_not(speak: Speak) -> None:
    english = codebook()
    speak("zh_CN")
    chinese = codebook()
    assert shape(chinese) == shape(english)
    for name in ("table", "column", "kind", "unit"):
        assert [row[name] for row in chinese] == [row[name] for row in english]
    assert {row["label"] for row in chinese if not CHINESE.search(row["label"])} == {"CDEIS"}


def test_the_worklist_says_its_rules(shared_study: Database, speak: Speak) -> None:
    """Every fact has found its place in the translation too."""
    with shared_study.engine.connect() as connection:
        english = read_worklist(connection, Filters(set_aside=True))
        speak("zh_CN")
        chinese = read_worklist(connection, Filters(set_aside=True))
    assert [one.item for one in chinese] == [one.item for one in english]
    assert english
    for one, other in zip(chinese, english, strict=True):
        assert CHINESE.search(one.action)
        assert CHINESE.search(one.why)
        assert "{" not in one.action + one.why
        assert set(re.findall(r"\d{4}-\d\d-\d\d", one.why)) == set(
            re.findall(r"\d{4}-\d\d-\d\d", other.why)
        )


def test_complaints_of_an_import(database: Connection, tmp_path: Path, speak: Speak) -> None:
    """Also those that the database puts together, with a value or a place in the middle."""
    (tmp_path / "patients.csv").write_text(
        "patient_id,centre,sex,birth_date,diagnosis\n"
        "P1,BCH,male,2010-01-01,CD\nP2,BCH,x,2010-13-01,CD\nP1,BCH,female,2010-01-01,CD\n"
    )
    (tmp_path / "pcdai_visits.csv").write_text(
        "patient_id,visited_on,abdominal_pain,stools,functioning,hematocrit,esr,albumin,weight,"
        "height,abdomen,perirectal,extraintestinal,total\n"
        "P1,2020-01-01,5,5,0,0,0,0,0,0,0,0,0,20\nP1,2020-02-01,5,5,0,,0,0,0,0,0,0,0,\n"
    )
    speak("zh_CN")
    assert list(map(str, import_files(database, [tmp_path]).errors)) == [
        "patients.csv，第 3 行：birth_date '2010-13-01' 不是日期；请写成 YYYY-MM-DD",
        "patients.csv，第 3 行：sex 'x' 不符合：female, male 之一",
        "patients.csv，第 4 行：patient_id 'P1' 以相同的 patient_id 和不同的值出现两次，"
        "首次在 patients.csv，第 2 行",
        "pcdai_visits.csv，第 2 行：total '20' 不是各分项之和 10",
        "pcdai_visits.csv，第 3 行：total 缺失，用于计算的分项也缺失：hematocrit",
    ]


def test_a_place_in_a_mapped_file(database: Connection, tmp_path: Path, speak: Speak) -> None:
    """The file and line that a complaint names are the person's, in Chinese too."""
    (tmp_path / "a.csv").write_text(
        "编号,出生,性别,日期,CRP\nP1,2010-01-01,男,2020-01-02,5\nP1,2010-01-01,男,2020-01-02,6\n"
    )
    (tmp_path / "map.toml").write_text(
        '[[source]]\nfile = "a.csv"\npatient_id = "编号"\n'
        '[[source.rows]]\ntable = "patients"\n'
        'columns.birth_date = "出生"\ncolumns.sex = "性别"\n'
        'constants.centre = "BCH"\nconstants.diagnosis = "CD"\ncodes.sex."男" = "male"\n'
        '[[source.rows]]\ntable = "lab_results"\ncolumns.collected_on = "日期"\n'
        'columns.value = "CRP"\nconstants.analyte = "CRP"\nconstants.unit = "mg/L"\n',
        encoding="utf-8",
    )
    speak("zh_CN")
    mapping = read_mapping(tmp_path / "map.toml")
    result = import_mapped(database, [tmp_path / "a.csv"], mapping)
    assert list(map(str, result.errors)) == [
        "a.csv，第 3 行：编号 'P1' 以相同的 patient_id 和 collected_on 和 analyte 和不同的值"
        "出现两次，首次在 a.csv，第 2 行"
    ]


def test_a_chinese_character_takes_two_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"label": "失应答", "n": 18}, {"label": "loss", "n": 5}])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["label    n", "------  --", "失应答  18", "loss     5"]
    assert {columns(line) for line in lines} == {10}
    assert columns("a\u0301，b") == 4
    assert padded("应答", 6, right=True) == "  应答"


def test_chinese_breaks_between_characters_and_not_before_a_full_stop() -> None:
    assert wrapped("第 14 周缓解，此后失应答。", 12) == ["第 14 周缓", "解，此后失应", "答。"]
    assert wrapped("（永生时间偏倚）", 6, first="* ", others="  ") == [
        "* （永",
        "  生时",
        "  间偏",
        "  倚）",
    ]
    assert wrapped("P001:silent:2020-01-01 待办", 10, whole=True)[0] == "P001:silent:2020-01-01"
    assert wrapped("no loss of response", 8) == ["no loss", "of", "response"]


def program(process: Command, where: Any, *arguments: str, **environment: str) -> Any:
    inherited = {k: v for k, v in os.environ.items() if k not in ("LANG", "LANGUAGE")}
    return process(where, *arguments, env=inherited | environment, encoding="utf-8")


def test_the_program_complains_in_chinese(shared_study: Database, process: Command) -> None:
    asked = ("infusion", "add", "P001", "--infused-on", "2026-13-01")
    asked += ("--dose-mg", "120", "--weight-kg", "20")
    done = program(process, shared_study, *asked, LANG="zh_CN.UTF-8")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "错误：infused_on '2026-13-01' 不是日期；请写成 YYYY-MM-DD",
        "未保存任何内容。",
    ]
    done = program(process, shared_study, *asked, LANG="C")
    assert done.stderr.splitlines()[0] == (
        "Error: infused_on '2026-13-01' is not a date; write YYYY-MM-DD"
    )


@pytest.mark.parametrize("encoding", ["ascii", "gb18030"])
def test_no_encoding_of_a_terminal_ends_a_command(
    encoding: str, tmp_path: Path, process: Command
) -> None:
    """The words are asked for by LANGUAGE; what the terminal cannot show stands as a sign."""
    asked = {"LANGUAGE": "zh_CN", "LC_ALL": "C", "PYTHONIOENCODING": encoding}
    asked |= {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = process(
        tmp_path,
        *("codebook", "nothing"),
        env=os.environ | asked,
        encoding=encoding,
        errors="replace",
    )
    assert done.returncode == 1
    assert "nothing" in done.stderr
    assert "Traceback" not in done.stderr
    if encoding == "gb18030":
        assert done.stderr.splitlines()[0] == "错误：没有表 nothing。"
