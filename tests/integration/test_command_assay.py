"""`registry assay`: what a laboratory tells of its assay, and how levels are then read."""

from __future__ import annotations

from registry.database.engine import Database
from tests.integration.test_commands import scalar
from tests.programs import Program

STATUSES = (
    "select string_agg(distinct ada_status, ', ') from analytics.trough where assay = 'ELISA'"
)
TOLD = ("drug_tolerant", "ada_positive_from", "ada_high_from")


def changes(database: Database) -> list[str]:
    found = scalar(
        database,
        "select array_agg(concat_ws(' | ', made_by, command, reason, summary) order by change_id) "
        "from reference.change_set where command like 'assay%'",
    )
    return list(found or [])


def test_a_levels_assay_is_listed_though_nobody_described_it(
    program: Program, shared_study: Database
) -> None:
    outcome = program(shared_study, "assay", "list", "--format", "json")
    assert outcome.document == [
        {
            "name": "ELISA",
            "drug_tolerant": None,
            "ada_positive_from": None,
            "ada_high_from": None,
            "levels": scalar(shared_study, "select count(*) from clinical.tdm_level"),
        }
    ]
    assert "Not described: ELISA." in outcome.err
    assert "ELISA" in program(shared_study, "assay", "list").out


def test_what_is_told_changes_how_levels_are_read(program: Program, study: Database) -> None:
    assert "undetected_no_cut_off" in scalar(study, STATUSES)
    told = ("--drug-tolerant", "no", "--ada-positive-from", "10", "--ada-high-from", "200")
    reason = ("--reason", "letter of the laboratory", "--user", "kim", "--format", "json")
    row = program(study, "assay", "amend", "ELISA", *told, *reason).document
    assert (row["drug_tolerant"], row["ada_positive_from"], row["ada_high_from"]) == (
        False,
        10,
        200,
    )
    read = scalar(study, STATUSES)
    assert "not_evaluable" in read
    assert "no_cut_off" not in read
    # One is taken back, the others stay.
    row = program(study, "assay", "amend", "ELISA", "--ada-high-from", "none", *reason).document
    assert [row[column] for column in TOLD] == [False, 10, None]
    assert changes(study) == [
        "kim | assay amend | letter of the laboratory | ELISA: drug_tolerant False, "
        "ada_positive_from 10, ada_high_from 200",
        "kim | assay amend | letter of the laboratory | ELISA: ada_high_from None",
    ]


def test_an_assay_still_to_come_is_added(program: Program, study: Database) -> None:
    add = ("assay", "add", "HMSA", "--drug-tolerant", "yes", "--ada-positive-from", "3.1")
    row = program(study, *add, "--user", "kim", "--format", "json").document
    assert (row["name"], row["ada_positive_from"], row["levels"]) == ("HMSA", 3.1, 0)
    assert changes(study) == [
        "kim | assay add | HMSA: drug_tolerant True, ada_positive_from 3.1",
    ]
    error = program(study, "assay", "add", "hmsa").refused(1)
    assert "There is an assay HMSA already" in error
    assert "registry assay amend HMSA" in error


def test_what_cannot_be_is_refused(program: Program, study: Database) -> None:
    why = ("--reason", "why")
    for arguments, status, words in (
        (("amend", "ELISA", "--ada-positive-from", "10"), 2, "only with a --reason"),
        (("amend", "ELISA", *why), 2, "give at least one option"),
        (("amend", "ELISA", "--ada-positive-from", "ten", *why), 2, "a number"),
        (("amend", "ELISA", "--ada-positive-from", "0", *why), 1, "above 0"),
        (("amend", "ELISA", "--drug-tolerant", "maybe", *why), 2, "yes or no"),
        (("amend", "RIA", "--drug-tolerant", "yes", *why), 1, "There are: ELISA"),
        (
            ("add", "RIA", "--ada-positive-from", "20", "--ada-high-from", "20"),
            1,
            "high-titre from a higher value",
        ),
        (("add", " "), 1, "needs a name"),
    ):
        assert words in program(study, "assay", *arguments).refused(status), arguments
    assert changes(study) == []
    assert scalar(study, "select count(*) from reference.assay") == 1
