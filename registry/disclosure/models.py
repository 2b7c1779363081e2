"""How models of the hazard are published: only where each term rests on enough children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from registry.disclosure.audience import Withheld
from registry.disclosure.cells import Cell, hide, under
from registry.disclosure.descriptive import BASIS
from registry.disclosure.plan import Plan, too_few
from registry.words import note

Document = Mapping[str, Any]

COVARIATE = {
    "covariate": Cell.OPEN,
    "label": Cell.OPEN,
    "level": Cell.OPEN,
    "other_level": Cell.OPEN,
    "acquired_after_start": Cell.OPEN,
}
ESTIMATE = dict.fromkeys(
    (
        *("coef", "se", "se_model", "wald", "p", "df", "within", "between"),
        *(f"{ratio}{end}" for ratio in ("hr", "ratio") for end in ("", "_lower", "_upper")),
        *("fraction_missing", "relative_efficiency"),
    ),
    Cell.DERIVED,
) | {"limits": Cell.OPEN, "time_dependent": Cell.OPEN}
"""What a model tells of one term."""
DESIGN = {
    **BASIS,
    "covariates_from": Cell.OPEN,
    "ties": Cell.OPEN,
    "penalty": Cell.OPEN,
    "landmark_months": Cell.OPEN,
    "strata.*": Cell.OPEN,
    "robust": Cell.OPEN,
    "sizes": Cell.CHILD,
}
SIZE = ("n", "dropped", "never_at_risk", "events", "events_per_term")
COX = {
    **DESIGN,
    **dict.fromkeys(SIZE, Cell.COUNT),
    **under("terms.*", COVARIATE | ESTIMATE),
    "loglik": Cell.MEASURE,
    "concordance": Cell.DERIVED,
    # Pairs of children, counted one by one.
    "concordance_pairs.*": Cell.CHILD,
    "proportional_hazards.*.transform": Cell.OPEN,
    "proportional_hazards.*.transform_in_words": Cell.OPEN,
    "proportional_hazards.*.terms.*.covariate": Cell.OPEN,
    **{
        f"proportional_hazards.*.{where}{key}": Cell.DERIVED
        for where in ("", "terms.*.")
        for key in ("chi2", "df", "p")
    },
    "schoenfeld": Cell.CHILD,
}
STEPS = ("published", "delayed_entry", "time_dependent", "sound")
COMPARED = {
    **DESIGN,
    **{
        pattern: kind
        for step in STEPS
        for pattern, kind in under(f"covariates.*.{step}", ESTIMATE).items()
    },
    **under("covariates.*", COVARIATE),
    "models.*.id": Cell.OPEN,
    "models.*.title": Cell.OPEN,
    "models.*.reason": Cell.SENTENCE,
    **under("models.*.model", COX),
    "differences.*.change": Cell.OPEN,
    "differences.*.covariate": Cell.OPEN,
    "differences.*.sentence": Cell.SENTENCE,
}
BETWEEN = {
    **DESIGN,
    **dict.fromkeys((*SIZE, "unseen"), Cell.COUNT),
    # Of the losses alone, so that each is the interval of a child or two.
    "days_between_visits.*": Cell.CHILD,
    "models.*.id": Cell.OPEN,
    "models.*.model": Cell.OPEN,
    **under("terms.*", COVARIATE),
    **under("terms.*.*", ESTIMATE),
    **under("terms.*.time_ratios.*", ESTIMATE),
    "distributions.*.distribution": Cell.OPEN,
    "distributions.*.*": Cell.MEASURE,
}
IMPUTED = {
    **DESIGN,
    **dict.fromkeys(("n", "events", "never_at_risk", "without_stratum"), Cell.COUNT),
    "imputations": Cell.OPEN,
    "advised_imputations": Cell.OPEN,
    "iterations": Cell.OPEN,
    "seed": Cell.OPEN,
    "complete_cases.n": Cell.COUNT,
    "complete_cases.events": Cell.COUNT,
    "complete_cases.reason": Cell.SENTENCE,
    "complete_cases.left_out": Cell.CHILD,
    **under("terms.*", COVARIATE | ESTIMATE),
    **under("terms.*.complete", ESTIMATE),
    **under("covariates.*", COVARIATE),
    "covariates.*.auxiliary": Cell.OPEN,
    "covariates.*.scale": Cell.OPEN,
    "covariates.*.known": Cell.COUNT,
    "covariates.*.missing": Cell.COUNT,
    "covariates.*.below_limit": Cell.COUNT,
    "covariates.*.above_limit": Cell.COUNT,
    "covariates.*.known_mean": Cell.MEASURE,
    "covariates.*.imputed_means.*": Cell.MEASURE,
    "covariates.*.trace": Cell.CHILD,
    "covariates.*.scale_reduction": Cell.DERIVED,
    "covariates.*.distribution": Cell.CHILD,
}
SPECIFICATIONS = {
    **DESIGN,
    **under("covariates.*", COVARIATE),
    "varied.**": Cell.OPEN,
    "specifications.*.choices.*": Cell.OPEN,
    "specifications.*.sizes": Cell.CHILD,
    "specifications.*.differing": Cell.CHILD,
    "specifications.*.n": Cell.COUNT,
    "specifications.*.events": Cell.COUNT,
    **under("specifications.*.terms.*", ESTIMATE),
    "specifications.*.reason": Cell.SENTENCE,
    **{
        f"specifications.*.{key}": Cell.OPEN
        for key in ("definition", "definition_hash", "clock", "censoring", "model", "reference")
    },
    "summary.*.sentence": Cell.OPEN,
    "summary.*.covariate": Cell.OPEN,
    "summary.*.model": Cell.OPEN,
    "summary.*.*": Cell.DERIVED,
}

TERMS = note(
    "A model is published only with at least {limit} losses for each term, and at least {limit} "
    "children with and without a loss on either side of each; residuals and pairs are left out."
)
LEFT_OUT = note(
    "Its children and losses are told only where those who are not in it follow from Table 2."
)

ANOTHER_READING = note(
    "Not published: it differs from a reading before it in too few children, who would be told of."
)

READINGS_LEFT_OUT = note(
    "A reading without numbers rests on too few children, or differs in too few from one before it."
)


def require_terms(
    sizes: Document, terms: Sequence[Document], events: int, landmark: float | None, plan: Plan
) -> None:
    """Raises Withheld where a term, a stratum or the model as a whole rests on too few.

    Args:
        sizes: of `sizes_of`.
        terms: with `covariate` and `label`.
        events: losses in the model.
        landmark: of the model, in months.
        plan: what all results of the definition are held to.
    """
    plan.require_outcome()
    plan.require_landmark(landmark)
    limit = plan.limits.children
    for term in terms:
        plan.require_group(term["covariate"], term["label"])
        for size in sizes["terms"].get(term["covariate"], ()):
            if min(size["events"], size["n"] - size["events"]) < limit:
                raise too_few(term["label"], plan.limits)
    for size in sizes["strata"]:
        if min(size["events"], size["n"] - size["events"]) < limit:
            raise too_few(note("Strata"), plan.limits)
    if events < limit * len(terms):
        raise Withheld(
            note(
                "The model has fewer than {limit} losses for each of its {terms} covariates, so it "
                "is not published.",
                limit=limit,
                terms=len(terms),
            )
        )


def _require_model(document: Document, plan: Plan) -> None:
    for stratum in document["strata"]:
        plan.require_group(stratum, stratum)
    require_terms(
        document["sizes"], document["terms"], document["events"], document["landmark_months"], plan
    )


def _hide_size(made: dict[str, Any], plan: Plan) -> None:
    """Hide how many are in a model where who is not would be few, or differ by few from others."""
    names = [one["covariate"] for one in made["terms"]] + list(made.get("strata", ()))
    if not _tells_left_out(made, names, plan):
        hide(made, *SIZE)


def _tells_left_out(document: Document, covariates: Sequence[str], plan: Plan) -> bool:
    dropped, never = document["dropped"], document["never_at_risk"]
    if not dropped and not never:
        return True
    if dropped and [plan.missing[one] for one in covariates if plan.missing.get(one)] != [dropped]:
        return False
    lost = plan.events - document["events"]
    few = min(lost, dropped + never - lost) < plan.limits.children
    return not few and not (dropped and never)


def cox(document: Document, plan: Plan) -> dict[str, Any]:
    """One model, with how many are in it where that tells of nobody else."""
    _require_model(document, plan)
    made = deepcopy(dict(document))
    _hide_size(made, plan)
    return made


def compared(document: Document, plan: Plan) -> dict[str, Any]:
    """All models, or none; sentences on the difference without numbers of children."""
    made = deepcopy(dict(document))
    for step in made["models"]:
        if step["model"] is not None:
            _require_model(step["model"], plan)
            _hide_size(step["model"], plan)
    made["differences"] = []
    return made


def between(document: Document, plan: Plan) -> dict[str, Any]:
    """The models of a loss between two visits."""
    require_terms(document["sizes"], document["terms"], document["events"], None, plan)
    made = deepcopy(dict(document))
    _hide_size(made, plan)
    if made["n"] is None or 0 < document["unseen"] < plan.limits.children:
        hide(made, "unseen")
    return made


def imputed(document: Document, plan: Plan) -> dict[str, Any]:
    """The pooled model; how much of each covariate is missing as Table 2 tells it."""
    _require_model(document, plan)
    limit = plan.limits.children
    made = deepcopy(dict(document))
    whole = document["never_at_risk"] == document["without_stratum"] == 0
    if not whole:
        hide(made, "n", "events", "never_at_risk", "without_stratum")
    complete = made["complete_cases"]
    if complete["n"] != document["n"] or not whole:
        hide(complete, "n", "events")
    for one, before in zip(made["covariates"], document["covariates"], strict=True):
        plan.require_group(one["covariate"], one["label"])
        if one["scale"] != "share":
            hide(one, "known", "below_limit", "above_limit")
        if not whole or 0 < before["missing"] < limit or before["known"] < limit:
            hide(one, "known", "missing")
        if before["known"] < limit:
            hide(one, "known_mean")
    return made


def specifications(document: Document, plan: Plan) -> dict[str, Any]:
    """Each reading that alone could be published, and beside those before it tells of nobody.

    How many are in it is told only of the reference.
    """
    made = deepcopy(dict(document))
    labels = {one["covariate"]: one for one in document["covariates"]}
    held: set[str] = set()
    told: list[int] = []
    for place, one in enumerate(made["specifications"]):
        if one["n"] is None:
            continue
        terms = [labels[name] for name, term in one["terms"].items() if term is not None]
        try:
            require_terms(one["sizes"], terms, one["events"], None, plan)
            if any(0 < one["differing"][before] < plan.limits.children for before in told):
                raise Withheld(ANOTHER_READING)
        except Withheld as error:
            hide(one, "n", "events")
            one["terms"] = dict.fromkeys(one["terms"])
            one["reason"] = error.problem
            held.add(one["model"])
            continue
        told.append(place)
        if not one["reference"] or (one["n"], one["events"]) != (plan.cohort, plan.events):
            hide(one, "n", "events")
    if held:
        made["notes"].append(READINGS_LEFT_OUT)
    if not told:
        raise Withheld(
            next(one["reason"] for one in made["specifications"] if one["reason"] is not None)
        )
    made["summary"] = [one for one in made["summary"] if one["model"] not in held]
    return made
