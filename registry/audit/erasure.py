"""A child is erased, and what can be certified of it: when, by whom, of which tables, how much."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from textwrap import fill
from typing import Any

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from registry.audit.seals import make_seal
from registry.database.engine import Database
from registry.database.erasures import registry_mark
from registry.database.identities import identities, require_here
from registry.database.scrub import scrub
from registry.errors import DatabaseUnavailable, Refused
from registry.records.change import declare_change
from registry.records.patient_number import number_ever
from registry.words import tr

_ERASURES = """
select e.patient_id as number, c.made_at as erased_at, c.made_by as erased_by,
    c.database_role as login, c.reason, e.values_removed, e.removed as tables, e.audit_rows,
    b.seal_number as seal_before, b.hash as head_before, a.seal_number as seal_after,
    a.hash as head_after, encode(e.id_salt, 'hex') as id_salt, encode(e.id_hash, 'hex') as id_hash
from audit.erasure e
join reference.change_set c on c.change_id = e.change_id
left join audit.committed_change m on m.change_id = e.change_id
left join audit.seal b on b.seal_number = e.sealed_before
left join audit.seal a on m.commit_number between a.first_commit and a.last_commit
"""


@dataclass(frozen=True)
class Erasure:
    """An erasure as the registry keeps it; the study id is not among it."""

    number: int
    erased_at: datetime
    erased_by: str
    login: str | None
    reason: str | None
    values_removed: int
    tables: dict[str, int]
    audit_rows: int
    seal_before: int | None
    head_before: str | None
    seal_after: int | None
    head_after: str | None
    id_salt: str
    id_hash: str

    def to_json(self) -> dict[str, Any]:
        """The erasure as one JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Certificate:
    """What a family and an ethics board are given: the erasure, with the id that they know.

    `files_clean` says whether the server's own files were written anew as well; `reports` are the
    files of nights that named the child and were removed, and `again` is for one erased before.
    """

    patient_id: str
    registry: str
    erasure: Erasure
    files_clean: bool
    reports: tuple[str, ...]
    again: bool = False

    def to_json(self) -> dict[str, Any]:
        """The certificate with the contract's keys first."""
        return {
            "patient_id": self.patient_id,
            "values_removed": self.erasure.values_removed,
            "tables": self.erasure.tables,
            "registry": self.registry,
            "files_clean": self.files_clean,
            "erasure": self.erasure.to_json(),
        }


def erase(
    database: Database, study_id: str, *, user: str, reason: str, identity_url: str | None = None
) -> Certificate:
    """Removes every value of a child, seals what stays and writes the files anew.

    Who the child is goes too, first where it lies in another database, `identity_url`; so does
    whatever is left under study ids that were merged into this one.

    All of the removal is one transaction; who was erased already is certified again, and what was
    left to do is done. Raises NotFound for a study id that never was a patient's.
    """
    reports: list[Path] = []
    with database.engine.begin() as connection:
        number = erased_as(connection, study_id)
        again = number is not None
        if again:
            _erase_identity(connection, identity_url, [study_id])
        if number is None:
            number = number_ever(connection, study_id)
            written = _reports(connection)
            declare_change(connection, user=user, command="patient erase", reason=reason)
            for one, names in _with_merged(connection, number):
                _erase_identity(connection, identity_url, names)
                connection.execute(
                    text("insert into audit.erasure (patient_id) values (:number)"), {"number": one}
                )
            reports = [Path(file) for file in written - _reports(connection)]
    try:
        for report in reports:
            for file in (report, report.with_suffix(".json")):
                file.unlink(missing_ok=True)
        with database.engine.begin() as connection:
            make_seal(connection)
        files_clean = scrub(database)
        with database.engine.connect() as connection:
            [done] = [one for one in erasures(connection) if one.number == number]
            mark = registry_mark(connection)
    except (SQLAlchemyError, psycopg.Error, DatabaseUnavailable):
        raise Refused(
            tr(
                "Every value of {patient} is removed, but what follows was not finished: the seal, "
                "the server's files or the certificate.",
                patient=study_id,
            ),
            cure=tr("Run the command again: it does what is left."),
        ) from None
    return Certificate(study_id, mark, done, files_clean, tuple(map(str, sorted(reports))), again)


def _with_merged(connection: Connection, number: int) -> list[tuple[int, list[str]]]:
    """The child's numbers with the study ids of each, those first that were merged into another."""
    rows = connection.execute(
        text(
            "with recursive child (patient_id, study_id, depth) as ("
            "select n.patient_id, n.study_id, 0 from reference.patient_number n "
            "where n.patient_id = :number union all "
            "select n.patient_id, n.study_id, c.depth + 1 from reference.patient_number n "
            "join child c on n.merged_into = c.study_id) "
            "select patient_id, array_agg(study_id) from child group by patient_id "
            "order by max(depth) desc"
        ),
        {"number": number},
    )
    return [(row[0], row[1]) for row in rows] or [(number, [])]


def _erase_identity(connection: Connection, url: str | None, study_ids: list[str]) -> None:
    """In another database, before the rest: twice does no harm, left undone would."""
    if url is None:
        require_here(connection)
        return
    with identities(connection, url) as place:
        removed: Counter[str] = Counter()
        for study_id in study_ids:
            removed.update(
                place.connection.execute(
                    text("insert into identity.erasure (study_id) values (:id) returning removed"),
                    {"id": study_id},
                ).scalar_one()
            )
        place.commit()
    connection.execute(
        text("select set_config('registry.identity_removed', :removed, true)"),
        {"removed": json.dumps(removed)},
    )


def erasures(connection: Connection) -> list[Erasure]:
    """Everyone who was erased, in the order of it."""
    rows = connection.execute(text(f"{_ERASURES} order by e.change_id")).mappings()
    return [Erasure(**row) for row in rows]


def _reports(connection: Connection) -> set[str]:
    """Files of the nights' reports; one that named the child waits to be written anew."""
    rows = connection.execute(
        text("select report_file from derived.scheduled_run where report_file is not null")
    )
    return set(rows.scalars())


def erased_as(connection: Connection, study_id: str) -> int | None:
    """The number of a child who was erased under this study id; None where nobody was."""
    number: int | None = connection.scalar(
        text(
            "select patient_id from audit.erasure where id_hash = audit.id_hash(id_salt, :id) "
            "order by change_id desc limit 1"
        ),
        {"id": study_id},
    )
    return number


def certificate_text(certificate: Certificate) -> str:
    """The certificate for people, in the person's language."""
    done = certificate.erasure
    width = max(map(len, done.tables), default=0)
    none = tr("none")
    lines = [
        tr("Certificate of erasure"),
        "",
        tr("Patient: {patient}", patient=certificate.patient_id),
        tr("Registry: {mark}", mark=certificate.registry),
        tr("Erased: {moment}", moment=done.erased_at.isoformat(timespec="seconds")),
        tr("By: {person} (login {login})", person=done.erased_by, login=done.login or none),
        tr("Reason: {reason}", reason=done.reason or none),
        "",
        tr("Values removed: {number:,}", number=done.values_removed),
        *(f"  {table:<{width}}  {number:>8}" for table, number in done.tables.items()),
        "",
        tr(
            "What stays: {rows:row|rows} of the audit without their values (table, number of the "
            "record, when, by whom), hashes of them by which nobody can guess a value, since the "
            "secret they were made with is destroyed, and the study id as a salted hash, by which "
            "it is refused when it comes again.",
            rows=done.audit_rows,
        ),
        tr("Seal before: {number} {head}", number=done.seal_before or none, head=done.head_before),
        tr("Seal after: {number} {head}", number=done.seal_after or none, head=done.head_after),
        tr(
            "The study id again: SHA-256 of the bytes {salt} and the id is {hash}.",
            salt=done.id_salt,
            hash=done.id_hash,
        ),
        "",
        tr(
            "Not reached by this: backups made before, files that were exported, mailed or "
            "printed, and results that were published. A backup is restored without the child."
        ),
    ]
    return "\n".join(fill(line, 80) if len(line) > 80 else line for line in lines) + "\n"
