"""What only a report tells, and where it runs an analysis in another way than its command."""

from __future__ import annotations

from typing import Any

from registry.cli.analyse.data import Data


def table2(data: Data) -> Any:
    """Table 2 as published, without what its tests rest on, which stands under Table 3."""
    from registry.analysis.cohort.table2 import univariate_table

    return univariate_table(data.patients, data.definition)


def tdm(data: Data) -> Any:
    """The troughs as published."""
    from registry.analysis.troughs.levels_and_loss import drug_levels

    return drug_levels(data.frames, data.definition)


def levels(data: Data) -> Any:
    """Every trough at week 14 by outcome."""
    from registry.analysis.cohort.listings import week14_levels

    return week14_levels(data.view("tdm_week14"), data.view("trough"), data.definition)


def losses(data: Data) -> Any:
    """Every loss of response by study id."""
    from registry.analysis.cohort.listings import loss_list

    survival, mechanism, outcome = data.frames.values()
    return loss_list(survival, mechanism, outcome, data.definition)


def genes(data: Data) -> Any:
    """Every change of a gene."""
    from registry.analysis.cohort.listings import gene_list

    return gene_list(data.view("gene_summary"), data.definition)


def missing(data: Data) -> Any:
    """What is missing by variable."""
    from registry.analysis.cohort.missing import missing_values

    return missing_values(data.view("missing_values"), data.definition)


def quality(data: Data) -> dict[str, Any]:
    """Every rule of plausibility with the records tried and failed."""
    from registry.quality.run import count_rules, open_queries

    counts = count_rules(data.connection)
    return {
        "rules": [count.to_json() for count in counts],
        "open_queries": open_queries(data.connection, counts),
        "notes": [],
    }
