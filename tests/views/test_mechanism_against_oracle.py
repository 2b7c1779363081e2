"""The mechanism of a loss against a plain reading, for children full of levels that part readings.

REGISTRY_TEST_SEED draws other children.
"""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from tests.oracle.definition import Definition
from tests.oracle.mechanism import Assay, mechanism
from tests.oracle.records import Records
from tests.views.clinic import Clinic, child
from tests.views.conftest import OpenClinic

SEED = int(os.environ.get("REGISTRY_TEST_SEED", "4"))
CHILDREN = 600
ASSAYS = {
    "tolerant": Assay(True, Decimal(10), Decimal(100)),
    "sensitive": Assay(False, Decimal(10), Decimal(100)),
    "told nothing": Assay(),
    "No high": Assay(None, Decimal(10), None),
    "no positive": Assay(False, None, Decimal(100)),
}
DEFINITIONS = {
    "paper": Definition(),
    "week": Definition(trough_days_before=7),
    "first": Definition(trough_days_before=0, lor_above=Decimal(25)),
}
INFLIXIMAB = (
    "0",
    "0.6",
    "1",
    "2",
    "<0.4",
    "4.99",
    "5",
    "<5",
    "<6",
    ">4",
    ">5",
    "12.6",
    "12.7",
    "<12.7",
    "17",
    "30",
)
ANTIBODIES = ("", "0", "<10", "<11", "9.9", "10", "20", "50", "99", "100", ">10", ">100", "<100")


def drawn(rng: Random, number: int) -> Records:
    """A child that loses response at some day after week 14, with levels all around it."""
    gap = rng.choice((28, 42, 56))
    given = [0, 14, 42, 98, *range(98 + gap, 98 + gap * rng.randint(1, 5), gap)]
    lost_on = rng.choice((100, 120, 153, 154, 155, 210, 260))
    levels = {}
    for _ in range(rng.choice((0, 1, 2, 3, 5, 8))):
        near = rng.choice((-57, -56, -6, -2, -1, 0, 1, 2, 6, 28, 29, rng.randint(-56, 28)))
        day = rng.choice((lost_on + near, rng.choice(given) - rng.choice((0, 1, 2, 3))))
        assay = rng.choice((*ASSAYS, "never heard of", ""))
        if (day, assay) not in levels:
            drug = rng.choice(INFLIXIMAB) if rng.random() < 0.95 else ""
            ada = rng.choice(ANTIBODIES)
            levels[day, assay] = (drug, ada if drug or ada else "10")
    seen = [(rng.choice((-5, 90, 97, 98)), rng.choice(("yes", "no", "")))]
    return child(
        f"R{number:03}",
        infusions=given,
        scores={0: "40", 98: "5", lost_on: rng.choice(("20", "30"))},
        levels=[(day, drug, ada, assay) for (day, assay), (drug, ada) in levels.items()],
        phenotypes=seen if rng.random() < 0.6 else (),
    )


@pytest.fixture(scope="module")
def children() -> dict[str, Records]:
    rng = Random(SEED)
    return {f"R{number:03}": drawn(rng, number) for number in range(CHILDREN)}


@pytest.fixture(scope="module")
def clinic(open_clinic: OpenClinic, children: dict[str, Records]) -> Clinic:
    def literal(value: object) -> str:
        return "null" if value is None else str(value).lower()

    rows = ", ".join(
        f"('{name}', {', '.join(literal(told) for told in vars(assay).values())})"
        for name, assay in ASSAYS.items()
    )
    return open_clinic(
        list(children.values()),
        setup=[
            "insert into reference.assay (name, drug_tolerant, ada_positive_from, ada_high_from) "
            f"values {rows}"
        ],
        definitions={
            "week": ["trough_days_before=7"],
            "first": ["trough_days_before=0", "lor_above=25"],
        },
    )


def test_every_loss_has_the_mechanism_that_the_domain_gives(
    clinic: Clinic, children: dict[str, Records]
) -> None:
    stored = {
        (row["definition"], row["patient_id"]): row
        for row in clinic.rows("select * from analytics.lor_mechanism")
    }
    expected = {
        (name, patient): found
        for name, definition in DEFINITIONS.items()
        for patient, records in children.items()
        if (found := mechanism(records, definition, ASSAYS)) is not None
    }
    assert {key for key in stored if key[0] in DEFINITIONS} == set(expected)
    differences = [
        f"{key} {field}: stored {stored[key][field]}, by the oracle {value}"
        for key, found in expected.items()
        for field, value in found.items()
        if stored[key][field] != value
    ]
    assert differences == [], f"seed {SEED}: {len(differences)}"
    # The draw holds what readers part on, each more than once.
    for field, kinds in (("mechanism", 5), ("trough_status", 4), ("ada_status", 8), ("caveat", 6)):
        counted = Counter(found.get(field) for found in expected.values())
        assert len([kind for kind, n in counted.items() if n > 4]) >= kinds, (field, counted)
