"""The methods by themselves on twenty random data sets, against R's survival and cmprsk.

`golden/methods_data.py` draws them, `golden/methods.R` computed the numbers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry.analysis import methods
from tests.analysis.golden.methods_data import draw

EXPECTED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden" / "methods.json").read_text(encoding="utf-8")
)


def fitted(fit: methods.CoxFit) -> list[float]:
    return [*fit.coefficients, *fit.standard_errors]


@pytest.mark.parametrize("seed", EXPECTED)
def test_they_are_rs(seed: str) -> None:
    time, entry, cause, x, y, stratum = draw(int(seed)).T
    event, both = cause == 1, np.column_stack([x, y])
    plain = methods.cox(time, event, both)
    clustered = methods.cox(time, event, both, cluster=stratum)
    late = methods.cox(time, event, both, ties="breslow", entry=entry, strata=stratum)
    regression = methods.fine_gray(time, cause, both)
    constant = methods.zph(plain)
    mean = methods.restricted_mean(time, event, 30)
    median = methods.kaplan_meier(time, event).median
    assert clustered.robust_standard_errors is not None
    found = {
        "gray": methods.gray(time, cause, y).statistic,
        "logrank": [methods.logrank(time, event, stratum).statistic],
        "stratified": [methods.logrank(time, event, y, strata=stratum).statistic],
        "efron": fitted(plain),
        "late": fitted(late),
        "robust": clustered.robust_standard_errors,
        "zph": [*constant.statistic, constant.global_statistic],
        "median": [median],
        "rmean": [mean.mean, mean.standard_error],
        "fine_gray": [*regression.coefficients, *regression.standard_errors],
    }
    assert found.keys() == EXPECTED[seed].keys()
    for method, numbers in found.items():
        expected = EXPECTED[seed][method]
        if expected == [None]:
            assert numbers == [None], method
        else:
            assert list(numbers) == pytest.approx(expected, rel=1e-6, abs=1e-9), method
