"""Details of the form, its keys pressed in this process: the day, proposals, reasons, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from registry.cli.visit.form import VisitApp
from registry.cli.visit.screens import Leave, Summary
from registry.database.engine import Database
from registry.entry.answers.pcdai_points import levels_of_items
from registry.entry.visit.day import Visit, read_day
from registry.entry.visit.write import save
from tests.visit.clinic import DAY, DAYS_WORK, add_responder, rows_of

Form = Pilot[None]


@pytest.fixture
def clinic(registry: Database) -> Database:
    with registry.engine.begin() as connection:
        add_responder(connection, "V1")
    return registry


def form(database: Database, **options: Any) -> VisitApp:
    """The form of that day's visit."""
    with database.engine.connect() as connection:
        day = read_day(connection, "V1", DAY)
        levels = levels_of_items(connection, day.patient.patient, DAY)
    return VisitApp(database, day, levels, user="tester", **options)


def play(app: VisitApp, *steps: Any, size: tuple[int, int] = (80, 24)) -> None:
    """Presses keys (`=text` types it) and waits for what must come (functions) in their order."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            for step in steps:
                if callable(step):
                    await until(pilot, step)
                else:
                    await pilot.press(*(step[1:] if step.startswith("=") else [step]))

    asyncio.run(run())


async def until(pilot: Form, holds: Callable[[VisitApp], bool]) -> None:
    """Waits for what the registry says."""
    for _ in range(400):
        if holds(pilot.app):
            return
        await pilot.pause(0.05)
    raise AssertionError(shown(pilot.app))


def shown(app: VisitApp) -> str:
    """Every word on the screen."""
    return "\n".join(str(one.render()) for one in app.screen.query(Static))


def shows(words: str) -> Callable[[VisitApp], bool]:
    return lambda app: words in shown(app)


def asked(app: VisitApp) -> bool:
    """Whether the registry has said its word on all that was typed."""
    return not app.is_asking


def test_the_day_is_another_one(clinic: Database) -> None:
    """The records of the day that is typed are filled in; what was typed stays."""
    with clinic.engine.begin() as connection:
        save(connection, Visit(read_day(connection, "V1", DAY), DAYS_WORK), user="tester")
    app = form(clinic, ask_day=True)
    play(
        app,
        "=2020-07-06", "enter", "=32", lambda app: app.day.on.month == 7 and asked(app),
        shows("last 31.5, 2020-06-08"),
        "up", "=2020-06-08", "enter", lambda app: app.day.on == DAY and asked(app),
    )  # fmt: skip
    assert app.typed == {"anthropometry.weight_kg": "32"}
    assert app.visit.text("tdm.ifx_ug_ml") == "<0.4"
    assert app.visit.text("medication.stopped") == "azathioprine"


def test_a_proposal_comes_from_what_is_typed_and_is_taken_with_a_key(clinic: Database) -> None:
    app = form(clinic)
    play(
        app,
        "pagedown", *["down"] * 6, "=3.4 g/dl", "pagedown", *["down"] * 6,
        shows("Proposed 5: above 30 to below 35 g/L is 5 points"), "f3",
        "f4", asked,
    )  # fmt: skip
    assert app.typed == {"lab.ALB": "3.4 g/dl", "pcdai.albumin": "5"}


def test_a_change_asks_for_its_reason_and_a_key_typed_ahead_is_not_lost(clinic: Database) -> None:
    with clinic.engine.begin() as connection:
        save(connection, Visit(read_day(connection, "V1", DAY), DAYS_WORK), user="tester")
    app = form(clinic)
    play(
        app,
        # Typed and saved in one breath, with a slip taken back.
        *"32", "5", "backspace", "f2", shows("Weight 31.5 -> 32 kg"), "f2",
        shows("needs a reason"), "=scales", "f2", lambda app: app.outcome is not None,
    )  # fmt: skip
    with clinic.engine.connect() as connection:
        number = read_day(connection, "V1", DAY).patient.patient
        assert rows_of(connection, number)["anthropometry"] == [("2020-06-08", "138", "32")]
    assert app.outcome is not None
    assert [one.did for one in app.outcome.said] == ["amended", "amended"]


def test_two_at_once(clinic: Database) -> None:
    """Who saves second is told, reads the day again and keeps what was typed."""
    app = form(clinic)
    with clinic.engine.begin() as connection:
        save(
            connection, Visit(read_day(connection, "V1", DAY), {"pcdai.total": "10"}), user="other"
        )
    play(
        app,
        "pagedown", "pagedown", "=20", "f2", shows("is not what the record with this"),
        "escape", "f5", lambda app: app.day.filled.get("pcdai.total") == "10" and asked(app),
        "f2", shows("PCDAI declared 10 -> 20"),
    )  # fmt: skip
    assert app.outcome is None


def test_leaving_is_asked_about_only_where_something_is_lost(
    clinic: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a wide terminal without colours."""
    monkeypatch.setenv("NO_COLOR", "1")
    app = form(clinic)
    play(
        app,
        *"31", "escape", lambda app: isinstance(app.screen, Leave), "n", "f2",
        lambda app: isinstance(app.screen, Summary), "escape", "ctrl+u", "escape",
        lambda app: not app.is_running,
        size=(120, 40),
    )  # fmt: skip
    assert (app.outcome, app.interrupted) == (None, False)


def test_points_are_typed_and_the_person_stays(clinic: Database) -> None:
    """The first digit or all of it; what the item has not is not taken."""
    app = form(clinic)
    play(
        app,
        "pagedown", "pagedown", "enter",
        *"10", "enter", *"15", "enter", "7", "enter", "2", "full_stop", "5", "enter",
        "5", "2", "tab", "5", "backspace", "down", "5", "right", "0", asked,
        lambda app: app.focused is not None and app.focused.name == "pcdai.weight",
    )  # fmt: skip
    assert app.typed == {
        "pcdai.abdominal_pain": "10",
        "pcdai.stools": "5",
        "pcdai.hematocrit": "2.5",
        "pcdai.esr": "2.5",
        "pcdai.weight": "0",
    }
