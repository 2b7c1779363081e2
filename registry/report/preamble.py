"""What a report says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.words import tr


@dataclass(frozen=True)
class Facts:
    """What the report says about itself; nothing of it depends on the clock.

    `nature` says what the data are, for example that they are synthetic; `versions` names each
    piece of software with its version. `parameters` is the definition's row, from which the
    methods are written, and `data_hash` the fingerprint of the rows analysed; both may be absent.
    `time_zero` is what the months of the curves are counted from, `frozen` which freeze the data
    are of, if they are.
    """

    title: str
    definition: str
    definition_hash: str
    nature: str
    versions: Mapping[str, str]
    time_zero: str = "the first infusion"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    data_hash: str = ""
    frozen: str = ""

    def made_of(self) -> list[tuple[str, str]]:
        """What the results rest on: definition, hashes, versions."""
        entries = [
            (tr("Definition"), self.definition),
            (tr("Hash of the definition"), self.definition_hash),
        ]
        if self.data_hash:
            entries.append((tr("Hash of the rows analysed"), self.data_hash))
        if self.frozen:
            entries.append((tr("Data"), self.frozen))
        return [*entries, *self.versions.items()]
