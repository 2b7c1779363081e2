"""Tails and quantiles are those of scipy.stats, to the bit; a Cox model loads none of that."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

from registry.analysis.arrays import chi2_ppf, chi2_sf, norm_ppf, norm_sf, t_ppf, t_sf

RANDOM = np.random.default_rng(20)
VALUES = np.concatenate(
    [RANDOM.normal(0, 3, 2000), np.linspace(-40, 40, 801), [0, 1e-300, 1e300, np.inf, np.nan]]
)
INSIDE = np.concatenate([RANDOM.uniform(0, 1, 2000), [0.025, 0.5, 0.975, 1e-12, 1e-300]])
DEGREES = (1, 2, 3, 7.5, 33.25, 1000, 1e7)


def test_normal() -> None:
    assert_array_equal(norm_sf(VALUES), stats.norm.sf(VALUES))
    assert_array_equal(norm_ppf(INSIDE), stats.norm.ppf(INSIDE))


@pytest.mark.parametrize("df", [0, *DEGREES])
def test_chi_squared(df: float) -> None:
    # Below nought, as a statistic of nothing may come out, the tail is all.
    assert_array_equal(chi2_sf(VALUES, df), stats.chi2.sf(VALUES, df))
    assert float(chi2_sf(3.5, df)) == float(stats.chi2.sf(3.5, df)) or df == 0
    if df:
        assert_array_equal(chi2_ppf(INSIDE, df), stats.chi2.ppf(INSIDE, df))


@pytest.mark.parametrize("df", [*DEGREES, np.inf])
def test_student(df: float) -> None:
    assert_array_equal(t_sf(VALUES, df), stats.t.sf(VALUES, df))
    assert_array_equal(t_ppf(INSIDE, df), stats.t.ppf(INSIDE, df))


def test_a_cox_model_is_fitted_without_loading_scipy_stats() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys, numpy as np\n"
            "from registry.analysis import methods\n"
            "rng = np.random.default_rng(1)\n"
            "fit = methods.cox(rng.uniform(1, 9, 60), rng.uniform(size=60) < .5, "
            "rng.normal(size=(60, 1)), ties='breslow')\n"
            "assert 'scipy.stats' not in sys.modules, fit",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
