"""One view: read from its file, in the order in which views rest on each other."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from registry.views.headers import Sentence, read_header, tables_read
from registry.views.sources import PRESENT, names, narrowed, source

RULES = "rules"
ANALYTICS = "analytics"
# What an inspector reads and an analyst does not: values that were changed or taken out.
INSPECTION = "inspection"
# What may leave the centre.
DEIDENTIFIED = "analytics_deidentified"
# Each reads those before it.
SCHEMAS = (RULES, PRESENT, ANALYTICS, DEIDENTIFIED, INSPECTION)


class View(NamedTuple):
    """One view: its schema, name, statement and comments."""

    schema: str
    name: str
    statement: str
    comment: str
    column_comments: dict[str, str]
    methods: tuple[Sentence, ...] = ()

    def reads(self, names: set[str]) -> frozenset[str]:
        """Which of `names` stand after a FROM or JOIN in the statement."""
        return (tables_read(self.statement) & names) - {self.name}


def views_of(folder: str, schema: str | None = None) -> list[View]:
    """The views of a folder, in the schema of its name or in another."""
    return [read_view(schema or folder, folder, name) for name in names(folder)]


@cache
def read_view(schema: str, folder: str, name: str) -> View:
    """The view of a file, in a schema."""
    text = source(folder, name)
    header = read_header(text)
    statement, count = re.subn(
        rf"create view {name} as\b", f"create view {schema}.{name} as", narrowed(text), count=1
    )
    if count != 1:
        raise ValueError(f"{name}.sql does not hold 'create view {name} as'")
    return View(schema, name, statement, header.comment, header.columns, header.methods)


def in_order(views: list[View]) -> list[View]:
    """Each view behind those that it reads."""
    # Whoever reads one view's text maps no table for it.
    from graphlib import TopologicalSorter

    from registry.models import all_tables

    by_name = {view.name: view for view in views}
    names = set(by_name)
    built_elsewhere = {table.name for table in all_tables().tables.values()}
    graph = {view.name: view.reads(names - built_elsewhere) for view in views}
    return [by_name[name] for name in TopologicalSorter(graph).static_order()]
