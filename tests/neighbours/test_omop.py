"""OMOP tables, loaded under the model's own keys and held to rules of OHDSI's quality dashboard.

Columns, types, what is required and what refers to what are those of the specification of the
common data model 5.4; of each table those columns that an export fills.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from registry.database.engine import Database
from registry.export.leaving import Writer
from registry.export.omop import write_omop
from tests.neighbours.conftest import LEAVING, Export
from tests.programs import Program

# Column -> its type; ! = required, > = a concept, @ = a row of that table. The first is the key.
SPECIFICATION = {
    "concept": "concept_id integer! concept_name varchar(255)! domain_id varchar(20)! "
    "vocabulary_id varchar(20)! concept_class_id varchar(20)! standard_concept varchar(1) "
    "concept_code varchar(50)! valid_start_date date! valid_end_date date! "
    "invalid_reason varchar(1)",
    "vocabulary": "vocabulary_id varchar(20)! vocabulary_name varchar(255)! "
    "vocabulary_reference varchar(255) vocabulary_version varchar(255) "
    "vocabulary_concept_id integer!>",
    "concept_class": "concept_class_id varchar(20)! concept_class_name varchar(255)! "
    "concept_class_concept_id integer!>",
    "care_site": "care_site_id integer! care_site_name varchar(255) "
    "care_site_source_value varchar(50)",
    "person": "person_id integer! gender_concept_id integer!> year_of_birth integer! "
    "month_of_birth integer day_of_birth integer race_concept_id integer!> "
    "ethnicity_concept_id integer!> care_site_id integer@care_site "
    "person_source_value varchar(50) gender_source_value varchar(50)",
    "observation_period": "observation_period_id integer! person_id integer!@person "
    "observation_period_start_date date! observation_period_end_date date! "
    "period_type_concept_id integer!>",
    "visit_occurrence": "visit_occurrence_id integer! person_id integer!@person "
    "visit_concept_id integer!> visit_start_date date! visit_end_date date! "
    "visit_type_concept_id integer!> care_site_id integer@care_site",
    "condition_occurrence": "condition_occurrence_id integer! person_id integer!@person "
    "condition_concept_id integer!> condition_start_date date! condition_end_date date "
    "condition_type_concept_id integer!> visit_occurrence_id integer@visit_occurrence "
    "condition_source_value varchar(50) condition_source_concept_id integer>",
    "drug_exposure": "drug_exposure_id integer! person_id integer!@person "
    "drug_concept_id integer!> drug_exposure_start_date date! drug_exposure_end_date date! "
    "verbatim_end_date date drug_type_concept_id integer!> quantity numeric "
    "route_concept_id integer> visit_occurrence_id integer@visit_occurrence "
    "drug_source_value varchar(50) drug_source_concept_id integer> "
    "route_source_value varchar(50) dose_unit_source_value varchar(50)",
    "measurement": "measurement_id integer! person_id integer!@person "
    "measurement_concept_id integer!> measurement_date date! "
    "measurement_type_concept_id integer!> operator_concept_id integer> value_as_number numeric "
    "unit_concept_id integer> visit_occurrence_id integer@visit_occurrence "
    "measurement_source_value varchar(50) measurement_source_concept_id integer> "
    "unit_source_value varchar(50) value_source_value varchar(50)",
    "observation": "observation_id integer! person_id integer!@person "
    "observation_concept_id integer!> observation_date date! "
    "observation_type_concept_id integer!> value_as_string varchar(60) "
    "visit_occurrence_id integer@visit_occurrence observation_source_value varchar(50) "
    "observation_source_concept_id integer> value_source_value varchar(50)",
    "death": "person_id integer!@person death_date date! death_type_concept_id integer>",
    "cdm_source": "cdm_source_name varchar(255)! cdm_source_abbreviation varchar(25)! "
    "cdm_holder varchar(255)! source_description text cdm_etl_reference varchar(255) "
    "source_release_date date! cdm_release_date date! cdm_version varchar(10) "
    "cdm_version_concept_id integer!> vocabulary_version varchar(20)!",
}
# The small vocabulary: what these concepts are in OMOP's, by domain.
STANDARD = {
    "Gender": "8507 8532",
    "Visit": "9202",
    "Type Concept": "32879",
    "Drug": "937368 19014878 1119119 1305058 1550557",
    "Measurement": "3020460 3015183 3010813 3000963 3009542 3007461 3024561 3048689 3042299 "
    "3036277 3025315",
    "Unit": "8713 9444 9529 8582",
    "Meas Value Operator": "4171756 4172704",
}
# Table -> the first and the last day of what it tells.
SPANS = {
    "observation_period": ("observation_period_start_date", "observation_period_end_date"),
    "visit_occurrence": ("visit_start_date", "visit_end_date"),
    "condition_occurrence": ("condition_start_date", "condition_end_date"),
    "drug_exposure": ("drug_exposure_start_date", "drug_exposure_end_date"),
    "measurement": ("measurement_date", "measurement_date"),
    "observation": ("observation_date", "observation_date"),
}
DOMAINS = {
    ("person", "gender_concept_id"): "Gender",
    ("visit_occurrence", "visit_concept_id"): "Visit",
    ("drug_exposure", "drug_concept_id"): "Drug",
    ("measurement", "measurement_concept_id"): "Measurement",
    ("measurement", "unit_concept_id"): "Unit",
    ("measurement", "operator_concept_id"): "Meas Value Operator",
    ("condition_occurrence", "condition_concept_id"): "Condition",
}


def columns_of(table: str) -> Iterator[tuple[str, str, bool, str | None]]:
    """Name, type, whether it is required, and the table that it refers to."""
    words = SPECIFICATION[table].split()
    for name, told in zip(words[::2], words[1::2], strict=True):
        kind, _, target = told.partition("@")
        refers = "concept" if kind.endswith(">") else target or None
        kind = kind.removesuffix(">")
        yield name, kind.removesuffix("!"), kind.endswith("!"), refers


def load(connection: Connection, folder: Path) -> None:
    """Makes the tables under `cdm`, in the connection's transaction, and copies the files in."""
    for statement in ("create schema cdm", "set local search_path = cdm, pg_catalog"):
        connection.execute(text(statement))
    for table in SPECIFICATION:
        columns = [
            f"{name} {kind}{' not null' if required else ''}"
            + (f" references {refers} deferrable initially deferred" if refers else "")
            for name, kind, required, refers in columns_of(table)
        ]
        key = "" if table == "cdm_source" else f", primary key ({next(columns_of(table))[0]})"
        connection.execute(text(f"create table {table} ({', '.join(columns)}{key})"))
    connection.execute(
        text(
            "insert into concept values (0, 'No matching concept', 'Metadata', 'None', "
            "'Undefined', null, '0', '1970-01-01', '2099-12-31')"
        )
    )
    for domain, concepts in STANDARD.items():
        for concept in concepts.split():
            connection.execute(
                text(
                    f"insert into concept values ({concept}, 'of the test', '{domain}', 'Test', "
                    "'Test', 'S', 'x', '1970-01-01', '2099-12-31')"
                )
            )
    driver = connection.connection.driver_connection
    assert driver is not None
    for table in SPECIFICATION:
        content = (folder / f"{table}.csv").read_text(encoding="utf-8")
        header = content.partition("\n")[0]
        with (
            driver.cursor() as cursor,
            cursor.copy(f"copy {table} ({header}) from stdin with (format csv, header)") as copy,
        ):
            copy.write(content)
    connection.execute(text("set constraints all immediate"))


def violations(connection: Connection) -> dict[str, int]:
    """Rule and place -> the rows against it."""
    found: dict[str, int] = {}

    def count(rule: str, query: str) -> None:
        number = connection.execute(text(f"select count(*) from {query}")).scalar_one()
        if number:
            found[rule] = number

    for table in SPECIFICATION:
        for name, _, _, refers in columns_of(table):
            if refers == "concept" and "source" not in name and table not in (
                "vocabulary", "concept_class", "cdm_source",
            ):  # fmt: skip
                count(
                    f"isStandardValidConcept {table}.{name}",
                    f"{table} t join concept c on c.concept_id = t.{name} where t.{name} <> 0 "
                    "and (c.standard_concept is distinct from 'S' or c.invalid_reason is not null)",
                )
            if name.endswith("_source_value"):
                count(f"sourceValueCompleteness {table}.{name}",
                      f"{table} where {name} = ''")  # fmt: skip
    for (table, name), domain in DOMAINS.items():
        count(
            f"fkDomain {table}.{name}",
            f"{table} t join concept c on c.concept_id = t.{name} "
            f"where t.{name} <> 0 and c.domain_id <> '{domain}'",
        )
    count("plausibleValueLow person.year_of_birth", "person where year_of_birth < 1850")
    count("plausibleValueHigh person.year_of_birth",
          "person where year_of_birth > extract(year from current_date) + 1")  # fmt: skip
    born = "make_date(p.year_of_birth, p.month_of_birth, p.day_of_birth)"
    for table, (first, last) in SPANS.items():
        person = f"{table} t join person p using (person_id)"
        count(f"plausibleAfterBirth {table}", f"{person} where t.{first} < {born}")
        count(f"plausibleStartBeforeEnd {table}", f"{table} where {first} > {last}")
        count(f"plausibleValueHigh {table}", f"{table} where {last} > current_date + 1")
        count(
            f"plausibleBeforeDeath {table}",
            f"{table} t join death d using (person_id) where t.{first} > d.death_date + 60",
        )
        if table not in ("observation_period", "visit_occurrence"):
            count(
                f"withinVisitDates {table}",
                f"{table} t join visit_occurrence v using (visit_occurrence_id) where t.{first} "
                "not between v.visit_start_date - 7 and v.visit_end_date + 7",
            )
        count(
            f"within the observation period {table}",
            f"{table} t where not exists (select from observation_period o where o.person_id = "
            f"t.person_id and t.{first} between o.observation_period_start_date and "
            "o.observation_period_end_date)",
        )
    count("measurePersonCompleteness observation_period",
          "person where person_id not in (select person_id from observation_period)")  # fmt: skip
    count("measureObservationPeriodOverlap",
          "(select from observation_period group by person_id having count(*) > 1) o")  # fmt: skip
    return found


def test_tables_load_under_the_keys_of_the_model_and_pass_its_rules(
    export: Export, database: Connection
) -> None:
    outcome, folder = export("omop")
    assert outcome.status == 0, outcome
    assert "1 child is left out: no consent to sharing." in outcome.err
    load(database, folder)
    assert violations(database) == {}
    ids = database.execute(text("select person_source_value from cdm.person")).scalars()
    assert set(ids) == LEAVING


def test_values_keep_their_limits_and_their_own_words(export: Export, database: Connection) -> None:
    load(database, export("omop")[1])
    rows = database.execute(
        text(
            "select measurement_source_value as name, measurement_concept_id as standard, "
            "operator_concept_id as operator, value_as_number as number, value_source_value as said"
            ", unit_source_value as unit, c.concept_name as own from measurement m left join "
            "concept c on c.concept_id = m.measurement_source_concept_id"
        )
    ).mappings()
    told = {(row["name"], row["said"]): dict(row) for row in rows}
    level = told["ifx_ug_ml", "<0.4"]
    assert (level["standard"], level["operator"], float(level["number"])) == (3042299, 4171756, 0.4)
    antibodies = told["ada_au_ml", ">200"]
    assert (antibodies["standard"], antibodies["operator"]) == (0, 4172704)
    assert antibodies["own"] == "Antibodies to infliximab"
    assert told["pcdai", "37.5"]["own"] == "PCDAI"
    assert told["cdeis", "12"]["own"] == "CDEIS"
    assert told["PLT", "41.5"]["unit"] == "10^4/uL"
    own = database.execute(text("select min(concept_id) from concept where standard_concept is "
                                "null and concept_id <> 0")).scalar_one()  # fmt: skip
    assert own >= 2_000_000_000
    died = database.execute(
        text("select death_date::text from death join person using (person_id) "
             "where person_source_value = 'A-1'")
    ).scalars()  # fmt: skip
    assert list(died) == ["2021-05-05"]
    doses = database.execute(
        text(
            "select quantity, dose_unit_source_value from drug_exposure where quantity is not null"
        )
    ).all()
    assert [(int(dose), unit) for dose, unit in doses] == [(150, "mg")] * 2


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("update measurement set measurement_date = '1999-01-01'", "plausibleAfterBirth"),
        ("update drug_exposure set drug_concept_id = 3020460", "fkDomain"),
        ("update measurement set measurement_concept_id = 2000000001", "isStandardValidConcept"),
        ("update observation_period set observation_period_end_date = '2000-01-01'",
         "plausibleStartBeforeEnd"),
    ],
)  # fmt: skip
def test_the_rules_find_what_is_against_them(
    written: Callable[[Writer], Path], database: Connection, statement: str, rule: str
) -> None:
    load(database, written(write_omop))
    database.execute(text(statement))
    assert any(found.startswith(rule) for found in violations(database))


def test_codes_are_checked_against_the_vocabulary_that_a_site_has(
    export: Export, tmp_path: Path
) -> None:
    concepts = tmp_path / "CONCEPT.csv"
    head = "concept_id concept_name domain_id vocabulary_id concept_class_id standard_concept "
    rows = [
        (head + "concept_code valid_start_date valid_end_date invalid_reason").split(),
        ["201606", "Crohn's disease", "Condition", "SNOMED", "Disorder", "S", "34000006",
         "20020131", "20991231", ""],
        # As if azathioprine had been replaced, and CRP were no standard concept any more.
        ["19014878", "azathioprine", "Drug", "RxNorm", "Ingredient", "", "1256",
         "19700101", "20200101", "U"],
        ["3020460", "CRP", "Measurement", "LOINC", "Lab Test", "", "1988-5", "19700101",
         "20991231", ""],
    ]  # fmt: skip
    concepts.write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")
    outcome, folder = export("omop", "--vocabulary", str(concepts))
    assert outcome.status == 0, outcome
    with (folder / "codes.csv").open(encoding="utf-8-sig", newline="") as file:
        written = {
            row["name"]: row["written"] for row in csv.DictReader(file) if row["system"] == "OMOP"
        }
    assert (written["CD"], written["azathioprine"], written["CRP"]) == ("yes", "no", "no")
    fhir = export("fhir", "--vocabulary", str(concepts))[1]
    assert '"1988-5"' in (fhir / "Observation.ndjson").read_text()
    assert '"39803-2"' not in (fhir / "Observation.ndjson").read_text()
    concepts.write_text("a,b\n")
    again = export("omop", "--force", "--vocabulary", str(concepts))[0]
    assert "is no list of concepts" in again.refused(1)


def test_the_study_passes_them_too(
    shared_study: Database, program: Program, database: Connection, tmp_path: Path
) -> None:
    folder = tmp_path / "omop"
    assert program(shared_study, "export", "omop", "--to", str(folder)).status == 0
    load(database, folder)
    assert violations(database) == {}
    assert database.execute(text("select count(*) from person")).scalar_one() == 85
