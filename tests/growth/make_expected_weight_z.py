"""Makes expected_weight_z.csv: Z-scores of weight for age by a program apart from this one.

Run it in an environment of its own that has rcpchgrowth (AGPL-3.0), which the registry does not
use: python tests/growth/make_expected_weight_z.py > tests/growth/expected_weight_z.csv
"""

from __future__ import annotations

import csv
import sys
from importlib.metadata import version
from pathlib import Path

from rcpchgrowth.global_functions import sds_for_measurement

REFERENCE = Path(__file__).parents[2] / "migrations" / "data" / "growth_reference.csv"
# Days from the first to the tenth birthday, so far apart that the two standards both have many.
AGES = range(366, 3652, 73)
SHARES = (0.62, 0.86, 1.0, 1.21, 1.75)


def medians() -> dict[tuple[str, int], float]:
    """Median weight by sex and month, only to place the weights sensibly."""
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        return {
            (row["sex"], int(row["month"])): float(row["m"])
            for row in csv.DictReader(file)
            if row["measure"] == "weight"
        }


def main() -> None:
    """Writes the table with a header that says where it is from."""
    median = medians()
    print(
        f"# Z-scores of weight for age by rcpchgrowth {version('rcpchgrowth')}, "
        'sds_for_measurement("who", age_days / 365.25, "weight", weight_kg, sex), rounded to '
        "4 decimals; made by make_expected_weight_z.py."
    )
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("sex", "age_days", "weight_kg", "weight_z"))
    for number, age_days in enumerate(AGES):
        sex = ("female", "male")[number % 2]
        for share in SHARES:
            weight = round(median[sex, age_days * 16 // 487] * share, 1)
            score = sds_for_measurement(
                reference="who",
                age=age_days / 365.25,
                measurement_method="weight",
                observation_value=weight,
                sex=sex,
            )
            writer.writerow((sex, age_days, f"{weight:.1f}", f"{score:.4f}"))


if __name__ == "__main__":
    main()
