"""All that was changed since a moment, taken back as one change by a person at the command line."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from registry.models import ENTITIES, table_of
from tests.programs import Program

WHY = ("--reason", "the wrong list")


def held(database: Database) -> dict[str, list[str]]:
    """Every record of the clinical tables, without its version."""
    with database.engine.connect() as connection:
        return {
            table_of(entity).name: list(
                connection.execute(
                    text(
                        "select (to_jsonb(t) - 'row_version')::text "
                        f"from {table_of(entity).fullname} t order by 1"
                    )
                ).scalars()
            )
            for entity in ENTITIES
        }


def moment(database: Database) -> str:
    """Now, by the server's clock."""
    with database.engine.connect() as connection:
        found: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    return found.isoformat()


def change(program: Program, study: Database, user: str, *arguments: str) -> None:
    ended = program(study, *arguments, "--user", user)
    assert ended.status == 0, ended.err


def in_cohort(study: Database) -> str:
    """A child who has not lost response and is seen until the cut."""
    with study.engine.connect() as connection:
        found = connection.execute(
            text(
                "select min(patient_id) from analytics.status where definition = 'paper' "
                "and not event and end_on > '2023-12-01' and week14_pcdai <= 15"
            )
        ).scalar_one()
    return str(found)


@pytest.fixture
def since(study: Database, program: Program) -> str:
    """A moment after which Ann amends a dose and enters a loss, Ben a level."""
    found = moment(study)
    amend = ("infusion", "amend", "P023", "2020-01-21", "--dose-mg", "150", "--reason", "x")
    change(program, study, "ann", *amend)
    change(
        program, study, "ann",
        "pcdai", "add", in_cohort(study), "--visited-on", "2023-12-01", "--total", "40",
    )  # fmt: skip
    change(
        program, study, "ben",
        "tdm", "add", "P023", "--sampled-on", "2020-03-17", "--ifx-ug-ml", "3",
    )  # fmt: skip
    return found


def test_a_dry_run_shows_rows_and_consequences_and_changes_nothing(
    study: Database, program: Program, since: str
) -> None:
    before, child = held(study), in_cohort(study)
    shown = program(study, "undo", "--since", since, "--dry-run", "--format", "json")
    assert shown.status == 0, shown.err
    document = shown.document
    assert (document["dry_run"], document["changes"]) == (True, 3)
    records = {record["table"]: record for record in document["records"]}
    assert records["infusion"] | {"record_id": 0} == {
        "table": "infusion",
        "patient_id": "P023",
        "record_id": 0,
        "record": "2020-01-21",
        "operation": "update",
        "old": {"dose_mg": "150"},
        "new": {"dose_mg": records["infusion"]["new"]["dose_mg"]},
    }
    assert records["pcdai_visit"]["operation"] == "delete"
    assert records["pcdai_visit"]["old"] == {"visited_on": "2023-12-01", "total": "40"}
    kinds = {(one["patient_id"], one["kind"]) for one in document["status_changes"]}
    assert (child, "no_loss_of_response") in kinds
    assert held(study) == before
    people = program(study, "undo", "--since", since, "--dry-run")
    assert "dose_mg 150 -> " in people.out
    assert f"{child}: No loss of response any more" in people.out
    assert "A dry run: nothing was written." in people.err


def test_it_is_one_change_which_is_undone_as_one(
    study: Database, program: Program, since: str
) -> None:
    after = held(study)
    done = program(study, "undo", "--since", since, *WHY)
    assert done.status == 0, done.err
    assert "Changes undone: 3." in done.err
    with study.engine.connect() as connection:
        sets = connection.execute(
            text(
                "select count(*), min(reason), min(summary), min((select audit_id "
                "from audit.record_change r where r.change_id = c.change_id limit 1)) "
                "from reference.change_set c where command = 'undo'"
            )
        ).one()
    assert sets[:3] == (1, "the wrong list", f"changes undone: 3, since {since}")
    assert held(study) != after
    assert program(study, "undo", str(sets[3]), "--command", *WHY).status == 0
    assert held(study) == after


def test_only_what_is_chosen_goes(study: Database, program: Program, since: str) -> None:
    def undone(*chosen: str) -> set[tuple[str, str]]:
        ended = program(study, "undo", "--since", since, *chosen, "--dry-run", "--format", "json")
        assert ended.status == 0, ended.err
        return {(one["table"], one["patient_id"]) for one in ended.document["records"]}

    dose, score, level = (
        ("infusion", "P023"),
        ("pcdai_visit", in_cohort(study)),
        ("tdm_level", "P023"),
    )
    assert undone() == {dose, score, level}
    assert undone("--by", "ben") == {level}
    assert undone("--patient", "P023") == {dose, level}
    assert undone("--table", "infusions", "--table", "pcdai") == {dose, score}
    assert undone("--table", "tdm_level", "--by", "ann") == set()
    assert undone("--patient", "P002") == set()
    # A day is from its beginning: the study was imported on it.
    today = datetime.fromisoformat(since).astimezone().date()
    shown = program(study, "undo", "--since", str(today), "--by", "ann", "--dry-run")
    assert "dose_mg 150 -> " in shown.out


def test_what_others_did_since_is_named_and_nothing_is_undone(
    study: Database, program: Program, since: str
) -> None:
    amend = ("infusion", "amend", "P023", "2020-01-21", "--dose-mg", "160", "--reason", "x")
    change(program, study, "ben", *amend)
    before = held(study)
    refused = program(study, "undo", "--since", since, "--by", "ann", *WHY).refused(1)
    number = program(study, "history", "P023", "--format", "json").document[-1]["audit_id"]
    assert f"Changed since: infusions of P023, 2020-01-21, by change {number}." in refused
    assert held(study) == before
    # Together with what stands on it, it goes.
    assert program(study, "undo", "--since", since, *WHY).status == 0


def test_what_stands_on_a_child_or_took_the_place_is_named(
    study: Database, program: Program
) -> None:
    since = moment(study)
    change(
        program, study, "ann", "patient", "add", "T1", "--centre", "BCH", "--sex", "male",
        "--birth-date", "2010-02-03", "--diagnosis", "CD",
    )  # fmt: skip
    change(
        program, study, "ben", "infusion", "add", "T1", "--infused-on", "2020-01-21", "--dose-mg",
        "100", "--weight-kg", "20",
    )  # fmt: skip
    change(program, study, "ann", "infusion", "void", "P023", "2020-01-21", "--reason", "x")
    change(
        program, study, "ben", "infusion", "add", "P023", "--infused-on", "2020-01-21", "--dose-mg",
        "100", "--weight-kg", "20",
    )  # fmt: skip
    before = held(study)
    for chosen, named in (
        (("--table", "patients"), "infusions of T1, 2020-01-21, by change "),
        (("--by", "ann"), "infusions of P023, 2020-01-21, by change "),
    ):
        refused = program(study, "undo", "--since", since, *chosen, *WHY).refused(1)
        assert "Changed since: " in refused
        assert named in refused
    assert held(study) == before
    assert program(study, "undo", "--since", since, *WHY).status == 0
    assert program(study, "patient", "show", "T1").status == 1


def test_who_withdrew_or_was_erased_is_left_out(study: Database, program: Program) -> None:
    since = moment(study)
    for patient in ("P023", "P002", "P003"):
        change(
            program, study, "ann", "lab", "add", patient, "--collected-on", "2020-05-05",
            "--analyte", "CRP", "--value", "9", "--unit", "mg/L",
        )  # fmt: skip
    day = ("--from", date.today().isoformat(), "--reason", "the family's wish")
    change(program, study, "ann", "patient", "withdraw", "P002", "--scope", "research", *day)
    assert program(study, "patient", "erase", "P003", "--reason", "left").status == 0
    done = program(study, "undo", "--since", since, *WHY)
    assert done.status == 0, done.err
    assert "Left out, for want of consent: P002." in done.err
    assert "Left out: 1 erased child." in done.err
    listed = program(study, "lab", "list", "--format", "json").document
    assert [one["patient_id"] for one in listed if one["collected_on"] == "2020-05-05"] == ["P002"]
    consents = program(study, "consent", "list", "P002", "--format", "json").document
    assert [one["withdrawn_on"] for one in consents] == [date.today().isoformat()]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 2, "What is to be undone?"),
        (("5", "--since", "2020-01-01"), 2, "What is to be undone?"),
        (("--since", "2020-01-01", "--command"), 2, "--command belongs to the number"),
        (("5", "--table", "infusions"), 2, "choose among all changes --since MOMENT"),
        (("--since", "2020-01-01"), 2, "only for a reason"),
        (("--since", "yesterday", *WHY), 2, "yesterday is no moment."),
        (("--since", f"{date.today() + timedelta(days=2)}", *WHY), 2, "has not come"),
        (("--since", "2020-01-01", "--table", "infusionen", *WHY), 2, "There is no table"),
        (("--since", "2020-01-01", "--patient", "P999", *WHY), 1, "There is no patient P999."),
    ],
)
def test_what_cannot_be_meant_is_refused(
    shared_study: Database,
    program: Program,
    arguments: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    assert words in program(shared_study, "undo", *arguments).refused(status)
