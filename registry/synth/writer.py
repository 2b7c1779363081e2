"""Writing the synthetic registry: child by child into all files at once."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from math import isfinite
from pathlib import Path

from registry.errors import Refused, WrongUsage, cannot_write
from registry.synth.days import STUDY, Window, ending_on
from registry.synth.patient import make_patient
from registry.synth.pools import build_pools
from registry.synth.tables import COLUMNS
from registry.words import tr

UNFINISHED = ".part"


def write_registry(
    patients: int,
    seed: int,
    folder: Path,
    *,
    progress: Callable[[int], None] | None = None,
    im_hazard_ratio: float = 0.5,
    ending: date | None = None,
) -> dict[str, int]:
    """Write a synthetic registry of that many children, one `TABLE.csv` a table, and count rows.

    The same seed gives the same bytes, and the child of a number is the same however many are
    asked for. One child is in memory at a time. `progress` is called after each child with the
    number written so far. `im_hazard_ratio` is the true hazard ratio of losing response while on
    an immunomodulator against not; 1 means no effect. With `ending` the children begin in the year
    up to that day and the registry ends on it; without it is of the study's years.

    The files get their names when all are complete: an interrupted run leaves no half registry.
    Raises `WrongUsage` for figures that make no sense, and `Refused` where a file of the registry
    is in the folder already or the folder cannot be written.
    """
    if patients < 1:
        raise WrongUsage(
            tr("A registry of {patients} patients cannot be made.", patients=patients),
            cure=tr("Ask for 1 or more."),
        )
    if not (isfinite(im_hazard_ratio) and im_hazard_ratio > 0):
        raise WrongUsage(
            tr("A hazard ratio of {ratio} cannot be.", ratio=im_hazard_ratio),
            cure=tr("Give a number above 0; 1 means no effect."),
        )
    if folder.exists() and not folder.is_dir():
        raise Refused(
            tr("{folder} is not a folder.", folder=folder), cure=tr("Name a folder, new or empty.")
        )
    window = STUDY if ending is None else ending_on(ending)
    made: list[Path] = []  # what is to be removed unless all goes well
    try:
        folder.mkdir(parents=True, exist_ok=True)
        counts = _write(patients, seed, folder, made, progress, im_hazard_ratio, window)
        # The patients come last: without them no import takes the rest for a registry.
        for table in reversed(COLUMNS):
            finished = folder / f"{table}.csv"
            _unfinished(folder, table).rename(finished)
            made.append(finished)
        made.clear()
    except FileExistsError as error:
        raise Refused(
            tr("{file} is in the way.", file=error.filename),
            cure=tr(
                "Another run is writing there, or one was killed: once none is running, remove the "
                "files ending in {ending}, or choose another folder.",
                ending=UNFINISHED,
            ),
        ) from None
    except OSError as error:
        raise cannot_write(
            folder,
            error,
            tr("Choose a folder that you may write to, with some 3 kB of room a patient."),
        ) from None
    finally:
        for path in made:
            path.unlink(missing_ok=True)
    return counts


def _unfinished(folder: Path, table: str) -> Path:
    return folder / f"{table}.csv{UNFINISHED}"


def _refuse_overwriting(folder: Path) -> None:
    present = [f"{table}.csv" for table in COLUMNS if (folder / f"{table}.csv").exists()]
    if present:
        raise Refused(
            tr(
                "{folder} holds {files} already, which would be overwritten.",
                folder=folder,
                files=", ".join(present),
            ),
            cure=tr("Choose another folder, or remove these files first."),
        )


def _write(
    patients: int,
    seed: int,
    folder: Path,
    made: list[Path],
    progress: Callable[[int], None] | None,
    im_hazard_ratio: float,
    window: Window,
) -> dict[str, int]:
    pools = build_pools(seed)
    counts = dict.fromkeys(COLUMNS, 0)
    with ExitStack() as stack:
        writers = {}
        for table, columns in COLUMNS.items():
            # "x": two runs into one folder must not mix their rows.
            path = _unfinished(folder, table)
            file = stack.enter_context(path.open("x", encoding="utf-8", newline=""))
            made.append(path)
            writers[table] = csv.writer(file, lineterminator="\n")
            writers[table].writerow(("patient_id", *columns))
        # Only now: a run that ended a moment ago has given its files their names.
        _refuse_overwriting(folder)
        for number in range(1, patients + 1):
            rows = make_patient(number, seed, pools, im_hazard_ratio, window)
            for table, writer in writers.items():
                of_table = rows.of(table)
                writer.writerows(of_table)
                counts[table] += len(of_table)
            if progress is not None:
                progress(number)
    return counts
