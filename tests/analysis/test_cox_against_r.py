"""Cox models against the golden numbers of R's package survival (golden/cox.R, golden/cox.json).

The classic data stand in R's package and not here: lung and the heart transplants come from
lifelines, which ships them, the others from R where it is there. The study comes through the views.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from registry.analysis.cox.design import Design, prepare
from registry.analysis.cox.diagnostics import (
    concordance_of,
    proportional_hazards,
    residuals,
    robust_variance,
    schoenfeld,
)
from registry.analysis.cox.fit import cox_regression
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows, maximise
from registry.analysis.cox.profile import likelihood_ratio, profile_limits
from registry.analysis.dataset import covariates_by_id
from registry.analysis.reading import read_patients, read_view
from registry.covariates import TIME_DEPENDENT
from registry.database.engine import Database

GOLDEN = Path(__file__).parent / "golden"
R: dict[str, Any] = json.loads((GOLDEN / "cox.json").read_text(encoding="utf-8"))
TIES = ("breslow", "efron")
# R stops when the log-likelihood rests, ours when the step does.
EXACT = 1e-6
FIXED = ["bmi_z_low", "growth_delay", "response_without_remission", "im_over_6_months"]

# coxphf 1.13.4, R 4.2.2: coxphf(Surv(futime, fustat) ~ age + rx + ecog.ps, ovarian)
COXPHF = {
    "coef": (0.135662394251663, -0.837269953238878, 0.0711999382147548),
    "se": (0.0439763784694176, 0.62559456031549, 0.601623698246646),
    "hr_lower": (1.06185314004741, 0.128450380592595, 0.347166208336691),
    "hr_upper": (1.26291143117641, 1.43856056323104, 3.51565320558238),
    "p": (0.00020110989847888, 0.166340849527714, 0.901615823005049),
}

# The data of R's package survival, written into the folder that is its argument.
FROM_R = """
library(survival)
p <- tmerge(subset(pbc, id <= 312, c(id, time, status, age)),
  subset(pbc, id <= 312, c(id, time, status)), id = id,
  death = event(time, as.numeric(status == 2)))
p <- tmerge(p, pbcseq, id = id, bili = tdc(day, bili), albumin = tdc(day, albumin))
p$logbili <- log(p$bili)
write.csv(p, "pbcseq.csv", row.names = FALSE)
write.csv(veteran, "veteran.csv", row.names = FALSE)
write.csv(ovarian, "ovarian.csv", row.names = FALSE)
"""


@pytest.fixture
def from_r(tmp_path: Path) -> Path:
    """A folder with data that only R has; skips where R or its package is not there."""
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R, whose package survival holds these data, is not here")
    done = subprocess.run(
        [program, "-e", FROM_R], cwd=tmp_path, capture_output=True, timeout=60, check=False
    )
    if done.returncode:
        pytest.skip("R's package survival, which holds these data, is not here")
    return tmp_path


def numbered(values: Any) -> Any:
    return pd.factorize(values)[0].astype(np.int64)


def rows_of(
    data: pd.DataFrame,
    names: list[str],
    stop: str,
    event: Any,
    *,
    start: str | None = None,
    **groups: Any,
) -> Rows:
    return Rows.of(
        data[stop].to_numpy(),
        np.asarray(event, dtype=bool),
        data[names].to_numpy(dtype=float),
        start=None if start is None else data[start].to_numpy(),
        **{key: numbered(data[name]) for key, name in groups.items() if name},
    )


def check(rows: Rows, ties: Any, expected: dict[str, Any]) -> None:
    """Everything that the golden table holds of one model."""
    likelihood = PartialLikelihood(rows, ties)
    best = maximise(likelihood)
    assert best is not None
    inverse = np.linalg.inv(best.information)
    found = residuals(likelihood, best.coef, inverse)
    own = found.by(rows.subject)
    raw = schoenfeld(likelihood, best.coef, inverse).residual
    numbers = {
        "events": rows.event.sum(),
        "coef": best.coef,
        "se": np.sqrt(np.diag(inverse)),
        "loglik": best.loglik,
        "concordance": concordance_of(rows, rows.values @ best.coef)[0],
        "martingale_ss": (own.martingale**2).sum(),
        "martingale_first": own.martingale[:5],
        "dfbeta_ss": (own.dfbeta**2).sum(axis=0),
        "dfbeta_first": own.dfbeta[:5],
        "schoenfeld_ss": (raw**2).sum(axis=0),
    }
    if expected["se_robust"] is not None:
        numbers["se_robust"] = np.sqrt(np.diag(robust_variance(found, rows)))
    for name in ("km", "identity"):
        test = proportional_hazards(likelihood, best.coef, name)  # type: ignore[arg-type]
        assert test is not None
        numbers[f"zph_{name}"] = np.append(test.statistic, test.global_statistic)
    for name, value in numbers.items():
        assert np.allclose(value, np.array(expected[name], dtype=float), rtol=EXACT, atol=1e-10), (
            name
        )


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", ["lung", "lung:strata", "lung:cluster"])
def test_lung(name: str, ties: str) -> None:
    from lifelines.datasets import load_lung

    data = load_lung().dropna(subset=["ph.ecog"])
    names = ["age", "ph.ecog"] if name == "lung:strata" else ["age", "sex", "ph.ecog"]
    groups = {"stratum": "sex"} if name == "lung:strata" else {}
    if name == "lung:cluster":
        data = data.dropna(subset=["inst"])
        groups = {"cluster": "inst"}
    rows = rows_of(data, names, "time", data["status"] == 1, **groups)
    check(rows, ties, R["models"][f"{name}:{ties}"])


@pytest.mark.parametrize("ties", TIES)
def test_heart_transplants(ties: str) -> None:
    from lifelines.datasets import load_stanford_heart_transplants

    data = load_stanford_heart_transplants()
    names = ["age", "year", "surgery", "transplant"]
    rows = rows_of(data, names, "stop", data["event"] == 1, start="start", subject="id")
    check(rows, ties, R["models"][f"heart:{ties}"])


def test_data_that_only_r_has(from_r: Path) -> None:
    veteran, ovarian, pbcseq = (
        pd.read_csv(from_r / f"{name}.csv") for name in ("veteran", "ovarian", "pbcseq")
    )
    for ties in TIES:
        rows = rows_of(
            veteran, ["trt", "age", "karno"], "time", veteran["status"] == 1, stratum="celltype"
        )
        check(rows, ties, R["models"][f"veteran:{ties}"])
        rows = rows_of(ovarian, ["age", "rx", "ecog.ps"], "futime", ovarian["fustat"] == 1)
        check(rows, ties, R["models"][f"ovarian:{ties}"])
        check_firth(rows, ties, R["firth"][f"ovarian:{ties}"])
        if ties == "breslow":
            limits = {key[3:]: np.log(COXPHF[key]) for key in ("hr_lower", "hr_upper")}
            check_firth(rows, ties, COXPHF | limits)
        rows = rows_of(
            pbcseq,
            ["age", "logbili", "albumin"],
            "tstop",
            pbcseq["death"] == 1,
            start="tstart",
            subject="id",
            cluster="id",
        )
        check(rows, ties, R["models"][f"pbcseq:{ties}"])


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", ["published", "entry", "varying", "sound", "strata", "cluster"])
def test_synthetic_cohort(name: str, ties: str) -> None:
    data = pd.read_csv(GOLDEN / "cox_synthetic.csv")
    base = ["bmi_z_low", "growth_delay", "response"]
    event, groups, start = "event", {"subject": "patient_id"}, "start"
    if name in ("published", "entry"):
        data = data.drop_duplicates("patient_id")
        names, event, groups = [*base, "im_fixed"], "lost", {}
        start = "entry" if name == "entry" else ""
        data = data.assign(stop=data["time"])
    elif name == "strata":
        names, groups = ["response", "im"], {**groups, "stratum": "female"}
    elif name == "cluster":
        names, groups = ["response", "im", "bmi_z_low"], {**groups, "cluster": "centre"}
    else:
        names = [*base, "im"]
    if name == "varying":
        groups["cluster"] = "patient_id"
    if name == "sound":
        data = data.assign(start=np.maximum(data["start"], data["entry"]))
    data = data.dropna(subset=names)
    data = data[data["stop"] > (data[start] if start else 0)]
    rows = rows_of(data, names, "stop", data[event] == 1, start=start or None, **groups)
    check(rows, ties, R["models"][f"synthetic:{name}:{ties}"])


DESIGNS = {
    "published": Design(),
    "entry": Design(late_entry=True, as_published=True),
    "varying": Design(time_dependent=("im_over_6_months",), robust="patient", penalty="none"),
    "sound": Design(late_entry=True, time_dependent=("im_over_6_months",), penalty="none"),
    "strata": Design(time_dependent=("im_over_6_months",), strata=("sex",), penalty="none"),
}


@pytest.mark.parametrize("ties", TIES)
def test_study_through_the_views(shared_study: Database, ties: str) -> None:
    with shared_study.engine.connect() as connection:
        frame = read_patients(connection, "paper")
        exposure = read_view(connection, "exposure", "paper")
    known = {one.id: one for one in TIME_DEPENDENT}
    for name, design in DESIGNS.items():
        ids = FIXED if name != "strata" else FIXED[2:]
        chosen = tuple(known.get(one) or covariates_by_id([one])[0] for one in ids)
        expected = R["models"][f"study:{name}:{ties}"]
        prepared = prepare(frame, "paper", chosen, design, exposure)
        check(prepared.rows, ties, expected)
    # And the whole command's way: limits and P of the model with Firth's penalty.
    firth = R["firth"][f"study:sound:{ties}"]
    design = Design(late_entry=True, time_dependent=("im_over_6_months",))
    result = cox_regression(
        frame, "paper", covariates=FIXED, ties=ties, design=design, exposure=exposure
    )
    assert result.firth
    terms = result.to_json()["terms"]
    assert [t["coef"] for t in terms] == pytest.approx(firth["coef"], rel=EXACT)
    assert [t["se"] for t in terms] == pytest.approx(firth["se"], rel=EXACT)
    for key, limit in (("hr_lower", "lower"), ("hr_upper", "upper")):
        assert [t[key] for t in terms] == pytest.approx(np.exp(firth[limit]).tolist(), rel=EXACT)
    assert [t["p"] for t in terms] == pytest.approx(firth["p"], rel=EXACT)


def check_firth(rows: Rows, ties: Any, expected: dict[str, Any]) -> None:
    """Estimate, error, limits and P of every coefficient under Firth's penalty."""
    likelihood = PartialLikelihood(rows, ties, firth=True)
    best = maximise(likelihood)
    assert best is not None
    assert best.coef == pytest.approx(expected["coef"], rel=EXACT)
    assert np.sqrt(np.diag(np.linalg.inv(best.information))) == pytest.approx(
        expected["se"], rel=EXACT
    )
    for which in range(len(best.coef)):
        lower, upper = profile_limits(likelihood, best, which)
        assert (lower, upper) == pytest.approx(
            (expected["lower"][which], expected["upper"][which]), rel=EXACT
        )
        ratio = likelihood_ratio(likelihood, best, which)
        assert ratio is not None
        assert stats.chi2.sf(ratio, 1) == pytest.approx(expected["p"][which], rel=EXACT)


@pytest.mark.parametrize("ties", TIES)
def test_firth_where_the_events_are_separated(ties: str) -> None:
    stop = np.array([3, 5, 8, 9, 12, 14, 15, 19, 21, 25])
    event = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0], dtype=bool)
    values = np.column_stack([[1] * 5 + [0] * 5, [1, 0, 0, 1, 1, 0, 1, 0, 1, 0]])
    check_firth(Rows.of(stop, event, values), ties, R["firth"][f"separated:{ties}"])


def test_firth_as_firthmodels_has_it() -> None:
    from firthmodels import FirthCoxPH
    from lifelines.datasets import load_lung

    data = load_lung().dropna(subset=["ph.ecog"])
    names = ["age", "sex", "ph.ecog"]
    rows = rows_of(data, names, "time", data["status"] == 1)
    likelihood = PartialLikelihood(rows, "breslow", firth=True)
    best = maximise(likelihood)
    assert best is not None
    other = FirthCoxPH().fit(rows.values, (rows.event, rows.stop))
    assert best.coef == pytest.approx(other.coef_, rel=EXACT)
    limits = other.conf_int(method="pl")
    assert profile_limits(likelihood, best, 1) == pytest.approx(tuple(limits[1]), rel=EXACT)
