"""The tables of docs/roles.md, which tests make."""

from __future__ import annotations

import os
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "roles.md"


def held_to_page(name: str, table: str) -> None:
    """The table between the marks of that name is this one, or is written."""
    page = PAGE.read_text(encoding="utf-8")
    pattern = rf"(?<=<!-- {name} -->\n).*?(?=<!-- end of {name} -->)"
    [shown] = re.findall(pattern, page, re.S)
    if os.environ.get("REGISTRY_REWRITE_DOCS"):
        PAGE.write_text(re.sub(pattern, lambda _: table, page, flags=re.S), encoding="utf-8")
    else:
        assert shown == table
