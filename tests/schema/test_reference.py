"""Reference tables equal the program's vocabulary; whatever can be read is described."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, text

from registry.covariates import COVARIATES
from registry.vocabulary import ANALYTE_UNITS, DRUG_CLASSES
from tests.schema.catalogue import uncommented

TABLES = ("clinical", "reference", "derived")
VIEWS = ("analytics", "analytics_deidentified", "inspection", "present", "rules")
CONTRACT = (
    "definition",
    "patient_id",
    "start_on",
    "time_days",
    "event",
    "censor_reason",
    "induction_outcome",
)


def pairs(connection: Connection, question: str) -> set[tuple[object, ...]]:
    return {tuple(row) for row in connection.execute(text(question))}


def test_drugs_have_the_classes_of_the_vocabulary(database: Connection) -> None:
    found = pairs(database, "select code, drug_class from reference.drug")
    assert found == set(DRUG_CLASSES.items())


def test_units_have_the_factors_of_the_vocabulary(database: Connection) -> None:
    found = pairs(database, "select analyte, unit, own_unit, factor from reference.analyte_unit")
    assert found == {
        (analyte, unit, next(iter(units)), factor)
        for analyte, units in ANALYTE_UNITS.items()
        for unit, factor in units.items()
    }


def test_every_own_unit_stands_for_itself(database: Connection) -> None:
    factors = database.execute(
        text("select factor from reference.analyte_unit where unit = own_unit")
    ).scalars()
    assert factors.all() == [Decimal(1)] * len(ANALYTE_UNITS)


def test_thresholds_are_those_of_the_guideline_with_their_source(database: Connection) -> None:
    found = pairs(database, "select timepoint, phenotype, ifx_ug_ml from reference.tdm_threshold")
    assert found == {
        ("week_2", "any", Decimal(29)),
        ("week_6", "any", Decimal(18)),
        ("week_6", "remission_week_14", Decimal("8.3")),
        ("week_14", "any", Decimal(5)),
        ("week_14", "perianal_fistulising", Decimal("12.7")),
        ("maintenance", "any", Decimal(5)),
    }
    unsourced = "select 1 from reference.tdm_threshold where btrim(source) = '' or version = ''"
    assert pairs(database, unsourced) == set()


def test_the_growth_reference_has_every_month(database: Connection) -> None:
    found = pairs(
        database,
        "select measure, sex, min(month), count(distinct month) = max(month) - min(month) + 1, "
        "bool_and(m > 0 and s > 0) from reference.growth_reference group by 1, 2",
    )
    for measure in ("height", "bmi"):
        for sex in ("female", "male"):
            assert (measure, sex, 0, True, True) in found


def test_every_table_and_column_has_a_comment(database: Connection) -> None:
    assert uncommented(database, TABLES, "rp") == []


def test_every_view_and_column_has_a_comment(database: Connection) -> None:
    assert uncommented(database, VIEWS, "vm") == []


def test_the_comments_are_looked_for_in_the_right_place(database: Connection) -> None:
    database.execute(text("comment on view analytics.status is null"))
    database.execute(text("comment on column rules.course.infusions is ''"))
    assert uncommented(database, VIEWS, "vm") == ["analytics.status", "rules.course.infusions"]


def test_analysts_have_nothing_but_views(database: Connection) -> None:
    kinds = (
        "select distinct relkind::text from pg_class where relnamespace = 'analytics'::regnamespace"
    )
    assert pairs(database, kinds) == {("v",)}


def test_the_views_of_analysts_show_the_study_id_and_never_the_number(
    database: Connection,
) -> None:
    typed = pairs(
        database,
        "select table_name, data_type from information_schema.columns "
        "where table_schema = 'analytics' and column_name = 'patient_id'",
    )
    assert len(typed) >= 20
    assert {kind for _, kind in typed} == {"text"}


def test_the_analysis_set_is_that_of_the_contract(database: Connection) -> None:
    columns = database.execute(
        text(
            "select column_name::text, data_type from information_schema.columns where "
            "table_schema = 'analytics' and table_name = 'analysis_set' order by ordinal_position"
        )
    ).all()
    types = dict([tuple(column) for column in columns])
    assert list(types) == [*CONTRACT, *(covariate.id for covariate in COVARIATES)]
    assert len(COVARIATES) == 21
    assert {types[covariate.id] for covariate in COVARIATES} == {"boolean"}


def test_every_rule_has_a_definition_and_a_patient(database: Connection) -> None:
    """But for the definitions, and for what no definition changes."""
    lacking = pairs(
        database,
        "select table_name from information_schema.views v where table_schema = 'rules' "
        "and (select count(*) from information_schema.columns c "
        "where c.table_schema = 'rules' and c.table_name = v.table_name "
        "and c.column_name in ('definition', 'patient_id')) < 2",
    )
    assert lacking == {
        ("anthropometry_z",),
        ("definition",),
        ("exclusion",),
        ("growth_interval",),
        ("planned_infusion",),
        ("released_child",),
        ("weighing",),
        ("weight_z",),
        ("withdrawn_genetics",),
        ("withdrawn_sharing",),
        ("withdrawn_use",),
        ("z_score",),
    }
