"""Three hospitals' servers and a hub's: what comes, what does not, and what goes again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pandas as pd
from sqlalchemy import text

from registry.database.engine import Database
from registry.derivation.run import derive
from registry.export.columns import read_table
from registry.hub.send import bring, told
from registry.models import ENTITIES
from tests.hub.conftest import CHILDREN, HOSPITALS, HUB, Network
from tests.identifiers import SEARCH
from tests.programs import Program

FREE_TEXT = "told on the phone by her mother"


def value(database: Database, query: str, **given: Any) -> Any:
    with database.engine.connect() as connection:
        return connection.execute(text(query), given).scalar_one()


def change(database: Database, statement: str) -> None:
    with database.engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1


def until(holds: Callable[[], bool]) -> None:
    """Waits for what the servers do between them; only a network that hangs comes to the end."""
    for _ in range(3000):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it has not come")


def has_come(network: Network) -> bool:
    """Whether the hub's copy is the hospitals' own."""
    copy = (
        "select md5(coalesce(string_agg(h::text, '|' order by file, record), '')) "
        "from derived.hub_record h where hospital = :name"
    )
    left = (
        "select coalesce(string_agg(number || why, '|' order by number), '') "
        "from derived.hub_leaving where hospital = :name"
    )
    return all(
        value(network.registries[name], query, name=name)
        == value(network.registries[HUB], query, name=name)
        for name in HOSPITALS
        for query in (copy, left)
    )


def tables(database: Database, prefix: str) -> dict[str, pd.DataFrame]:
    """What is sent of every table, the ids as the hub has them."""
    found = {}
    with database.engine.connect() as connection:
        for entity in ENTITIES:
            if (columns := told(entity)) is None:
                continue
            frame = read_table(connection, entity).frame[["patient_id", *columns]]
            if prefix.endswith("*"):
                frame = frame[frame["patient_id"].str.startswith(prefix[:-1])]
            else:
                frame = frame.assign(patient_id=prefix + frame["patient_id"])
            order = ["patient_id", *entity.natural_key]
            found[entity.file_name] = frame.sort_values(order).reset_index(drop=True)
    return found


def statuses(database: Database, prefix: str) -> list[tuple[Any, ...]]:
    """Whoever has lost response, and when, under the definition of the paper."""
    with database.engine.connect() as connection:
        rows = connection.execute(
            text(
                "select :prefix || patient_id, state, event_on, end_on from analytics.status "
                "where definition = 'paper' order by 1"
            ),
            {"prefix": prefix},
        )
        return [tuple(row) for row in rows]


def gathered(network: Network, program: Program) -> dict[str, Any]:
    """Lets all that the hospitals send come, and takes it in; what each came to."""
    for name in HOSPITALS:
        # As each night does, in its step of that name.
        with network.registries[name].engine.begin() as connection:
            bring(connection)
    until(lambda: has_come(network))
    found = program(network.registries[HUB], "hub", "gather", "--format", "json")
    assert found.status == 0, found
    for name in HOSPITALS:
        there = tables(network.registries[name], f"{name}-")
        here = tables(network.registries[HUB], f"{name}-*")
        for file, frame in here.items():
            withheld = ~there[file]["patient_id"].isin(network.withheld)
            pd.testing.assert_frame_equal(
                frame, there[file][withheld].reset_index(drop=True), check_dtype=False
            )
    return {one["hospital"]: one for one in found.document}


def test_records_come_and_go_as_the_hospitals_have_them(network: Network, program: Program) -> None:
    hub = network.registries[HUB]
    north, east, south = (network.registries[name] for name in HOSPITALS)
    first = "(select min(record_id) from clinical.infusion)"
    change(north, f"update clinical.infusion set product = '{FREE_TEXT}' where record_id = {first}")
    withdraw(program, east, "S000002")
    network.withheld.add("EAST-S000002")
    for name in HOSPITALS:
        with network.registries[name].engine.begin() as connection:
            connection.execute(text("create role hub login replication"))
        sent = program(network.registries[name], "hub", "publish", "--as", name, "--to", "hub")
        assert sent.status == 0, sent
        assert "surgeries, adverse_events, consents" in sent.err
        url = url_of(network, name)
        assert program(hub, "hub", "subscribe", name, "--from", url).status == 0

    found = gathered(network, program)
    assert all(found[name]["inserted"] > CHILDREN for name in HOSPITALS)
    for database in network.registries.values():
        derive(database.engine, user="tester")
    there = [
        row
        for name in HOSPITALS
        for row in statuses(network.registries[name], f"{name}-")
        if row[0] not in network.withheld
    ]
    assert statuses(hub, "") == sorted(there)

    # A server is away, and there and elsewhere records change meanwhile.
    network.servers["EAST"].stop()
    change(north, f"update clinical.infusion set dose_mg = dose_mg + 5 where record_id = {first}")
    change(
        south,
        "delete from clinical.lab_result where record_id = "
        "(select max(record_id) from clinical.lab_result)",
    )
    until(
        lambda: (
            listed(program, hub)["EAST"]["state"] == "not reached, or keeps no changes for this hub"
        )
    )
    network.servers["EAST"].start()
    east.engine.dispose()
    change(
        east, f"update clinical.infusion set infused_on = infused_on + 1 where record_id = {first}"
    )
    found = gathered(network, program)
    assert [found[name]["updated"] for name in HOSPITALS] == [1, 0, 0]
    assert [found[name]["inserted"] for name in HOSPITALS] == [0, 1, 0]
    assert [found[name]["taken_out"] for name in HOSPITALS] == [0, 1, 1]

    # A family leaves, another takes back its consent to sharing, a child was entered twice.
    reason = ("--reason", "a test")
    assert program(north, "patient", "erase", "S000001", *reason).status == 0
    withdraw(program, south, "S000003")
    network.withheld.add("SOUTH-S000003")
    assert program(south, "patient", "void", "S000004", "--with-records", *reason).status == 0
    found = gathered(network, program)
    assert [found[name]["erased"] for name in HOSPITALS] == [1, 0, 1]
    assert [found[name]["voided"] for name in HOSPITALS] == [[], [], ["SOUTH-S000004"]]
    left = program(hub, "patient", "erasures", "--format", "json").document
    assert [one["reason"] for one in left] == ["NORTH: erased", "SOUTH: withdrawn"]
    for child in ("NORTH-S000001", "SOUTH-S000003"):
        assert found_in(hub, child) == []

    for held in (FREE_TEXT, "S000002"):
        assert (
            value(
                hub,
                "select count(*) from derived.hub_record where cells::text like :held "
                "or (hospital = 'EAST' and study_id = :whole)",
                held=f"%{held}%",
                whole=held,
            )
            == 0
        )
    SEARCH.database(hub.url)

    # Nothing comes any more from whom the hub or the hospital has ended it with.
    network.servers["SOUTH"].stop()
    ended = program(hub, "hub", "unsubscribe", "SOUTH")
    assert "pg_drop_replication_slot('registry_hub_south')" in ended.err
    network.servers["SOUTH"].start()
    south.engine.dispose()
    assert program(hub, "hub", "unsubscribe", "NORTH").status == 0
    assert program(north, "hub", "unpublish", *reason).status == 0
    assert value(north, "select count(*) from derived.hub_record") == 0
    assert value(north, "select count(*) from pg_replication_slots") == 0
    assert set(listed(program, hub)) == {"EAST"}
    assert listed(program, north) == {}

    # The hospital's server keeps nothing for the hub any more; it begins anew and misses nothing.
    alone(hub, "alter subscription registry_hub_east disable")
    until(lambda: not value(east, "select bool_or(active) from pg_replication_slots"))
    value(east, "select pg_drop_replication_slot('registry_hub_east')")
    change(east, f"update clinical.infusion set dose_mg = dose_mg + 7 where record_id = {first}")
    with east.engine.begin() as connection:
        bring(connection)
    alone(hub, "alter subscription registry_hub_east enable")
    until(lambda: "keeps no changes" in listed(program, hub)["EAST"]["state"])
    assert program(hub, "hub", "unsubscribe", "EAST").status == 0
    assert program(hub, "hub", "subscribe", "EAST", "--from", url_of(network, "EAST")).status == 0
    until(lambda: listed(program, hub)["EAST"]["state"] == "")
    [found] = program(hub, "hub", "gather", "--format", "json").document
    assert (found["hospital"], found["inserted"], found["updated"]) == ("EAST", 0, 1)


def url_of(network: Network, name: str) -> str:
    """Where the hub reads a hospital's records, with the login that may."""
    return network.servers[name].url().replace("postgres@", "hub@")


def alone(database: Database, statement: str) -> None:
    """A statement outside a transaction."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


def withdraw(program: Program, database: Database, patient: str) -> None:
    """A family takes back that the child's data may be shared."""
    done = program(
        database, "patient", "withdraw", patient, "--scope", "sharing", "--reason", "a letter"
    )
    assert done.status == 0, done


def listed(program: Program, database: Database) -> dict[str, Any]:
    rows = program(database, "hub", "list", "--format", "json").document
    return {row["hospital"]: row for row in rows}


def found_in(database: Database, words: str) -> list[str]:
    """The tables of a registry in which a text stands anywhere."""
    with database.engine.connect() as connection:
        names = connection.execute(
            text(
                "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname "
                "in ('audit', 'clinical', 'derived', 'identity', 'reference')"
            )
        ).scalars()
        return [
            name
            for name in names.all()
            if connection.execute(
                text(f"select exists (select from {name} t where t::text like :held)"),
                {"held": f"%{words}%"},
            ).scalar_one()
        ]


def test_what_cannot_be_is_refused_and_nothing_is_begun(
    network: Network, study: Database, program: Program
) -> None:
    hub = network.registries[HUB]
    assert "no code of a hospital" in program(hub, "hub", "publish", "--as", "a-b").refused(2)
    said = program(hub, "hub", "publish", "--as", "HUB", "--to", "nobody_here").refused(1)
    assert "no login of this server that may replicate" in said
    assert value(hub, "select count(*) from pg_publication") == 0
    assert value(hub, "select hub_hospital is null from reference.registry_setting")
    wrong = "postgresql://hub:s3cret@127.0.0.1:1/registry"
    said = program(hub, "hub", "subscribe", "WEST", "--from", wrong).refused(1)
    assert "s3cret" not in said
    said = program(study, "hub", "publish", "--as", "NORTH").refused(1)
    assert "wal_level is" in said
    assert "alter system set wal_level = logical" in said
    assert "Nothing has come" in program(study, "hub", "gather").refused(1)
    assert program(study, "hub", "unsubscribe", "NORTH").status == 1


def test_what_a_newer_program_sends_is_named_and_nothing_is_taken_in(
    study: Database, program: Program
) -> None:
    before = found_in(study, "WEST-")
    with study.engine.begin() as connection:
        connection.execute(
            text(
                "insert into derived.hub_record (hospital, file, record, number, study_id, cells) "
                "values ('WEST', 'patients', 7, 7, 'W7', cast(:cells as jsonb))"
            ),
            {"cells": '{"sex": "female", "shoe_size": "31"}'},
        )
    said = program(study, "hub", "gather").refused(1)
    assert "WEST sends what this registry does not know: patients.shoe_size." in said
    assert found_in(study, "WEST-") == before == []
