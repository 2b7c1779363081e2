"""The regression of a loss between two visits, as a table and as rows of a CSV file."""

from __future__ import annotations

from registry.drawing.numbers import fixed, limits, number, p_value
from registry.drawing.table import Document, Table, notes, title
from registry.report.model_tables import name_of
from registry.report.rows import Rows
from registry.words import spoken, tr


def interval_censored(document: Document) -> Table:
    """Of each covariate the hazard ratios of the three models, then the distributions."""
    rows = []
    for term in document["terms"]:
        rows.append((name_of(term), "", "", ""))
        rows += [
            (
                "  " + spoken(model["model"]),
                fixed(term[model["id"]]["hr"], 2),
                limits(term[model["id"]]["hr_lower"], term[model["id"]]["hr_upper"], 2),
                p_value(term[model["id"]]["p"]),
            )
            for model in document["models"]
        ]
    width = document["days_between_visits"]
    return Table(
        title=title(tr("Loss between two visits"), document),
        header=(tr("Covariate"), tr("HR"), tr("95 % limits"), "P"),
        rows=tuple(rows),
        lines=(
            tr(
                "{n} patients, {events} with loss of response.",
                n=number(document["n"]),
                events=number(document["events"]),
            )
            if width["median"] is None
            else tr(
                "{n} patients, {events} with loss of response. Between the last visit without it "
                "and the visit that shows it: median {median:.0f} days (quartiles {q1:.0f} to "
                "{q3:.0f}, longest {longest:.0f}).",
                n=document["n"],
                events=document["events"],
                **width,
            ),
            *(
                tr(
                    "{distribution}: AIC {aic:.1f}, log-likelihood {loglik:.2f}; ratio of the time "
                    "to loss {ratios}.",
                    distribution=one["distribution"].capitalize(),
                    aic=one["aic"],
                    loglik=one["loglik"],
                    ratios=", ".join(
                        fixed(term["time_ratios"][one["distribution"]]["ratio"], 2)
                        for term in document["terms"]
                    ),
                )
                for one in document["distributions"]
            ),
        ),
        notes=notes(document),
    )


def rows(document: Document) -> Rows:
    """A row per covariate and model: hazard ratios, then ratios of time."""
    found = []
    for term in document["terms"]:
        effects = [(model["id"], "hr", term[model["id"]]) for model in document["models"]]
        effects += [
            (f"{name}_intervals", "ratio", one) for name, one in term["time_ratios"].items()
        ]
        found += [
            {
                "covariate": term["covariate"],
                "label": term["label"],
                "level": term["level"],
                "model": model,
                "measure": "hazard_ratio" if name == "hr" else "time_ratio",
                "estimate": one[name],
                "lower": one[f"{name}_lower"],
                "upper": one[f"{name}_upper"],
                "coef": one["coef"],
                "se": one["se"],
                "p": one["p"],
                "n": document["n"],
                "events": document["events"],
            }
            for model, name, one in effects
        ]
    return found
