"""What becomes of messages: stored, amended, voided, set aside, refused, and none of it twice."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.feeds.conftest import Feed
from tests.feeds.messages import NUMBERS, observation, obx, oru
from tests.programs import Program


def lab(database: Database, day: str, patient: str = "P001") -> dict[str, str]:
    """The laboratory values of a day, by analyte."""
    with database.engine.connect() as connection:
        rows = connection.execute(
            text(
                "select analyte, concat(value_comparator, trim_scale(value), ' ', unit) as said "
                "from clinical.lab_result join reference.patient_number using (patient_id) "
                "where study_id = :patient and collected_on = :day"
            ),
            {"patient": patient, "day": day},
        )
        return {row.analyte: row.said for row in rows}


def level(database: Database, day: str) -> list[tuple[str | None, str | None, str | None]]:
    """Level, antibodies and assay of P001's samples of a day."""
    with database.engine.connect() as connection:
        rows = connection.execute(
            text(
                "select ifx_ug_ml_comparator || trim_scale(ifx_ug_ml) as ifx, "
                "trim_scale(ifx_ug_ml)::text as plain, trim_scale(ada_au_ml)::text as ada, assay "
                "from clinical.tdm_level join reference.patient_number using (patient_id) "
                "where study_id = 'P001' and sampled_on = :day order by assay"
            ),
            {"day": day},
        )
        return [(row.ifx or row.plain, row.ada, row.assay) for row in rows]


def test_a_final_result_is_stored_once_corrected_and_taken_back(feed: Feed) -> None:
    first = oru(obx(value="5.20"), obx("ALB", "3.9", "g/dL"), on="20240201")
    done = feed.read(first)
    assert done.counts == {"stored": 2}
    assert lab(feed.database, "2024-02-01") == {"CRP": "5.2 mg/L", "ALB": "3.9 g/dL"}
    # The same message, the same results by another, and the same value in another unit.
    again = oru(obx(value="5.2"), on="20240201", control="2", sent="20240110090000")
    other_unit = oru(obx(value="0.52", unit="mg/dL"), on="20240201", control="3", order="F9")
    assert feed.read(first, again, other_unit).counts == {"duplicate": 3}
    # Another value without a word of correction, another of the day, then the correction.
    plain = oru(obx(value="6"), on="20240201", control="4", sent="20240110100000")
    second = oru(obx(value="6"), on="20240201", control="5", order="F2")
    right = oru(obx(value="<6", status="C", kind="ST"), on="20240201", control="6",
                sent="20240110110000")  # fmt: skip
    assert feed.fates(second, plain, right) == [
        ("set_aside", "other_of_the_day"),
        ("set_aside", "not_corrected"),
        ("amended", None),
    ]
    assert lab(feed.database, "2024-02-01")["CRP"] == "<6 mg/L"
    # The old one comes late, the new one is taken back, and stays so.
    late = oru(obx(value="5.2"), on="20240201", control="7", sent="20240110073000")
    back = oru(obx(value="", status="D"), on="20240201", control="8", sent="20240110120000")
    told = feed.fates(late, back)
    assert ("superseded", "older") in told
    assert ("voided", None) in told
    assert lab(feed.database, "2024-02-01") == {"ALB": "3.9 g/dL"}
    with feed.database.engine.connect() as connection:
        reasons = connection.execute(
            text(
                "select r.operation, c.reason, c.command from audit.record_change r "
                "join reference.change_set c using (change_id) where r.table_name = 'lab_result' "
                "and c.command = 'feed read' order by r.audit_id"
            )
        ).all()
    assert [tuple(row) for row in reasons if row.operation != "insert"] == [
        ("update", "corrected by the laboratory (LAB^BCH, 6)", "feed read"),
        ("delete", "taken back by the laboratory (LAB^BCH, 8)", "feed read"),
    ]


def test_a_preliminary_result_waits_for_the_final_one(feed: Feed) -> None:
    early = oru(obx(value="9", status="P"), on="20240202", order="P1", control="p")
    assert feed.fates(early) == [("set_aside", "preliminary")]
    final = oru(obx(value="8"), on="20240202", order="P1", control="q", sent="20240110100000")
    assert feed.fates(final)[-1] == ("stored", None)
    assert lab(feed.database, "2024-02-02") == {"CRP": "8 mg/L"}
    # What waited is waited for no more.
    feed.read()
    assert feed.inbox.lie_in() == {"done": ["0001.msg", "0002.msg"], "set-aside": []}


def test_level_and_antibodies_of_a_sample_are_one_record(feed: Feed, program: Program) -> None:
    mapped = program(
        feed.database, "feed", "map", "ADA1", "ADA", "--system", "L", "--assay", "ELISA-X"
    )
    assert mapped.status == 0, mapped
    assert program(feed.database, "feed", "map", "IFX1", "IFX", "--system", "L", "--assay",
                   "ELISA-X").status == 0  # fmt: skip
    ifx = obx("IFX1", "<^0.4", "ug/mL", kind="SN", system="L")
    assert feed.fates(oru(ifx, on="20240203", control="i")) == [("stored", None)]
    ada = oru(obx("ADA1", "35", "AU/mL", system="L"), on="20240203", control="j")
    assert feed.fates(ada) == [("stored", None)]
    assert level(feed.database, "2024-02-03") == [("<0.4", "35", "ELISA-X")]
    # The level is taken back: the antibodies stay, then go too.
    gone = obx("IFX1", "", status="W", system="L")
    assert feed.fates(oru(gone, on="20240203", control="k", sent="20240111")) == [("voided", None)]
    assert level(feed.database, "2024-02-03") == [(None, "35", "ELISA-X")]
    gone = obx("ADA1", "", status="X", system="L")
    assert feed.fates(oru(gone, on="20240203", control="l", sent="20240112")) == [("voided", None)]
    assert level(feed.database, "2024-02-03") == []


def test_fhir_is_read_as_hl7_is(feed: Feed) -> None:
    one = observation(value="<2", on="2024-02-04")
    other = observation("HGB", "110", "g/L", name="a2", on="2024-02-04")
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one}, {"resource": other}]}
    assert feed.fates(bundle) == [("stored", None), ("stored", None)]
    assert lab(feed.database, "2024-02-04") == {"CRP": "<2 mg/L", "HGB": "110 g/L"}
    assert feed.read(one).counts == {"duplicate": 1}
    later = {"version": "2", "on": "2024-02-04", "updated": "2024-01-11T08:00:00Z"}
    amended = observation(value="3", status="amended", **later)
    assert feed.fates(amended) == [("amended", None)]
    wrong = observation(value="3", status="entered-in-error", **later | {"version": "3"})
    assert feed.fates(json.dumps(wrong) + "\n" + json.dumps(other)) == [("voided", None)]
    assert lab(feed.database, "2024-02-04") == {"HGB": "110 g/L"}


@pytest.mark.parametrize(
    ("message", "fate"),
    [
        (oru(kind="ADT^A01"), ("refused", "no_results_type")),
        (oru(version="2.2"), ("refused", "version")),
        (oru(control=""), ("refused", "no_control_id")),
        (oru(mode="T"), ("refused", "test_message")),
        (oru(charset="KLINGON"), ("refused", "unknown_encoding")),
        (oru(pid="PID|1||1||王").encode("gb18030"), ("refused", "encoding")),
        (oru(obx(value="5~6")), ("refused", "several_values")),
        (oru(obx(value="ca. 5", kind="ST")), ("refused", "no_number")),
        (oru(obx(value="<=5", kind="ST")), ("refused", "no_number")),
        (oru(obx(value="5^-^7", kind="SN")), ("refused", "no_number")),
        (oru(obx(value="")), ("refused", "no_value")),
        (oru(obx(status="")), ("refused", "unknown_status")),
        (oru(on="2024"), ("refused", "no_day")),
        (oru(obx(on="20240108")), ("refused", "two_days")),
        (oru(obx(value="-5")), ("refused", "against_rule")),
        (oru(on="19900101"), ("refused", "against_rule")),
        (oru(pid="PID|1||^^^BCH^MR"), ("refused", "no_patient")),
        (oru("NTE|1||nothing"), ("refused", "no_results")),
        (oru("obx|1"), ("refused", "malformed")),
        ("what is this", ("refused", "no_message")),
        ('{"resourceType": "Patient"}', ("refused", "no_results")),
        ('{"resourceType": "Observation", "id": }', ("refused", "malformed")),
        (oru(patient="nobody"), ("set_aside", "unknown_number")),
        (oru(obx("1234-5")), ("set_aside", "unknown_code")),
        (oru(obx("804-5", unit="10*9/L")), ("set_aside", "unchecked_code")),
        (oru(obx(unit="nmol/L")), ("set_aside", "unknown_unit")),
        (oru(obx("IFX", unit="ug/mL", method="strange")), ("set_aside", "unknown_assay")),
        (oru(obx(status="P")), ("set_aside", "preliminary")),
        (oru(pid=f"PID|1||{NUMBERS['P001']}||||19000101|"), ("set_aside", "other_birth_date")),
        (oru(pid=f"PID|1||{NUMBERS['P001']}~{NUMBERS['P002']}"), ("set_aside", "several_children")),
        ("\x0b" + oru(), ("set_aside", "half")),
        ('{"resourceType": "Observation", "id": "a', ("set_aside", "half")),
    ],
)
def test_what_is_not_clear_is_not_guessed(
    feed: Feed, message: str | bytes, fate: tuple[str, str]
) -> None:
    done = feed.read(message, dry_run=True)
    assert [(one.fate, one.reason) for one in done.fates] == [fate]


def test_a_half_file_is_waited_for_once(feed: Feed) -> None:
    whole = "\x0b" + oru(on="20240205", control="h") + "\x1c\r"
    path = feed.inbox.put(whole[:-20], "half.hl7")
    assert feed.fates() == [("set_aside", "half")]
    assert path.exists()
    feed.inbox.put(whole, "half.hl7")
    assert feed.fates() == [("stored", None)]
    feed.inbox.put(whole[:-30], "other.hl7")
    assert feed.fates() == [("set_aside", "half")]
    assert feed.fates() == [("refused", "cut_off")]
    assert feed.inbox.lie_in() == {"done": ["half.hl7"], "refused": ["other.hl7"]}
