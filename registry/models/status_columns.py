"""The columns of a status and its hash; apart, so that who reads none does not make the table."""

from __future__ import annotations

from registry.models.derivation import LorStatus

# The number of a status that no run of the registry wrote: one that is tried out, one of a freeze.
NO_RUN = 0
# What the rules give of a patient; the run adds the rest.
STATUS_COLUMNS = [
    column.name
    for column in LorStatus.__table__.columns
    if column.computed is None and column.name not in ("run_id", "row_hash")
]


def status_hash(row: str, run: str) -> str:
    """SQL of a status's `row_hash`: over what `row` says, and the run that took in the records.

    The run has the number of the last commit that it saw, which is the version of its inputs.
    """
    said = ", ".join(f"{row}.{name}" for name in STATUS_COLUMNS)
    return (
        f"encode(sha256(convert_to(cast(row({said}, cast({run} as bigint)) as text), 'UTF8')), "
        "'hex')"
    )
