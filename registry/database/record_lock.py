"""The refusal of a lock that somebody put on a child's records or on a freeze."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from registry.errors import Refused
from registry.words import tr

# The state that the database's own triggers end a statement with.
LOCKED = "RG001"


def locked(diagnosis: Any) -> Refused:
    """Which lock it is, since when, by whom and why, as the trigger told it."""
    told = json.loads(diagnosis.message_detail)
    facts = {
        "since": datetime.fromisoformat(told["since"]).astimezone().isoformat(timespec="seconds"),
        "by": told["by"],
        "reason": told["reason"],
    }
    if "freeze" in told:
        return Refused(
            tr(
                "The freeze {name} is locked since {since} by {by}: {reason}.",
                name=told["freeze"],
                **facts,
            ),
            cure=tr(
                "Nothing was changed. registry unlock freeze {name} --reason TEXT",
                name=told["freeze"],
            ),
        )
    until = told["until"]
    if until is None:
        sentence = tr(
            "The records of {patient} are locked since {since} by {by}: {reason}.",
            patient=told["patient"],
            **facts,
        )
    else:
        sentence = tr(
            "The records of {patient} up to {until} are locked since {since} by {by}: {reason}.",
            patient=told["patient"],
            until=until,
            **facts,
        )
    return Refused(
        sentence,
        cure=tr(
            "Nothing was changed. registry unlock patient {patient} --reason TEXT",
            patient=told["patient"],
        ),
    )
