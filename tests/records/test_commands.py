"""Every verb of every entity as a person types it, and what must not pass."""

from __future__ import annotations

import csv
import shlex
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.cli.examples import EXAMPLES
from registry.cli.groups import GROUPS
from registry.database.engine import Database
from registry.models import ENTITIES, table_of
from tests.records.conftest import Ended, Inside

TABLE = {entity.file_name: table_of(entity).name for entity in ENTITIES}
CHILD = (
    "patient", "add", "T1", "--centre", "BCH", "--sex", "male", "--birth-date", "2010-02-03",
    "--diagnosis", "CD",
)  # fmt: skip


def rows(database: Database, table: str, columns: str) -> list[tuple[object, ...]]:
    """The table's rows."""
    with database.engine.connect() as connection:
        found = connection.execute(text(f"select {columns} from clinical.{table} order by 1"))
        return [tuple(row) for row in found]


def audit(database: Database, table: str) -> list[tuple[str, str, str | None]]:
    """What the audit says of a table: operation, command and reason."""
    with database.engine.connect() as connection:
        found = connection.execute(
            text(
                "select operation, command, reason from analytics.record_change "
                "where table_name = :table order by audit_id"
            ),
            {"table": table},
        )
        return [(row[0], row[1], row[2]) for row in found]


@pytest.mark.parametrize("group", [group for group in GROUPS if group != "patient"])
def test_the_life_of_a_record_by_the_examples_of_the_help(
    registry: Database, inside: Inside, group: str
) -> None:
    table = TABLE[GROUPS[group][0]]
    for arguments in (EXAMPLES["patient"]["add"], EXAMPLES["patient"]["amend"]):
        verb = "add" if "--centre" in arguments else "amend"
        assert inside(registry, "patient", verb, *shlex.split(arguments)).status == 0
    for verb in ("add", "amend", "void"):
        ended = inside(registry, group, verb, *shlex.split(EXAMPLES[group][verb]))
        assert ended.status == 0, (verb, ended.err)
        assert ended.out, verb
        assert len(rows(registry, table, "*")) == (verb != "void"), verb
    reason = shlex.split(EXAMPLES[group]["amend"])[-1]
    voided = shlex.split(EXAMPLES[group]["void"])[-1]
    assert audit(registry, table)[-3:] == [
        ("insert", f"{group} add", None),
        ("update", f"{group} amend", reason),
        ("delete", f"{group} void", voided),
    ]


def test_a_patient_goes_only_with_his_records(study: Database, inside: Inside) -> None:
    assert inside(study, *CHILD).status == 0
    added = inside(
        study, "infusion", "add", "T1", "--infused-on", "2020-01-07", "--dose-mg", "150",
        "--weight-kg", "30",
    )  # fmt: skip
    assert added.status == 0
    alone = inside(study, "patient", "void", "T1", "--reason", "entered twice")
    assert alone.status == 1
    assert "T1 has 1 record in infusions" in alone.err
    assert "--with-records" in alone.err
    gone = inside(study, "patient", "void", "T1", "--with-records", "--reason", "entered twice")
    assert gone.status == 0
    assert inside(study, "infusion", "list", "T1").status == 1
    history = inside(study, "history", "T1", "--format", "json").json()
    assert [change["operation"] for change in history] == ["insert", "insert", "delete", "delete"]


def test_a_record_that_is_there_is_not_entered_again(registry: Database, inside: Inside) -> None:
    inside(registry, *CHILD)
    visit = ("pcdai", "add", "T1", "--visited-on", "2020-01-07", "--total")
    assert inside(registry, *visit, "30").status == 0
    assert inside(registry, *visit, "30").status == 0
    other = inside(registry, *visit, "35")
    assert other.status == 1
    assert "is not what the record with this patient_id and visited_on has (30)" in other.err
    assert "amend" in other.err
    assert rows(registry, "pcdai_visit", "visited_on, total") == rows(
        registry, "pcdai_visit", "visited_on, score"
    )
    assert [total for _, total in rows(registry, "pcdai_visit", "visited_on, total")] == [30]


def test_every_value_is_held_to_the_imports_own_checks(registry: Database, inside: Inside) -> None:
    inside(registry, *CHILD)
    refused = inside(
        registry, "infusion", "add", "T1", "--infused-on", "2009-01-01", "--dose-mg", "0",
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
    assert rows(registry, "infusion", "*") == []


def test_values_as_people_write_them(registry: Database, inside: Inside) -> None:
    inside(registry, *CHILD)
    ended = inside(
        registry, "tdm", "add", "T1", "--sampled-on", "2020年3月1日", "--ifx-ug-ml", "＜0.4 μg/mL",
        "--format", "json",
    )  # fmt: skip
    assert ended.status == 0
    columns = "sampled_on::text, ifx_ug_ml, ifx_ug_ml_comparator"
    assert rows(registry, "tdm_level", columns) == [("2020-03-01", Decimal("0.4"), "<")]


def test_what_may_mean_two_things_is_not_answered_with_an_imports_options(
    registry: Database, inside: Inside
) -> None:
    inside(registry, *CHILD)
    infusion = ("--infused-on", "01.03.2020", "--dose-mg", "1,200", "--weight-kg", "30")
    refused = inside(registry, "infusion", "add", "T1", *infusion)
    assert (refused.status, sorted(refused.err.removeprefix("Error: ").splitlines())) == (
        1,
        [
            "Nothing was stored.",
            "dose_mg '1,200' may be 1.200 or 1200; write the one that is meant",
            "infused_on '01.03.2020' may be 2020-03-01 or 2020-01-03; write the one that is meant",
        ],
    )
    for arguments in (
        ("infusion", "show", "T1", "01.03.2020"),
        ("visit", "T1", "--on", "01.03.2020", "--template"),
    ):
        said = inside(registry, *arguments)
        assert said.status == 2
        assert "may be 2020-03-01 or 2020-01-03; write the one that is meant" in said.err
        assert "--date-order" not in said.err


def said_against(ended: Ended) -> list[str]:
    """What a refused command complained of, line by line."""
    assert ended.status == 1
    *lines, last = ended.err.removeprefix("Error: ").splitlines()
    assert last == "Nothing was stored."
    return lines


def test_that_a_record_is_there_is_said_once(registry: Database, inside: Inside) -> None:
    inside(registry, *CHILD)
    there = "is that of a record that is there already; amend that one"
    assert said_against(inside(registry, "patient", "add", "T1")) == [f"patient_id 'T1' {there}"]
    assert said_against(inside(registry, "patient", "add", "T1", "--sex", "female")) == [
        f"patient_id 'T1' {there}",
        "sex 'female' is not what the record with this patient_id has (male); "
        "to change it amend that record",
    ]
    infusion = ("infusion", "add", "T1", "--infused-on", "2020-01-07")
    assert inside(registry, *infusion, "--dose-mg", "150", "--weight-kg", "30").status == 0
    assert said_against(inside(registry, *infusion)) == [f"infused_on '2020-01-07' {there}"]


@pytest.mark.parametrize(
    ("day", "group", "against"),
    [
        ("sampled-on", "tdm", "ifx_ug_ml is missing, and so is the rest: ada_au_ml"),
        (
            "measured-on",
            "anthropometry",
            "height_cm is missing, and so is the rest: weight_kg, height_z, bmi_z",
        ),
        (
            "assessed-on",
            "phenotype",
            "location is missing, and so is the rest: upper_gi, behaviour, perianal, growth",
        ),
        ("performed-on", "endoscopy", "cdeis is missing"),
    ],
)
def test_a_day_alone_is_no_record(
    registry: Database, inside: Inside, tmp_path: Path, day: str, group: str, against: str
) -> None:
    """Entered; a file's row is what the dictionary allows."""
    inside(registry, *CHILD)
    cure = "; give at least one" if "rest" in against else ""
    beside = ("--assay", "ELISA") if group == "tdm" else ()
    refused = inside(registry, group, "add", "T1", f"--{day}", "2020-01-07", *beside)
    assert said_against(refused) == [against + cure]
    file = tmp_path / f"{GROUPS[group][0]}.csv"
    file.write_text(f"patient_id,{day.replace('-', '_')}\nT1,2020-01-07\n", encoding="utf-8")
    assert inside(registry, "import", str(file)).status == 0
    moved = ("amend", "T1", "2020-01-07", f"--{day}", "2020-01-08", "--reason", "misread")
    assert inside(registry, group, *moved).status == 0


def test_the_last_value_of_a_record_is_not_emptied(registry: Database, inside: Inside) -> None:
    inside(registry, *CHILD)
    inside(registry, "tdm", "add", "T1", "--sampled-on", "2020-01-07", "--ifx-ug-ml", "5")
    amend = ("tdm", "amend", "T1", "2020-01-07", "--reason", "misread", "--ifx-ug-ml", "")
    assert said_against(inside(registry, *amend)) == [
        "ifx_ug_ml is the last value of the record; take the record out instead, with void"
    ]
    assert inside(registry, *amend, "--ada-au-ml", "12").status == 0


def test_a_laboratory_value_with_its_unit_behind_it(registry: Database, inside: Inside) -> None:
    inside(registry, *CHILD)
    add = ("lab", "add", "T1", "--collected-on")
    for day, analyte, *value in (
        ("2020-01-07", "CRP", "4.4 mg/dL"),
        ("2020-01-08", "ALB", "＜3.2g/dl", "--unit", "g/dL"),
    ):
        ended = inside(registry, *add, day, "--analyte", analyte, "--value", *value)
        assert ended.status == 0, ended.err
    columns = "collected_on::text, value_comparator, value, unit"
    assert rows(registry, "lab_result", columns) == [
        ("2020-01-07", None, Decimal("4.4"), "mg/dL"),
        ("2020-01-08", "<", Decimal("3.2"), "g/dL"),
    ]
    assert "44 mg/L, entered as 4.4 mg/dL" in inside(registry, "lab", "show", "T1", "2020-01-07",
                                                     "CRP").out  # fmt: skip
    amend = ("lab", "amend", "T1", "2020-01-07", "CRP", "--reason", "misread", "--value")
    assert inside(registry, *amend, "51 mg/L").status == 0
    assert rows(registry, "lab_result", columns)[0][2:] == (Decimal(51), "mg/L")
    new = (*add, "2020-01-09", "--analyte", "CRP", "--value")
    assert "value '5 stones' has stones behind" in inside(registry, *new, "5 stones").err
    for value, unit in (("5 g/L", "mg/L"), ("5 mg/dL", "mg/L")):
        refused = said_against(inside(registry, *new, value, "--unit", unit))
        assert refused == [f"value '{value}' has {value[2:]} behind the number; "
                           "write the number alone"]  # fmt: skip


def test_a_record_keeps_its_number_when_its_date_is_corrected(
    registry: Database, inside: Inside
) -> None:
    inside(registry, *CHILD)
    entered = inside(
        registry, "infusion", "add", "T1", "--infused-on", "2020-01-07", "--dose-mg", "150",
        "--weight-kg", "30", "--format", "json",
    ).json()  # fmt: skip
    amended = inside(
        registry, "infusion", "amend", "T1", "2020-01-07", "--infused-on", "2020-01-08",
        "--reason", "ward's list", "--format", "json",
    ).json()  # fmt: skip
    assert (amended["record"], amended["version"]) == (entered["record"], 2)
    assert (amended["infused_on"], amended["dose_mg"]) == ("2020-01-08", 150)
    by_number = inside(
        registry, "infusion", "amend", "T1", "--record", str(entered["record"]), "--infused-on",
        "2020-01-09", "--reason", "ward's list",
    )  # fmt: skip
    assert by_number.status == 0
    by_options = inside(
        registry, "infusion", "amend", "--patient-id", "T1", "--infused-on", "2020-01-09",
        "--dose-mg", "160", "--reason", "ward's list",
    )  # fmt: skip
    assert by_options.status == 0
    assert rows(registry, "infusion", "record_id, infused_on::text, dose_mg, row_version") == [
        (entered["record"], "2020-01-09", 160, 4)
    ]


def test_a_date_cannot_become_that_of_another_record(registry: Database, inside: Inside) -> None:
    inside(registry, *CHILD)
    for day in ("07", "21"):
        inside(
            registry, "infusion", "add", "T1", "--infused-on", f"2020-01-{day}", "--dose-mg",
            "150", "--weight-kg", "30",
        )  # fmt: skip
    refused = inside(
        registry, "infusion", "amend", "T1", "2020-01-07", "--infused-on", "2020-01-21",
        "--reason", "x",
    )  # fmt: skip
    assert refused.status == 1
    assert "infused_on '2020-01-21' makes it another record's" in refused.err
    assert len(rows(registry, "infusion", "infused_on")) == 2


def test_two_people_at_once(registry: Database, inside: Inside) -> None:
    inside(registry, *CHILD)
    visit = inside(
        registry, "pcdai", "add", "T1", "--visited-on", "2020-01-07", "--total", "30",
        "--format", "json",
    ).json()  # fmt: skip
    change = ("pcdai", "amend", "T1", "2020-01-07", "--version", str(visit["version"]), "--reason")
    assert inside(registry, *change, "first", "--total", "35").status == 0
    late = inside(registry, *change, "second", "--total", "40")
    assert late.status == 1
    assert "has been changed meanwhile: it is at version 2, not 1" in late.err
    assert rows(registry, "pcdai_visit", "total") == [(35,)]


@pytest.mark.parametrize("verb", ["amend", "void"])
def test_a_change_needs_a_reason(study: Database, inside: Inside, verb: str) -> None:
    new = ["--dose-mg", "150"] if verb == "amend" else []
    for reason in ([], ["--reason", " "]):
        ended = inside(study, "infusion", verb, "P023", "2020-01-21", *new, *reason)
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
    study: Database, inside: Inside, arguments: list[str], status: int, words: str
) -> None:
    ended = inside(study, *arguments)
    assert ended.status == status
    assert words in ended.err
    assert ended.out == ""
    with study.engine.connect() as connection:
        made = connection.execute(text("select count(*) from reference.change_set"))
        # That of the cohort's import.
        assert made.scalar_one() == 1


def test_an_empty_value_empties(study: Database, inside: Inside) -> None:
    ended = inside(
        study, "infusion", "amend", "P023", "2020-01-21", "--product", "", "--reason", "unknown"
    )
    assert ended.status == 0
    assert "product infliximab -> -" in ended.out
    first = inside(study, "infusion", "list", "P023", "--format", "json").json()[0]
    assert first["product"] is None


def test_a_list_as_csv_is_an_import_file(
    study: Database, registry: Database, inside: Inside, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("listed")
    for group, (file_name, _) in GROUPS.items():
        listed = inside(study, group, "list", "--format", "csv")
        (folder / f"{file_name}.csv").write_text(listed.out, encoding="utf-8")
    imported = inside(registry, "import", str(folder), "--format", "json")
    assert imported.status == 0
    for table in TABLE.values():
        own = "to_jsonb(t) - 'record_id' - 'patient_id' - 'row_version'"
        content = f"n.study_id, {own}"
        of_patient = f"{table} t join reference.patient_number n using (patient_id)"
        assert sorted(rows(registry, of_patient, content), key=str) == sorted(
            rows(study, of_patient, content), key=str
        )


def test_undo_of_each_kind_of_change(study: Database, inside: Inside) -> None:
    columns = "(to_jsonb(t) - 'row_version')::text"
    before = rows(study, "infusion t", columns)
    for verb, new in (("amend", ["--dose-mg", "150"]), ("void", [])):
        inside(study, "infusion", verb, "P023", "2020-01-21", *new, "--reason", "x")
    inside(
        study, "infusion", "add", "P023", "--infused-on", "2020-01-20", "--dose-mg", "100",
        "--weight-kg", "20",
    )  # fmt: skip
    changes = [c["audit_id"] for c in inside(study, "history", "P023", "--format", "json").json()]
    for change in reversed(changes[-3:]):
        assert inside(study, "undo", str(change), "--reason", "mistaken").status == 0
    assert rows(study, "infusion t", columns) == before
    status = "select count(*) from derived.changed_patient"
    with study.engine.connect() as connection:
        assert connection.execute(text(status)).scalar_one() > 0


def test_what_was_changed_since_is_not_undone(study: Database, inside: Inside) -> None:
    for dose in ("150", "160"):
        inside(study, "infusion", "amend", "P023", "2020-01-21", "--dose-mg", dose, "--reason", "x")
    changes = inside(study, "history", "P023", "--format", "json").json()
    first = str(changes[-2]["audit_id"])
    refused = inside(study, "undo", first, "--reason", "mistaken")
    assert refused.status == 1
    assert "Changed since: 1 record in infusions." in refused.err
    assert inside(study, "infusion", "list", "P023", "--format", "json").json()[0]["dose_mg"] == 160


def test_an_import_is_undone_as_a_whole_or_not_at_all(study: Database, inside: Inside) -> None:
    labs = len(rows(study, "lab_result", "patient_id"))
    with study.engine.connect() as connection:
        change = connection.execute(
            text("select max(audit_id) from audit.record_change where table_name = 'infusion'")
        ).scalar()
    inside(study, "infusion", "amend", "P023", "2020-01-21", "--product", "x", "--reason", "x")
    refused = inside(study, "undo", str(change), "--command", "--reason", "wrong files")
    assert refused.status == 1
    assert len(rows(study, "patient", "patient_id")) == 85
    history = inside(study, "history", "P023", "--format", "json").json()
    inside(study, "undo", str(history[-1]["audit_id"]), "--reason", "back")
    assert inside(study, "undo", str(change), "--command", "--reason", "wrong files").status == 0
    for table in TABLE.values():
        assert rows(study, table, "patient_id") == []
    with study.engine.connect() as connection:
        undone = connection.execute(
            text("select max(audit_id) from audit.record_change where operation = 'delete'")
        ).scalar()
    again = ("undo", str(undone), "--command", "--reason", "right after all")
    assert inside(study, *again).status == 0
    assert len(rows(study, "patient", "patient_id")) == 85
    assert len(rows(study, "lab_result", "patient_id")) == labs


def test_the_history_shows_what_was_entered(registry: Database, inside: Inside) -> None:
    inside(registry, *CHILD, "--onset-on", "2016-05")
    inside(registry, "tdm", "add", "T1", "--sampled-on", "2020-01-07", "--ifx-ug-ml", "0.4")
    of_tdm = ("tdm", "amend", "T1", "2020-01-07", "--reason", "letter", "--ifx-ug-ml")
    inside(registry, *of_tdm, "<0.40", "--ada-au-ml", "12.50")
    inside(registry, "pcdai", "add", "T1", "--visited-on", "2020-01-07", "--total", "30")
    inside(registry, "pcdai", "void", "T1", "2020-01-07", "--reason", "another child's")
    inside(registry, "phenotype", "add", "T1", "--assessed-on", "2020-01-07", "--perianal", "no")
    listed = inside(registry, "history", "T1", "--format", "csv").out.splitlines()
    assert [row["what"] for row in csv.DictReader(listed)] == [
        "centre BCH, sex male, birth_date 2010-02-03, onset_on 2016-05, diagnosis CD",
        "sampled_on 2020-01-07, ifx_ug_ml 0.4",
        "ifx_ug_ml 0.4 -> <0.4, ada_au_ml - -> 12.5",
        "visited_on 2020-01-07, total 30",
        "visited_on 2020-01-07, total 30",
        "assessed_on 2020-01-07, perianal no",
    ]


def test_a_record_that_is_there_already_is_said_to_be(study: Database, inside: Inside) -> None:
    assert inside(study, *CHILD).out.startswith("Stored: T1\n")
    assert inside(study, *CHILD).out.startswith("T1 has these values already.\n")
    with study.engine.connect() as connection:
        told = connection.execute(
            text("select count(*) from reference.change_set where command = 'patient add'")
        )
        assert told.scalar_one() == 1


def test_the_version_that_amend_takes_stands_in_what_is_shown(
    study: Database, inside: Inside
) -> None:
    record = ("P023", "2020-01-21")
    assert ", version 1\n" in inside(study, "infusion", "show", *record).out
    amend = ("infusion", "amend", *record, "--weight-kg", "21.5", "--reason", "misread")
    assert inside(study, *amend, "--version", "1").status == 0
    assert ", version 2\n" in inside(study, "infusion", "show", *record).out
    assert inside(study, *amend, "--version", "1").status == 1
