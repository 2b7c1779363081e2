"""The hash of a freeze, against a reading of its description in plain Python."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from registry.database.engine import Database
from registry.freezes import store
from registry.freezes.content import NO_DATA, NOT_CONTENT

# Of the study's children's tables, on every PostgreSQL and machine.
STUDY = {
    "clinical.patient": "81efdef9423ed8714e547d54278f699ad8a09fd897e12ecef87e5aec040426eb",
    "clinical.pcdai_visit": "90b31b2afab27eecc27f5576aca359b1a8fa10f7f825fd242cd8786aa7f64fcd",
    "clinical.infusion": "fda80717235588fda0926d18f3ca03597f4f734a78e45d4c3109ae46246cac95",
    "clinical.lab_result": "d97774ada965bb3d896410ac51b8e8055d5940f6d4613bdc27ae4c57862cf9b0",
}


def written(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            plain = f"{value:f}"
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        case date():
            return value.isoformat()
        case dict():
            return ",".join(f"{key}:{value[key]}" for key in sorted(value))
        case _:
            return str(value).replace("\\", "\\\\").replace("\n", "\\n")


def sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_as_described(study: Database) -> None:
    frozen = store.create(study.engine, "one", as_of=None, user="tester", reason=None)
    lines = []
    with study.engine.connect() as connection:
        ids = dict(
            connection.execute(
                text("select patient_id, study_id from reference.patient_number")
            ).all()
        )
        for name, said in frozen.content.items():
            apart = (*NOT_CONTENT, *NO_DATA.get(name, ()))
            rows = connection.execute(text(f"select * from {name}")).mappings()
            of_child: dict[str, list[bytes]] = defaultdict(list)
            number = 0
            for row in rows:
                number += 1
                pairs = "".join(
                    f"{column}={written(row[column])}\n"
                    for column in sorted(row)
                    if column not in apart and row[column] is not None
                )
                child = ids[row["patient_id"]] if "patient_id" in row else ""
                of_child[child].append(hashlib.sha256(pairs.encode()).digest())
            assert said.rows == number
            if name in ("reference.gene", "reference.score_band"):
                found = said.sha256  # lists and ranges as PostgreSQL writes them
            elif "" in of_child:
                found = sha256(*sorted(of_child[""]))
            else:
                children = [
                    f"{child} {len(of_child[child])} {sha256(*sorted(of_child[child]))}\n"
                    for child in sorted(of_child)
                ]
                found = sha256("".join(children).encode())
            assert said.sha256 == found, name
            lines.append(f"{name} {number} {found}\n")
    assert frozen.frozen.sha256 == sha256("".join(sorted(lines)).encode())
    assert {name: frozen.content[name].sha256 for name in STUDY} == STUDY
