"""The documents of a result over hospitals, like those of `registry analyse`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from registry.analysis.basis import Basis
from registry.analysis.cohort.flow import STEPS
from registry.analysis.cohort.table1 import METHOD as TABLE1_METHOD
from registry.analysis.cohort.table1 import Count, MeanSd, described
from registry.analysis.pooling.curve import standardised
from registry.analysis.pooling.descriptive import SHARES, WIDTHS, mean_sd_of, quartile_bounds
from registry.analysis.pooling.log_rank import log_rank_of
from registry.covariates import COVARIATES
from registry.study.answer import Answer
from registry.views.headers import exclusions
from registry.words import listed, note

Told = Mapping[str, Mapping[str, Any]]


def flow(told: Told, basis: Basis) -> dict[str, Any]:
    """Sums of the hospitals' flows; a number that one of them hides is not known."""
    labels = basis.excluded or exclusions()
    reasons = [one for one in labels if any(one in held["excluded"] for held in told.values())]
    document = {
        "definition": basis.definition,
        **{name: _sum(held[name] for held in told.values()) for name in STEPS},
        "excluded": [
            {
                "reason": one,
                "n": _sum(held["excluded"].get(one, 0) for held in told.values()),
                "label": labels[one],
            }
            for one in reasons
        ],
    }
    hiding = [
        name
        for name, held in told.items()
        if None in (*(held[one] for one in STEPS), *held["excluded"].values())
    ]
    return document | {"notes": _hidden(hiding)}


def table1(told: Told, basis: Basis) -> dict[str, Any]:
    """Each row over the hospitals that told it."""
    rows, apart = [], []
    for row in described(basis.limits):
        held = {name: one["rows"][row.id] for name, one in told.items() if row.id in one["rows"]}
        lacking = [name for name in told if name not in held]
        made: dict[str, Any] = {"id": row.id, "label": row.label, "hospitals": list(held)}
        parts = list(held.values())
        missing = sum(one["missing"] for one in parts) if parts else None
        if isinstance(row, Count):
            n, known = (sum(one[key] for one in parts) for key in ("n", "known"))
            made |= {
                "n": n if parts else None,
                "percent": 100 * n / known if known else None,
                "known": known if parts else None,
            }
        elif isinstance(row, MeanSd):
            mean, sd = mean_sd_of(parts)
            made |= {"mean": mean, "sd": sd}
        else:
            bins = [one["bins"] for one in parts]
            bounds = {key: list(quartile_bounds(bins, share)) for key, share in SHARES.items()}
            made |= {"median": None, "q1": None, "q3": None, "width": WIDTHS[row.id]}
            made |= {"bounds": bounds if parts else None}
        made["missing"] = missing
        if not parts:
            made["suppressed"] = True
        elif lacking:
            apart.append(note("{row}: without {hospitals}.", row=row.label,
                              hospitals=listed(lacking)))  # fmt: skip
        rows.append(made)
    return {
        "definition": basis.definition,
        "method": TABLE1_METHOD,
        "n": sum(one["n"] for one in told.values()),
        "rows": rows,
        "notes": [
            note(
                "Of a median it is known between which bounds it lies: hospitals count children "
                "within multiples of a width, and tell of none that holds too few."
            ),
            *apart,
        ],
    }


def table2(told: Told, basis: Basis) -> dict[str, Any]:
    """Each test stratified by hospital, over the hospitals that told it."""
    rows, apart = [], []
    for covariate in (one.under(basis.limits) for one in COVARIATES):
        held = {
            name: one["rows"][covariate.id]
            for name, one in told.items()
            if covariate.id in one["rows"]
        }
        parts = list(held.values())
        test = log_rank_of(parts) if parts else None
        row: dict[str, Any] = {**covariate.to_json(), "hospitals": list(held)}
        for key in ("events_true", "n_true", "events_false", "n_false", "missing"):
            row[key] = sum(one[key] for one in parts) if parts else None
        row |= {"chi2": None, "df": None, "p": None} if test is None else test.to_json()
        row |= {"p_holm": None, "p_permutation": None, "note": None}
        if not parts:
            row["suppressed"] = True
        elif len(held) < len(told):
            lacking = listed(name for name in told if name not in held)
            apart.append(note("{row}: without {hospitals}.", row=covariate.label,
                              hospitals=lacking))  # fmt: skip
        rows.append(row)
    return {
        "definition": basis.definition,
        **basis.to_json(),
        "method": note(
            "Log-rank test of each covariate alone, stratified by hospital: observed and expected "
            "losses and their variance add over hospitals."
        ),
        "n": sum(one["n"] for one in told.values()),
        "events": sum(one["events"] for one in told.values()),
        "tests": sum(row["chi2"] is not None for row in rows),
        "permutations": None,
        "permutation_seed": None,
        "permuted_below_expected_events": None,
        "rows": rows,
        "notes": apart,
    }


def curve(told: Told, basis: Basis, months: Sequence[float]) -> dict[str, Any]:
    """The incidence at each month over the hospitals that told it."""
    estimates = []
    for place, month in enumerate(months):
        held = {name: one for name, one in told.items() if one["at"][place] is not None}
        parts = [(one["at"][place].get("n", one["n"]), one["at"][place]) for one in held.values()]
        made: dict[str, Any] = {"at_months": month, "hospitals": list(held)}
        if parts:
            survival, error = standardised(parts)
            made |= {
                "children": sum(n for n, _ in parts),
                "at_risk": sum(one["at_risk"] for _, one in parts),
                "incidence": 1 - survival,
                "se": error,
            }
        estimates.append(made)
    return {
        "definition": basis.definition,
        **basis.to_json(),
        "method": note(
            "Kaplan-Meier curve of each hospital, weighted by its children; Greenwood's errors."
        ),
        "n": sum(one["n"] for one in told.values()),
        "events": sum(one["events"] for one in told.values()),
        "estimates": estimates,
        "notes": [],
    }


def of_first_round(answers: Mapping[str, Answer], basis: Basis, analyses: Sequence[str],
                   months: Sequence[float]) -> dict[str, Any]:  # fmt: skip
    """Every document but the model's; a sentence where no hospital tells of it."""
    make: dict[str, Callable[[Told], dict[str, Any]]] = {
        "flow": lambda told: flow(told, basis),
        "table1": lambda told: table1(told, basis),
        "table2": lambda told: table2(told, basis),
        "km": lambda told: curve(told, basis, months),
    }
    documents: dict[str, Any] = {}
    for name in analyses:
        if name not in make:
            continue
        told = {
            hospital: held
            for hospital, one in answers.items()
            if (held := one.told(name)) is not None
        }
        documents[name] = make[name](told) if told else str(NOBODY)
    return documents


NOBODY = note("No hospital has enough children to tell of it.")


def _sum(counts: Any) -> int | None:
    held = list(counts)
    return None if None in held else sum(held)


def _hidden(hospitals: Sequence[str]) -> list[str]:
    if not hospitals:
        return []
    return [
        note(
            "[c]: {hospitals} does not tell a number of so few children.",
            hospitals=listed(hospitals),
        )
    ]
