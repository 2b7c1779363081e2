"""A release: nothing in it names or finds a child, and the registry knows whose its ids are."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.conftest import Databases, opened_for_test
from tests.programs import Program

NUMBER = "(select patient_id from reference.patient_number where study_id = '{}')"
SECRET = "Zebediah of Ward 7"


@pytest.fixture(scope="module")
def kept(databases: Databases, study_template: str) -> Iterator[Database]:
    """The study, with free text, rare genes, and families who said no."""
    with opened_for_test(databases.create(study_template)) as opened:
        with opened.engine.begin() as connection:
            for statement in (
                f"update clinical.follow_up_end set note = '{SECRET}'",
                f"update clinical.surgery set procedure = '{SECRET}'",
                f"update clinical.infusion set product = '{SECRET}'",
                "insert into clinical.gene_finding (patient_id, gene, hgvs_c, hgvs_p) "
                "select patient_id, 'NOD2', 'c.2104C>T', 'p.' || patient_id || 'X' "
                "from clinical.patient order by patient_id limit 6",
                # The table of the paper has one centre; here a second one of two children.
                "update clinical.patient set centre = 'TNY' where patient_id in "
                f"({NUMBER.format('P010')}, {NUMBER.format('P011')})",
                *(
                    "insert into clinical.consent (patient_id, scope, signed_on, given_by, "
                    f"withdrawn_on) values ({NUMBER.format(patient)}, '{scope}', '2020-01-01', "
                    f"'parent_or_guardian', {withdrawn})"
                    for patient, scope, withdrawn in (
                        ("P001", "sharing", "'2020-01-01'"),
                        ("P002", "research", "'2021-01-01'"),
                        ("P003", "sharing", "null"),
                        ("P004", "contact", "'2021-01-01'"),
                    )
                ),
                "delete from clinical.infusion where patient_id = " + NUMBER.format("P005"),
            ):
                connection.execute(text(statement))
        yield opened


def create(program: Program, where: Database, folder: Path, *options: str) -> Path:
    """A release by the name of its folder."""
    made = program(where, "release", "create", folder.name, "--to", str(folder), *options)
    assert made.status == 0, made
    return folder


def rows(folder: Path, view: str) -> list[dict[str, str]]:
    """The rows of a file of a release."""
    with (folder / f"{view}.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_nothing_names_or_finds_a_child(kept: Database, program: Program, tmp_path: Path) -> None:
    folder = create(program, kept, tmp_path / "first", "--recipient", "P. Curie", "--reason", "r")
    with kept.engine.connect() as connection:
        ids = connection.execute(text("select study_id from reference.patient_number")).scalars()
        known = {*ids.all(), SECRET, "Zebediah"}
    everything = "\n".join(
        file.read_text(encoding="utf-8-sig")
        for file in folder.iterdir()
        if file.name != "codebook.csv"
    )
    assert not re.findall(rf"\b({'|'.join(known)})\b", everything)
    assert not re.findall(r"\b(19|20)\d\d-\d\d(-\d\d)?\b", everything)

    # A centre of two children is nobody's, a change of one child neither.
    children = rows(folder, "patient")
    assert {one["centre"] for one in children} == {"BCH", ""}
    genes = rows(folder, "gene_finding")
    assert {one["gene"] for one in genes} == {"NOD2", ""}
    assert {one["hgvs_p"] for one in genes} == {""}

    # As many are alike as is said, counted here.
    alike = Counter((one["centre"], one["age_years"], one["sex"]) for one in children)
    assert min(alike.values()) >= 5
    counted = rows(folder, "k_anonymity")
    told = {(o["centre"], float(o["age_years"] or -1), o["sex"]): o["children"] for o in counted}
    assert told == {(c, float(a or -1), s): str(n) for (c, a, s), n in alike.items()}
    about = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    assert about["smallest_class"] == min(alike.values())
    for name, one in about["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == one["sha256"]
    listed = {one["view"] for one in rows(folder, "codebook")}
    assert listed == {file.stem for file in folder.glob("*.csv")} - {"codebook", "k_anonymity"}


def test_who_is_left_out_and_who_received_it(
    kept: Database, program: Program, tmp_path: Path
) -> None:
    create(program, kept, tmp_path / "second", "--recipient", "P. Curie", "--reason", "a study")
    shown = program(kept, "release", "show", "second", "--children", "--format", "json").document
    left_out = {one["patient_id"]: one["reason"] for one in shown["left_out"]}
    assert left_out == {
        "P001": "no_sharing_consent",
        "P002": "no_research_consent",
        "P005": "no_infliximab",
    }
    assert (shown["recipient"], shown["reason"], shown["freeze"]) == ("P. Curie", "a study", None)
    assert len(shown["ids"]) == shown["children"] == 82
    assert "P. Curie" in program(kept, "release", "list").out
    # One child, day for day.
    [child] = [one["child_id"] for one in shown["ids"] if one["patient_id"] == "P023"]
    days = [
        float(o["infused_day"])
        for o in rows(tmp_path / "second", "infusion")
        if o["child_id"] == child
    ]
    with kept.engine.connect() as connection:
        infused = connection.execute(
            text(
                "select infused_on from clinical.infusion "
                f"where patient_id = {NUMBER.format('P023')} order by 1"
            )
        ).scalars()
        on = infused.all()
    assert days == [(one - on[0]).days for one in on]


def test_two_releases_cannot_be_joined(kept: Database, program: Program, tmp_path: Path) -> None:
    a = create(program, kept, tmp_path / "join_a")
    b = create(program, kept, tmp_path / "join_b", "--format", "parquet")
    ids = {one["child_id"] for one in rows(a, "patient")}
    others = pd.read_parquet(b / "patient.parquet")
    assert len(ids) == len(others) == 82
    assert not ids & set(others["child_id"])
    assert [*ids] != sorted(ids)
    # Their order tells nothing of the registry's.
    with kept.engine.connect() as connection:
        by_id = connection.execute(
            text(
                "select patient_id from derived.release_child where release = 'join_a' "
                "order by child_id"
            )
        ).scalars()
        numbers = by_id.all()
    assert list(numbers) != sorted(numbers)


def test_refusals(kept: Database, program: Program, tmp_path: Path) -> None:
    create(program, kept, tmp_path / "taken")
    again = program(kept, "release", "create", "taken", "--to", str(tmp_path / "x"))
    assert "There is or was a release taken" in again.refused(1)
    fewer = program(
        kept, "release", "create", "few", "--to", str(tmp_path / "x"), "--smallest-group", "2"
    )
    assert "fewer than 5" in fewer.refused(2)
    nobody = program(
        kept, "release", "create", "none", "--to", str(tmp_path / "x"), "--smallest-group", "90"
    )
    assert "No child can be released" in nobody.refused(1)
    assert "There is no release few" in program(kept, "release", "show", "few").refused(1)
    named = program(kept, "release", "create", "A b", "--to", str(tmp_path / "x"))
    assert "cannot be the name of a release" in named.refused(1)
    assert not (tmp_path / "x").exists()
    with kept.engine.begin() as connection, pytest.raises(Exception, match="only ever added"):
        connection.execute(text("delete from derived.release_child"))


def test_a_release_that_is_dropped_leads_back_to_nobody(
    kept: Database, program: Program, tmp_path: Path
) -> None:
    create(program, kept, tmp_path / "gone")
    assert "only for a reason" in program(kept, "release", "drop", "gone").refused(2)
    assert program(kept, "release", "drop", "gone", "--reason", "over").status == 0
    shown = program(kept, "release", "show", "gone", "--children", "--format", "json").document
    assert (shown["dropped_reason"], shown["ids"], shown["left_out"]) == ("over", [], [])
    assert shown["children"] == 82
    assert "was dropped" in program(kept, "release", "drop", "gone", "--reason", "x").refused(1)
    assert program(kept, "release", "erased", "gone", "--format", "json").document == []


def test_of_a_freeze_as_the_children_were_and_as_families_say_now(
    study: Database, program: Program, tmp_path: Path
) -> None:
    assert program(study, "freeze", "create", "then").status == 0
    with study.engine.begin() as connection:
        connection.execute(
            text(
                "update clinical.infusion set dose_mg = 999 "
                f"where patient_id = {NUMBER.format('P023')}"
            )
        )
        connection.execute(
            text(
                "insert into clinical.consent (patient_id, scope, signed_on, given_by, "
                f"withdrawn_on) values ({NUMBER.format('P001')}, 'sharing', '2020-01-01', "
                "'parent_or_guardian', '2020-01-01')"
            )
        )
    then = create(program, study, tmp_path / "of_then", "--freeze", "then")
    now = create(program, study, tmp_path / "of_now")
    assert "999.0" not in {one["dose_mg"] for one in rows(then, "infusion")}
    assert "999.0" in {one["dose_mg"] for one in rows(now, "infusion")}
    shown = program(study, "release", "show", "of_then", "--format", "json").document
    assert shown["freeze"] == "then"
    assert [one["patient_id"] for one in shown["left_out"]] == ["P001"]

    # Whoever is erased is an id of nobody, for the recipient to remove.
    ids = program(study, "release", "show", "of_now", "--children", "--format", "json").document
    [gone] = [one["child_id"] for one in ids["ids"] if one["patient_id"] == "P023"]
    assert program(study, "patient", "erase", "P023", "--reason", "asked").status == 0
    erased = program(study, "release", "erased", "of_now", "--format", "json").document
    assert [one["child_id"] for one in erased] == [gone]
    with study.engine.connect() as connection:
        kept = connection.execute(
            text("select count(*) from derived.release_child where child_id = :id"), {"id": gone}
        ).scalar_one()
    assert kept == 0
    assert "1 child was erased since" in program(study, "release", "show", "of_now").out
