"""Sends what a laboratory sends at random, and holds the registry to what must come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, text

from registry.feeds.fhir import is_json, read_fhir
from registry.feeds.hl7_v2 import is_hl7, read_hl7
from registry.feeds.reading import Reading
from tests.feeds.generated import Laboratory, Measurement
from tests.feeds.messages import Inbox

RECORDS = """
select n.study_id, l.analyte, l.collected_on, concat(l.value_comparator, trim_scale(l.value)),
    l.unit
from clinical.lab_result l join reference.patient_number n using (patient_id)
where l.collected_on >= :since and exists (select from audit.record_change r
    join reference.change_set c using (change_id) where c.command = 'feed read'
    and r.table_name = 'lab_result' and r.record_id = l.record_id)
union all
select n.study_id, 'IFX', t.sampled_on, concat(t.ifx_ug_ml_comparator, trim_scale(t.ifx_ug_ml)),
    'ug/mL'
from clinical.tdm_level t join reference.patient_number n using (patient_id)
where t.sampled_on >= :since and t.ifx_ug_ml is not null and exists (
    select from audit.record_change r
    join reference.change_set c using (change_id) where c.command = 'feed read'
    and r.table_name = 'tdm_level' and r.record_id = t.record_id)
"""


def records(engine: Engine, laboratory: Laboratory) -> list[Measurement]:
    """What feeds have stored and is there."""
    with engine.connect() as connection:
        rows = connection.execute(text(RECORDS), {"since": laboratory.first}).all()
    return [Measurement(*row) for row in rows]


def messages_of(content: bytes) -> list[Any]:
    if is_json(content):
        return read_fhir(content)
    return read_hl7(content) if is_hl7(content) else []


def hold(
    engine: Engine,
    inbox: Inbox,
    laboratory: Laboratory,
    read: Callable[[], Reading],
) -> Counter[str]:
    """Sends everything; AssertionError where something is lost, stored twice or guessed.

    Gives how many results met each fate, by the table.
    """
    for number in range(1, laboratory.readings + 1):
        for sent in laboratory.sent:
            if sent.reading == number:
                inbox.put(sent.content)
        read()
    # What was cut off is refused now; nothing else changes.
    before = records(engine, laboratory)
    read()
    read()
    there = records(engine, laboratory)
    assert sorted(map(str, before)) == sorted(map(str, there))
    mine = [one for one in there if one.patient == "P001"]
    wanted = {_plain(one) for one in laboratory.stored}
    found = [_plain(one) for one in mine]
    assert len(found) == len(set(found)), "stored twice"
    assert set(found) == wanted, (set(found) - wanted, wanted - set(found))
    with engine.connect() as connection:
        rows = connection.execute(
            text("select message_sha256, place, fate, reason from derived.feed_result")
        ).all()
    fates = {(row.message_sha256, row.place): row.fate for row in rows}
    for sent in laboratory.sent:
        told = messages_of(sent.content)
        if not told:
            continue
        for message in told:
            places = [one.place for one in message.results] or [0]
            for place in places:
                fate = fates.get((message.sha256, place))
                assert fate is not None, "no fate"
                assert not sent.fates or fate in (*sent.fates, "duplicate"), (fate, sent)
    changed = b"\n".join(one.content for one in laboratory.sent if not one.fates).decode("latin-1")
    for one in there:
        if one.patient == "P002":
            assert one.value.lstrip("<>") in changed.replace(".0", "")
    places = inbox.lie_in()
    assert sum(map(len, places.values())) == len(laboratory.sent)
    assert not [one for one in inbox.folder.iterdir() if one.is_file() and one.name[0] != "."]
    return Counter(row.fate for row in rows)


def _plain(one: Measurement) -> tuple[Any, ...]:
    value = one.value.removesuffix(".0") if "." in one.value else one.value
    return one.patient, one.what, one.day, value, one.unit
