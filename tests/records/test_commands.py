"""Every verb of every entity as a person types it, and what must not pass."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import text

from registry.clinical_tables import BY_COMMAND
from registry.database.engine import Database
from registry.models import ENTITIES, table_of
from tests.conftest import Databases, opened_for_test
from tests.programs import Program
from tests.records.conftest import CHILD, rows

TABLE = {entity.file_name: table_of(entity).name for entity in ENTITIES}


def audit(database: Database, table: str) -> list[tuple[str, str, str | None]]:
    """What the audit says of a table: operation, command and reason."""
    with database.engine.connect() as connection:
        found = connection.execute(
            text(
                "select operation, command, reason from inspection.record_change "
                "where table_name = :table order by audit_id"
            ),
            {"table": table},
        )
        return [(row[0], row[1], row[2]) for row in found]


@pytest.fixture(scope="module")
def shared_registry(databases: Databases, migrated_template: str) -> Iterator[Database]:
    """A registry that the life of one record after the other leaves as it was."""
    with opened_for_test(databases.create(migrated_template)) as opened:
        yield opened


@pytest.mark.parametrize("group", [group for group in BY_COMMAND if group != "patient"])
def test_the_life_of_a_record_by_the_examples_of_the_help(
    shared_registry: Database, program: Program, group: str
) -> None:
    registry, table = shared_registry, BY_COMMAND[group].name
    if not rows(registry, "patient", "*"):
        for verb in ("add", "amend"):
            example = shlex.split(BY_COMMAND["patient"].examples[verb])
            assert program(registry, "patient", verb, *example).status == 0
    for verb in ("add", "amend", "void"):
        ended = program(registry, group, verb, *shlex.split(BY_COMMAND[group].examples[verb]))
        assert ended.status == 0, (verb, ended.err)
        assert ended.out, verb
        assert len(rows(registry, table, "*")) == (verb != "void"), verb
    reason = shlex.split(BY_COMMAND[group].examples["amend"])[-1]
    voided = shlex.split(BY_COMMAND[group].examples["void"])[-1]
    assert audit(registry, table)[-3:] == [
        ("insert", f"{group} add", None),
        ("update", f"{group} amend", reason),
        ("delete", f"{group} void", voided),
    ]


def test_a_patient_goes_only_with_his_records(study: Database, program: Program) -> None:
    assert program(study, *CHILD).status == 0
    added = program(
        study, "infusion", "add", "T1", "--infused-on", "2020-01-07", "--dose-mg", "150",
        "--weight-kg", "30",
    )  # fmt: skip
    assert added.status == 0
    alone = program(study, "patient", "void", "T1", "--reason", "entered twice")
    assert alone.status == 1
    assert "T1 has 1 record in infusions" in alone.err
    assert "--with-records" in alone.err
    gone = program(study, "patient", "void", "T1", "--with-records", "--reason", "entered twice")
    assert gone.status == 0
    assert program(study, "infusion", "list", "T1").status == 1
    history = program(study, "history", "T1", "--format", "json").document
    assert [change["operation"] for change in history] == ["insert", "insert", "delete", "delete"]


def test_a_record_that_is_there_is_not_entered_again(child: Database, program: Program) -> None:
    visit = ("pcdai", "add", "T1", "--visited-on", "2020-01-07", "--total")
    assert program(child, *visit, "30").status == 0
    assert program(child, *visit, "30").status == 0
    other = program(child, *visit, "35")
    assert other.status == 1
    assert "is not what the record with this patient_id and visited_on has (30)" in other.err
    assert "amend" in other.err
    assert rows(child, "pcdai_visit", "visited_on, total") == rows(
        child, "pcdai_visit", "visited_on, score"
    )
    assert [total for _, total in rows(child, "pcdai_visit", "visited_on, total")] == [30]


def test_every_value_is_held_to_the_imports_own_checks(child: Database, program: Program) -> None:
    refused = program(
        child, "infusion", "add", "T1", "--infused-on", "2009-01-01", "--dose-mg", "0",
        "--weight-kg", "heavy",
    )  # fmt: skip
    assert refused.status == 1
    said = refused.err.removeprefix("Error: ").splitlines()
    assert sorted(said[:-1]) == [
        "dose_mg '0' is outside above 0 to 2000 mg",
        "infused_on '2009-01-01' lies before the birth",
        "weight_kg 'heavy' is not a number",
    ]
    assert said[-1] == "Nothing was stored."
    assert rows(child, "infusion", "*") == []


def test_values_as_people_write_them(child: Database, program: Program) -> None:
    ended = program(
        child, "tdm", "add", "T1", "--sampled-on", "2020年3月1日", "--ifx-ug-ml", "＜0.4 μg/mL",
        "--format", "json",
    )  # fmt: skip
    assert ended.status == 0
    columns = "sampled_on::text, ifx_ug_ml, ifx_ug_ml_comparator"
    assert rows(child, "tdm_level", columns) == [("2020-03-01", Decimal("0.4"), "<")]


def test_a_record_keeps_its_number_when_its_date_is_corrected(
    child: Database, program: Program
) -> None:
    entered = program(
        child, "infusion", "add", "T1", "--infused-on", "2020-01-07", "--dose-mg", "150",
        "--weight-kg", "30", "--format", "json",
    ).document  # fmt: skip
    amended = program(
        child, "infusion", "amend", "T1", "2020-01-07", "--infused-on", "2020-01-08",
        "--reason", "ward's list", "--format", "json",
    ).document  # fmt: skip
    assert (amended["record"], amended["version"]) == (entered["record"], 2)
    assert (amended["infused_on"], amended["dose_mg"]) == ("2020-01-08", 150)
    by_number = program(
        child, "infusion", "amend", "T1", "--record", str(entered["record"]), "--infused-on",
        "2020-01-09", "--reason", "ward's list",
    )  # fmt: skip
    assert by_number.status == 0
    by_options = program(
        child, "infusion", "amend", "--patient-id", "T1", "--infused-on", "2020-01-09",
        "--dose-mg", "160", "--reason", "ward's list",
    )  # fmt: skip
    assert by_options.status == 0
    assert rows(child, "infusion", "record_id, infused_on::text, dose_mg, row_version") == [
        (entered["record"], "2020-01-09", 160, 4)
    ]


def test_a_date_cannot_become_that_of_another_record(child: Database, program: Program) -> None:
    for day in ("07", "21"):
        program(
            child, "infusion", "add", "T1", "--infused-on", f"2020-01-{day}", "--dose-mg",
            "150", "--weight-kg", "30",
        )  # fmt: skip
    refused = program(
        child, "infusion", "amend", "T1", "2020-01-07", "--infused-on", "2020-01-21",
        "--reason", "x",
    )  # fmt: skip
    assert refused.status == 1
    assert "infused_on '2020-01-21' makes it another record's" in refused.err
    assert len(rows(child, "infusion", "infused_on")) == 2


def test_two_people_at_once(child: Database, program: Program) -> None:
    visit = program(
        child, "pcdai", "add", "T1", "--visited-on", "2020-01-07", "--total", "30",
        "--format", "json",
    ).document  # fmt: skip
    change = ("pcdai", "amend", "T1", "2020-01-07", "--version", str(visit["version"]), "--reason")
    assert program(child, *change, "first", "--total", "35").status == 0
    late = program(child, *change, "second", "--total", "40")
    assert late.status == 1
    assert "has been changed meanwhile: it is at version 2, not 1" in late.err
    assert rows(child, "pcdai_visit", "total") == [(35,)]


@pytest.mark.parametrize("verb", ["amend", "void"])
def test_a_change_needs_a_reason(study: Database, program: Program, verb: str) -> None:
    new = ["--dose-mg", "150"] if verb == "amend" else []
    for reason in ([], ["--reason", " "]):
        ended = program(study, "infusion", verb, "P023", "2020-01-21", *new, *reason)
        assert ended.status == 2
        assert "reason" in ended.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["infusion", "add", "P998", "--infused-on", "2020-01-01", "--dose-mg", "100",
          "--weight-kg", "20"], 1, "is not a patient of the registry"),
        (["infusion", "add", "--infused-on", "2020-01-01"], 1, "patient_id is missing"),
        (["infusion", "list", "P998"], 1, "There is no patient P998"),
        (["infusion", "show", "P023", "2019-01-01"], 1, "There is no record of P023"),
        (["infusion", "show", "P023"], 1, "Several records of P023"),
        (["infusion", "show"], 2, "Which patient?"),
        (["infusion", "show", "P023", "2020-13-01"], 2, "is not a date"),
        (["infusion", "show", "P023", "2020-01-21", "x"], 2, "Too many arguments"),
        (["infusion", "amend", "P023", "2020-01-21", "--reason", "x"], 2, "Nothing to amend"),
        (["infusion", "amend", "P023", "2020-01-21", "--dose-mg", "", "--reason", "x"], 1,
         "dose_mg is missing"),
        (["infusion", "list", "P023", "--patient-id", "P024"], 2, "Two patients are named"),
        (["undo", "999999", "--reason", "x"], 1, "There is no change 999999"),
        (["undo", "1"], 2, "reason"),
        (["history", "P998"], 1, "There is no patient P998"),
    ],
)  # fmt: skip
def test_what_is_refused(
    study: Database, program: Program, arguments: list[str], status: int, words: str
) -> None:
    ended = program(study, *arguments)
    assert ended.status == status
    assert words in ended.err
    assert ended.out == ""
    with study.engine.connect() as connection:
        made = connection.execute(
            text("select count(*) from reference.change_set where command <> 'db upgrade'")
        )
        # That of the cohort's import.
        assert made.scalar_one() == 1


def test_an_empty_value_empties(study: Database, program: Program) -> None:
    ended = program(
        study, "infusion", "amend", "P023", "2020-01-21", "--product", "", "--reason", "unknown"
    )
    assert ended.status == 0
    assert "product infliximab -> -" in ended.out
    first = program(study, "infusion", "list", "P023", "--format", "json").document[0]
    assert first["product"] is None


def test_a_list_as_csv_is_an_import_file(
    study: Database, registry: Database, program: Program, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("listed")
    for group, declared in BY_COMMAND.items():
        listed = program(study, group, "list", "--format", "csv")
        (folder / f"{declared.file}.csv").write_text(listed.out, encoding="utf-8")
    imported = program(registry, "import", str(folder), "--format", "json")
    assert imported.status == 0
    for table in TABLE.values():
        own = "to_jsonb(t) - 'record_id' - 'patient_id' - 'row_version'"
        content = f"n.study_id, {own}"
        of_patient = f"{table} t join reference.patient_number n using (patient_id)"
        assert sorted(rows(registry, of_patient, content), key=str) == sorted(
            rows(study, of_patient, content), key=str
        )


def test_undo_of_each_kind_of_change(study: Database, program: Program) -> None:
    columns = "(to_jsonb(t) - 'row_version')::text"
    before = rows(study, "infusion t", columns)
    for verb, new in (("amend", ["--dose-mg", "150"]), ("void", [])):
        program(study, "infusion", verb, "P023", "2020-01-21", *new, "--reason", "x")
    program(
        study, "infusion", "add", "P023", "--infused-on", "2020-01-20", "--dose-mg", "100",
        "--weight-kg", "20",
    )  # fmt: skip
    changes = [
        c["audit_id"] for c in program(study, "history", "P023", "--format", "json").document
    ]
    for change in reversed(changes[-3:]):
        assert program(study, "undo", str(change), "--reason", "mistaken").status == 0
    assert rows(study, "infusion t", columns) == before
    status = "select count(*) from derived.changed_patient"
    with study.engine.connect() as connection:
        assert connection.execute(text(status)).scalar_one() > 0


@pytest.mark.parametrize(
    "arguments",
    [("sql", "select * from exposur"), ("export", "exposur", "--to", "x.csv")],
)
def test_a_view_that_may_be_meant(
    study: Database, program: Program, arguments: tuple[str, ...]
) -> None:
    ended = program(study, *arguments)
    assert ended.status == 1
    assert "Did you mean" in ended.err
    assert "exposure" in ended.err


def test_what_is_undone_is_not_undone_twice(study: Database, program: Program) -> None:
    void = ("infusion", "void", "P023", "2020-01-21", "--reason", "another child's")
    assert program(study, *void).status == 0
    number = str(program(study, "history", "P023", "--format", "json").document[-1]["audit_id"])
    undo = ("undo", number, "--reason", "mistaken")
    assert program(study, *undo).status == 0
    by = program(study, "history", "P023", "--format", "json").document[-1]["audit_id"]
    refused = program(study, *undo)
    assert refused.status == 1
    assert f"Change {number} is undone already, by change {by}." in refused.err


def test_what_was_changed_since_is_not_undone(study: Database, program: Program) -> None:
    for dose in ("150", "160"):
        program(
            study, "infusion", "amend", "P023", "2020-01-21", "--dose-mg", dose, "--reason", "x"
        )
    changes = program(study, "history", "P023", "--format", "json").document
    first = str(changes[-2]["audit_id"])
    refused = program(study, "undo", first, "--reason", "mistaken")
    assert refused.status == 1
    assert "Changed since: infusions of P023, 2020-01-21, by change " in refused.err
    assert (
        program(study, "infusion", "list", "P023", "--format", "json").document[0]["dose_mg"] == 160
    )


def test_an_import_is_undone_as_a_whole_or_not_at_all(study: Database, program: Program) -> None:
    labs = len(rows(study, "lab_result", "patient_id"))
    with study.engine.connect() as connection:
        change = connection.execute(
            text("select max(audit_id) from audit.record_change where table_name = 'infusion'")
        ).scalar()
    program(study, "infusion", "amend", "P023", "2020-01-21", "--product", "x", "--reason", "x")
    refused = program(study, "undo", str(change), "--command", "--reason", "wrong files")
    assert refused.status == 1
    assert len(rows(study, "patient", "patient_id")) == 85
    history = program(study, "history", "P023", "--format", "json").document
    program(study, "undo", str(history[-1]["audit_id"]), "--reason", "back")
    assert program(study, "undo", str(change), "--command", "--reason", "wrong files").status == 0
    for table in TABLE.values():
        assert rows(study, table, "patient_id") == []
    with study.engine.connect() as connection:
        undone = connection.execute(
            text("select max(audit_id) from audit.record_change where operation = 'delete'")
        ).scalar()
    again = ("undo", str(undone), "--command", "--reason", "right after all")
    assert program(study, *again).status == 0
    assert len(rows(study, "patient", "patient_id")) == 85
    assert len(rows(study, "lab_result", "patient_id")) == labs


def test_a_record_that_is_there_already_is_said_to_be(study: Database, program: Program) -> None:
    assert program(study, *CHILD).out.startswith("Stored: T1\n")
    assert program(study, *CHILD).out.startswith("T1 has these values already.\n")
    with study.engine.connect() as connection:
        told = connection.execute(
            text("select count(*) from reference.change_set where command = 'patient add'")
        )
        assert told.scalar_one() == 1


def test_the_version_that_amend_takes_stands_in_what_is_shown(
    study: Database, program: Program
) -> None:
    record = ("P023", "2020-01-21")
    assert ", version 1\n" in program(study, "infusion", "show", *record).out
    amend = ("infusion", "amend", *record, "--weight-kg", "21.5", "--reason", "misread")
    assert program(study, *amend, "--version", "1").status == 0
    assert ", version 2\n" in program(study, "infusion", "show", *record).out
    assert program(study, *amend, "--version", "1").status == 1


def test_a_study_id_that_was_changed_is_told_and_taken_back(
    study: Database, program: Program
) -> None:
    with study.engine.begin() as connection:
        connection.execute(
            text("update reference.patient_number set study_id = 'X1' where study_id = 'P023'")
        )
    told = program(study, "history", "X1", "--format", "json").document[-1]
    assert (told["table_name"], told["old_values"]["study_id"]) == ("patient_number", "P023")
    assert "study_id P023 -> X1" in program(study, "history", "X1", "--format", "csv").out
    undone = program(study, "undo", str(told["audit_id"]), "--reason", "the first was right")
    assert undone.status == 0
    assert program(study, "patient", "show", "P023").status == 0
