"""The temporary table that the checks of a write gather their complaints in."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.records.cells import cleaned
from registry.records.problems import Problem
from registry.records.resolving import resolved
from registry.records.source import Entity, Source
from registry.records.staging import staged, staged_columns


def create_complaints(
    connection: Connection, files: list[Source], read_problems: list[Problem]
) -> None:
    """Makes the table of complaints; one met when reading has its place there, without words."""
    connection.exec_driver_sql("drop table if exists pg_temp.complaint")
    connection.exec_driver_sql(
        "create temporary table complaint (file integer, line integer, column_name text, "
        "value text, problem text) on commit drop"
    )
    numbers = {file.shown: file.number for file in files}
    places = [
        {"file": numbers[problem.file], "line": problem.line, "column": problem.column}
        for problem in read_problems
        if problem.file in numbers
    ]
    if places:
        connection.execute(
            text("insert into complaint (file, line, column_name) values (:file, :line, :column)"),
            places,
        )


def complain(
    connection: Connection,
    entity: Entity,
    where: str,
    column: str,
    problem: str,
    beside: str = "",
) -> None:
    """Complains of each row `r` for which `where` holds, showing its cell of `column`.

    `beside` joins what `where` and `problem` need besides.
    """
    connection.exec_driver_sql(
        f"insert into complaint select r.file, r.line, '{column}', "
        f"nullif(w.\"{column}\", ''), {problem} from {resolved(entity)} r "
        f"join {staged(entity)} w on w.file = r.file and w.line = r.line "
        f"cross join lateral (select {cleaned('w', staged_columns(entity))}) s "
        f"{beside} where {where}".replace("%", "%%")
    )
