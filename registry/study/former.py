"""Whether an answer and one that left before would tell, the two together, of a few children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from registry.errors import Refused
from registry.study.told import Fingerprints
from registry.words import tr


@dataclass(frozen=True)
class Former:
    """From whom a part of an answer was made that has left.

    `children` are as many as they were, those erased since among them.
    """

    study: str
    study_hash: str
    part: str
    of: Fingerprints
    children: int
    as_of: datetime
    freeze: str | None


def differing(now: Fingerprints, former: Former, part: str) -> int:
    """How many children one of the two has and the other has not, or has otherwise.

    Of different parts it is not known what is the same of a child, so only who is in them counts.
    """
    both = now.keys() & former.of.keys()
    changed = sum(now[one] != former.of[one] for one in both) if part == former.part else 0
    return len(now) + former.children - 2 * len(both) + changed


def require_apart(
    parts: Mapping[str, Fingerprints], formers: list[Former], study_hash: str, limit: int
) -> None:
    """Raises Refused where the difference of two sums would be of fewer children than the limit.

    What was answered in an earlier round of the same study has to be of the very same data.
    """
    first = [former.part for former in formers if former.study_hash == study_hash]
    if first and not parts.keys() <= set(first):
        raise Refused(
            tr("The first round of this study was answered without what this one asks for."),
            cure=tr("What too few stand behind then is not told in a later round either."),
        )
    for former in formers:
        for part, now in parts.items():
            apart = differing(now, former, part)
            if former.study_hash == study_hash and part == former.part:
                if apart:
                    raise Refused(
                        tr("The data are not those that the first round was answered from."),
                        cure=_then(former),
                    )
            elif 0 < apart < limit:
                raise Refused(
                    tr(
                        "An answer to the study {study} left before, made from nearly the same "
                        "children: fewer than {limit} differ, and the two together would tell of "
                        "them.",
                        study=former.study,
                        limit=limit,
                    ),
                    cure=_then(former),
                )


def _then(former: Former) -> str:
    """How to answer from the data of then."""
    if former.freeze is not None:
        return tr("Answer from the same data: --freeze {name}", name=former.freeze)
    moment = former.as_of.isoformat(timespec="microseconds")
    return tr("Answer from the data of then: --as-of {moment}", moment=moment)
