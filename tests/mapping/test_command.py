"""The options of `registry import` and `registry export` for mappings and REDCap projects."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from registry.cli import app
from registry.database.engine import Database
from tests.conftest import Command, place

SHEET = "研究编号,姓名,中心,性别,出生日期,诊断\nP1,*,BCH,男,2010年5月6日,克罗恩病\n"


def test_draft_import_export(registry: Database, tmp_path: Path) -> None:
    """Drafted, imported, written as a REDCap project, which says nothing new when it comes back."""
    sheet, mapping, project = (tmp_path / name for name in ("p.csv", "p.toml", "project"))
    sheet.write_text(SHEET, encoding="utf-8")

    def run(*arguments: str) -> str:
        ended = CliRunner().invoke(app, [*place(registry), *arguments])
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    mapping.write_text(run("import", str(sheet), "--suggest-map"), encoding="utf-8")
    taken = run("import", str(sheet), "--map", str(mapping), "--format", "json")
    assert json.loads(taken)["tables"]["patients"]["inserted"] == 1
    run("export", "--redcap", str(project))
    files = [str(project / name) for name in ("data_dictionary.csv", "data.csv")]
    again = run("import", "--redcap", *files, "--format", "json")
    assert json.loads(again)["tables"]["patients"]["unchanged"] == 1


def test_a_wrong_mapping_ends_with_its_line(
    registry: Database, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "p.csv").write_text(SHEET, encoding="utf-8")
    (tmp_path / "p.toml").write_text('[[source]]\nfiel = "p.csv"\n', encoding="utf-8")
    ended = command(registry, "import", str(tmp_path / "p.csv"), "--map", str(tmp_path / "p.toml"))
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "Error: p.toml, line 2: fiel means nothing here.",
        "Did you mean file?",
    ]
