"""FHIR R4 and R5: Observations as one resource, in a Bundle, or one a line (NDJSON)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from registry.feeds.message import (
    HOSPITAL_NUMBERS,
    Message,
    Result,
    Status,
    Subject,
    digest,
    full_day,
    private_parts,
    system_name,
)
from registry.feeds.reasons import Said

FORM = "FHIR"
STATUSES = {
    "final": Status.FINAL,
    "amended": Status.CORRECTED,
    "corrected": Status.CORRECTED,
    "appended": Status.CORRECTED,
    "registered": Status.PENDING,
    "specimen-in-process": Status.PENDING,
    "preliminary": Status.PENDING,
    "cancelled": Status.TAKEN_BACK,
    "entered-in-error": Status.TAKEN_BACK,
    "cannot-be-obtained": Status.TAKEN_BACK,
}
UCUM = "http://unitsofmeasure.org"
_SEXES = ("male", "female")
_COMPARATORS = ("", "<", ">")


class _Wrong(ValueError):
    """A resource that is not built as FHIR builds it."""


def is_json(content: bytes) -> bool:
    """Whether a file begins as JSON does."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def read_fhir(content: bytes) -> list[Message]:
    """The Observations of a file, each a message of its own."""
    whole = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [Message(whole, FORM, trouble=Said("encoding", {"encoding": "UTF-8"}))]
    try:
        documents = [_parsed(text)]
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if not _is_a_line(lines[0]):
            at_end = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
            name = "half" if at_end else "malformed"
            return [Message(whole, FORM, trouble=Said(name, {"where": _place(error)}))]
        return list(_of_lines(lines))
    except (RecursionError, _Wrong):
        return [Message(whole, FORM, trouble=Said("malformed", {"where": "JSON"}))]
    found = list(_messages(documents))
    return found or [Message(whole, FORM, trouble=Said("no_results"))]


def _of_lines(lines: list[str]) -> Iterator[Message]:
    """NDJSON: a line that is wrong is no reason to leave the others."""
    documents = []
    for number, line in enumerate(lines, start=1):
        try:
            documents.append(_parsed(line))
        except (json.JSONDecodeError, RecursionError, _Wrong):
            # The last one may still be written.
            name = "half" if number == len(lines) else "malformed"
            sha256 = hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()
            yield Message(sha256, FORM, trouble=Said(name, {"where": f"line {number}"}))
    yield from _messages(documents)


def _is_a_line(line: str) -> bool:
    try:
        _parsed(line)
    except (json.JSONDecodeError, RecursionError, _Wrong):
        return False
    return True


def _place(error: json.JSONDecodeError) -> str:
    return f"line {error.lineno}, column {error.colno}"


def _parsed(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise _Wrong
        return found

    def no_constant(_name: str) -> Any:
        raise _Wrong

    return json.loads(
        text,
        parse_float=Decimal,
        parse_int=Decimal,
        parse_constant=no_constant,
        object_pairs_hook=once,
    )


def _messages(documents: list[Any]) -> Iterator[Message]:
    resources: list[dict[str, Any]] = []
    people: dict[str, dict[str, Any]] = {}
    for document in documents:
        for url, resource in _resources(document):
            resources.append(resource)
            if resource.get("resourceType") == "Patient":
                names = (url, f"Patient/{resource.get('id')}")
                people |= {name: resource for name in names if name}
    for resource in resources:
        if resource.get("resourceType") == "Observation":
            yield _message(resource, people)


def _resources(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each resource with its full URL, of one resource, a Bundle, or a list of these."""
    for one in document if isinstance(document, list) else [document]:
        if not isinstance(one, dict):
            continue
        if one.get("resourceType") != "Bundle":
            yield "", one
            continue
        for entry in _dicts(one.get("entry")):
            if isinstance(entry.get("resource"), dict):
                url = entry.get("fullUrl")
                yield (url if isinstance(url, str) else "", entry["resource"])


def _message(resource: dict[str, Any], people: dict[str, dict[str, Any]]) -> Message:
    written = json.dumps(resource, sort_keys=True, default=str, ensure_ascii=True)
    sha256 = hashlib.sha256(written.encode()).hexdigest()
    patient = _patient(resource, people)
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    identifiers = [_text(one, "value") for one in _dicts(resource.get("identifier"))]
    name = _text(resource, "id") or next(filter(None, identifiers), "")
    version = _text(meta, "versionId")
    sender = _text(meta, "source")
    made = Message(
        sha256=sha256,
        form=FORM,
        sender=sender,
        control_id="/".join(filter(None, (name, version))),
        sent_at=_moment(_text(meta, "lastUpdated") or _text(resource, "issued")),
        private=private_parts(_texts(patient)),
    )
    if not name:
        return Message(**{**vars(made), "trouble": Said("no_control_id")})
    results = tuple(_results(resource, patient, digest(FORM, sender, name)))
    trouble = None if results else Said("no_results")
    return Message(**{**vars(made), "results": results, "trouble": trouble})


def _patient(resource: dict[str, Any], people: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Whom an Observation is about, as far as the file says."""
    subject = resource.get("subject")
    if not isinstance(subject, dict):
        return {}
    reference = _text(subject, "reference")
    found = people.get(reference)
    if reference.startswith("#"):
        contained = _dicts(resource.get("contained"))
        found = next((one for one in contained if f"#{one.get('id')}" == reference), None)
    if found is None and not reference.startswith("#"):
        ends = [one for url, one in people.items() if reference and url.endswith(f"/{reference}")]
        found = ends[0] if len(ends) == 1 else None
    if isinstance(subject.get("identifier"), dict):
        found = {**(found or {}), "identifier": [subject["identifier"]]}
    return found or {}


def _subject(patient: dict[str, Any]) -> Subject:
    numbers = []
    for one in _dicts(patient.get("identifier")):
        codings = _dicts(one["type"].get("coding")) if isinstance(one.get("type"), dict) else []
        kinds = [_text(coding, "code") for coding in codings] or [""]
        if _text(one, "use") != "old" and HOSPITAL_NUMBERS & set(kinds):
            numbers.append(_text(one, "value"))
    sex = _text(patient, "gender")
    return Subject(
        numbers=tuple(dict.fromkeys(filter(None, numbers))),
        birth_date=full_day(_text(patient, "birthDate")),
        sex=sex if sex in _SEXES else None,
    )


def _results(resource: dict[str, Any], patient: dict[str, Any], key: str) -> Iterator[Result]:
    subject, day = _subject(patient), _day(resource)
    components = _dicts(resource.get("component"))
    has_value = any(name.startswith("value") for name in resource)
    for place, one in enumerate([resource] if has_value or not components else components, 1):
        codes = _codes(one)
        first = codes[0] if codes else ("", "")
        value, unit, trouble = _value(one)
        if day is None and isinstance(resource.get("effectivePeriod"), dict):
            trouble = trouble or Said("two_days", {"where": "effectivePeriod"})
        if "modifierExtension" in resource or "modifierExtension" in one:
            trouble = Said("modified")
        method = one.get("method") or resource.get("method")
        yield Result(
            place=place,
            key=digest(key, *(() if one is resource else first)),
            subject=subject,
            codes=codes,
            status=STATUSES.get(_text(resource, "status")),
            value=value,
            unit=unit,
            day=day,
            method=_text(method, "text") if isinstance(method, dict) else "",
            noted=bool(resource.get("note")),
            trouble=trouble,
        )


def _codes(one: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    concept = one.get("code")
    codings = _dicts(concept.get("coding")) if isinstance(concept, dict) else []
    pairs = [(system_name(_text(c, "system")), _text(c, "code")) for c in codings]
    return tuple(pair for pair in pairs if pair[1])


def _day(resource: dict[str, Any]) -> Any:
    written = _text(resource, "effectiveDateTime") or _text(resource, "effectiveInstant")
    period = resource.get("effectivePeriod")
    if not written and isinstance(period, dict):
        begin, end = full_day(_text(period, "start")), full_day(_text(period, "end"))
        return begin if begin == end else None
    return full_day(written)


def _value(one: dict[str, Any]) -> tuple[str, str, Said | None]:
    """Value with its comparator, unit, and why there is none."""
    quantity = one.get("valueQuantity")
    if not isinstance(quantity, dict):
        other = any(name.startswith("value") for name in one)
        return "", "", Said("no_number") if other else None
    number, comparator = quantity.get("value"), _text(quantity, "comparator")
    if number is None:
        return "", "", None
    if not isinstance(number, Decimal) or comparator not in _COMPARATORS:
        return "", "", Said("no_number")
    unit = _text(quantity, "unit")
    if _text(quantity, "system") == UCUM or not unit:
        unit = _text(quantity, "code") or unit
    return f"{comparator}{number:f}", unit, None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(one: dict[str, Any], name: str) -> str:
    found = one.get(name)
    return found.strip() if isinstance(found, str) else ""


def _texts(value: Any) -> Iterator[str]:
    """Every text within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("resourceType", "use", "system", "gender", "type"):
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _moment(written: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
