"""The document of a Cox model over hospitals, with what the hospitals say of it one by one."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

from registry.analysis.arrays import chi2_sf
from registry.analysis.basis import FROM_START, FROM_WEEK14, Basis
from registry.analysis.cox.diagnostics import TRANSFORMS
from registry.analysis.pooling import cox as pooling
from registry.analysis.pooling.cox import Climb, Estimated, Evaluated, Heterogeneity
from registry.analysis.pooling.profile import Profile
from registry.study.chain import Chain
from registry.words import listed, note, sentences


def model_document(
    chain: Chain, reached: Climb, basis: Basis, profile: Profile | None, *, closed: bool
) -> dict[str, Any]:
    """The model at its estimate; `closed` where hospitals told what a fitted one is asked.

    `profile` has the limits and P that the study asked for in place of Wald's.
    """
    model = chain.envelope.question.model
    assert model is not None
    at = reached.best
    terms = pooling.estimated(at)
    first = {name: chain.first[name].told("cox") or {} for name in chain.in_model}
    n, events = (sum(one[key] for one in first.values()) for key in ("n", "events"))
    whole, of_term = _heterogeneity(chain, at)
    document: dict[str, Any] = {
        "definition": basis.definition,
        **basis.to_json(FROM_WEEK14 if model.late_entry else FROM_START),
        "method": _method(chain),
        "n": n,
        "dropped": 0,
        "never_at_risk": 0,
        "events": events,
        "events_per_term": events / len(terms),
        "covariates_from": "named",
        "ties": model.ties,
        "penalty": "firth" if model.firth else "none",
        "landmark_months": None,
        "strata": ["hospital", *model.strata],
        "robust": None,
        "terms": [
            {
                **covariate.to_json(),
                "time_dependent": covariate.id in model.time_dependent,
                "coef": one.coef,
                "se": one.se,
                "se_model": one.se,
                "wald": (one.coef / one.se) ** 2,
                "hr": exp(one.coef),
                **_limits(one, place, profile),
                "heterogeneity": _told(differ),
            }
            for place, (covariate, one, differ) in enumerate(
                zip(model.terms, terms, of_term, strict=True)
            )
        ],
        "loglik": reached.loglik,
        "heterogeneity": _told(whole),
        "hospitals": [
            _hospital(name, at, first[name], masked=chain.envelope.is_masked)
            for name in chain.in_model
        ],
        "concordance": None,
        "concordance_pairs": None,
        "proportional_hazards": [],
        "notes": _notes(chain, profile),
    }
    if closed:
        document |= _closing(chain, at)
    return document


def _limits(one: Estimated, place: int, profile: Profile | None) -> dict[str, Any]:
    if profile is None:
        return {
            "hr_lower": exp(one.lower),
            "hr_upper": exp(one.upper),
            "p": one.p,
            "limits": "wald",
        }
    lower, upper = (None if end is None else exp(end) for end in profile.limits[place])
    return {"hr_lower": lower, "hr_upper": upper, "p": profile.p[place], "limits": "profile"}


def _method(chain: Chain) -> str:
    model = chain.envelope.question.model
    assert model is not None
    parts = [
        note(
            "Cox proportional-hazards regression with a hazard of its own for each hospital, ties "
            "by {ties}, complete cases, {limits}, from sums of {rounds:round|rounds}.",
            ties=model.ties.capitalize(),
            limits=note("tests and limits by the profile likelihood")
            if model.profile
            else note("Wald tests and limits"),
            rounds=chain.envelope.round,
        )
    ]
    if model.firth:
        parts.append(note("Firth's penalty of the information of all hospitals together."))
    if model.late_entry:
        parts.append(note("Delayed entry: at risk from the day after the week-14 PCDAI."))
    return sentences(parts)


def _told(one: Heterogeneity) -> dict[str, Any]:
    p = float(chi2_sf(one.q, one.df)) if one.df else None
    return {"q": one.q, "df": one.df, "p": p, "i_squared": one.i_squared}


def _heterogeneity(chain: Chain, at: Evaluated) -> tuple[Heterogeneity, list[Heterogeneity]]:
    if not chain.envelope.is_masked:
        return pooling.heterogeneity(at)
    closing = chain.closing()
    k = len(at.coef)
    if closing is None:
        return Heterogeneity(0.0, 0), [Heterogeneity(0.0, 0)] * k
    sums = [sum(column) for column in zip(*(one["apart"] for one in closing), strict=True)]
    return pooling.heterogeneity_of_sums(sums, k)


def _hospital(name: str, at: Evaluated, told: Mapping[str, Any], *, masked: bool) -> dict[str, Any]:
    """What a hospital gives, what it could say alone, and the estimate without it."""
    if masked:
        return {"name": name, "n": None, "events": None, "alone": None, "without": None}
    own = pooling.alone(at.of[name], at.coef)
    left = pooling.without(at, name)
    return {
        "name": name,
        "n": told["n"],
        "events": told["events"],
        "alone": None if own is None else {"coef": own[0].tolist(), "se": own[1].tolist()},
        "without": None if left is None else left.tolist(),
    }


def _notes(chain: Chain, profile: Profile | None) -> list[str]:
    notes: list[str] = []
    apart = [name for name in chain.first if name not in chain.in_model]
    if apart:
        notes.append(
            note("Not in the model, since too few stand behind its terms there: {hospitals}.",
                 hospitals=listed(apart))
        )  # fmt: skip
    if profile is not None and None in [*profile.p, *(e for both in profile.limits for e in both)]:
        notes.append(
            note(
                "A limit or P that is not there lies further out than may be asked for, or was not "
                "reached in the rounds that the study allows."
            )
        )
    if chain.envelope.is_masked:
        return [
            *notes,
            note("Sums were masked: of no hospital is it known what it could say alone, or what "
                 "the others say without it."),
        ]  # fmt: skip
    notes.append(
        note(
            "What a hospital could say alone, and the estimate without one, are a single step of "
            "Newton's from the estimate of all."
        )
    )
    return notes


def _closing(chain: Chain, at: Evaluated) -> dict[str, Any]:
    told = chain.closing() or []
    made: dict[str, Any] = {}
    pairs = [one["pairs"] for one in told]
    if None not in pairs:
        summed = {key: sum(one[key] for one in pairs) for key in pairs[0]}
        every = sum(summed.values())
        made["concordance_pairs"] = summed
        made["concordance"] = (summed["concordant"] + summed["tied"] / 2) / every if every else None
    model = chain.envelope.question.model
    assert model is not None
    test = pooling.hazards(at, told) if not model.firth else None
    if test is not None:
        each = zip(model.terms, test.statistic, test.p_value, strict=True)
        made["proportional_hazards"] = [
            {
                "transform": test.transform,
                "transform_in_words": TRANSFORMS[test.transform],
                "terms": [
                    {"covariate": term.id, "chi2": float(chi2), "df": 1, "p": float(p)}
                    for term, chi2, p in each
                ],
                "chi2": test.global_statistic,
                "df": test.global_df,
                "p": test.global_p_value,
            }
        ]
    return made
