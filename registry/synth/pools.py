"""What Faker invents, drawn once a run: centres, products, notes and procedures.

Drawing it for every child would take longer than all the rest. It depends on the seed alone, so a
child is the same in a registry of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase

from faker import Faker

CENTRES = 9
BIOSIMILARS = 3
TEXTS = 12

SITES = ("ileal", "ileocaecal", "ileocolic", "sigmoid", "segmental small-bowel")
JOINS = ("anastomosis", "ileostomy", "side-to-side anastomosis", "colostomy")
PERIANAL_PROCEDURES = (
    "perianal abscess drainage",
    "fistulotomy",
    "seton placement",
    "examination under anaesthesia, seton",
)
DOSE_ROUNDING_MG = (0.1, 0.1, 10.0, 100.0)


@dataclass(frozen=True, slots=True)
class Centre:
    """A hospital with its habits: units, assay (by its limits) and how it rounds a dose."""

    code: str
    crp_in_mg_dl: bool
    grams_in_dl: bool
    assay: str
    dose_rounding_mg: float


@dataclass(frozen=True, slots=True)
class Pools:
    """The invented names and texts of one run."""

    centres: tuple[Centre, ...]
    products: tuple[str, ...]
    notes: dict[str, tuple[str, ...]]
    procedures: tuple[str, ...]
    perianal_procedures: tuple[str, ...]


def build_pools(seed: int) -> Pools:
    """The pools of a run: the same for the same seed and the same release of Faker."""
    fake = Faker("en_GB")
    fake.seed_instance(seed)
    # Place names in Chinese script keep every reader of the files honest about UTF-8.
    chinese = Faker("zh_CN")
    chinese.seed_instance(seed)

    def towns() -> list[str]:
        return [chinese.city_name() if i % 3 else fake.city() for i in range(TEXTS)]

    codes = sorted({fake.lexify("???", letters=ascii_uppercase) for _ in range(CENTRES)})
    centres = tuple(
        Centre(
            code=code,
            crp_in_mg_dl=i % 6 == 5,
            grams_in_dl=i % 4 == 3,
            assay="HMSA" if i % 3 == 2 else "ELISA",
            dose_rounding_mg=fake.random_element(DOSE_ROUNDING_MG),
        )
        for i, code in enumerate(codes)
    )
    # Biosimilars are named by a suffix of four letters without a meaning.
    biosimilars = (
        f"infliximab-{fake.lexify('????', letters=ascii_lowercase)}" for _ in range(BIOSIMILARS)
    )
    notes = {
        "ifx_stopped": (
            *(f"parents declined further treatment in {fake.month_name()}" for _ in range(3)),
            "infusion reaction, not given again",
            'in deep remission, "drug holiday" agreed',
            *(f"costs no longer covered since {fake.month_name()}" for _ in range(3)),
        ),
        "transferred_to_adult_care": tuple(f"adult clinic, {town}" for town in towns()),
        "lost_to_follow_up": tuple(f"moved to {town}; no answer since" for town in towns()),
        "died": ("sepsis", "died at home, cause not known", "after stem-cell transplantation"),
    }
    procedures = tuple(
        f"{fake.random_element(SITES)} resection and {fake.random_element(JOINS)}"
        + (f", {fake.random_int(4, 60)} cm" if i % 3 == 0 else "")
        for i in range(TEXTS)
    )
    return Pools(centres, ("infliximab", *biosimilars), notes, procedures, PERIANAL_PROCEDURES)
