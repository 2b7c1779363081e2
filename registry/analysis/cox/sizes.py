"""How many children and losses stand on either side of each term of a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from registry.analysis.cox.design import Prepared
from registry.analysis.dataset import Flags


def sizes_of(prepared: Prepared) -> dict[str, Any]:
    """Children and losses by the levels of each term that has two, and by stratum.

    A child whose treatment changes stands on both sides of it, its loss on one. A value that is not
    known stands on neither.

    Returns:
        `terms`, by covariate the pair of those with the level and those with the other, and
        `strata`, empty where there is one; each with `n` and `events`.
    """
    rows = prepared.rows

    def size(of: Flags) -> dict[str, int]:
        return {"n": len(np.unique(rows.subject[of])), "events": int(rows.event[of].sum())}

    strata = np.unique(rows.stratum)
    return {
        "terms": {
            one.id: [size(rows.values[:, k] == level) for level in (1, 0)]
            for k, one in enumerate(prepared.covariates)
            if one.other_level
        },
        "strata": [size(rows.stratum == one) for one in strata] if len(strata) > 1 else [],
    }
