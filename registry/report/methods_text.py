"""The methods of a report in words, from the rules' own files and the parameters of a definition.

A sentence stands in the header of the rule that it tells of (`@methods`), with the definition's
parameters as places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.covariates import MODEL_TERMS, limits_of
from registry.models.definition import Definition
from registry.views.build import sentences
from registry.words import note, spoken, tr

Parameters = Mapping[str, Any]

SECTIONS = {
    "patients": note("Patients"),
    "response": note("Response"),
    "loss": note("Loss of response"),
    "covariates": note("Covariates"),
    "levels": note("Drug levels"),
}


def methods(parameters: Parameters) -> list[tuple[str, list[str]]]:
    """Headings, each with its sentences, as the files of the rules say them.

    Args:
        parameters: the row of `reference.definition`, as `registry definition show` gives it.
    """
    values = {name: written(value) for name, value in parameters.items()}
    said: dict[str, list[str]] = {section: [] for section in SECTIONS}
    for sentence in sentences():
        if sentence.applies(parameters):
            said[sentence.section].append(spoken(sentence.words, **values))
    return [(spoken(SECTIONS[section]), words) for section, words in said.items()]


def parameter_rows(parameters: Parameters) -> list[tuple[str, str, str]]:
    """Label, value with unit, and origin of every parameter."""
    rows = []
    for name, variable in Definition.parameters().items():
        value = written(parameters[name])
        if variable.several and parameters[name]:
            limits = limits_of(parameters)
            terms = (MODEL_TERMS[one].under(limits) for one in parameters[name].split(","))
            value = "; ".join(spoken(one.label) for one in terms)
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
