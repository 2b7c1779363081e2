"""Messages taken apart: encodings, ends of lines, frames, escapes; FHIR as it is valid."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from fhir.resources import observation as release_5
from fhir.resources.R4B import observation as release_4

from registry.feeds.fhir import read_fhir
from registry.feeds.hl7_v2 import read_hl7
from registry.feeds.message import Result, Status
from registry.feeds.reasons import REASONS, shown
from registry.parsing.units import read_unit
from tests.feeds.messages import DIGITS, NUMBERS, observation, obx, oru


def only(content: bytes) -> Result:
    [message] = read_hl7(content)
    assert message.trouble is None, message.trouble
    [result] = message.results
    return result


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize(
    ("charset", "codec", "name"),
    [
        ("UNICODE UTF-8", "utf-8", "王"),
        ("GB 18030-2000", "gb18030", "王"),
        ("8859/1", "latin-1", "Müller"),
        ("8859/15", "iso8859-15", "Œuvré"),
        ("", "utf-8", "王"),
        ("BIG-5", "big5", "王"),
    ],
)
def test_encodings_ends_and_frames(end: str, charset: str, codec: str, name: str) -> None:
    text = oru(charset=charset, end=end).replace("^Wu", f"^{name}")
    content = text.encode(codec)
    plain = only(content)
    assert (plain.value, plain.unit, plain.status) == ("5", "mg/L", Status.FINAL)
    assert plain.day == date(2024, 1, 9)
    # Framed twice in one file, and in a batch.
    frame = b"\x0b" + content + b"\x1c\r"
    assert len(read_hl7(frame + frame)) == 2
    batch = f"FHS|^~\\&{end}BHS|^~\\&{end}".encode() + content + b"BTS|1\rFTS|1\r"
    assert len(read_hl7(batch)) == 1
    assert read_hl7(batch)[0].sha256 == read_hl7(content)[0].sha256
    half = read_hl7(batch[:-8])[0]
    assert half.trouble is not None
    assert half.trouble.reason == "half"


def test_other_separators_escapes_and_repetitions() -> None:
    text = oru(obx("CRP", "5", r"10\S\9/L")).replace("|", "!")
    assert only(text.encode()).unit == "10^9/L"
    swapped = oru().replace("^~\\&", "$%\\@").replace("^", "$").replace("~", "%")
    found = only(swapped.encode())
    assert found.codes == (("LOINC", "1988-5"),)
    assert found.subject.numbers == (NUMBERS["P001"],)
    # The laboratory's own code beside LOINC's; units in the second component of a text.
    both = obx("CRP").replace("1988-5^CRP^LN", "C1^CRP^99L^1988-5^CRP^LN")
    assert only(oru(both).encode()).codes == (("99L", "C1"), ("LOINC", "1988-5"))
    value = only(oru(obx(value="<^0.4", kind="SN")).encode())
    assert value.value == "<0.4"
    specimen = "SPM|1||||||||||||||||20240108"
    two = only(oru(obx(), specimen).encode()).trouble
    assert two is not None
    assert two.reason == "two_days"


@pytest.mark.parametrize("model", [release_4.Observation, release_5.Observation])
@pytest.mark.parametrize(
    "further", [{}, {"value": "<0.4"}, {"status": "amended"}, {"note": [{"text": "haemolytic"}]}]
)
def test_what_is_read_is_valid_fhir(model: Any, further: dict[str, Any]) -> None:
    resource = observation(**further)
    model.model_validate_json(json.dumps(resource))
    [message] = read_fhir(json.dumps(resource).encode())
    [result] = message.results
    assert result.trouble is None
    assert result.value == further.get("value", "5.0")
    assert result.noted == ("note" in further)
    assert result.status is (Status.CORRECTED if "status" in further else Status.FINAL)


def test_fhir_names_its_patient_in_many_ways() -> None:
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "2010-02-03",
               "identifier": [{"type": {"coding": [{"code": "SS"}]}, "value": "9"},
                              {"type": {"coding": [{"code": "MR"}]}, "value": "17"}]}  # fmt: skip
    told = observation()
    for subject, further in (
        ({"reference": "Patient/p"}, [patient]),
        ({"reference": "urn:uuid:9"}, [patient]),
        ({"reference": "#p"}, []),
    ):
        one = {**told, "subject": subject}
        if not further:
            one["contained"] = [patient]
        entries = [{"resource": one}, *({"fullUrl": "urn:uuid:9", "resource": p} for p in further)]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        [message] = read_fhir(json.dumps(bundle).encode())
        assert message.results[0].subject.numbers == ("17",)
        assert message.results[0].subject.sex == "female"
        assert "17" in message.private
    [lost] = read_fhir(json.dumps({**told, "subject": {"reference": "Patient/p"}}).encode())
    assert lost.results[0].subject.numbers == ()


def test_components_periods_and_what_changes_the_meaning() -> None:
    panel = observation()
    quantity = panel.pop("valueQuantity")
    panel["component"] = [
        {"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
         "valueQuantity": quantity} for code in ("718-7", "777-3")
    ]  # fmt: skip
    [message] = read_fhir(json.dumps(panel).encode())
    assert [one.codes[0][1] for one in message.results] == ["718-7", "777-3"]
    assert len({one.key for one in message.results}) == 2
    for further, reason in (
        ({"modifierExtension": [{"url": "x", "valueBoolean": True}]}, "modified"),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2024-01-01",
                                                         "end": "2024-01-03"}}, "two_days"),
        ({"valueQuantity": {"value": 1, "comparator": "<="}}, "no_number"),
    ):  # fmt: skip
        [told] = read_fhir(json.dumps(observation(**further)).encode())
        trouble = told.results[0].trouble
        assert trouble is not None
        assert trouble.reason == reason
    # A name that stands twice may mean either value.
    twice = json.dumps(observation()).replace('"status": "final"', '"status": "final", "status": 1')
    trouble = read_fhir(twice.encode())[0].trouble
    assert trouble is not None
    assert trouble.reason == "malformed"


@pytest.mark.parametrize(
    ("written", "analyte", "unit"),
    [("10*9/L", "PLT", "10^9/L"), ("/nL", "WBC", "10^9/L"), ("10*3/uL", "WBC", "10^9/L"),
     ("mm/h", "ESR", "mm/h"), ("L/L", "HCT", "L/L"), ("ug/g", "FCAL", "ug/g")],
)  # fmt: skip
def test_units_of_ucum(written: str, analyte: str, unit: str) -> None:
    assert read_unit(written, analyte) == unit


def test_what_is_kept_of_a_message_tells_nobody() -> None:
    private = {"Li", "Zqvarin", NUMBERS["P001"]}
    assert shown("Zqvarin/L", private) == "***"
    assert shown("ug/L Li", private) == "***"
    assert shown("Lipase", private) == "Lipase"
    assert shown(f"X{DIGITS}", set()) == "X***"
    assert shown("a" * 41, set()) == "***"


def test_every_reason_has_words_and_what_waits_a_cure() -> None:
    assert all(reason.words for reason in REASONS.values())
    unclear = [one for one in REASONS.values() if one.fate in ("set_aside", "refused")]
    assert all(one.cure for one in unclear)
