"""Children who may be one child under two study ids."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from itertools import combinations, groupby
from typing import Any

from sqlalchemy import Connection, text

from registry.identity.names import alike
from registry.identity.person import Person
from registry.identity.store import listed, read
from registry.words import note

SAME_NAME = note("name")
SAME_IDENTITY_NUMBER = note("identity number")


@dataclass(frozen=True)
class Twin:
    """Two study ids of one birth date and sex, and what else is alike; no name or number."""

    patient_id: str
    centre: str
    twin: str
    twin_centre: str
    sex: str
    birth_date: date
    alike: str

    def to_json(self) -> dict[str, Any]:
        """The pair as one JSON object."""
        return asdict(self)


def find_twins(registry: Connection, identities: Connection) -> list[Twin]:
    """Every such pair among the children of whom an identity is kept, of one centre or of two."""
    known = [row["patient_id"] for row in listed(identities)]
    born = registry.execute(
        text(
            "select * from (select n.study_id, p.centre, p.sex, p.birth_date, "
            "count(*) over (partition by p.birth_date, p.sex) as many "
            "from clinical.patient p join reference.patient_number n using (patient_id) "
            "where n.study_id = any(:known)) b where many > 1 order by birth_date, sex, study_id"
        ),
        {"known": known},
    ).all()
    persons = {
        one.patient_id: one for one in read(identities, [row.study_id for row in born]) if born
    }
    found = []
    for _, group in groupby(born, lambda row: (row.birth_date, row.sex)):
        for one, other in combinations(group, 2):
            why = _alike(persons[one.study_id], persons[other.study_id])
            if why is not None:
                found.append(
                    Twin(
                        *(one.study_id, one.centre, other.study_id, other.centre),
                        *(one.sex, one.birth_date, why),
                    )
                )
    return found


def _alike(one: Person, other: Person) -> str | None:
    if one.identity_number and one.identity_number == other.identity_number:
        return SAME_IDENTITY_NUMBER
    names = [[name for name in (person.name, person.birth_name) if name] for person in (one, other)]
    return SAME_NAME if any(alike(a, b) for a in names[0] for b in names[1]) else None
