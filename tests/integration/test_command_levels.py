"""`registry analyse tdm` and `risk` as a person runs them on the study cohort."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.programs import Program

FEW = ("--resamples", "100")
FEWEST = ("--resamples", "50")
CARRIED = "week14_pcdai,bmi_z,growth_delay"


def test_drug_levels(shared_study: Database, program: Program, tmp_path: Path) -> None:
    stem = tmp_path / "figures" / "levels"
    done = program(shared_study, "analyse", "tdm", *FEW, "--figure", str(stem), "--format", "json")
    document = done.document
    assert [(one["group"], one["n"]) for one in document["groups"]] == [
        ("lor", 6),
        ("responder", 28),
    ]
    # wilcox.test(kept, lost) of R.
    assert document["mann_whitney"]["u"] == 132
    assert document["mann_whitney"]["p"] == pytest.approx(0.0291604456526265)
    assert len(document["definition_hash"]) >= 12
    assert sum(one["n"] for one in document["mechanisms"]["rows"]) == 18
    assert stem.with_suffix(".png").stat().st_size > 10_000
    assert "<text" in stem.with_suffix(".svg").read_text()


@pytest.mark.parametrize("part", ["quartiles", "roc", "over_time", "mechanisms", "measured"])
def test_a_part_as_csv(shared_study: Database, program: Program, part: str) -> None:
    done = program(shared_study, "analyse", "tdm", *FEW, "--part", part, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert done.status == 0
    assert rows
    assert all(None not in row for row in rows)


def test_the_cohort_cannot_carry_the_whole_model(shared_study: Database, program: Program) -> None:
    told = program(shared_study, "analyse", "risk", "P001").refused(4)
    assert "6 of these lost response: 1.2 losses per covariate, fewer than 5" in told
    assert f"--covariates {CARRIED}" in told


def of_loss(study: Database, until: float, *, competing: bool) -> float:
    """The incidence of loss by a day after week 14, patient by patient."""
    with study.engine.connect() as connection:
        rows = connection.execute(
            text(
                "select s.time_days - s.entry_days, c.event_code from analytics.survival s "
                "join analytics.competing_events c using (definition, patient_id) "
                "join analytics.analysis_set a using (definition, patient_id) "
                "where definition = 'paper'"
            )
        ).all()
    free, lost = 1.0, 0.0
    for day in sorted({time for time, _ in rows if 0 < time <= until}):
        at_risk = sum(time >= day for time, _ in rows)
        losses = sum(time == day and code == 1 for time, code in rows)
        others = sum(time == day and code > 1 for time, code in rows) if competing else 0
        lost += free * losses / at_risk
        free *= 1 - (losses + others) / at_risk
    return lost


def test_risk_of_a_patient(shared_study: Database, program: Program, tmp_path: Path) -> None:
    stem = tmp_path / "calibration"
    arguments = ("analyse", "risk", "P001", "--covariates", CARRIED, *FEWEST)
    document = program(shared_study, *arguments, "--figure", str(stem), "--format", "json").document
    assert (document["n"], document["events"], document["events_per_covariate"]) == (69, 18, 6)
    first, second = document["risks"]
    assert 0 < first["lower"] < first["probability"] < first["upper"] < 1
    assert first["probability"] < second["probability"]
    # Who stopped or left can lose response no longer: 0.308 were nobody to, 0.227 as it is.
    assert document["cohort"][1] == {
        "at_months": 24.0,
        "probability": pytest.approx(of_loss(shared_study, 730.5, competing=True), rel=1e-12),
        "one_minus_kaplan_meier": pytest.approx(
            of_loss(shared_study, 730.5, competing=False), rel=1e-12
        ),
    }
    concordance = document["validation"]["concordance"]
    assert 0.5 < concordance["corrected"] < concordance["apparent"]
    assert any("not part of the bootstrap" in note for note in document["notes"])
    assert stem.with_suffix(".svg").exists()
    table = program(shared_study, *arguments).out
    assert "Probability that P001 loses response" in table
    assert max(len(line) for line in table.splitlines()) <= 100
    # A prediction names its own clock and the definition.
    assert document["clock"].startswith("days from the week-14 PCDAI")
    said = " ".join(table.split())
    assert "The model (definition: paper)" in said
    assert "Time is days from the week-14 PCDAI" in said
    assert f"Definition paper (the default), hash {document['definition_hash'][:12]}." in said


def test_risk_of_somebody_described_by_plain_models(
    shared_study: Database, program: Program
) -> None:
    asked = ("analyse", "risk", "--covariates", "week14_pcdai,growth_delay", *FEWEST)
    pattern = ("--pattern", "week14_pcdai=10,growth_delay=yes", "--penalty", "none", "--at", "18")
    document = program(shared_study, *asked, *pattern, "--format", "json").document
    (told,) = document["risks"]
    assert 0 < told["lower"] < told["probability"] < told["upper"] < 1
    assert document["pattern"] == {"week14_pcdai": 10, "growth_delay": 1}
    written = program(shared_study, *asked, "--format", "csv", "--part", "patients").out
    assert len(written.splitlines()) == 1 + 2 * 69
    refused = program(shared_study, *asked, "--pattern", "week14_pcdai=high").refused(2)
    assert "'week14_pcdai=high' is no covariate with a number, yes or no" in refused


def test_risk_of_somebody_else(shared_study: Database, program: Program) -> None:
    told = program(shared_study, "analyse", "risk", "P999", "--covariates", CARRIED).refused(1)
    assert "P999 is not in the cohort" in told
    told = program(
        shared_study, "analyse", "risk", "P001", "--covariates", "im_over_6_months"
    ).refused(2)
    assert "not known at week 14" in told


def test_an_empty_registry_is_told_so(registry: Database, program: Program) -> None:
    assert "has fewer than two levels" in program(registry, "analyse", "tdm").refused(4)
    assert program(registry, "analyse", "risk").refused(4)


def test_levels_are_compared_as_they_are_named(shared_study: Database, program: Program) -> None:
    method = program(shared_study, "analyse", "tdm", "--format", "json").document["method"]
    assert method.startswith("Welch's t test, response maintained minus loss of response;")
