"""What is read of a message, whatever it was written in: who sent it, and its results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, auto

from registry.feeds.reasons import Said


class Status(Enum):
    """How far a result is, as HL7 v2 and FHIR both tell it."""

    FINAL = auto()
    CORRECTED = auto()
    PENDING = auto()
    TAKEN_BACK = auto()


@dataclass(frozen=True)
class Subject:
    """Whom a result is about: the hospital's numbers that may be meant, birth and sex."""

    numbers: tuple[str, ...] = ()
    birth_date: date | None = None
    sex: str | None = None


@dataclass(frozen=True)
class Result:
    """One result: `codes` are pairs of system and code, `value` with its `<` or `>` before it.

    `key` names it at its sender, whatever version of it. `trouble` says why it can be none.
    """

    place: int
    key: str
    subject: Subject = Subject()
    codes: tuple[tuple[str, str], ...] = ()
    status: Status | None = None
    value: str = ""
    unit: str = ""
    day: date | None = None
    method: str = ""
    noted: bool = False
    trouble: Said | None = None


@dataclass(frozen=True)
class Message:
    """One message. `private` are the texts in it that say who the child is."""

    sha256: str
    form: str
    sender: str = ""
    control_id: str = ""
    sent_at: datetime | None = None
    results: tuple[Result, ...] = ()
    trouble: Said | None = None
    private: frozenset[str] = field(default_factory=frozenset)


LOINC = "LOINC"
# How LOINC is called: in HL7 v2, in FHIR, and by its OID.
_NAMES_OF_LOINC = {"ln", "lnc", "loinc", "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"}
# Kinds of numbers that are a hospital's for its patients; without a kind it may be one.
HOSPITAL_NUMBERS = {"", "MR", "PI", "PT", "MRN"}


def system_name(written: str) -> str:
    """Whose code it is, LOINC under one name."""
    return LOINC if written.strip().casefold() in _NAMES_OF_LOINC else written.strip()


def digest(*parts: str) -> str:
    """SHA-256 of these texts, none of which can run into the next."""
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def full_day(written: str) -> date | None:
    """The day at the beginning of `YYYYMMDD...` or `YYYY-MM-DD...`; None where it is not whole."""
    digits = written[:10].replace("-", "") if "-" in written[:10] else written[:8]
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def private_parts(texts: Iterable[str]) -> frozenset[str]:
    """Texts about the person, and the words of each."""
    found = set()
    for text in texts:
        found |= {text.strip(), *text.split()}
    return frozenset(part for part in found if len(part) > 1)
