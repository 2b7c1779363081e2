"""One child's rows proved without the others: by the program's check and one of the test's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.audit.proof import check_proof, paths_to, root_of, sha
from registry.audit.proving import make_proof
from registry.audit.seals import make_seal
from registry.database.engine import Database
from registry.errors import Refused
from tests.audit.test_seal import change, tree_head
from tests.programs import Program

PROJECT = Path(__file__).parents[2]
PATIENT = "P023"
NUMBER = f"(select patient_id from reference.patient_number where study_id = '{PATIENT}')"


@pytest.fixture(scope="module")
def proof(shared_study: Database) -> dict[str, Any]:
    """Of a child of the study with two seals, whose dose was mended between them."""
    with shared_study.engine.connect() as connection:
        transaction = connection.begin()
        assert make_seal(connection)
        change(
            connection,
            "update clinical.infusion set dose_mg = dose_mg + 1 where record_id = "
            f"(select min(record_id) from clinical.infusion where patient_id = {NUMBER}) "
            f"and patient_id = {NUMBER}",
        )
        assert make_seal(connection)
        first = connection.scalar(text("select hash from audit.seal where seal_number = 1"))
        made = make_proof(connection, PATIENT)
        older = make_proof(connection, PATIENT, head=first)
        made["older"] = older
        rows = connection.execute(
            text(f"select count(*) from audit.record_change where patient_id = {NUMBER}")
        ).scalar_one()
        assert len(older["rows"]) < len(made["rows"])
        made["of_child"] = rows
        transaction.rollback()
    return made


def checked() -> Any:
    """The check as docs/inspector.md has it, in its own words."""
    page = (PROJECT / "docs" / "inspector.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    return names["check"]


def test_it_holds(proof: dict[str, Any]) -> None:
    for document in (proof, proof["older"]):
        checked()(document, document["head"])
    proved = check_proof(json.dumps(proof), proof["head"])
    assert len(proved.rows) == proof["of_child"]
    [mended] = [row for row in proved.rows if row.operation == "update"]
    [old, new] = mended.values["dose_mg"]
    assert (mended.seal, mended.table, new - old, mended.reason) == (2, "infusion", 1, "a test")


def test_nothing_of_another_child_is_in_it(proof: dict[str, Any]) -> None:
    text_of_it = json.dumps(proof)
    assert PATIENT in text_of_it
    assert not [n for n in range(1, 86) if f"P{n:03}" in text_of_it and f"P{n:03}" != PATIENT]
    # The import brought everybody: who and when are shown, its words are not.
    [imported] = [row for row in proof["rows"] if row["says"] is None]
    assert json.loads(imported["is"])[0] == "change_set"
    assert imported["secret"] is None


def tampered(proof: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The proof with one thing changed in each part of it."""
    own = next(i for i, row in enumerate(proof["rows"]) if '"infusion"' in row["is"])
    changes: dict[str, Any] = {
        "a value": lambda d: d["rows"][own].update(
            says=d["rows"][own]["says"].replace("dose_mg", "dose_mq")
        ),
        "a value with its hash": lambda d: d["rows"][own].update(
            says="-\n{}",
            commitment=sha(
                bytes.fromhex(d["rows"][own]["secret"]),
                d["rows"][own]["row"].to_bytes(8, "big"),
                b"-\n{}",
            ).hex(),
        ),
        "what it is": lambda d: d["rows"][own].update(
            {"is": d["rows"][own]["is"].replace("insert", "delete")}
        ),
        "its number": lambda d: d["rows"][own].update(row=d["rows"][own]["row"] + 1),
        "its place": lambda d: d["rows"][own].update(place=d["rows"][own]["place"] + 1),
        "its path": lambda d: d["rows"][own]["path"].reverse(),
        "a longer path": lambda d: d["rows"][own]["path"].append("00" * 32),
        "a shorter path": lambda d: d["rows"][own]["path"].pop(),
        "values kept back": lambda d: d["rows"][own].update(says=None, secret=None),
        "a seal": lambda d: d["seals"].__setitem__(0, d["seals"][0].replace("seal 1", "seal 2")),
        "a seal's root": lambda d: d["seals"].__setitem__(
            0, d["seals"][0].replace(json.loads(d["seals"][0])[5], "00" * 32)
        ),
        "a seal's moment": lambda d: d["seals"].__setitem__(
            1, d["seals"][1].replace(str(json.loads(d["seals"][1])[6]), "1.5")
        ),
        "no seals": lambda d: d.update(seals=[]),
        "the first seal gone": lambda d: d["seals"].pop(0),
        "the last seal gone": lambda d: d["seals"].pop(),
        "another child": lambda d: d.update(patient_id="P024"),
        "no rows": lambda d: d.update(rows=[]),
        "the change gone": lambda d: d["rows"].remove(
            next(row for row in d["rows"] if "change_set" in row["is"])
        ),
        "another kind": lambda d: d.update(proof="x"),
        "rows of no kind": lambda d: d.update(rows=7),
    }
    for name, change_it in changes.items():
        document = deepcopy(proof)
        change_it(document)
        yield name, document


def test_a_changed_one_is_refused(proof: dict[str, Any]) -> None:
    for name, document in tampered(proof):
        try:
            check_proof(json.dumps(document), proof["head"])
        except Refused:
            continue
        raise AssertionError(name)
    for head in ("0" * 64, proof["older"]["head"], ""):
        with pytest.raises(Refused, match="end in the head"):
            check_proof(json.dumps(proof), head)
    for nothing in ("", "[]", "\0", json.dumps(proof)[:-5], '{"proof": "registry proof 1"}'):
        with pytest.raises(Refused, match="no proof"):
            check_proof(nothing, proof["head"])


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 7, 8, 11, 64, 65])
def test_paths_of_every_tree(width: int) -> None:
    leaves = [sha(bytes([number])) for number in range(width)]
    root, paths = tree_head(leaves), paths_to(leaves, range(width))
    for place, leaf in enumerate(leaves):
        assert root_of(leaf, place, width, paths[place]) == root
        assert root_of(leaf, place + width, width, paths[place]) is None
        if width > 1:
            assert root_of(sha(leaf), place, width, paths[place]) != root


def test_the_commands(study: Database, program: Program, tmp_path: Path) -> None:
    file, head_file = tmp_path / "proof.json", tmp_path / "head.txt"
    prove = ("audit", "prove", PATIENT, "--to", str(file))
    assert "is sealed yet" in program(study, *prove).refused(1)
    assert program(study, "audit", "seal", "--to", str(head_file)).status == 0
    head = head_file.read_text()
    assert "is no head" in program(None, "audit", "check", "x", "--head", "12").refused(2)
    assert program(study, *prove).status == 0
    assert "already" in program(study, *prove).refused(1)
    assert file.stat().st_mode & 0o777 == 0o600
    # It needs no registry: there is none in that home.
    check = ("audit", "check", str(file), "--head", head)
    shown = program(tmp_path / "nowhere", *check, "--format", "json").document
    assert (shown["ok"], shown["patient_id"], shown["head"]) == (True, PATIENT, head.strip())
    assert "dose_mg" in program(None, *check[:-1], str(head_file)).out
    assert "There is no file" in program(None, *check[:2], "x", *check[3:]).refused(1)
    with study.engine.begin() as connection:
        connection.execute(text("alter table audit.record_change disable trigger user"))
        connection.execute(
            text(
                "update audit.record_change set new_values = new_values || '{\"dose_mg\": 1}' "
                f"where table_name = 'infusion' and patient_id = {NUMBER}"
            )
        )
        connection.execute(text("alter table audit.record_change enable trigger user"))
    assert "is not as seal 1 has it" in program(study, *prove, "--force").refused(1)
    assert "No seal has" in program(study, *prove, "--force", "--head", "0" * 64).refused(1)
    assert "There is no patient" in program(
        study, "audit", "prove", "P999", *prove[3:-1], str(file) + "x"
    ).refused(1)
    erased = program(study, "patient", "erase", PATIENT, "--reason", "family asked")
    assert erased.status == 0
    assert "was erased" in program(study, *prove, "--force").refused(1)
