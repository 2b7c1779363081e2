"""The catalogues hold what the program says, and every translation can be said."""

from __future__ import annotations

import runpy
import string
import sys
import zipfile
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(PROJECT / "scripts" / "translations.py"))
LOCALES = PROJECT / "registry" / "locale"
CATALOGUES = sorted(LOCALES.glob("*/LC_MESSAGES/registry.po"))


def catalogue(**translations: str) -> Any:
    made = SCRIPT["Catalogue"]("zh_CN", "")
    for message, translation in translations.items():
        made.add(message, translation)
    return made


def test_they_are_current_complete_and_keep_every_placeholder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where this fails, `scripts/translations` says what is to be translated."""
    status = SCRIPT["main"](["--check"])
    assert (status, capsys.readouterr().out) == (0, "")


def test_chinese_ships() -> None:
    assert [path.parents[1].name for path in CATALOGUES] == ["zh_CN"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_every_translation_takes_its_values(path: Path) -> None:
    """With a number where it is written as one, and text that itself holds braces elsewhere."""
    formatted = 0
    for message in SCRIPT["read"](path):
        fields = [field for field in string.Formatter().parse(message.id or "") if field[1]]
        if not fields or any(not field[1].isidentifier() for field in fields):
            continue
        values = {name: 1234.5 if spec else "{a}" for _, name, spec, _ in fields if name}
        said = message.string.format(**values)
        assert all(str(value) in said for value in values.values() if value == "{a}")
        formatted += 1
    assert formatted > 500


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parents[1].name)
def test_a_catalogue_says_nothing_of_when_where_and_by_whom(path: Path) -> None:
    """So that the same messages give the same bytes everywhere."""
    found = SCRIPT["read"](path)
    assert SCRIPT["po_of"](found) == path.read_bytes()
    compiled = path.with_suffix(".mo").read_bytes()
    assert SCRIPT["mo_of"](found) == compiled
    header = GNUTranslations(BytesIO(compiled)).info()
    assert header == {
        "language": path.parents[1].name,
        "content-type": "text/plain; charset=utf-8",
    }
    assert "#: " not in path.read_text(encoding="utf-8")


def test_what_is_wrong_with_a_catalogue_is_said() -> None:
    held = catalogue(kept="bleibt", gone="weg", **{"{n} rows": "{m} Zeilen", "bare": ""})
    found = list(SCRIPT["problems"](held, ["kept", "new", "{n} rows", "bare"]))
    assert found == [
        "not in the catalogue: 'new'",
        "no longer said: 'gone'",
        "other placeholders: '{n} rows': '{m} Zeilen'",
        "without a translation: 'bare'",
    ]


def test_a_merge_keeps_translations_and_drops_what_is_gone() -> None:
    merged = SCRIPT["merged"](catalogue(kept="bleibt", gone="weg"), ["kept", "new"])
    assert {m.id: m.string for m in merged if m.id} == {"kept": "bleibt", "new": ""}


def test_a_message_that_is_no_literal_is_refused(tmp_path: Path) -> None:
    import ast

    call = ast.parse("tr(label)").body[0].value  # type: ignore[attr-defined]
    with pytest.raises(SystemExit, match=r"tests/words/x.py:1: tr needs a literal"):
        SCRIPT["_literal"](call, PROJECT / "tests" / "words" / "x.py")


def test_the_words_of_declarations_and_rules_are_messages() -> None:
    """One of each place that words are declared in."""
    declared = set(SCRIPT["declared"]())
    assert {
        "Dose given",
        "1-2 indolent fistulae, scant drainage",
        "Loss of response: PCDAI above",
        "erythrocyte sedimentation rate",
        "compound heterozygous",
        "Primary non-response",
        "response only",
        "One row per patient and day of measurement.",
        "Take out one of the two infusions, if it is one.",
        "The rules of the study with its ambiguities resolved",
        "the cut-offs of the assay are not known",
    } <= declared


def test_they_are_in_the_wheel(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    [built] = WheelBuilder(str(PROJECT)).build(directory=str(tmp_path), versions=["standard"])
    names = zipfile.ZipFile(built).namelist()
    for path in CATALOGUES:
        for kind in (".po", ".mo"):
            assert path.with_suffix(kind).relative_to(PROJECT).as_posix() in names


def test_the_program_itself_needs_no_babel() -> None:
    assert "babel" not in (PROJECT / "requirements.lock").read_text(encoding="utf-8").lower()
    assert not any(
        "babel" in path.read_text(encoding="utf-8") for path in (PROJECT / "registry").rglob("*.py")
    ), sys.version
