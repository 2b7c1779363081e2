"""A study among three hospitals by files alone equals the models of all their rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from registry.analysis import methods
from registry.analysis.reading import read_patients, read_view
from tests.study.conftest import NAMES, Network

TERMS = ("sex_female", "response_without_remission")


def test_the_files_give_what_all_rows_give(network: Network) -> None:
    made = network.new(
        "early", "--analysis", "flow,table1,table2,km,cox", "--covariates", ",".join(TERMS)
    )
    assert made.status == 0, made
    body = network.to_the_end("early")
    rows, firsts = [], []
    for number, name in enumerate(NAMES):
        with network.hospitals[name].engine.connect() as connection:
            rows.append(read_patients(connection, "paper").assign(hospital=number))
            firsts.append(read_view(connection, "baseline", "paper"))
    every, first = pd.concat(rows), pd.concat(firsts)
    time = every["time_days"].to_numpy(dtype=np.int64)
    event, hospital = every["event"].to_numpy(dtype=bool), every["hospital"].to_numpy()
    values = every[list(TERMS)].to_numpy(dtype=np.float64)
    fitted = methods.cox(time, event, values, "efron", strata=hospital)
    model = body["documents"]["cox"]
    assert (model["n"], model["events"]) == (len(every), int(event.sum()))
    for key, expected in (
        ("coef", fitted.coefficients),
        ("se", fitted.standard_errors),
        ("p", fitted.p_value),
    ):
        np.testing.assert_allclose([one[key] for one in model["terms"]], expected, rtol=1e-9)
    np.testing.assert_allclose(model["loglik"], fitted.log_likelihood, rtol=1e-12)
    zph = methods.zph(fitted, "identity")
    [told] = model["proportional_hazards"]
    np.testing.assert_allclose(told["chi2"], zph.global_statistic, rtol=1e-7)
    assert model["concordance"] == methods.concordance(fitted).concordance
    for row in body["documents"]["table2"]["rows"]:
        if row["covariate"] in TERMS:
            test = methods.logrank(time, event, every[row["covariate"]].astype(bool), hospital)
            np.testing.assert_allclose(row["chi2"], test.statistic, rtol=1e-9)
    [dose] = [
        row for row in body["documents"]["table1"]["rows"] if row["id"] == "initial_dose_mg_per_kg"
    ]
    doses = first["initial_dose_mg_per_kg"].astype(float)
    np.testing.assert_allclose([dose["mean"], dose["sd"]], [doses.mean(), doses.std()], rtol=1e-9)
    [ages] = [row for row in body["documents"]["table1"]["rows"] if row["id"] == "age_first_ifx_y"]
    low, high = ages["bounds"]["median"]
    assert low <= first["age_at_start_years"].astype(float).median() < high
