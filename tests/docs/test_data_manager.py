"""The guide for a data manager does what it shows: a week, in order, on one registry.

With REGISTRY_REWRITE_DOCS=1 the outputs are written anew; read the difference before keeping it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.conftest import Databases
from tests.docs.pages import PROJECT, Page, held

GUIDE = PROJECT / "docs" / "data-manager.md"


def test_a_week_with_the_registry(
    databases: Databases, migrated_template: str, tmp_path: Path
) -> None:
    trial = databases.create(migrated_template)
    held(Page(GUIDE, tmp_path, databases.create(), homes={"trial": trial}))


def test_every_message_that_the_guide_explains_is_one_of_the_program() -> None:
    # A message of the program, with what it fills in as the guide writes it.
    said = "\n".join(
        re.sub(r"\{[^}]*\}", "…", node.value)
        for path in (PROJECT / "registry").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    _, _, table = GUIDE.read_text(encoding="utf-8").partition("## What to do when")
    messages = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(messages) > 8
    assert [message for message in messages if message not in said] == []


def test_every_link_and_picture_of_the_documents_is_there() -> None:
    for page in [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), (page.name, target)
