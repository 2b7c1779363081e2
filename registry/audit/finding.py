"""One thing that is not as the audit has it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# Kind, table, the patient's number, row of the audit: before the patient has a name.
Found = tuple[str, str, int | None, int | None]


@dataclass(frozen=True)
class Finding:
    """What is wrong (`kind`), in which table, of which patient, at which row of the audit.

    `name` is that of the trigger, function, constraint, rule, view or child table.
    """

    kind: str
    table: str | None = None
    patient_id: str | None = None
    audit_id: int | None = None
    name: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The finding with the contract's keys."""
        return asdict(self)
