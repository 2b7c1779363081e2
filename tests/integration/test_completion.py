"""What the shell is told behind Tab, by the protocol that its function speaks."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from registry.cli.frame.completion import complete_codes, complete_covariates
from registry.database.engine import Database
from registry.vocabulary import BEHAVIOURS, DRUGS
from tests.conftest import place

PROGRAM = str(Path(sys.executable).with_name("registry"))


def offered(*words: str) -> list[str]:
    """The offers for the last of the words; nothing is ever said beside them."""
    line = ["registry", *words]
    done = subprocess.run(
        [PROGRAM],
        env=os.environ
        | {
            "_REGISTRY_COMPLETE": "complete_bash",
            "COMP_WORDS": shlex.join(line),
            "COMP_CWORD": str(len(line) - 1),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("explain", "P00"), [f"P00{number}" for number in range(1, 10)]),
        (("status", "--definition", "re"), ["recommended"]),
        (("export", "tdm_w"), ["tdm_week14"]),
        (("infusion", "amend", "P023", "2020-01"), ["2020-01-21"]),
        (("infusion", "show", "--patient-id", "P023", "2020-01"), []),
        (("lab", "void", "P023", "2020-01-19", "C"), ["CRP"]),
        (("lab", "void", "P023", "2020-01-19", "CRP", ""), []),
        (
            ("pcdai", "show", "P023", "2020-0"),
            ["2020-08-24", "2020-06-24", "2020-05-01", "2020-01-21"],
        ),
    ],
)
def test_the_database_is_asked(
    shared_study: Database, words: tuple[str, ...], expected: list[str]
) -> None:
    assert offered(*place(shared_study), *words) == expected


def test_what_needs_no_database() -> None:
    assert offered("codebook", "p") == ["patients", "phenotypes", "pcdai_visits"]
    assert "import" in offered("im")
    assert complete_codes(BEHAVIOURS)("b2") == [
        ("B2", "stricturing"),
        ("B2B3", "stricturing and penetrating"),
    ]
    assert complete_codes(DRUGS)("vedo") == [("vedolizumab", "biologic")]


def test_covariates_are_offered_with_their_labels_and_in_a_list_once() -> None:
    assert complete_covariates("growth") == [("growth_delay", "Growth delay")]
    assert complete_covariates("perianal,growth") == [("perianal,growth_delay", "Growth delay")]
    assert complete_covariates("growth_delay,growth") == []


def test_without_a_database_nothing_is_offered_and_none_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert offered("--home", str(home), "explain", "P") == []
    assert not home.exists()
