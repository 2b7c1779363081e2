"""What an import says it would change, and the states that it says would follow."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from registry.database.engine import Database
from registry.derivation import preview
from registry.derivation.run import Transition
from registry.importing.run import import_files
from registry.records.write import touched_patients

from .tables import VALID, Cells, accepted, contents, row, write, write_all

KEYS = {
    "anthropometry": {"measured_on": "2018-06-03"},
    "tdm_levels": {"sampled_on": "2018-10-05", "assay": None},
    "gene_findings": {"gene": "XIAP", "hgvs_c": "c.664C>T"},
}
# (table, column, the value that is there, the value that comes), as files spell them.
CELLS = [
    ("patients", "sex", "female", "male"),
    ("patients", "onset_on", "2018-03", "2018-03-01"),
    ("patients", "diagnosed_on", "2018-06-01", "2018"),
    ("phenotypes", "upper_gi", None, "L4a"),
    ("phenotypes", "perianal", "yes", "no"),
    ("anthropometry", "height_cm", "121.5", "121.05"),
    ("tdm_levels", "ifx_ug_ml", "4.2", "<4.2"),
    ("tdm_levels", "ada_au_ml", ">20", "20"),
    ("lab_results", "unit", "mg/L", "mg/dL"),
    ("gene_findings", "hgvs_p", "p.R222X", "p.Arg222Ter"),
    ("follow_up_ends", "note", "50 % \\ a: 'b'", None),
]


def _cohort_of_one(side: int) -> dict[str, list[Cells]]:
    """The child's rows with the cells that are there (2) or that come (3)."""
    return {
        table: [{**cells, **{cell[1]: cell[side] or "" for cell in CELLS if cell[0] == table}}]
        for table, cells in VALID.items()
    }


def test_every_changed_cell_is_told_as_files_spell_it(
    connection: Connection, tmp_path: Path
) -> None:
    accepted(connection, write_all(tmp_path / "before", _cohort_of_one(2)))
    coming = _cohort_of_one(3)
    # Another spelling of the same number is no change.
    coming["infusions"][0]["dose_mg"] = "150.00"
    write_all(tmp_path / "after", coming)
    kept = import_files(connection, [tmp_path / "after"], update=True, changes=None)
    assert kept.errors == []
    assert kept.number_of_changes == len(CELLS)
    assert [(c.table, c.column, c.old, c.new) for c in kept.changes] == CELLS
    assert {(c.file, c.line, c.patient_id) for c in kept.changes if c.table == "patients"} == {
        ("patients.csv", 2, "P1")
    }
    assert {c.table: c.key for c in kept.changes if c.table in KEYS} == KEYS


def test_the_first_changes_are_kept_and_all_are_counted(
    connection: Connection, tmp_path: Path
) -> None:
    days = [f"2019-01-{day:02}" for day in range(1, 29)]
    doses = [row("infusions", infused_on=day) for day in days]
    write_all(tmp_path, {"patients": [VALID["patients"]], "infusions": doses})
    accepted(connection, tmp_path)
    write(tmp_path, "patients", [row("patients", centre="NCH")])
    write(tmp_path, "infusions", [cells | {"dose_mg": "140"} for cells in doses])
    some = import_files(connection, [tmp_path], update=True, changes=3)
    assert some.number_of_changes == 29
    assert [(c.column, c.line, c.old, c.new) for c in some.changes] == [
        ("centre", 2, "BCH", "NCH"),
        ("dose_mg", 2, "150", "140"),
        ("dose_mg", 3, "150", "140"),
    ]


def test_a_row_with_a_complaint_changes_nothing(connection: Connection, tmp_path: Path) -> None:
    write_all(tmp_path, {"patients": [VALID["patients"], row("patients", patient_id="P2")]})
    accepted(connection, tmp_path)
    changed: list[Cells] = [
        row("patients", centre="NCH", sex="x"),
        row("patients", patient_id="P2", centre="NCH"),
    ]
    write(tmp_path, "patients", changed)
    result = import_files(connection, [tmp_path], update=True, changes=None)
    assert len(result.errors) == 1
    assert [(c.patient_id, c.column) for c in result.changes] == [("P2", "centre")]
    # Without --update a changed cell is a complaint, which says what the registry has.
    refused = import_files(connection, [tmp_path], changes=None)
    assert refused.changes == []
    assert [p.problem for p in refused.errors if p.value == "NCH"] == [
        "is not what the record with this patient_id has (BCH); "
        "to change it import with --update and --reason"
    ] * 2
    assert contents(connection, "patients").total() == 2


def test_the_registry_says_of_an_empty_value_that_it_has_nothing(
    connection: Connection, tmp_path: Path
) -> None:
    accepted(connection, write_all(tmp_path, {name: [cells] for name, cells in VALID.items()}))
    write(tmp_path, "follow_up_ends", [row("follow_up_ends", note="moved")])
    [problem] = import_files(connection, [tmp_path / "follow_up_ends.csv"]).errors
    assert "this patient_id has (nothing);" in problem.problem


@pytest.mark.parametrize("number", [3, 85])
def test_the_rules_say_of_a_patient_what_a_derivation_has_stored(
    shared_study: Database, number: int
) -> None:
    """For a few patients and for all: two ways to ask."""
    with shared_study.engine.connect() as connection:
        stored = {
            (definition, patient): preview.State(study_id, state, on)
            for definition, patient, study_id, state, on in connection.execute(
                text(
                    "select s.definition, s.patient_id, n.study_id, s.state, "
                    "coalesce(s.event_on, s.end_on, s.start_on) from derived.lor_status s "
                    "join reference.patient_number n using (patient_id) where s.patient_id in "
                    "(select patient_id from clinical.patient order by 1 desc limit :number)"
                ),
                {"number": number},
            )
        }
        assert len(stored) == 3 * number
        assert preview.states(connection, {patient for _, patient in stored}) == stored
        assert preview.states(connection, []) == {}
        assert preview.states(connection, [0]) == {}


def test_an_import_turns_the_states_of_those_it_touches(
    shared_study: Database, cohort: Path
) -> None:
    """A patient of the cohort turns out to have colitis; a new one has had no infusion."""
    with shared_study.engine.connect() as connection:
        before = {
            (definition, patient): state
            for definition, patient, state in connection.execute(
                text("select definition, patient_id, state from analytics.status")
            )
        }
        child = min(p for (d, p), state in before.items() if state == "loss_of_response")
        lines = (cohort / "patients.csv").read_text().splitlines()
        place = next(i for i, line in enumerate(lines) if line.startswith(f"{child},"))
        assert lines[place].endswith(",CD")
        lines[place] = lines[place].removesuffix("CD") + "UC"
        header = lines[0].split(",")
        new = row("patients", patient_id="NEW1")
        lines.append(",".join(new[column] for column in header))
        (cohort / "patients.csv").write_text("\n".join(lines) + "\n")
        result = import_files(connection, [cohort], update=True)
        assert result.errors == []
        touched = touched_patients(connection, result.tables)
        after = preview.states(connection, touched)
        connection.rollback()
        turned = preview.changes(preview.states(connection, touched), after)
    infusions = (cohort / "infusions.csv").read_text().splitlines()
    start_on = min(date.fromisoformat(line.split(",")[1]) for line in infusions if child in line)
    assert turned == [
        Transition(definition, *rest)
        for definition in ("current", "paper", "recommended")
        for rest in (
            ("NEW1", None, "no_infliximab", None),
            (child, before[definition, child], "not_crohns_disease", start_on),
        )
    ]
