"""The study's cohort in the analysts' views: the published numbers, and records that are there."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Row, text

from registry.database.engine import Database

DEFINITIONS = ("paper", "recommended")
by_definition = pytest.mark.parametrize("name", DEFINITIONS)

RECORDS_OF_ADTTE = """
select a.*, coalesce(v.visited_on, f.ended_on, i.infused_on, d.data_cut) as source_on
from analytics.adtte a
join analytics.definition d on d.name = a.definition
left join analytics.pcdai_visit v
    on a.srcdom = 'pcdai_visit' and v.patient_id = a.usubjid and v.record_id = a.srcseq
left join analytics.follow_up_end f
    on a.srcdom = 'follow_up_end' and f.patient_id = a.usubjid and f.record_id = a.srcseq
left join analytics.infusion i
    on a.srcdom = 'infusion' and i.patient_id = a.usubjid and i.record_id = a.srcseq
where a.definition = :name
"""


def rows(database: Database, statement: str, name: str) -> list[Row[Any]]:
    with database.engine.connect() as connection:
        return list(connection.execute(text(statement), {"name": name}))


@by_definition
def test_adtte(shared_study: Database, name: str) -> None:
    """18 losses of 69 for each parameter; every source leads to a record of the day."""
    found = rows(shared_study, RECORDS_OF_ADTTE, name)
    for parameter in ("TTLOR", "TTLORV"):
        own = [row for row in found if row.paramcd == parameter]
        assert len(own) == len({row.usubjid for row in own}) == 69
        assert sum(row.cnsr == 0 for row in own) == 18
    for row in found:
        tail = 56 if row.srcdom == "infusion" else 0
        assert (row.adt - row.source_on).days == tail, row.usubjid
        assert (row.srcseq is None) == (row.srcdom == "definition")
    reasons = {(row.cnsr, row.evntdesc) for row in found}
    assert len(reasons) == len({cnsr for cnsr, _ in reasons})


@by_definition
def test_competing_events(shared_study: Database, name: str) -> None:
    statement = (
        "select event_type, count(*) as n from analytics.competing_events "
        "where definition = :name group by event_type"
    )
    counts = {row.event_type: row.n for row in rows(shared_study, statement, name)}
    assert counts["loss_of_response"] == 18
    assert sum(counts.values()) == 69


@by_definition
def test_intervals(shared_study: Database, name: str) -> None:
    statement = "select * from analytics.interval_censored where definition = :name"
    found = rows(shared_study, statement, name)
    assert len(found) == 69
    lost = [row for row in found if row.right_days is not None]
    assert len(lost) == 18
    assert all(row.entry_days <= row.left_days < row.right_days for row in lost)


@by_definition
def test_exposure_against_the_published_levels(shared_study: Database, name: str) -> None:
    """The three covariates acquired after t0, as they stand when observation ends."""
    statement = (
        "select count(distinct patient_id) as patients, sum(event) as losses, "
        "count(distinct patient_id) filter (where ifx_with_glucocorticoid) as glucocorticoid, "
        "count(distinct patient_id) filter (where im_over_6_months) as combined, "
        "count(distinct patient_id) filter (where not ifx_monotherapy) as with_more "
        "from analytics.exposure where definition = :name"
    )
    (found,) = rows(shared_study, statement, name)
    assert tuple(found) == (69, 18, 10, 30, 69 - 26)


@by_definition
def test_troughs_of_week_14(shared_study: Database, name: str) -> None:
    """The 34 that the study compares are the troughs of week 14 of the cohort."""
    statement = (
        "select patient_id, ifx_for_mean, event from analytics.trough "
        "where definition = :name and eligible and timepoint = 'week_14' and is_trough"
    )
    found = rows(shared_study, statement, name)
    assert len({row.patient_id for row in found}) == len(found) == 34
    means = [
        sum(row.ifx_for_mean for row in found if row.event is event)
        / sum(row.event is event for row in found)
        for event in (True, False)
    ]
    assert [round(float(mean), 3) for mean in means] == [2.55, 6.654]


@by_definition
def test_mechanisms_and_genes(shared_study: Database, name: str) -> None:
    """A row for each loss; two boys with a monogenic disease, both of whom lost response."""
    statement = "select * from analytics.lor_mechanism where definition = :name"
    found = rows(shared_study, statement, name)
    assert len({row.patient_id for row in found}) == len(found) == 18
    statement = (
        "select gene, hgvs_p, patients, losses from analytics.gene_summary "
        "where definition = :name order by gene"
    )
    assert [tuple(row) for row in rows(shared_study, statement, name)] == [
        ("FOXP3", "p.(Leu253Pro)", 1, 1),
        ("XIAP", "p.(Arg222Ter)", 1, 1),
    ]


@by_definition
def test_subjects(shared_study: Database, name: str) -> None:
    statement = (
        "select count(*) as n, count(*) filter (where saffl = 'Y') as started, "
        "count(*) filter (where fasfl = 'Y') as cohort from analytics.adsl "
        "where definition = :name"
    )
    assert [tuple(row) for row in rows(shared_study, statement, name)] == [(85, 85, 69)]


@by_definition
def test_scores(shared_study: Database, name: str) -> None:
    """Baseline, week 14 and loss stand once in the course of every patient who has them."""
    statement = (
        "select c.phase, count(*) as n, count(distinct c.patient_id) as patients "
        "from analytics.pcdai_course c where c.definition = :name and c.eligible "
        "and c.phase in ('baseline', 'week14', 'loss') group by c.phase"
    )
    found = {row.phase: (row.n, row.patients) for row in rows(shared_study, statement, name)}
    assert found == {"baseline": (69, 69), "week14": (69, 69), "loss": (18, 18)}


@pytest.mark.parametrize(
    ("column", "read"),
    [
        ("time_days", set()),
        ("bmi_z_low", {"anthropometry"}),
        ("perianal", {"phenotype"}),
        ("cdeis", {"endoscopy"}),
        ("hb_low", {"lab_result"}),
        ("im_over_6_months", {"medication"}),
        ("initial_dose_ge_7", {"infusion"}),
    ],
)
def test_the_baseline_reads_only_what_is_asked(
    shared_study: Database, column: str, read: set[str]
) -> None:
    tables = ("anthropometry", "phenotype", "endoscopy", "lab_result", "medication", "infusion")
    statement = f"explain select patient_id, {column} from analytics.baseline"
    for only in ("", " where definition = :name"):
        plan = "\n".join(row[0] for row in rows(shared_study, statement + only, "paper"))
        assert {table for table in tables if f" on {table} " in plan} == read, plan
