"""Three hospitals as random cohorts in memory, and who asks them."""

from __future__ import annotations

from registry.study.keys import Private
from registry.study.question import Model, asked
from registry.study.told import Cohort, tell
from tests.disclosure import cohorts

COORDINATOR = Private("Coordinator", bytes(32))
KEYS = {name: Private(name, bytes([number] * 32)) for number, name in enumerate("ABC", start=1)}
LIMIT = 5
ANALYSES = ("flow", "table1", "table2", "km", "cox")
MODEL = Model(covariates=("crp_high",))


def hospital(seed: int, n: int = 90) -> Cohort:
    data = cohorts.data_of(cohorts.Cohort(n, 0.5, 0.0, (7, 9, 8), 6, seed))
    return Cohort(data.definition, data.view, data.patients, data.basis.excluded)


def telling(model: Model = MODEL, n: int = 90) -> dict[str, Cohort]:
    """Three hospitals that tell of the model."""
    found: dict[str, Cohort] = {}
    seeds = iter(range(200))
    for name in KEYS:
        while name not in found:
            one = hospital(next(seeds), n)
            told = tell(one, asked(("cox",), (), model), LIMIT, first=True, coefs=[[0.0]])
            if "withheld" not in told.numbers["cox"]:
                found[name] = one
    return found
