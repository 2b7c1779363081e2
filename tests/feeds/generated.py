"""A laboratory that sends at random, and by plain reasoning what is right in the end.

A result has a story: preliminary, final, corrected, taken back, sent again; its messages come in
any order, over several readings. What counts is the last of it that was sent. Beside the stories
come messages that are wrong in a known way, each with the fate that it must have, and messages in
which bytes were changed at random, of which nothing may be stored that they do not say.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.feeds.messages import LOINC, NUMBERS, observation, obx, oru

# Analyte -> what a laboratory writes for a unit, and the registry's own spelling of that unit.
UNITS = {
    "CRP": {"mg/L": "mg/L", "mg/dL": "mg/dL"},
    "ALB": {"g/L": "g/L", "g/dL": "g/dL"},
    "HGB": {"g/L": "g/L", "g/dL": "g/dL"},
    "PLT": {"10*9/L": "10^9/L", "10*3/uL": "10^9/L", "/uL": "/uL"},
    "IFX": {"ug/mL": "ug/mL", "mg/L": "ug/mL"},
}
VERSIONS = ("2.3", "2.3.1", "2.4", "2.5", "2.5.1")
ENDS = ("\r", "\n", "\r\n")
FIRST_DAY = date(2016, 1, 1)
# What a step of a story can be, beside superseded, in whatever order its messages come.
MAY_BECOME = {
    "preliminary": ("set_aside",),
    "final": ("stored",),
    "corrected": ("stored", "amended"),
    "back": ("voided",),
}
HL7_STATUS = {"preliminary": "P", "final": "F", "corrected": "C", "back": "D"}
FHIR_STATUS = {"preliminary": "preliminary", "final": "final", "corrected": "corrected",
               "back": "entered-in-error"}  # fmt: skip


@dataclass(frozen=True)
class Measurement:
    """A value of a day, as the registry must hold it: `<0.4`, its unit."""

    patient: str
    what: str
    day: date
    value: str
    unit: str


@dataclass(frozen=True)
class Sent:
    """One message, in which reading it comes, and the fates its result may have."""

    reading: int
    content: bytes
    fates: tuple[str, ...]


@dataclass
class Laboratory:
    """Messages of a laboratory by one seed, from a day on, and what is stored in the end."""

    seed: int
    first: date = FIRST_DAY
    readings: int = 3
    sent: list[Sent] = field(default_factory=list)
    stored: set[Measurement] = field(default_factory=set)
    _control: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._next = self.first

    def send(self, messages: int) -> None:
        """At least so many messages."""
        while len(self.sent) < messages:
            kind = self._random.random()
            if kind < 0.6:
                self._story()
            elif kind < 0.9:
                self._wrong()
            else:
                self._changed_bytes()
        self._random.shuffle(self.sent)

    def _measurement(self, patient: str = "P001") -> tuple[str, str, date]:
        """What is measured, in which unit, on a day that nothing else is of."""
        what = self._random.choice(list(UNITS))
        unit = self._random.choice(list(UNITS[what]))
        self._next += timedelta(days=1)
        return what, unit, self._next

    def _value(self) -> str:
        number = Decimal(self._random.randint(1, 999)) / 10
        comparator = self._random.choice(["", "", "", "<", ">"])
        return f"{comparator}{number}"

    def _story(self) -> None:
        what, unit, day = self._measurement()
        write = self._fhir if self._random.random() < 0.4 else self._hl7
        steps = ["final"]
        if self._random.random() < 0.3:
            steps.insert(0, "preliminary")
        if self._random.random() < 0.4:
            steps += ["corrected"] * self._random.randint(1, 2)
        if self._random.random() < 0.2:
            steps.append("back")
        last: Measurement | None = None
        for number, step in enumerate(steps):
            value = self._value()
            content = write(what, unit, day, value, step, number)
            for _ in range(1 + (self._random.random() < 0.2)):
                # The same bytes come another time.
                self._put(content, *MAY_BECOME[step], "superseded")
            if step != "preliminary":
                last = Measurement("P001", what, day, value, UNITS[what][unit])
        if steps[-1] == "back":
            return
        assert last is not None
        self.stored.add(last)
        if self._random.random() < 0.3:
            # The result under another id of a message; and another one, of which nobody says why.
            number = len(steps)
            again = write(what, unit, day, last.value, "corrected", number)
            self._put(again, "duplicate", reading=self.readings)
            other = write(what, unit, day, f"{Decimal(last.value.lstrip('<>')) + 1}", "final",
                          number + 1)  # fmt: skip
            self._put(other, "set_aside", reading=self.readings)

    def _hl7(
        self, what: str, unit: str, day: date, value: str, step: str, number: int, **further: Any
    ) -> bytes:
        kind = self._random.choice(["ST", "SN"]) if value[0] in "<>" else "NM"
        written = f"{value[0]}^{value[1:]}" if kind == "SN" else value
        result = obx(what, written, unit, status=HL7_STATUS[step], kind=kind)
        note = ["NTE|1||haemolytic"] if self._random.random() < 0.2 else []
        self._control += 1
        charset, codec = self._random.choice(
            [("", "ascii"), ("UNICODE UTF-8", "utf-8"), ("GB 18030-2000", "gb18030")]
        )
        options = {
            "control": f"c{self._control}",
            "sent": f"{day + timedelta(days=1):%Y%m%d}{number:02}0000",
            "on": f"{day:%Y%m%d}",
            "version": self._random.choice(VERSIONS),
            "charset": charset,
            "end": self._random.choice(ENDS),
        }
        text = oru(result, *note, **{**options, **further})
        if codec != "ascii":
            text = text.replace("^Wu", "^王")
        content = text.encode(codec)
        return b"\x0b" + content + b"\x1c\r" if self._random.random() < 0.3 else content

    def _fhir(
        self, what: str, unit: str, day: date, value: str, step: str, number: int, **further: Any
    ) -> bytes:
        resource = observation(
            what, value, unit, name=f"o{day:%Y%m%d}", version=str(number),
            status=FHIR_STATUS[step], on=f"{day}T07:00:00+08:00",
            updated=f"{day + timedelta(days=1)}T{number:02}:00:00Z", **further,
        )  # fmt: skip
        match self._random.randint(0, 2):
            case 0:
                return json.dumps(resource, indent=1).encode()
            case 1:
                return json.dumps(resource).encode() + b"\n"
            case _:
                return json.dumps(
                    {"resourceType": "Bundle", "type": "collection",
                     "entry": [{"fullUrl": "urn:uuid:1", "resource": resource}]}
                ).encode()  # fmt: skip

    def _wrong(self) -> None:
        """A message of which nothing can be stored."""
        what, unit, day = self._measurement()
        value = self._value()
        fates, content = self._random.choice(list(self._wrongs(what, unit, day, value)))
        self._put(content(), *fates, reading=self._random.randint(1, self.readings - 1))

    def _wrongs(
        self, what: str, unit: str, day: date, value: str
    ) -> Iterator[tuple[tuple[str, ...], Callable[[], bytes]]]:
        def written(text: Callable[[bytes], bytes], **options: Any) -> Callable[[], bytes]:
            return lambda: text(self._hl7(what, unit, day, value, "final", 0, **options))

        def put(old: str, new: str) -> Callable[[bytes], bytes]:
            return lambda content: content.replace(old.encode(), new.encode())

        as_is = put("", "")
        yield ("refused",), written(as_is, mode="T")
        yield ("refused",), written(as_is, kind="ADT^A08")
        yield ("refused",), written(as_is, version="2.9")
        yield ("refused",), written(as_is, control="")
        yield ("refused",), written(as_is, charset="EBCDIC")
        yield ("refused",), written(put("|F|||", "||||"))
        yield ("refused",), written(put("|F|||", "|Z|||"))
        yield ("refused",), written(put(f"|{unit}|", f"~1|{unit}|"))
        yield ("refused",), written(as_is, on=f"{day:%Y%m}")
        yield ("refused",), written(lambda content: content.replace(b"\x0b", b"").split(b"OBX")[0])
        yield ("set_aside",), written(as_is, patient="nobody")
        yield ("set_aside",), written(put(f"|{unit}|", "|furlong|"))
        yield ("set_aside",), written(put(LOINC[what], "99999-9"))
        person = f"PID|1||{NUMBERS['P001']}||||19010101|"
        yield ("set_aside",), written(as_is, pid=person)
        # Cut off within its frame: waited for, and then refused.
        yield (
            ("set_aside", "refused"),
            written(
                lambda content: b"\x0b" + content.replace(b"\x1c", b"").strip(b"\x0b\r\n")[:-9]
            ),
        )
        yield (
            ("set_aside", "refused"),
            lambda: json.dumps(observation(what, value, unit, on=str(day))).encode()[:-9],
        )
        yield (
            ("refused",),
            lambda: json.dumps(
                observation(what, value, unit, on=str(day), status="unknown")
            ).encode(),
        )
        yield (
            ("refused",),
            lambda: json.dumps(
                observation(what, value, unit, on=str(day), valueQuantity={"value": "5"})
            ).encode(),
        )

    def _changed_bytes(self) -> None:
        """A message of the other child in which something was changed at random."""
        what, unit, day = self._measurement("P002")
        content = bytearray(
            self._hl7(what, unit, day, self._value(), "final", 0, patient="P002", charset="")
            if self._random.random() < 0.6
            else json.dumps(
                observation(what, self._value(), unit, patient="P002", on=str(day),
                            name=f"x{day}")
            ).encode()
        )  # fmt: skip
        for _ in range(self._random.randint(1, 6)):
            place = self._random.randrange(len(content))
            match self._random.randint(0, 2):
                case 0:
                    content[place] = self._random.randrange(256)
                case 1:
                    del content[place : place + self._random.randint(1, 30)]
                case _:
                    content[place:place] = content[: self._random.randint(1, 20)]
        self._put(bytes(content))

    def _put(self, content: bytes, *fates: str, reading: int | None = None) -> None:
        when = self._random.randint(1, self.readings - 1) if reading is None else reading
        self.sent.append(Sent(when, content, fates))
