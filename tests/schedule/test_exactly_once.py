"""Whatever befalls the nights, every loss of response is reported once, and so is its end.

A random walk: losses come and go, people derive by day, nights go well, fail at a step or are
killed at one. What the reports say, one after the other, is held against what was true.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from registry.database.engine import Database
from registry.derivation.run import derive
from registry.errors import Refused
from registry.schedule import night as night_module

from .conftest import ENTER_LOSS, LITTLE, TAKE_BACK, Nights, execute, sustained

MOVES = 30
# Where a night can end: it fails at a step and goes on, or it is killed before or after one.
KILLED = ("derive", "worklist", "store_report", "write_reports", "tell")


class Killed(BaseException):
    """The process is no more."""


def fails(*_: object, **__: object) -> Any:
    raise Refused("Not tonight.")


def killed(*_: object, **__: object) -> Any:
    raise Killed


def a_night(nights: Nights, kind: str, patch: pytest.MonkeyPatch) -> None:
    """One night that goes well, fails at its derivation, or is killed at a step."""
    if kind == "good":
        nights.done()
    elif kind == "derivation fails":
        nights.done(work=replace(LITTLE, derive=fails))
    elif kind in ("derive", "worklist"):

        def then_killed(given: Database | Connection) -> Any:
            getattr(LITTLE, kind)(given)
            raise Killed

        with pytest.raises(Killed):
            nights.done(work=replace(LITTLE, **{kind: then_killed}))
    else:
        with patch.context() as context:
            context.setattr(night_module, kind, killed)
            with pytest.raises(Killed):
                nights.done()


@pytest.mark.parametrize("seed", [0])
def test_every_loss_is_reported_once(
    nights: Nights, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(seed)
    children = sustained(nights.database, 4)
    lost = dict.fromkeys(children, False)
    for _ in range(MOVES):
        match rng.choice(["change", "change", "derive", "night", "night"]):
            case "change":
                child = rng.choice(children)
                statement = TAKE_BACK if lost[child] else ENTER_LOSS
                execute(nights.database, statement, patient=child)
                lost[child] = not lost[child]
            case "derive":
                derive(nights.database.engine, user="Ada")
            case _:
                kinds = ["good", "derivation fails", *KILLED]
                a_night(nights, rng.choice(kinds), monkeypatch)
    nights.done()
    said = dict.fromkeys(product(children, ("current", "paper", "recommended")), "")
    for report in nights.reports():
        for key, sign in (("new_losses", "+"), ("withdrawn_losses", "-")):
            for one in report[key]:
                if one["patient_id"] in lost:
                    said[one["patient_id"], one["definition"]] += sign
    for (child, _), signs in said.items():
        # Never twice the same, none left out, and in the end what is true.
        assert signs == ("+-" * MOVES)[: len(signs)]
        assert signs[-1:] == ("+" if lost[child] else "-" if signs else "")
    assert any(signs for signs in said.values())
    [(marked,)] = execute(
        nights.database, "select count(*) from derived.scheduled_run where finished_at is null"
    )
    assert marked, "some of the nights were killed"
