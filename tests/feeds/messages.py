"""Messages of a laboratory as tests make them, and the folder that they are put in."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.identifiers import DIGITS, NAME, SEARCH

# The hospital's numbers of P001 and P002, and one that nobody has.
NUMBERS = {"P001": f"00{DIGITS}001", "P002": f"{DIGITS}002", "nobody": f"{DIGITS}9"}
LOINC = {"CRP": "1988-5", "ALB": "1751-7", "HGB": "718-7", "PLT": "777-3", "IFX": "39803-2"}


def obx(
    what: str = "CRP",
    value: str = "5",
    unit: str = "mg/L",
    *,
    status: str = "F",
    kind: str = "NM",
    system: str = "LN",
    on: str = "",
    method: str = "",
) -> str:
    """One result; `what` is an analyte or a code."""
    code = LOINC.get(what, what)
    return f"OBX|1|{kind}|{code}^{what}^{system}||{value}|{unit}|||||{status}|||{on}|||{method}"


def oru(
    *results: str,
    control: str = "1",
    patient: str = "P001",
    sent: str = "20240110080000",
    order: str = "",
    on: str = "20240109",
    version: str = "2.5.1",
    kind: str = "ORU^R01",
    mode: str = "P",
    charset: str = "",
    end: str = "\r",
    pid: str | None = None,
) -> str:
    """An ORU^R01 with these segments behind its OBR."""
    who = f"{NUMBERS[patient]}^^^BCH^MR~77{DIGITS}^^^STATE^NI"
    person = f"PID|1||{who}||{NAME}^Wu||" if pid is None else pid
    lines = [
        f"MSH|^~\\&|LAB|BCH|REG|BCH|{sent}||{kind}|{control}|{mode}|{version}||||||{charset}",
        person,
        f"OBR|1||{order or on}|PANEL^^L|||{on}",
        *(results or [obx()]),
    ]
    return end.join(lines) + end


def observation(
    what: str = "CRP",
    value: str = "5",
    unit: str = "mg/L",
    *,
    patient: str = "P001",
    name: str = "a1",
    version: str = "1",
    status: str = "final",
    on: str = "2024-01-09T09:30:00+08:00",
    updated: str = "2024-01-10T08:00:00+08:00",
    **further: Any,
) -> dict[str, Any]:
    """A FHIR Observation that names its patient by the hospital's number."""
    comparator = {"comparator": value[0]} if value[0] in "<>" else {}
    quantity = {"value": float(value.lstrip("<>")), "unit": unit,
                "system": "http://unitsofmeasure.org", "code": unit}  # fmt: skip
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": {"versionId": version, "lastUpdated": updated},
        "status": status,
        "code": {"coding": [{"system": "http://loinc.org", "code": LOINC.get(what, what)}]},
        "subject": {"identifier": {"value": NUMBERS[patient]}, "display": f"{NAME} Wu"},
        "effectiveDateTime": on,
        "valueQuantity": quantity | comparator,
        **further,
    }


class Inbox:
    """The folder that an interface engine writes to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        SEARCH.allow(folder)
        self._number = 0

    def put(self, content: str | bytes | Sequence[Any] | dict[str, Any], name: str = "") -> Path:
        """A file that has lain there for long: HL7 as text, FHIR as JSON."""
        self._number += 1
        if isinstance(content, str):
            content = content.encode()
        elif not isinstance(content, bytes):
            content = json.dumps(content).encode()
        path = self.folder / (name or f"{self._number:04}.msg")
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return path

    def lie_in(self) -> dict[str, list[str]]:
        """The files of each of its folders."""
        return {
            place.name: sorted(one.name for one in place.iterdir())
            for place in sorted(self.folder.iterdir())
            if place.is_dir()
        }
