"""What one hospital's rows say to a question: sums and counts, none of them of too few children."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from registry.analysis.cohort.flow import STEPS, cohort_flow
from registry.analysis.cohort.table1 import Count, MeanSd, baseline_table
from registry.analysis.cox.design import Prepared, prepare
from registry.analysis.dataset import survival_data
from registry.analysis.pooling.cells import too_few
from registry.analysis.pooling.cox import apart_from_all, closing_sums, sums_at
from registry.analysis.pooling.curve import incidence_at
from registry.analysis.pooling.descriptive import WIDTHS, binned, moments
from registry.analysis.pooling.log_rank import log_rank_sums
from registry.covariates import COVARIATES, MODEL_TERMS
from registry.disclosure import descriptive
from registry.disclosure.audience import Limits, Withheld
from registry.disclosure.plan import MISSING, VARIABLES, Plan, plan_of
from registry.errors import CannotEstimate, Refused
from registry.study.question import Model, Question
from registry.words import note, tr

if TYPE_CHECKING:
    from pandas import DataFrame

# Coefficients further out than this no estimate is, and single children stand out there.
FURTHEST = 5.0
WITHHELD = "withheld"

Fingerprints = dict[str, str]


@dataclass(frozen=True)
class Cohort:
    """The rows of one definition in one hospital.

    Args:
        definition: the name that the hospital has for it.
        view: gives the rows of a view of `analytics`.
        patients: a row per child, as `read_patients` gives them.
        excluded: what each exclusion is called.
    """

    definition: str
    view: Callable[[str], DataFrame]
    patients: DataFrame
    excluded: Mapping[str, str]


@dataclass(frozen=True)
class Told:
    """What would leave, and from whom it was made.

    Args:
        numbers: by analysis; a part that is not told is `{"withheld": sentence}`.
        parts: by part, of each child a hash of what it was made from; this stays.
        children: in the cohort.
    """

    numbers: dict[str, Any]
    parts: dict[str, Fingerprints]
    children: int


def tell(
    cohort: Cohort,
    question: Question,
    limit: int,
    *,
    first: bool,
    coefs: Sequence[Sequence[float]] = (),
    closing: Sequence[float] | None = None,
    apart: bool = False,
) -> Told:
    """The numbers of one round.

    Args:
        cohort: the hospital's rows.
        question: the study's.
        limit: so many children stand behind each number.
        first: whether it is the first round, which asks for everything but the model's climb.
        coefs: where the model's sums are asked for.
        closing: the estimate, where the model's last sums are asked for.
        apart: whether they also say how far the hospital is apart, as numbers that add.

    Raises Refused where the cohort has too few children, or coefficients are asked for that no
    estimate can be near.
    """
    flow = cohort_flow(cohort.view("cohort_flow"), cohort.definition, cohort.excluded)
    if flow.eligible < limit:
        raise Refused(
            tr("Under this definition fewer than {limit} children are in the cohort here.",
               limit=limit),
            cure=tr("Nothing can be told of so few."),
        )  # fmt: skip
    if any(abs(one) > FURTHEST for coef in [*coefs, closing or ()] for one in coef):
        raise Refused(
            tr(
                "The envelope asks for sums where a hazard ratio is beyond {ratio:.0f}: at such "
                "places they tell of single children.",
                ratio=2.718281828**FURTHEST,
            ),
            cure=tr("A model without a finite estimate needs Firth's penalty."),
        )
    baseline = cohort.view("baseline")
    numbers: dict[str, Any] = {}
    plan = None
    # Later rounds are of the same children, or they are refused: what is hidden stays so.
    if first:
        table1 = baseline_table(baseline, cohort.definition)
        by_covariate = _by_covariate(cohort)
        table2 = {"rows": [{"covariate": one, **sums} for one, sums in by_covariate.items()]}
        plan = plan_of(Limits(limit), flow.to_json(), table1.to_json(), table2)
        made: dict[str, Callable[[], dict[str, Any]]] = {
            "flow": lambda: _flow(flow.to_json(), plan),
            "table1": lambda: _table1(table1.rows, table1.n, plan),
            "table2": lambda: _table2(by_covariate, plan),
            "km": lambda: _curve(cohort, plan, question.at_months),
        }
        numbers = {name: _or_why(made[name]) for name in question.analyses if name in made}
    parts = {"cohort": fingerprints(_rows(cohort.patients), _rows(baseline))}
    if question.model is not None:
        model = question.model
        told, of_model = _model(cohort, model, plan, limit, coefs, closing, apart=apart)
        numbers["cox"] = told
        parts |= of_model
    return Told(numbers, parts, flow.eligible)


def _by_covariate(cohort: Cohort) -> dict[str, dict[str, Any]]:
    """Children, losses and sums of the log-rank test by each covariate."""
    data = survival_data(cohort.patients, cohort.definition)
    time, event = data["time_days"].to_numpy(), data["event"].to_numpy(dtype=bool)
    found = {}
    for covariate in COVARIATES:
        value = data[covariate.id]
        known = value.notna().to_numpy(dtype=bool)
        true = value.to_numpy(dtype=bool, na_value=False)
        found[covariate.id] = {
            **log_rank_sums(time[known], event[known], true[known]),
            "missing": int((~known).sum()),
        }
    return found


def _or_why(make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return make()
    except Withheld as error:
        return {WITHHELD: str(error.problem)}


def _flow(document: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    made = descriptive.flow(document, plan)
    return {
        **{name: made[name] for name in STEPS},
        "excluded": {one["reason"]: one["n"] for one in made["excluded"]},
    }


def _table1(rows: Iterable[Any], n: int, plan: Plan) -> dict[str, Any]:
    """A row is told whole or not at all."""
    limit = plan.limits.children
    hidden = {row: plan.levels[one.rows[0]] for one in VARIABLES for row in one.rows}
    told: dict[str, Any] = {}
    for row in rows:
        parts = hidden.get(row.id, frozenset())
        if isinstance(row, Count):
            if row.id not in parts and MISSING not in parts and row.known >= limit:
                told[row.id] = {"n": row.n, "known": row.known, "missing": row.missing}
            continue
        if n - row.missing < limit or 0 < row.missing < limit:
            continue
        if isinstance(row, MeanSd):
            # A single value that all have is everybody's.
            if row.sd:
                told[row.id] = {**moments(row.values), "missing": row.missing}
        else:
            bins = binned(row.values, WIDTHS[row.id], limit)
            if bins:
                told[row.id] = {"bins": bins, "missing": row.missing}
    return {"n": n, "rows": told}


def _table2(by_covariate: Mapping[str, dict[str, Any]], plan: Plan) -> dict[str, Any]:
    plan.require_outcome()
    told = {name: sums for name, sums in by_covariate.items() if name not in plan.groups}
    return {"n": plan.cohort, "events": plan.events, "rows": told}


def _curve(cohort: Cohort, plan: Plan, months: Sequence[float]) -> dict[str, Any]:
    plan.require_outcome()
    data = survival_data(cohort.patients, cohort.definition)
    time, event = data["time_days"].to_numpy(), data["event"].to_numpy(dtype=bool)
    found = incidence_at(time, event, months, plan.limits.children)
    return {
        "n": plan.cohort,
        "events": plan.events,
        "at": [
            None if one is None else {"months": month, **one}
            for month, one in zip(months, found, strict=True)
        ],
    }


def _model(
    cohort: Cohort,
    model: Model,
    plan: Plan | None,
    limit: int,
    coefs: Sequence[Sequence[float]],
    closing: Sequence[float] | None,
    *,
    apart: bool,
) -> tuple[dict[str, Any], dict[str, Fingerprints]]:
    terms = model.terms
    try:
        if plan is not None:
            plan.require_outcome()
            for one in terms:
                plan.require_group(one.id, one.label)
        exposure = cohort.view("exposure") if model.time_dependent else None
        prepared = prepare(cohort.patients, cohort.definition, terms, model.design, exposure)
    except CannotEstimate as error:
        return {WITHHELD: str(error.problem)}, {}
    few = too_few(prepared, limit)
    if few:
        return {WITHHELD: _why(few[0].kind, few[0].terms, limit)}, {}
    told: dict[str, Any] = {
        "n": len(prepared.patients),
        "events": int(prepared.rows.event.sum()),
        "at": [
            {"coef": list(coef), **sums.to_json()}
            for coef, sums in zip(
                coefs, sums_at(prepared.rows, model.ties, coefs, firth=model.firth), strict=True
            )
        ],
    }
    if closing is not None:
        last = closing_sums(prepared.rows, model.ties, closing)
        if any(0 < pairs < limit for pairs in last["pairs"].values()):
            last["pairs"] = None
        if apart:
            [at] = sums_at(prepared.rows, model.ties, [closing], firth=False)
            last["apart"] = apart_from_all(at)
        told["closing"] = last
    return told, {"cox": _of_model(prepared)}


def _why(kind: str, terms: Sequence[str], limit: int) -> str:
    labels = [str(MODEL_TERMS[one].label) if one in MODEL_TERMS else one for one in terms]
    match kind:
        case "term":
            return note(
                "{term}: a level has fewer than {limit} children, losses or children without.",
                term=labels[0],
                limit=limit,
            )
        case "pair":
            return note(
                "{one} and {other}: fewer than {limit} children would stand alone by the two "
                "together.",
                one=labels[0],
                other=labels[1],
                limit=limit,
            )
        case _:
            return note(
                "The model has fewer than {limit} children, losses or children without, or leaves "
                "fewer out.",
                limit=limit,
            )


def fingerprints(*rows: Mapping[str, Sequence[Any]]) -> Fingerprints:
    """A hash of what is held of each child."""
    held: dict[str, list[Any]] = {}
    for one in rows:
        for child, values in one.items():
            held.setdefault(child, []).append(values)
    return {
        child: hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()
        for child, values in held.items()
    }


def _rows(frame: DataFrame) -> dict[str, list[Any]]:
    """The values of each child but the definition's name."""
    kept = frame.drop(columns="definition").astype(str)
    return {str(row[0]): row for row in kept[["patient_id", *kept.columns]].to_numpy().tolist()}


def _of_model(prepared: Prepared) -> Fingerprints:
    rows = prepared.rows
    held: dict[str, list[Any]] = {name: [] for name in prepared.patients}
    for n, subject in enumerate(rows.subject):
        held[prepared.patients[subject]].append(
            [float(rows.start[n]), float(rows.stop[n]), bool(rows.event[n]), int(rows.stratum[n]),
             rows.values[n].tolist()]
        )  # fmt: skip
    return fingerprints(held)
