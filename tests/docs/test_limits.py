"""The limits that a guide names, held to their declarations."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.analysis.arrays import MANY_ROWS
from registry.analysis.choices import (
    Bootstrap,
    ImputationRule,
    PermutationRule,
    RiskRule,
    TrialPlan,
)
from registry.cli.feed import KEEP
from registry.importing.files import bounds
from registry.importing.files.bounds import megabytes
from registry.models import table_of
from registry.models.registry_setting import RegistrySetting
from registry.records.rows import MOST_COMPLAINTS
from registry.signing.password import _COST

DOCS = Path(__file__).parents[2] / "docs"


def by_default(setting: str) -> int:
    """Of a new registry."""
    return int(table_of(RegistrySetting).c[setting].server_default.arg.text)  # type: ignore[union-attr]


SHEET = f"{bounds.MOST_ROWS:,} rows, {bounds.MOST_COLUMNS:,} columns"
SAID = {
    "files.md": (
        f"| a cell | {bounds.LONGEST_CELL:,} characters |",
        f"line ends inside quotes included | {bounds.LONGEST_ROW:,} characters |",
        f"| a sheet | {SHEET}, {bounds.MOST_PLACES:,} cells",
        f"{megabytes(bounds.LARGEST_SHEET):,} MB unpacked |",
        f"| {megabytes(bounds.LARGEST_MEMBER)} MB unpacked; {bounds.MOST_SHARED:,} different texts "
        f"with {bounds.SHARED_CHARACTERS:,} characters |",
        f"(`.xls`) | {megabytes(bounds.LARGEST_XLS)} MB |",
        f"| {megabytes(bounds.LARGEST_STATISTICS)} MB, {SHEET} |",
        f"| a mapping | {megabytes(bounds.LARGEST_MAPPING)} MB |",
        f"| complaints of one import | {MOST_COMPLAINTS:,};",
        f"| values of one import that are told as not plausible | {MOST_COMPLAINTS:,};",
    ),
    "signing.md": (
        f"After {by_default('wrong_passwords')} wrong passwords in a row nobody signs as that "
        f"person for {by_default('password_wait_minutes')} minutes",
        f"a salted scrypt hash (N {_COST['n']}, r {_COST['r']}, p {_COST['p']})",
    ),
    "methods.md": (
        f"beyond {MANY_ROWS:,} rows",
        f"When a group expects fewer than {PermutationRule.below} losses (`--permute-below`;",
        f"P = (1 + as extreme)/(1 + permutations), {PermutationRule.permutations} by default",
        f"optimism of J come from {Bootstrap.resamples} seeded bootstrap samples",
        f"{ImputationRule.imputations} data sets by default;",
        f"fewer than {TrialPlan.events_per_arm} losses in an arm (`--events-per-arm`), "
        f"with fewer than {TrialPlan.events_per_covariate} departures",
        f"over {RiskRule.resamples} bootstrap samples",
        f"With fewer than {RiskRule.events_per_covariate} losses per covariate "
        "(`--events-per-covariate`;",
    ),
    "feeds.md": (f"for `--keep` ({KEEP.removesuffix('d')} days, this registry's choice)",),
}


@pytest.mark.parametrize("page", SAID)
def test_a_guide_names_the_limit_that_holds(page: str) -> None:
    written = " ".join((DOCS / page).read_text(encoding="utf-8").split())
    assert [sentence for sentence in SAID[page] if sentence not in written] == []
