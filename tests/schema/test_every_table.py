"""Whatever tells of clinical tables tells of every one: a new table is missing nowhere."""

from __future__ import annotations

import re
from datetime import date
from types import ModuleType

import pytest
from sqlalchemy import Connection, text

from registry.cli.frame.completion import complete_table
from registry.clinical_tables import BY_NAME, CLINICAL_TABLES, ClinicalTable
from registry.export import fhir, omop
from registry.importing.drafting.names import synonyms
from registry.models import ENTITIES, Patient, all_tables, table_of
from registry.models.codebook import codebook, declarations, descriptions
from registry.models.redcap_fields import FIELD, data_dictionary, fields
from registry.patient.course import all_events
from registry.patient.tables import NAMES
from registry.patient.told import in_a_line
from registry.records.rows import BY_FILE_NAME, dictionary_columns
from registry.synth.patient import make_patient
from registry.synth.pools import build_pools
from registry.synth.tables import COLUMNS
from registry.variables import Kind, Redaction, Variable
from tests.docs.pages import PROJECT
from tests.programs import offered

every_table = pytest.mark.parametrize("table", CLINICAL_TABLES, ids=lambda table: table.name)

# What the screen draws above the sections; what the course has as more than an event, or not.
ABOVE_THE_SECTIONS = {"patient", "pcdai_visit"}
NO_EVENT = {
    *("patient", "phenotype", "anthropometry", "infusion", "tdm_level", "pcdai_visit"),
    *("lab_result", "medication", "gene_finding", "condition", "consent"),
}
SENTENCES_OF_THEIR_OWN = {"phenotype", "medication", "gene_finding"}
TABLES_OF_THEIR_OWN = {"infusion", "tdm_level", "lab_result", "anthropometry"}
NO_CONTACT = {"patient", "consent", "follow_up_end"}
NOT_FOR_NEIGHBOURS = {"surgery", "adverse_event", "gene_finding", "consent"}


def test_declarations_models_and_files_are_the_same() -> None:
    names = [table.name for table in CLINICAL_TABLES]
    assert [table_of(entity).name for entity in ENTITIES] == names
    files = [table.file for table in CLINICAL_TABLES]
    assert list(BY_FILE_NAME) == files == list(declarations()) == list(descriptions())
    assert list(COLUMNS) == files
    assert list(dict.fromkeys(one.entity.file_name for one in fields())) == files
    assert set(synonyms()["tables"]) == set(files)


@every_table
def test_a_table_has_commands_names_and_places(table: ClinicalTable) -> None:
    columns = dictionary_columns(BY_FILE_NAME[table.file])
    assert list(table.examples) == ["add", "list", "show", "amend", "void"]
    assert {*table.key, *table.dates, *table.dates_past} <= set(columns)
    assert set(synonyms()[table.file]) <= set(columns)
    assert set(table.dates) <= set(synonyms()[table.file])
    assert (table.file in NAMES) == (table.name not in ABOVE_THE_SECTIONS)
    own = ABOVE_THE_SECTIONS | SENTENCES_OF_THEIR_OWN | TABLES_OF_THEIR_OWN
    assert bool(table.told) == (table.name not in own)
    assert (table.on_course is None) == (table.name in NO_EVENT)
    said = [*table.told, *([table.on_course.words] if table.on_course else [])]
    assert set(re.findall(r"\{(\w+)", " ".join(said))) <= set(columns)


@every_table
def test_the_pages_tell_of_it(table: ClinicalTable) -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert f"`{table.file}`" in readme.partition("**Files.**")[2].partition("\n\n")[0]
    commands = re.search(r"`registry (patient[\w|\n-]+)` each with", readme)
    assert commands is not None
    assert table.command in re.split(r"[|\n]+", commands[1])
    roles = (PROJECT / "docs" / "roles.md").read_text(encoding="utf-8")
    assert f"| `clinical.{table.name}` |" in roles
    reference = (PROJECT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert f"\n#### registry {table.command}\n" in reference


@pytest.mark.parametrize("form", [fhir, omop], ids=["fhir", "omop"])
def test_a_neighbours_format_has_a_table_or_its_page_says_that_it_has_not(form: ModuleType) -> None:
    written = {table_of(one).name for one in ENTITIES if getattr(form, one.__name__, None) is one}
    assert {table.name for table in CLINICAL_TABLES} - written == NOT_FOR_NEIGHBOURS
    page = (PROJECT / "docs" / "neighbours.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {form.__name__.rpartition('.')[2].upper()}\n")[2]
    said = section.partition("\n## ")[0].partition("\nNot written: ")[2].partition(". ")[0]
    words = " ".join(said.split())
    for name in NOT_FOR_NEIGHBOURS:
        assert name.replace("_", " ") in words


@every_table
def test_the_shell_completes_its_commands_and_options(table: ClinicalTable) -> None:
    assert set(table.examples) <= set(offered(table.command, ""))
    options = set(offered(table.command, "add", "--"))
    columns = dictionary_columns(BY_FILE_NAME[table.file])
    assert {f"--{name.replace('_', '-')}" for name in columns} <= options
    assert table.file in complete_table(table.file[:3])


@every_table
def test_the_database_watches_and_shows_a_table(database: Connection, table: ClinicalTable) -> None:
    triggers = set(
        database.execute(
            text(
                "select tgname::text from pg_trigger "
                "where tgrelid = cast(:name as regclass) and not tgisinternal"
            ),
            {"name": f"clinical.{table.name}"},
        ).scalars()
    )
    assert {"next_row_version", "clear_missing_reasons", "audit_truncate"} <= triggers
    for event in ("insert", "update", "delete"):
        assert {f"audit_{event}", f"mark_changed_{event}"} <= triggers
    if BY_FILE_NAME[table.file] is not Patient:
        assert {"before_birth_insert", "before_birth_update"} <= triggers
    for schema in ("analytics", "present"):
        assert database.execute(text(f"select to_regclass('{schema}.{table.name}')")).scalar_one()
    shown = database.execute(text("select pg_get_viewdef('present.dated_record'::regclass)"))
    assert (f"'{table.name}'::text" in shown.scalar_one()) == (table.name not in NO_CONTACT)


def test_of_every_variable_it_is_known_what_it_could_give_away() -> None:
    known = {
        f"{table.name}.{column.name}": column.info["variable"].redacted_as
        for table in all_tables().tables.values()
        for column in table.columns
        if "variable" in column.info
    }
    by_class = {one: {name for name, of in known.items() if of is one} for one in Redaction}
    assert by_class[Redaction.IDENTIFIER] == {"patient_number.study_id"}
    assert by_class[Redaction.QUASI_IDENTIFIER] == {
        *("patient.centre", "patient.sex", "centre.name"),
        *("gene_finding.gene", "gene_finding.hgvs_c", "gene_finding.hgvs_p"),
    }
    assert by_class[Redaction.FREE_TEXT] == {
        *("infusion.product", "tdm_level.assay", "gene_finding.diagnosis", "surgery.procedure"),
        *("adverse_event.term", "follow_up_end.note"),
        *("consent.form_version", "consent_form.version"),
    }
    # What anybody may write anything into is never taken for a plain value.
    for entity in ENTITIES:
        for name, variable in dictionary_columns(entity).items():
            if variable.is_free_text:
                told = (Redaction.FREE_TEXT, Redaction.QUASI_IDENTIFIER)
                assert known[f"{table_of(entity).name}.{name}"] in told
    with pytest.raises(ValueError, match="Remark"):
        assert Variable("Remark", Kind.TEXT).redacted_as


def test_redcap_knows_what_identifies_a_child_but_for_the_dates_it_can_shift() -> None:
    flagged = {row[FIELD] for row in data_dictionary() if row["Identifier?"] == "y"}
    assert {"record_id", "patient_centre", "patient_onset_on", "surgery_procedure"} <= flagged
    assert not {"patient_birth_date", "infusion_infused_on", "infusion_dose_mg"} & flagged
    known = {row["column"]: row["redaction"] for row in codebook()}
    assert known["patient_id"] == "identifier"
    assert known["infused_on"] == "date"
    assert known["dose_mg"] == "clinical"


def test_an_adverse_event_in_a_line_and_on_the_course() -> None:
    rash = {
        "started_on": date(2020, 1, 8),
        "term": "rash",
        "severity": "life_threatening",
        "serious": True,
        "resolved_on": None,
    }
    over = rash | {"serious": False, "severity": "mild", "resolved_on": date(2020, 1, 9)}
    table = BY_NAME["adverse_event"]
    assert in_a_line(table, rash) == "2020-01-08 - unresolved  rash, life threatening, serious"
    assert in_a_line(table, over) == "2020-01-08 - 2020-01-09  rash, mild"
    document = {one.file: () for one in CLINICAL_TABLES} | {table.file: (rash,)}
    [event] = all_events(document)
    assert (event.on, event.sign, event.words) == (date(2020, 1, 8), "A", "adverse event: rash")


def test_synthetic_children_have_rows_of_every_table() -> None:
    pools = build_pools(1)
    children = [make_patient(number, 1, pools, 0.5) for number in range(1, 81)]
    assert [file for file in COLUMNS if not any(child.of(file) for child in children)] == []
