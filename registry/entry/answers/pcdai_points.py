"""What the points of each PCDAI item mean for one child: the words of every place that asks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, text

from registry.entry.answers.limits import BAND_COLUMNS, Band
from registry.entry.visit.proposals import ANALYTE_OF_ITEM
from registry.models import PcdaiVisit
from registry.models.pcdai_visit import ITEMS
from registry.records.rows import dictionary_columns
from registry.vocabulary import ANALYTE_UNITS
from registry.words import spoken

Levels = dict[Decimal, str]

BANDS = text(
    f"select {BAND_COLUMNS} from reference.score_band b "
    "join clinical.patient p on b.sex in ('any', p.sex) "
    "and b.years @> extract(year from age(:visited_on, p.birth_date))::integer "
    "where b.measure = :item and p.patient_id = :patient"
)


def levels_of_items(connection: Connection, patient: int, visited_on: date) -> dict[str, Levels]:
    """Points -> what they mean, for each item and the child on that day.

    An item that is read off a laboratory value has the bands of the child's sex and age, the others
    the index's own words. Where there are none, as before the birth, the words are empty.
    """
    variables = dictionary_columns(PcdaiVisit)
    found = {}
    for item in ITEMS:
        levels = dict.fromkeys(variables[item].grid(), "")
        levels |= {points: spoken(words) for points, words in variables[item].meanings().items()}
        if item in ANALYTE_OF_ITEM:
            unit = next(iter(ANALYTE_UNITS[ANALYTE_OF_ITEM[item]]))
            rows = connection.execute(
                BANDS, {"item": item, "patient": patient, "visited_on": visited_on}
            ).mappings()
            levels |= {Decimal(row["reading"]): Band(**row).words(unit) for row in rows}
        found[item] = levels
    return found
