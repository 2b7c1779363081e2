"""Centres that are there before their first child."""

from __future__ import annotations

from sqlalchemy import text

from registry.database.engine import Database
from tests.programs import Program

REASON = ("--reason", "takes part from now on")


def test_a_centre_is_there_before_its_first_child(registry: Database, program: Program) -> None:
    pattern = ("--name", "New centre", "--study-id-pattern", "NEW-####")
    made = program(registry, "centre", "add", "NEW", *pattern, *REASON, "--format", "json").document
    assert made == {
        "code": "NEW",
        "name": "New centre",
        "age_of_majority": 18,
        "study_id_pattern": "NEW-####",
        "patients": 0,
    }
    assert "There is a centre NEW already" in program(
        registry, "centre", "add", "NEW", *REASON
    ).refused(1)
    child = ("--centre", "NEW", "--sex", "female", "--birth-date", "2015-03-01")
    typed = ("--onset-on", "2020", "--diagnosis", "CD")
    assert "form NEW-####" in program(registry, "patient", "add", "X-1", *child, *typed).refused(1)
    assert program(registry, "patient", "add", "NEW-0001", *child, *typed).status == 0
    with registry.engine.connect() as connection:
        kept = connection.execute(
            text(
                "select c.command, c.reason, r.new_values ->> 'code' from audit.reference_change r "
                "join reference.change_set c using (change_id) where r.table_name = 'centre' "
                "order by c.change_id limit 1"
            )
        ).one()
    assert tuple(kept) == ("centre add", REASON[1], "NEW")


def test_what_is_no_centre_is_refused(registry: Database, program: Program) -> None:
    for code in ("N", "A B", "Children's"):
        said = program(registry, "centre", "add", code, *REASON).refused(1)
        assert "is no code of a centre" in said
    program(registry, "centre", "add", "NEW").refused(2)
    wrong = ("--age-of-majority", "7")
    program(registry, "centre", "add", "NEW", *wrong, *REASON).refused(1)
    assert program(registry, "centre", "list", "--format", "json").document == []
