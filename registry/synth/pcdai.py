"""The eleven items behind a PCDAI total, the gaps of real forms, and the `pcdai_visits` rows."""

from __future__ import annotations

from random import Random

from registry.models.pcdai_visit import ITEMS as PCDAI_ITEMS
from registry.synth.child import Child
from registry.synth.days import iso
from registry.synth.tables import Rows

POINTS = [f"{steps * 2.5:g}" for steps in range(41)]

HALF_STEP_ITEMS = ("hematocrit", "esr")  # 0, 2.5 or 5 points; all others 0, 5 or 10
HAEMATOCRIT, ESR = (PCDAI_ITEMS.index(item) for item in HALF_STEP_ITEMS)
HEIGHT, PERIRECTAL = PCDAI_ITEMS.index("height"), PCDAI_ITEMS.index("perirectal")
# Haematocrit and ESR in steps of 2.5; what is left of the total must be a multiple of 5.
ODD_PAIRS = ((1, 0), (0, 1), (1, 2), (2, 1))
EVEN_PAIRS = ((0, 0), (1, 1), (2, 0), (0, 2), (2, 2))
WHOLE_STEP_SLOTS = [
    item for item in range(len(PCDAI_ITEMS)) if item not in (HAEMATOCRIT, ESR) for _ in range(2)
]


def compose(rng: Random, total: int, child: Child, *, with_height: bool) -> list[int]:
    """Items in steps of 2.5 points, in the order of the columns, that sum to the total.

    Without height at most 36 steps (90 points) can be composed, without perianal disease at most
    32; totals here stay below.
    """
    pairs = ODD_PAIRS if total % 2 else EVEN_PAIRS
    haematocrit, esr = rng.choice([pair for pair in pairs if sum(pair) <= total])
    items = [0] * len(PCDAI_ITEMS)
    items[HAEMATOCRIT], items[ESR] = haematocrit, esr
    slots = [
        item
        for item in WHOLE_STEP_SLOTS
        if (item != HEIGHT or with_height) and (item != PERIRECTAL or child.perianal)
    ]
    fives = (total - haematocrit - esr) // 2
    if with_height and child.growth_delay and fives and rng.random() < 0.6:
        slots.remove(HEIGHT)
        items[HEIGHT] += 2
        fives -= 1
    for item in rng.sample(slots, fives):
        items[item] += 2
    return items


def add_pcdai(rng: Random, rows: Rows, child: Child, visits: dict[int, int]) -> None:
    """Add the `pcdai_visits` rows: complete, without height, without items or without total."""
    for day in sorted(visits):
        chance = rng.random()
        declared = POINTS[visits[day]]
        if chance < 0.1:
            cells = [""] * len(PCDAI_ITEMS)
        else:
            without_height = 0.1 <= chance < 0.18
            items = compose(rng, visits[day], child, with_height=not without_height)
            cells = [POINTS[steps] for steps in items]
            if without_height:
                cells[HEIGHT] = ""
            if 0.16 <= chance < 0.25:
                declared = ""  # left to the registry to add up
            elif chance < 0.27 and not without_height:
                for item in rng.sample(range(len(cells)), 3):
                    cells[item] = ""  # the total of the notes stands, the items are incomplete
        rows.add("pcdai_visits", (iso(day), *cells, declared), day=day)
