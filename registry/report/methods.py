"""The methods of a report in words, written from the parameters of its definition.

No threshold stands here: every number in a sentence is the parameter of the definition that the
rules were held to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.models import Definition
from registry.words import tr

Parameters = Mapping[str, Any]


def methods(parameters: Parameters) -> list[tuple[str, list[str]]]:
    """Headings, each with its sentences.

    Args:
        parameters: the row of `reference.definition`, as `registry definition show` gives it.
    """
    return [
        (tr("Patients"), [_patients(parameters), _infusions(parameters)]),
        (tr("Response"), [_scores(parameters), _response(parameters)]),
        (tr("Loss of response"), [_loss(parameters), _observation(parameters)]),
        (tr("Covariates"), [_covariates(parameters), _laboratory(parameters), _drugs(parameters)]),
        (tr("Drug levels"), [_levels(parameters)]),
    ]


def parameter_rows(parameters: Parameters) -> list[tuple[str, str, str]]:
    """Label, value with unit, and origin of every parameter."""
    rows = []
    for name, variable in Definition.parameters().items():
        value = written(parameters[name])
        if variable.unit and parameters[name] is not None:
            value += f" {variable.unit.replace('10^9', '×10⁹')}"
        rows.append((variable.label, value, variable.meaning or ""))
    return rows


def written(value: Any) -> str:
    """A parameter's value: yes or no, a code in words, a number without the zeros of its scale."""
    match value:
        case None:
            return tr("none")
        case bool():
            return tr("yes") if value else tr("no")
        case str():
            return value.replace("_", " ")
        case int() | float():
            return f"{value:g}"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return f"{float(value):g}"


def _patients(p: Parameters) -> str:
    return tr(
        "The cohort are the children with Crohn's disease who were below {age} years of age at the"
        " first infusion of infliximab, had had no other biologic and no contraindication (severe"
        " infection, active tuberculosis, lymphoma, malignancy), and responded to the induction.",
        age=written(p["age_limit_years"]),
    )


def _infusions(p: Parameters) -> str:
    days = ", ".join(
        tr(
            "infusion {number} within {tolerance} days of day {day}",
            number=number,
            tolerance=written(p[f"induction_tolerance_{number}"]),
            day=written(p[f"induction_day_{number}"]),
        )
        for number in range(2, int(p["required_infusions"]) + 1)
    )
    words = tr("They had received {n} infusions", n=written(p["required_infusions"]))
    return f"{words}: {days}." if days else f"{words}."


def _scores(p: Parameters) -> str:
    return tr(
        "Disease activity is the PCDAI. The baseline score is the nearest on or up to {before} days"
        " before the first infusion; the week-14 score is the nearest to day {target} between days"
        " {first} and {last}, one on or before the fourth infusion before one after it.",
        before=written(p["baseline_window_days"]),
        target=written(p["week14_target_day"]),
        first=written(p["week14_from_day"]),
        last=written(p["week14_to_day"]),
    )


def _response(p: Parameters) -> str:
    said = tr(
        "Response is a fall from baseline to week 14 of at least {drop} points; remission a score"
        " below {remission} at week 14.",
        drop=written(p["response_drop"]),
        remission=written(p["remission_below"]),
    )
    if p["remission_overrides_drop"]:
        return f"{said} {tr('Remission at week 14 counts as response whatever the fall.')}"
    return f"{said} {tr('Remission without that fall does not count as response.')}"


def _loss(p: Parameters) -> str:
    said = [
        tr(
            "Secondary loss of response is the first PCDAI above {above} after the week-14 score.",
            above=written(p["lor_above"]),
        )
    ]
    if p["lor_requires_rise"]:
        said.append(tr("The score must also lie above that of week 14."))
    if int(p["lor_confirmations"]) > 1:
        said.append(
            tr(
                "{n} consecutive scores must show it; it is dated at the first.",
                n=written(p["lor_confirmations"]),
            )
        )
    return " ".join(said)


def _observation(p: Parameters) -> str:
    starts = {
        "first_infusion": tr("the first infusion"),
        "week14_visit": tr("the week-14 visit"),
    }[p["time_zero"]]
    tail = ""
    if p["exposure_tail_days"] is not None:
        tail = tr(", {days} days after the last infusion", days=written(p["exposure_tail_days"]))
    return tr(
        "Time counts from {start} to the loss, and is censored at the first of stop of infliximab,"
        " transfer to adult care, loss to follow-up, death{tail}, and the data cut on {cut}.",
        start=starts,
        tail=tail,
        cut=written(p["data_cut"]),
    )


def _covariates(p: Parameters) -> str:
    return tr(
        "Covariates are those known at the first infusion: laboratory values and anthropometry the"
        " last of the {window} days before it, the phenotype by the last Paris classification"
        " before it. Very early onset is before {veo} years; disease duration counts from {origin},"
        " long from {duration} months; the first dose is high from {dose} mg/kg; a BMI Z-score of"
        " at most {bmi} is low.",
        window=written(p["covariate_window_days"]),
        veo=written(p["veo_before_years"]),
        origin=written(p["duration_origin"]),
        duration=written(p["duration_from_months"]),
        dose=written(p["dose_from_mg_per_kg"]),
        bmi=written(p["bmi_z_at_most"]),
    )


def _laboratory(p: Parameters) -> str:
    return tr(
        "Cut-offs: baseline PCDAI mild from {mild}, moderate from {moderate}, severe from {severe};"
        " CRP above {crp} mg/L, ESR above {esr} mm/h, white cells above {wbc} and platelets above"
        " {plt} ×10⁹/L, haemoglobin below {hb} and albumin below {alb} g/L.",
        mild=written(p["severity_mild_from"]),
        moderate=written(p["severity_moderate_from"]),
        severe=written(p["severity_severe_from"]),
        crp=written(p["crp_above"]),
        esr=written(p["esr_above"]),
        wbc=written(p["wbc_above"]),
        plt=written(p["plt_above"]),
        hb=written(p["hb_below"]),
        alb=written(p["alb_below"]),
    )


def _drugs(p: Parameters) -> str:
    return tr(
        "As fixed covariates, treatment beside infliximab is what was given at any time up to the"
        " end of observation: an immunomodulator for more than {days} days, a glucocorticoid, or"
        " neither. These are decided after the first infusion and carry immortal-time bias. An"
        " empty value is missing, never no.",
        days=written(p["im_min_days"]),
    )


def _levels(p: Parameters) -> str:
    return tr(
        "A level is a trough when it was drawn on the day of an infusion or at most {days} days"
        " before it. A level reported as a limit keeps its limit.",
        days=written(p["trough_days_before"]),
    )
