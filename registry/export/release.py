"""The files of a release: every de-identified view, a codebook, and how alike the children are."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from registry import __version__
from registry.drawing.formats import FOR_SPREADSHEETS
from registry.export.write import write_released
from registry.views.deidentified_tables import told_quasi_identifiers

ALIKE = "k_anonymity.csv"
ABOUT = "release.json"
ERASED = "erased.csv"


def write_release(
    connection: Connection,
    schema: str,
    release: str,
    part: Path,
    ending: str,
    *,
    series: str | None = None,
    erased: Sequence[str] = (),
) -> dict[str, Any]:
    """Writes them to a folder that is there; says their rows, hashes and smallest class.

    A class are the children of whom the same is told of all that could find one of them. A release
    of a series holds the ids of children who were erased since an earlier one of it.
    """
    rows = write_released(connection, schema, release, part, ending)
    columns = told_quasi_identifiers()
    listed = ", ".join(columns)
    classes = connection.execute(
        text(
            f"select {listed}, count(*) as children from {schema}.patient "
            f"where release = :release group by {listed} order by {listed}"
        ),
        {"release": release},
    ).all()
    with (part / ALIKE).open("w", encoding=FOR_SPREADSHEETS, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*columns, "children"])
        writer.writerows(classes)
    if series is not None:
        listed_ids = "".join(f"{one}\n" for one in ["child_id", *erased])
        (part / ERASED).write_text(listed_ids, encoding=FOR_SPREADSHEETS, newline="")
    sizes = [row.children for row in classes]
    content = {
        "children": sum(sizes),
        "quasi_identifiers": list(columns),
        "classes": len(sizes),
        "smallest_class": min(sizes),
        "files": {
            file.name: {
                "rows": rows.get(file.stem),
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            }
            for file in sorted(part.iterdir())
        },
    }
    about = {"release": release, "program_version": __version__, **content}
    if series is not None:
        about["series"] = series
    (part / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return content
