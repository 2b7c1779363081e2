"""All that can be held to the audit, in one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, text

from registry.audit.catalogue import check_catalogue, check_views
from registry.audit.derived import check_hashes, check_rules
from registry.audit.finding import Finding, Found
from registry.audit.replay import check_records, check_reference
from registry.audit.seals import check_chain, check_rows, last_seal
from registry.audit.stamps import check_stamps
from registry.database.locks import Lock, take
from registry.steps import step
from registry.words import tr

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@dataclass(frozen=True)
class Verification:
    """What was found; `head` is the last seal, None while nothing is sealed."""

    findings: list[Finding]
    head: str | None = None

    @property
    def ok(self) -> bool:
        """Whether everything is as the audit has it."""
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """The verification with the contract's keys."""
        return {
            "ok": self.ok,
            "head": self.head,
            "findings": [finding.to_json() for finding in self.findings],
        }


def verify(
    engine: Engine, *, head: str | None = None, roots: list[Certificate] | None = None
) -> Verification:
    """Compares catalogue, records, reference data, statuses and seals with what they must be.

    `head` is the hash of a seal, kept outside: the chain must still hold it. Time stamps
    are held to `roots`, or else to those of when they were made. Nothing is changed: its
    transaction is rolled back.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        take(connection, Lock.UPGRADE, shared=True)
        findings = check_catalogue(connection)
        findings += check_reference(connection)
        step(tr("Comparing the records with the audit"), 1, 4)
        children = check_records(connection)
        step(tr("Comparing the statuses with the rules"), 2, 4)
        children += check_hashes(connection) + check_rules(connection)
        step(tr("Comparing the sealed rows with the seals"), 3, 4)
        sealed, others = check_rows(connection)
        findings += named(connection, children + sealed)
        findings += others + check_chain(connection, head) + check_stamps(connection, roots)
        step(tr("Comparing the views with this program's"), 4, 4)
        findings += check_views(connection)
        last = last_seal(connection)
        connection.rollback()
    return Verification(findings, None if last is None else last.head)


def named(connection: Connection, children: list[Found]) -> list[Finding]:
    """With study ids, the only name of a child that leaves the database; a number without one."""
    rows = connection.execute(
        text(
            "select patient_id, study_id from reference.patient_number "
            "where patient_id = any(:numbers)"
        ),
        {"numbers": list({patient for _, _, patient, _ in children})},
    )
    names: dict[int, str] = {row[0]: row[1] for row in rows}
    return [
        Finding(kind, table, None if patient is None else names.get(patient, str(patient)), audit)
        for kind, table, patient, audit in children
    ]
