"""What is asked for at a terminal: which patient, which record, what and why; and back again."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pexpect
import pytest

from registry.database.engine import Database
from tests.conftest import place
from tests.programs import Program
from tests.records.conftest import rows
from tests.visit.test_four_ways import SEVERAL, typing


def talk(database: Database, commands: Sequence[str], *turns: str) -> str:
    """Commands in one process; each turn is `words of the question > answer`. What was shown."""
    words = [[*place(database), *command.split()] for command in commands]
    child = typing(database, json.dumps(words), program=("-c", SEVERAL))
    child.setwinsize(60, 200)
    shown = []
    for turn in turns:
        question, _, answer = turn.rpartition(" > ")
        child.expect_exact(question)
        shown.append((child.before or "") + question)
        child.expect(r"(: |> )$")
        shown.append((child.before or "") + str(child.after))
        child.sendline(answer)
    child.expect(pexpect.EOF)
    shown.append(child.before or "")
    child.close()
    assert child.exitstatus == 0, "".join(shown)
    return "".join(shown).replace("\r\n", "\n")


@pytest.fixture
def clinic(child: Database, program: Program) -> Database:
    """A child with two infusions."""
    for day, dose in (("2020-01-07", "150"), ("2020-01-21", "160")):
        added = ("infusion", "add", "T1", "--infused-on", day, "--dose-mg", dose)
        assert program(child, *added, "--weight-kg", "30").status == 0
    return child


def test_a_record_is_chosen_changed_and_taken_out(clinic: Database) -> None:
    shown = talk(
        clinic,
        ["infusion amend", "infusion show T1", "infusion void T1"],
        "Study id > T9", "is not a patient of the registry > T1",
        "Which one > 7", "is none of them > 2",
        "now 2020-01-21 > 2009-01-01", "lies before the birth > <",
        # Back at the list, where another one is chosen, by its name.
        "Which one > 2020-01-07",
        "now 2020-01-07 > ", "now 150 > 1700000", "is outside > 170", "now 30 > -",
        "is needed > ", "now - > Remicade", "Reason > ", "is needed > <",
        "now - > Remsima", "Reason > pump log",
        "Which one > 1",
        "Which one > 2", "Reason > twice",
    )  # fmt: skip
    assert "  1  2020-01-07  dose_mg 150" in shown
    assert "dose_mg 150 -> 170, product - -> Remsima" in shown
    assert "pump log" in shown.partition("Amended")[2]
    assert "Taken out: T1 2020-01-21" in shown
    assert rows(clinic, "infusion", "infused_on::text, dose_mg, product") == [
        ("2020-01-07", 170, "Remsima")
    ]


def test_what_is_named_already_is_not_asked(clinic: Database) -> None:
    """A key, a value: only the rest of it. A record that is the only one is taken."""
    shown = talk(
        clinic,
        ["infusion amend T1 2020-01-21 --dose-mg 165", "infusion void T1 2020-01-07",
         "infusion amend T1"],
        "Reason > read anew", "Reason > twice",
        "now 2020-01-21 > ", "now 165 > ", "now 30 > 31", "now - > ", "Reason > scales",
    )  # fmt: skip
    assert "Which one" not in shown
    assert rows(clinic, "infusion", "dose_mg, weight_kg") == [(165, 31)]


def test_a_score_is_entered_by_items_or_by_total_and_a_person_goes_back(clinic: Database) -> None:
    shown = talk(
        clinic,
        ["pcdai add T1", "pcdai add T1"],
        "Visited on > <", "This is the first question > 2020-03-01",
        "2  total > total", "PCDAI declared > <", "Which one > 2", "PCDAI declared > 32.5",
        "Visited on > 2020-03-08", "Which one > i", "Abdominal pain > 5", "Stools > 10",
        "Functioning > <", "Stools > 5", *(f"{item} > 0" for item in (
            "Functioning", "Haematocrit", "ESR", "Albumin", "Weight", "Height",
            "Abdomen", "Perirectal", "Extraintestinal")),
    )  # fmt: skip
    assert shown.count("Stored: T1 2020-03-0") == 2
    assert "PCDAI declared" not in shown.partition("2020-03-08")[2]
    assert rows(clinic, "pcdai_visit", "visited_on::text, stools, score") == [
        ("2020-03-01", None, 32.5), ("2020-03-08", 5, 10),
    ]  # fmt: skip


def test_a_code_by_its_name_in_the_persons_language(
    registry: Database, monkeypatch: pytest.MonkeyPatch, program: Program
) -> None:
    """女 and 否 at the prompt and as options; shown beside the code, which is what is stored."""
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    shown = talk(
        registry,
        ["patient add T1", "medication add T1", "phenotype add T1"],
        "中心 > BCH", "female = 女; male = 男 > 女", "出生日期 > 2010-02-03", "首发症状 > <",
        "出生日期 > 2010-02-04", "首发症状 > ", "诊断日期 > ", "CD = 克罗恩病 > 克罗恩病",
        "药物 > 全肠内营养", "开始日期 > 今天", "停用日期 > ",
        "评估日期 > 2020-01-07", "L2 = 结肠 > 结肠", "上消化道 > ", "B2 = 狭窄型 > 狭窄型",
        "肛周病变 > 否", "G1 = 生长迟缓 > 生长迟缓",
    )  # fmt: skip
    assert shown
    assert rows(registry, "patient", "sex, birth_date::text, diagnosis") == [
        ("female", "2010-02-04", "CD")
    ]
    assert rows(registry, "phenotype", "location, behaviour, perianal, growth") == [
        ("L2", "B2", False, "G1")
    ]
    monkeypatch.delenv("LANGUAGE")
    named = ("--assessed-on", "2021-01-07", "--location", "ileocolon", "--perianal", "是")
    assert program(registry, "phenotype", "add", "T1", *named).status == 0
    assert rows(registry, "phenotype", "location, perianal")[-1] == ("L3", True)
    refused = program(registry, "medication", "add", "T1", "--drug", "biologic",
                      "--started-on", "2021-01-07")  # fmt: skip
    assert "drug 'biologic' is not one of" in refused.err
