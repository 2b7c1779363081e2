"""Hospital numbers of an import: whose they are, and study ids for those that are nobody's yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from registry.errors import Refused
from registry.identity.store import Link, link, listed
from registry.records.study_id_pattern import made, number_in
from registry.words import tr


@dataclass
class KnownNumbers:
    """The numbers that the identities on this connection know; `asked` says of whom it told."""

    identities: Connection
    asked: set[str] = field(default_factory=set)

    def study_ids(self, centre: str, keys: list[str]) -> Mapping[str, str | None]:
        """Whose each number is; None for one that was ever two children's."""
        rows = self.identities.execute(
            text("select * from identity.translate(:centre, cast(:keys as text[]))"),
            {"centre": centre, "keys": keys},
        ).all()
        self.asked |= {row.study_id for row in rows if row.study_id is not None}
        return {row.number_key: row.study_id for row in rows}

    def give(
        self, connection: Connection, centre: str, numbers: Mapping[str, str]
    ) -> dict[str, str]:
        """A new study id of the centre's form for each number, in their order.

        `connection` is the registry's, whose writers wait for one another. Raises Refused where the
        centre has no form.
        """
        pattern = connection.execute(
            text("select study_id_pattern from reference.centre where code = :centre"),
            {"centre": centre},
        ).scalar_one_or_none()
        if pattern is None:
            raise Refused(
                tr("The centre {centre} has no form for new study ids.", centre=centre),
                cure=tr(
                    "Give it one: registry centre amend {centre} --study-id-pattern "
                    "'{centre}-####-*'",
                    centre=centre,
                ),
            )
        ids = _new_ids(connection, self.identities, pattern, len(numbers))
        given = dict(zip(numbers, ids, strict=True))
        link(self.identities, [Link(given[key], centre, one) for key, one in numbers.items()])
        return given


def _new_ids(connection: Connection, identities: Connection, pattern: str, many: int) -> list[str]:
    """The next study ids of the form, after all that were given; none of a child who was erased."""
    known = connection.execute(text("select study_id from reference.patient_number")).scalars()
    taken = {*known, *(row["patient_id"] for row in listed(identities))}
    numbers = (number_in(pattern, one) for one in taken)
    last = max((one for one in numbers if one is not None), default=0)
    found: list[str] = []
    while len(found) < many:
        ids = [made(pattern, last + place) for place in range(1, many - len(found) + 1)]
        last += len(ids)
        erased = connection.execute(
            text(
                "select i.id from unnest(cast(:ids as text[])) as i (id) join audit.erasure e "
                "on e.id_hash = audit.id_hash(e.id_salt, i.id)"
            ),
            {"ids": ids},
        )
        gone = set(erased.scalars())
        found += [one for one in ids if one not in gone]
    return found
