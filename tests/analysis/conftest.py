"""What all tests of analyses share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from .frames import analysis_set


@pytest.fixture
def patients() -> Callable[..., pd.DataFrame]:
    return analysis_set


@pytest.fixture(scope="session")
def lung() -> pd.DataFrame:
    """The lung-cancer data of R's survival package as an analysis set.

    `sex_female` is sex 2, `perianal` stands for ph.ecog >= 1 (missing in one patient) and
    `bmi_z_low` for age >= 65.
    """
    from lifelines.datasets import load_lung

    data = load_lung()
    ecog = data["ph.ecog"]
    return analysis_set(
        data["time"].tolist(),
        data["status"].tolist(),
        sex_female=(data["sex"] == 2).tolist(),
        perianal=[None if pd.isna(value) else bool(value >= 1) for value in ecog],
        bmi_z_low=(data["age"] >= 65).tolist(),
    )


@pytest.fixture(autouse=True)
def _no_warning_reaches_the_user(recwarn: pytest.WarningsRecorder) -> Any:
    """Whatever a library has to say is said by us or not at all."""
    yield
    assert [str(warning.message) for warning in recwarn] == []
