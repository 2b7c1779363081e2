"""Makes the pictures of the form of a visit: the form while it is filled in, and its summary."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

from registry.cli.visit.form import VisitApp
from registry.database.engine import Database, open_database
from registry.entry.answers.pcdai_points import levels_of_items
from registry.entry.visit.day import read_day
from registry.settings import Settings

PATIENT, ON = "P033", date(2023, 12, 28)
COLUMNS, LINES = 120, 40
# What is typed for each picture; it begins at the weight. A list is one key after the other.
BASE = ["=34.1", "enter", "=147.5", "enter", "=18", "enter", "=41", "enter", "=9.1", "enter"]
BASE += ["=108", "enter", "=33", "enter", "=420", "enter", "=34", "enter", "enter", "enter"]
ITEMS = [key for points in "555" for key in (points, "enter")] + ["f3", "f3", "f3"]
ITEMS += [key for points in "000" for key in (points, "enter")]
FORM = [*BASE, *ITEMS, "wait"]
SUMMARY = [*BASE, *ITEMS, "5", "enter", "0", "enter", "=2.1", "enter", "=14", "enter"]
SUMMARY += ["wait", "f3", "=300", "enter", "wait", "f3", "=prednisone", "enter", "space", "f2"]
PICTURES = {"visit-form.png": FORM, "visit-summary.png": [*SUMMARY, "wait"]}


def make_visit_pictures(home: Path, images: Path, browser: str, folder: Path) -> None:
    """Fills in the form of one child of a registry and photographs it; nothing is saved."""
    # Something that can be stopped.
    drug = ["medication", "add", PATIENT, "--drug", "azathioprine", "--started-on", "2023-05-04"]
    subprocess.run(
        [sys.executable, "-m", "registry", "--home", str(home), *drug],
        check=True, capture_output=True,
    )  # fmt: skip
    settings = Settings(home=home, database_url=None, user="demo")
    with open_database(settings) as database:
        for name, keys in PICTURES.items():
            drawn = folder / f"{name}.svg"
            drawn.write_text(asyncio.run(drawing(database, keys)), encoding="utf-8")
            photograph(browser, drawn, images / name, folder)


async def drawing(database: Database, keys: list[str]) -> str:
    """The screen after these keys, as SVG; letters from this machine, not from the network."""
    with database.engine.connect() as connection:
        day = read_day(connection, PATIENT, ON)
        levels = levels_of_items(connection, day.patient.patient, ON)
    app = VisitApp(database, day, levels, user="demo")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        for key in keys:
            if key in ("wait", "f3"):
                await settled(app, pilot)
            if key != "wait":
                await pilot.press(*(key[1:] if key.startswith("=") else [key]))
        await settled(app, pilot)
        svg = app.export_screenshot()
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)


async def settled(app: VisitApp, pilot: Any) -> None:
    """Waits until the registry has answered what was typed."""
    await pilot.pause(0.1)
    while app.is_asking:
        await pilot.pause(0.05)
    await pilot.pause(0.1)


def photograph(browser: str, drawn: Path, picture: Path, folder: Path) -> None:
    """Has the browser, without a window and without the network, take a picture of the drawing."""
    match = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', drawn.read_text(encoding="utf-8"))
    assert match is not None
    width, height = (round(float(side)) for side in match.groups())
    subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--disable-background-networking", f"--user-data-dir={folder / 'profile'}",
            f"--window-size={width},{height}", f"--screenshot={picture}", drawn.as_uri(),
        ],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
