"""Prints the README's table: what the study published, what comes out of its files, the difference.

Runs on the registry of the demo: scripts/published_table.py [HOME]. The published figures are those
of Translational Pediatrics, doi 10.21037/tp-2025-344.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from registry.analysis.cohort.flow import cohort_flow
from registry.analysis.cohort.outcome import outcomes_after_loss
from registry.analysis.cohort.table1 import baseline_table
from registry.analysis.cohort.table2 import univariate_table
from registry.analysis.cox.fit import cox_regression
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.analysis.reading import read_view
from registry.analysis.troughs.at_week import week14_troughs
from registry.covariates import COVARIATES
from registry.database.engine import open_database
from registry.settings import Settings
from registry.validation.published import FLOW, PUBLISHED_CHI2, PUBLISHED_COX
from registry.validation.published import TABLE1 as COUNTED

DEFINITION = "paper"

# Table 1: row id -> (label, key of the result, published figure, decimals)
TABLE1 = (
    ("male", "Male", "n", COUNTED["sex", "male"], 0),
    ("age_first_ifx_y", "Age at the first infusion, median (years)", "median", 12.0, 1),
    ("duration_before_ifx_mo", "Disease duration, median (months)", "median", 7.6, 1),
    ("initial_dose_mg_per_kg", "First dose, mean (mg/kg)", "mean", 6.8, 1),
    ("haz", "Height Z-score, mean", "mean", 0.06, 2),
    ("baz", "BMI Z-score, mean", "mean", -1.65, 2),
    ("pcdai", "PCDAI, mean", "mean", 39.0, 1),
    ("pcdai", "PCDAI, SD", "sd", 16.5, 1),
    ("L2", "Location L2", "n", COUNTED["location", "L2"], 0),
    ("L3", "Location L3", "n", COUNTED["location", "L3"], 0),
    ("B1", "Behaviour B1", "n", COUNTED["behaviour", "B1"], 0),
    ("p", "Perianal disease", "n", COUNTED["perianal", "true"], 0),
    ("growth_delay", "Growth delay", "n", COUNTED["growth", "G1"], 0),
    ("surgery", "Surgery before", "n", COUNTED["prior_surgery", "true"], 0),
    ("infusions", "Infusions, median", "median", 13.0, 1),
    ("infusions", "Infusions, third quartile", "q3", 21.5, 1),
)

# Table 3: standard errors, beside the betas to which the program is held.
COX_ERRORS = {
    "response_without_remission": 0.783,
    "im_over_6_months": 0.616,
    "bmi_z_low": 0.804,
    "growth_delay": 0.653,
}

Row = tuple[str, float, float, int]


def rows(connection: Connection) -> Iterator[Row]:
    """Label, published figure, ours, decimals."""

    def frame(view: str) -> Any:
        return read_view(connection, view, DEFINITION)

    flow = cohort_flow(frame("cohort_flow"), DEFINITION).to_json()
    yield "Started infliximab", FLOW["started"], flow["started"], 0
    yield "In the cohort", FLOW["eligible"], flow["eligible"], 0
    yield "Loss of response", FLOW["events"], flow["events"], 0
    table1 = {
        row["id"]: row for row in baseline_table(frame("baseline"), DEFINITION).to_json()["rows"]
    }
    for key, label, statistic, published, decimals in TABLE1:
        yield f"Table 1: {label}", published, table1[key][statistic], decimals
    patients = frame("analysis_set")
    table2 = univariate_table(patients, DEFINITION).to_json()["rows"]
    for covariate, row in zip(COVARIATES, table2, strict=True):
        label = f"{covariate.label}: {covariate.level}"
        yield f"Table 2, chi-square: {label}", PUBLISHED_CHI2[covariate.id], row["chi2"], 3
    labels = {covariate.id: covariate.label for covariate in COVARIATES}
    model = cox_regression(patients, DEFINITION).to_json()
    for term in model["terms"]:
        name = term["covariate"]
        yield f"Table 3, beta: {labels[name]}", PUBLISHED_COX[name], term["coef"], 3
        yield f"Table 3, SE: {labels[name]}", COX_ERRORS[name], term["se"], 3
    curve = kaplan_meier(patients, DEFINITION).to_json()
    for estimate, published in zip(
        curve["groups"][0]["estimates"], (15.7, 27.3, 30.9), strict=True
    ):
        yield (
            f"Loss of response at {estimate['at_months']:.0f} months, %",
            published,
            100 * estimate["cumulative_incidence"],
            1,
        )
    for name, published, ours in zip(
        ("first quartile", "median", "third quartile"),
        (11.6, 16.2, 29.2),
        curve["time_to_lor_quartiles_months"],
        strict=True,
    ):
        yield f"Time to loss, {name} (months)", published, ours, 1
    troughs = week14_troughs(frame("tdm_week14"), DEFINITION).to_json()
    means = {group["group"]: group["mean"] for group in troughs["groups"]}
    yield "Week-14 trough, loss, mean (ug/mL)", 2.55, means["lor"], 2
    yield "Week-14 trough, no loss, mean (ug/mL)", 6.654, means["responder"], 3
    yield "Week-14 trough, Welch's t", 3.724, troughs["t"], 3
    outcomes = outcomes_after_loss(frame("lor_outcome"), DEFINITION).to_json()
    for key, label, published in (
        ("stopped", "stopped", 7),
        ("optimised", "optimised", 11),
        ("regained", "optimised and regained", 5),
        ("not_regained", "optimised, not regained", 6),
    ):
        yield f"After the loss: {label}", published, outcomes[key], 0


def markdown(connection: Connection) -> str:
    """The whole table."""
    lines = ["| figure | published | ours | difference |", "|---|---:|---:|---:|"]
    for label, published, ours, decimals in rows(connection):
        difference = round(ours, decimals) - published
        shown = f"{difference:+.{decimals}f}" if abs(difference) > 10**-9 else "0"
        lines.append(f"| {label} | {published:.{decimals}f} | {ours:.{decimals}f} | {shown} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the table for the registry in the given home."""
    home = Path(sys.argv[1] if len(sys.argv) > 1 else "demo-output/registry")
    with (
        open_database(Settings.read(home=home)) as database,
        database.engine.connect() as connection,
    ):
        print(markdown(connection))


if __name__ == "__main__":
    main()
