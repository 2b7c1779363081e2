"""HL7 v2: ORU^R01 messages of versions 2.3 to 2.5.1, one or several in a file, framed or not."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    import hl7

VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1")
# What begins and ends a message on its way between two machines (MLLP).
_BEGIN, _END = b"\x0b", b"\x1c"
_HEADS = (b"MSH", b"FHS", b"BHS")
_LINE = re.compile(rb"\r\n|\n|\r")
# HL7's table 0211, as far as Python reads it; one that is empty is ASCII or UTF-8.
ENCODINGS = {
    "": "utf-8",
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc_kr",
    "ISO IR87": "iso2022_jp",
    "UNICODE": "utf-8",
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 10), 15)},
}
# HL7's table 0085.
STATUSES = {
    "F": Status.FINAL,
    "C": Status.CORRECTED,
    **dict.fromkeys("PRSIO", Status.PENDING),
    **dict.fromkeys("DWX", Status.TAKEN_BACK),
}
_NUMERIC = ("NM", "SN", "ST")
_MOMENT = re.compile(r"(\d{8})(\d{2})?(\d{2})?(\d{2})?(?:\.\d+)?([+-]\d{4})?")
_SEXES = {"M": "male", "F": "female"}
_OF_PERSON = (2, 3, 4, 5, 6, 7, 9, 10, 11, 13, 14, 18, 19, 20)


def is_hl7(content: bytes) -> bool:
    """Whether a file begins as HL7 v2 does."""
    return content.lstrip(_BEGIN + b"\r\n \xef\xbb\xbf").startswith(_HEADS)


def read_hl7(content: bytes) -> list[Message]:
    """The messages of a file."""
    cut = _cut_off(content)
    if cut is not None:
        return [Message(hashlib.sha256(content).hexdigest(), "HL7", trouble=cut)]
    return [_message(one) for one in _apart(content)]


def _cut_off(content: bytes) -> Said | None:
    """That the file has not got its end, by what says where that is."""
    if content.count(_BEGIN) > content.count(_END):
        return Said("half", {"where": "MLLP 0x1C"})
    heads = [line[:3] for line in _LINE.split(content)]
    for begin, end in ((b"FHS", b"FTS"), (b"BHS", b"BTS")):
        if heads.count(begin) > heads.count(end):
            return Said("half", {"where": end.decode()})
    return None


def _apart(content: bytes) -> Iterator[bytes]:
    """Each message's segments, every one ended by a carriage return."""
    lines: list[bytes] = []
    for raw in _LINE.split(content.removeprefix(b"\xef\xbb\xbf").replace(_END, b"\r")):
        line = raw.strip(_BEGIN)
        if line.startswith(b"MSH") and lines:
            yield b"\r".join(lines) + b"\r"
            lines = []
        if line and line[:3] not in (b"FHS", b"BHS", b"BTS", b"FTS"):
            lines.append(line)
    if lines:
        yield b"\r".join(lines) + b"\r"


def _message(raw: bytes) -> Message:
    sha256 = hashlib.sha256(raw).hexdigest()
    text = _decoded(raw)
    if isinstance(text, Said):
        return Message(sha256, "HL7", trouble=text)
    import hl7

    if len(text) < 9 or len(set(text[3:8])) != 5:
        return Message(sha256, "HL7", trouble=Said("malformed", {"where": "MSH-2"}))
    try:
        parsed = hl7.parse(text)
        return _Reader(parsed, sha256).message()
    except (hl7.HL7Exception, IndexError, KeyError, ValueError):
        return Message(sha256, "HL7", trouble=Said("malformed", {"where": "MSH"}))


def _decoded(raw: bytes) -> str | Said:
    head = raw.split(b"\r", 1)[0]
    fields = head.split(head[3:4]) if len(head) > 3 else []
    # A second encoding behind a repetition would be switched to within a text.
    named = fields[17].split(b"~")[0].decode("ascii", "replace").strip() if len(fields) > 17 else ""
    codec = ENCODINGS.get(named.upper())
    if codec is None:
        known = named if named.isprintable() and len(named) < 20 else "?"
        return Said("unknown_encoding", {"encoding": known})
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return Said("encoding", {"encoding": named or "ASCII, UTF-8"})


class _Reader:
    """One message that was taken apart."""

    def __init__(self, parsed: hl7.Message, sha256: str) -> None:
        self._parsed = parsed
        self._sha256 = sha256

    def message(self) -> Message:
        head = self._parsed.segment("MSH")
        version = self._one(head, 12)
        sender = "^".join(filter(None, (self._one(head, 3), self._one(head, 4))))
        texts = [
            text
            for segment in self._parsed
            if str(segment[0]) in ("PID", "NK1")
            for place in _OF_PERSON
            for parts in self._all(segment, place)
            for text in (parts[:1] if place in (2, 3, 4) else parts)
        ]
        made = Message(
            sha256=self._sha256,
            form=f"HL7 {version}".strip(),
            sender=sender,
            control_id=self._one(head, 10),
            sent_at=_moment(self._one(head, 7)),
            private=private_parts(texts),
        )
        trouble = self._against(made, version)
        results = () if trouble else tuple(self._results(sender))
        if not trouble and not results:
            trouble = Said("no_results")
        return Message(**{**vars(made), "trouble": trouble, "results": results})

    def _against(self, made: Message, version: str) -> Said | None:
        head = self._parsed.segment("MSH")
        kind = [self._one(head, 9, part) for part in (1, 2)]
        mode = self._one(head, 11)
        if kind != ["ORU", "R01"]:
            return Said("no_results_type", {"type": "^".join(kind)[:20]})
        if version not in VERSIONS:
            return Said("version", {"version": version[:10] or "?"})
        if not made.control_id:
            return Said("no_control_id")
        if mode not in ("", "P"):
            return Said("test_message", {"mode": mode[:10]})
        for segment in self._parsed:
            if not re.fullmatch("[A-Z][A-Z0-9]{2}", str(segment[0])):
                return Said("malformed", {"where": "a line that is no segment"})
        return None

    def _results(self, sender: str) -> Iterator[Result]:
        subject, request, place = Subject(), None, 0
        segments = list(self._parsed)
        for number, segment in enumerate(segments):
            match str(segment[0]):
                case "PID":
                    subject, request = self._subject(segment), None
                case "OBR":
                    request = segment
                case "OBX":
                    place += 1
                    noted = number + 1 < len(segments) and str(segments[number + 1][0]) == "NTE"
                    collected = self._collected(segments[number:])
                    yield self._result(place, sender, subject, request, segment, noted, collected)

    def _collected(self, following: list[hl7.Segment]) -> str:
        """When the specimen of this request was taken (SPM-17), which follows its results."""
        for segment in following:
            match str(segment[0]):
                case "SPM":
                    return self._one(segment, 17)
                case "OBR" | "PID":
                    return ""
        return ""

    def _subject(self, segment: hl7.Segment) -> Subject:
        numbers = [
            parts[0]
            for place in (3, 2)
            for parts in self._all(segment, place)
            if parts[0] and (parts[4] if len(parts) > 4 else "") in HOSPITAL_NUMBERS
        ]
        return Subject(
            numbers=tuple(dict.fromkeys(numbers)),
            birth_date=full_day(self._one(segment, 7)),
            sex=_SEXES.get(self._one(segment, 8)),
        )

    def _result(
        self,
        place: int,
        sender: str,
        subject: Subject,
        request: hl7.Segment | None,
        segment: hl7.Segment,
        noted: bool,
        collected: str,
    ) -> Result:
        codes = [
            (system_name(self._one(segment, 3, system)), self._one(segment, 3, code))
            for code, system in ((1, 3), (4, 6))
            if self._one(segment, 3, code)
        ]
        order = "" if request is None else self._one(request, 3) or self._one(request, 2)
        issuer = "" if request is None else self._one(request, 3, 2)
        days = {
            name: day
            for name, written in (
                ("OBX-14", self._one(segment, 14)),
                ("OBR-7", "" if request is None else self._one(request, 7)),
                ("SPM-17", collected),
            )
            if (day := full_day(written))
        }
        named = (order, issuer) if order else (*subject.numbers, *map(str, days.values()))
        first = codes[0] if codes else ("", "")
        value, trouble = self._value(segment)
        status = STATUSES.get(self._one(segment, 11))
        if len(set(days.values())) > 1:
            trouble = trouble or Said("two_days", {"where": ", ".join(days)})
        return Result(
            place=place,
            key=digest("HL7", sender, *named, *first, self._one(segment, 4)),
            subject=subject,
            codes=tuple(codes),
            status=status,
            value=value,
            unit=self._one(segment, 6) or self._one(segment, 6, 2),
            day=next(iter(days.values()), None),
            method=self._one(segment, 17, 2) or self._one(segment, 17),
            noted=noted,
            trouble=trouble,
        )

    def _value(self, segment: hl7.Segment) -> tuple[str, Said | None]:
        """The value as a text, and why it is none."""
        kind, values = self._one(segment, 2), self._all(segment, 5)
        if len(values) > 1:
            return "", Said("several_values")
        parts = values[0] if values else [""]
        if kind not in _NUMERIC:
            return "", Said("no_number") if any(parts) else None
        if kind != "SN":
            return parts[0], Said("no_number") if any(parts[1:]) else None
        operator, number, *further = [*parts, "", ""]
        if any(further):
            return "", Said("no_number")
        return f"{'' if operator == '=' else operator}{number}", None

    def _all(self, segment: hl7.Segment, place: int) -> list[list[str]]:
        """Each repetition of a field as its components, of which the first subcomponent counts."""
        if place >= len(segment):
            return []
        # What has no separator within stands there as a text.
        repetitions = [[one] if isinstance(one, str) else one for one in segment[place]]
        return [[self._plain(component) for component in one] or [""] for one in repetitions]

    def _one(self, segment: hl7.Segment, place: int, part: int = 1) -> str:
        repetitions = self._all(segment, place)
        first = repetitions[0] if repetitions else []
        return first[part - 1] if part <= len(first) else ""

    def _plain(self, component: object) -> str:
        first = component[0] if isinstance(component, list) and component else component
        text = self._parsed.unescape(str(first)).strip()
        return "" if text == '""' else text


def _moment(written: str) -> datetime | None:
    """When a message was sent; without a zone as if by world time, since it only sets an order."""
    found = _MOMENT.fullmatch(written)
    if found is None or full_day(found[1]) is None:
        return None
    zone = UTC
    if found[5]:
        minutes = int(found[5][1:3]) * 60 + int(found[5][3:])
        zone = timezone(timedelta(minutes=minutes if found[5][0] == "+" else -minutes))
    try:
        clock = [int(part or 0) for part in found.groups()[1:4]]
        return datetime.strptime(found[1], "%Y%m%d").replace(
            hour=clock[0], minute=clock[1], second=clock[2], tzinfo=zone
        )
    except ValueError:
        return None
