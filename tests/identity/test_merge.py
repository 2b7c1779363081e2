"""Children who may be one, and two study ids that become one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.audit.verify import verify
from registry.database.engine import Database
from registry.identity.names import alike
from tests.programs import Program

WHY = ("--reason", "one child")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("王小明", "王 小明", True),
        ("王小明", "小明·王", True),
        ("王小明", "王小名", True),
        ("王明", "王民", False),
        ("王小明", "李大伟", False),
        ("Li Xiaoming", "XIAOMING, LI", True),
        ("Li Xiao-ming", "Li Xiaoming", True),
        ("Anna-Maria Müller", "Muller Anna Maria", True),
        ("Anna Maria Müller", "Anna Müller", True),
        ("O'Brien Sean", "OBrien Seán", True),
        ("Li Wei", "Li Na", False),
        ("Katarina Novak", "Katerina Novak", True),
        ("Anna Weber", "Otto Weber", False),
        ("", "Li", False),
    ],
)
def test_names_are_alike_by_their_words(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same
    assert alike(other, one) is same


def state(database: Database) -> dict[str, list[Any]]:
    """Every record with its child, but for the versions that an undo counts up."""
    with database.engine.connect() as connection:
        tables = connection.execute(
            text("select table_name from information_schema.tables where table_schema = 'clinical'")
        ).scalars()
        return {
            name: sorted(
                connection.execute(
                    text(f"select (to_jsonb(t) - 'row_version')::text from clinical.{name} t")
                ).scalars()
            )
            for name in tables.all()
        }


@pytest.fixture
def twins(known: Database, program: Program) -> Database:
    """P900, who is P001 under another study id at another hospital."""
    with known.engine.begin() as connection:
        sex, born = connection.execute(
            text(
                "select sex, birth_date::text from clinical.patient "
                "join reference.patient_number using (patient_id) where study_id = 'P001'"
            )
        ).one()
    add = ("patient", "add", "P900", "--centre", "XY", "--sex", sex, "--birth-date", born)
    assert program(known, *add, "--diagnosis", "CD").status == 0
    who = ("identity", "add", "P900", "--number", "4711", "--name", "Zqvarin LI")
    assert program(known, *who).status == 0
    infusion = ("infusion", "add", "P900", "--infused-on", "2021-03-04", "--dose-mg", "200")
    assert program(known, *infusion, "--weight-kg", "35").status == 0
    return known


def test_twins_are_found_merged_and_parted_again(
    twins: Database, program: Program, tmp_path: Path
) -> None:
    found = program(twins, "identity", "twins", *WHY, "--format", "json").document
    assert [(one["patient_id"], one["twin"], one["alike"]) for one in found] == [
        ("P001", "P900", "name")
    ]
    before = state(twins)
    done = program(twins, "patient", "merge", "P900", "into", "P001", *WHY, "--format", "json")
    assert done.status == 0, done
    assert (done.document["moved"], done.document["alike"]) == (1, 0)
    listed = program(twins, "infusion", "list", "P001", "--format", "csv").out
    assert "P001,2021-03-04," in listed
    assert "Did you mean P001" in program(twins, "patient", "show", "P900").refused(1)
    # The old hospital's number means the child that there is; the old study id is not given anew.
    file = tmp_path / "anthropometry.csv"
    file.write_text("patient_id,measured_on,weight_kg\n4711,2021-03-04,36\n", encoding="utf-8")
    by = ("--id", "hospital-number", "--centre", "XY")
    assert program(twins, "import", str(file), *by).status == 0
    assert (
        "P001,2021-03-04," in program(twins, "anthropometry", "list", "P001", "--format", "csv").out
    )
    again = ("patient", "add", "P900", "--centre", "XY", "--sex", "male", "--birth-date")
    assert "is one child with P001 now" in program(
        twins, *again, "2012-01-01", "--diagnosis", "CD"
    ).refused(1)
    assert verify(twins.engine).findings == []
    # And back.
    weight = ("anthropometry", "void", "P001", "2021-03-04", *WHY)
    assert program(twins, *weight).status == 0
    with twins.engine.connect() as connection:
        change = connection.execute(
            text("select audit_id from audit.record_change where new_values ? 'merged_into' "
                 "and new_values ->> 'merged_into' = 'P001'")
        ).scalar_one()  # fmt: skip
    undone = program(twins, "undo", str(change), "--command", *WHY)
    assert undone.status == 0, undone
    assert state(twins) == before
    assert program(twins, "patient", "show", "P900").status == 0
    assert verify(twins.engine).findings == []


def test_what_differs_is_told_and_refused_unless_one_is_preferred(
    twins: Database, program: Program
) -> None:
    same = ("infusion", "add", "P001", "--infused-on", "2021-03-04", "--dose-mg", "250")
    assert program(twins, *same, "--weight-kg", "35").status == 0
    before = state(twins)
    merge = ("patient", "merge", "P900", "P001", *WHY)
    assert "infusions 2021-03-04 (dose_mg)" in program(twins, *merge).refused(1)
    assert state(twins) == before
    done = program(twins, *merge, "--prefer", "P900", "--format", "json").document
    assert (done["moved"], done["alike"], done["gave_way"]) == (1, 0, 1)
    listed = program(twins, "infusion", "list", "P001", "--format", "json").document
    assert [str(r["dose_mg"]) for r in listed if r["infused_on"] == "2021-03-04"] == ["200"]
    assert "--reason" in program(twins, "patient", "merge", "P002", "P001").refused(2)


def test_whoever_was_merged_is_erased_with_the_child(twins: Database, program: Program) -> None:
    assert program(twins, "patient", "merge", "P900", "P001", *WHY).status == 0
    done = program(twins, "patient", "erase", "P001", "--reason", "withdrawn")
    assert done.status == 0, done
    with twins.engine.connect() as connection:
        left = connection.execute(
            text(
                "select count(*) from audit.record_change "
                "where (new_values::text || coalesce(old_values::text, '')) ~ 'P900|P001'"
            )
        ).scalar_one()
        kept = connection.execute(text("select study_id from identity.kept()")).scalars().all()
    assert left == 0
    assert kept == ["P002"]
