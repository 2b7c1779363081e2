"""Work on many samples: the same in one process and in several, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
import pytest

from registry.analysis import resampling
from registry.errors import CannotEstimate, Refused
from registry.words import note


@dataclass(frozen=True)
class Shifted:
    by: float

    def mean(self, sample: np.ndarray) -> tuple[float, int]:
        return float(sample.mean()) + self.by, os.getpid()


def test_the_result_does_not_depend_on_how_many_processes_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(3)
    samples = [rng.normal(size=50) for _ in range(40)]
    expected = [float(one.mean()) + 2 for one in samples]
    alone = list(resampling.of_each(Shifted(2).mean, samples))
    monkeypatch.setattr(resampling, "LONG", -1.0)
    monkeypatch.setattr(resampling, "cores", lambda: 2)
    shared = list(resampling.of_each(Shifted(2).mean, samples))
    assert [one for one, _ in alone] == [one for one, _ in shared] == expected
    assert {process for _, process in alone} == {os.getpid()}
    assert len({process for _, process in shared} - {os.getpid()}) >= 1


def test_works_beside_each_other_give_what_they_give_alone() -> None:
    with resampling.beside(_half, [3, 8, "odd"]) as results:
        assert [results[1](), results[0]()] == [(4, 1), (1.5, 1)]
        with pytest.raises(CannotEstimate) as raised:
            results[2]()
    assert (raised.value.problem, raised.value.cure) == (
        note("No half of {it}.", it="odd"),
        "None.",
    )
    assert raised.value.problem.values == {"it": "odd"}


def _half(number: float | str) -> tuple[float, int]:
    if isinstance(number, str):
        raise CannotEstimate(note("No half of {it}.", it=number), cure="None.")
    return number / 2, resampling.cores()


def _at_once(here: int) -> int:
    """The process in which it runs, which ends there as one that memory is taken from."""
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return here


@pytest.mark.parametrize("copied", [True, False])
def test_a_process_that_is_ended_is_not_waited_for(copied: bool) -> None:
    with (
        resampling.beside(_at_once, [os.getpid()] * 2, copied=copied) as results,
        pytest.raises(Refused, match="was ended before it was done"),
    ):
        results[1]()


def test_nor_is_one_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resampling, "LONG", -1.0)
    monkeypatch.setattr(resampling, "cores", lambda: 2)
    told = resampling.of_each(_at_once, [os.getpid()] * 4)
    assert next(told) == os.getpid()
    with pytest.raises(Refused, match="was ended before it was done"):
        list(told)


KILLED = """
import os, time
from registry.analysis import resampling

def work(sample):
    os.write(1, (str(os.getpid()) + os.linesep).encode())
    time.sleep(0.05)

if __name__ == "__main__":
    resampling.LONG = -1.0
    resampling.cores = lambda: 2
    list(resampling.of_each(work, list(range(1000))))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_none_is_left_when_the_one_who_waits_is_killed(tmp_path, how: signal.Signals) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdout is not None
        seen = {int(running.stdout.readline()) for _ in range(8)} - {running.pid}
        running.send_signal(how)
    assert seen
    end = time.monotonic() + 30
    while any(map(_runs, seen)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(_runs, seen))


def _runs(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
