"""What is suppressed in every result of one definition, decided once from flow, Tables 1 and 2.

Results that are asked for one after the other hide the same, since each is held to this plan and
not to what else happens to be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.analysis.choices import LANDMARK_MONTHS
from registry.disclosure.audience import Limits, Withheld
from registry.disclosure.partition import hidden_parts
from registry.words import note

Document = Mapping[str, Any]

REST, MISSING = "rest", "missing"
"""Parts of a variable: those with none of its levels, and those of whom it is not known."""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """What Table 1 tells of one variable, and by which names others tell of it.

    Args:
        rows: ids of the rows of Table 1 that tell a level of it.
        covariate: that of Table 2, and `true` the rows that are its level of interest.
        factor: by which curves may be drawn.
        exhaustive: whether every child of whom it is known has one of the levels.
        columns: names by which it is told elsewhere how often it is missing.
    """

    rows: tuple[str, ...] = ()
    covariate: str = ""
    true: tuple[str, ...] = ()
    factor: str = ""
    exhaustive: bool = False
    columns: tuple[str, ...] = ()


VARIABLES = (
    Variable(
        rows=("male", "female"),
        covariate="sex_female",
        true=("female",),
        factor="sex",
        exhaustive=True,
        columns=("sex",),
    ),
    Variable(
        rows=("severity_remission", "severity_mild", "severity_moderate", "severity_severe"),
        covariate="severity_moderate_severe",
        true=("severity_moderate", "severity_severe"),
        factor="severity",
        exhaustive=True,
        columns=("baseline_pcdai", "pcdai"),
    ),
    Variable(
        rows=("cdeis_remission", "cdeis_mild", "cdeis_moderate", "cdeis_severe"),
        exhaustive=True,
        columns=("cdeis",),
    ),
    Variable(
        rows=("L1", "L2", "L3", "L_none"),
        covariate="location_l2",
        true=("L2",),
        factor="location",
        exhaustive=True,
        columns=("location",),
    ),
    Variable(
        rows=("L4a_only", "L4b_only", "L4a+4b"),
        covariate="upper_gi",
        true=("L4a_only", "L4b_only", "L4a+4b"),
        factor="upper_gi_location",
    ),
    Variable(
        rows=("B1", "B2", "B3", "B2B3"),
        covariate="behaviour_b2_b3",
        true=("B2", "B3", "B2B3"),
        factor="behaviour",
        exhaustive=True,
        columns=("behaviour",),
    ),
    Variable(rows=("p",), covariate="perianal", true=("p",), columns=("perianal",)),
    Variable(
        rows=("growth_delay",),
        covariate="growth_delay",
        true=("growth_delay",),
        factor="growth",
        columns=("growth",),
    ),
    Variable(rows=("surgery",), factor="prior_surgery"),
    Variable(
        covariate="response_without_remission",
        factor="induction_outcome",
        columns=("week14_pcdai",),
    ),
    Variable(covariate="veo_cd", columns=("onset_on",)),
    Variable(
        covariate="duration_ge_6_months",
        columns=(
            "duration_before_start_days",
            "duration_before_start_months",
            "duration_before_ifx_mo",
        ),
    ),
    Variable(covariate="initial_dose_ge_7", columns=("initial_dose_mg_per_kg",)),
    Variable(covariate="bmi_z_low", columns=("bmi_z", "baz")),
    Variable(covariate="crp_high", columns=("crp",)),
    Variable(covariate="esr_high", columns=("esr",)),
    Variable(covariate="wbc_high", columns=("wbc",)),
    Variable(covariate="hb_low", columns=("hb",)),
    Variable(covariate="plt_high", columns=("plt",)),
    Variable(covariate="alb_low", columns=("alb",)),
)


@dataclass(frozen=True)
class Plan:
    """What every published result of a definition is held to.

    Args:
        limits: the registry's.
        cohort: children in the cohort, and `events` among them with loss of response.
        levels: of each variable of Table 1, by its first row, the parts that are suppressed.
        groups: covariates and factors by which nothing of the outcome is told.
        sizes: of each covariate of Table 2, which of `n_true`, `n_false` and `missing` is not.
        missing: of each covariate of Table 2, the children of whom it is not known.
    """

    limits: Limits
    cohort: int
    events: int
    levels: Mapping[str, frozenset[str]]
    groups: frozenset[str]
    sizes: Mapping[str, frozenset[str]]
    missing: Mapping[str, int]

    def require_cohort(self) -> None:
        """Raises Withheld for a cohort of fewer children than may be told of."""
        if self.cohort < self.limits.children:
            raise Withheld(
                note(
                    "The cohort has fewer than {limit} children, so nothing of it is published.",
                    limit=self.limits.children,
                )
            )

    def require_outcome(self) -> None:
        """Raises Withheld where losses, or children without, are too few to be told of."""
        self.require_cohort()
        if min(self.events, self.cohort - self.events) < self.limits.children:
            raise Withheld(
                note(
                    "Fewer than {limit} children lost response, or kept it, so nothing that rests "
                    "on the losses is published.",
                    limit=self.limits.children,
                )
            )

    def tells_missing(self, column: str, missing: int) -> bool:
        """Whether nobody is told of by how often a value is missing, beside Tables 1 and 2."""
        limit = self.limits.children
        if 0 < missing < limit or self.cohort - missing < limit:
            return False
        for one in VARIABLES:
            if column not in one.columns:
                continue
            if one.rows and MISSING in self.levels.get(one.rows[0], ()):
                return False
            # Who has the value and yet no level of the covariate would be few.
            apart = abs(missing - self.missing.get(one.covariate, missing))
            if 0 < apart < limit and "missing" not in self.sizes[one.covariate]:
                return False
        return True

    def require_landmark(self, months: float | None) -> None:
        """Raises Withheld for a landmark whose children less those of another were few."""
        if months not in (None, LANDMARK_MONTHS):
            raise Withheld(
                note(
                    "Two landmarks together tell who left between them, so only that at {months:g} "
                    "months is published.",
                    months=LANDMARK_MONTHS,
                )
            )

    def require_group(self, identity: str, label: str) -> None:
        """Raises Withheld for a covariate of which one level has too few children or losses."""
        if identity in self.groups:
            raise too_few(label, self.limits)


def too_few(label: str, limits: Limits) -> Withheld:
    """What is said of a covariate by which nothing is published."""
    return Withheld(
        note(
            "{covariate}: a group has fewer than {limit} children, losses or children without, so "
            "nothing by it is published.",
            covariate=label,
            limit=limits.children,
        )
    )


def plan_of(
    limits: Limits, flow: Document, table1: Document | None, table2: Document | None
) -> Plan:
    """The plan of one definition from its documents; a table that cannot be made is None."""
    levels: dict[str, frozenset[str]] = {}
    groups: set[str] = set()
    for variable in VARIABLES:
        if table1 is None or not variable.rows:
            continue
        hidden = hidden_levels(variable, table1, limits)
        levels[variable.rows[0]] = hidden
        if hidden:
            groups |= {variable.covariate, variable.factor}
    sizes: dict[str, frozenset[str]] = {}
    missing: dict[str, int] = {}
    for row in () if table2 is None else table2["rows"]:
        missing[row["covariate"]] = row["missing"]
        name = row["covariate"]
        one = next((one for one in VARIABLES if one.covariate == name), Variable(covariate=name))
        sizes[name] = _hidden_sizes(row, one, levels, limits)
        if sizes[name] or _is_small(row, flow["events"], limits):
            groups |= {name, one.factor}
    return Plan(limits, flow["eligible"], flow["events"], levels, frozenset(groups), sizes, missing)


def _hidden_sizes(
    row: Document, variable: Variable, levels: Mapping[str, frozenset[str]], limits: Limits
) -> frozenset[str]:
    """What Table 2 does not tell of the sizes of a covariate's groups: what Table 1 does not."""
    if not variable.rows or variable.rows[0] not in levels:
        parts = {key: row[key] for key in ("n_true", "n_false")}
        if row["missing"]:
            parts["missing"] = row["missing"]
        return hidden_parts(parts, limits.children, last=("missing",))
    hidden = levels[variable.rows[0]]
    true = hidden.intersection(variable.true)
    false = hidden.intersection({*variable.rows, REST}) - true
    if MISSING not in hidden:
        # What is known of one group tells the other.
        return frozenset(("n_true", "n_false")) if true and false else frozenset()
    sides = {"n_true": true, "n_false": false, "missing": hidden}
    return frozenset(key for key, part in sides.items() if part)


def hidden_levels(variable: Variable, table1: Document, limits: Limits) -> frozenset[str]:
    """Which rows of a variable are suppressed; MISSING where the missing are."""
    rows = {row["id"]: row for row in table1["rows"] if row["id"] in variable.rows}
    if not rows:
        return frozenset()
    parts = {identity: row["n"] for identity, row in rows.items()}
    one = next(iter(rows.values()))
    rest = one["known"] - sum(parts.values())
    if not variable.exhaustive or rest:
        parts[REST] = rest
    # That a value is missing of nobody says nothing of anybody.
    if one["missing"]:
        parts[MISSING] = one["missing"]
    return hidden_parts(parts, limits.children, last=(MISSING,))


def _is_small(row: Document, events: int, limits: Limits) -> bool:
    """Whether a cell of a covariate against the outcome is below the limit."""
    cells = [
        row["events_true"],
        row["events_false"],
        row["n_true"] - row["events_true"],
        row["n_false"] - row["events_false"],
    ]
    if row["missing"]:
        # The losses of whom it is missing are all losses less these.
        lost = events - row["events_true"] - row["events_false"]
        cells += [lost, row["missing"] - lost]
    return bool(min(cells) < limits.children)
