"""Makes the pictures in docs/images: one patient's screen and figure, the form of a visit.

The program runs as a person would run it, on a demo registry in a folder that is removed again.
What it writes with its colours is drawn as a page, of which a browser takes the picture.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text
from visit_pictures import PICTURES, make_visit_pictures

PROJECT = Path(__file__).resolve().parents[1]
IMAGES = PROJECT / "docs" / "images"
PATIENT = "P055"
COLUMNS = 120
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Dark on light, as on paper; every colour keeps 4.5 to 1 against the ground.
LIGHT = TerminalTheme(
    (255, 255, 255),
    (26, 26, 26),
    [(26, 26, 26), (179, 38, 30), (0, 106, 78), (138, 90, 0), (0, 85, 155), (140, 40, 110),
     (0, 105, 115), (90, 90, 90)],
)  # fmt: skip
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 16px; background: #fff }}
pre {{ font: 15px/1.22 "DejaVu Sans Mono", monospace; color: #1a1a1a; margin: 0 }}
{stylesheet}
</style><pre>{code}</pre>"""


def main() -> None:
    """Makes the pictures of the patient that is named, or of the usual one, and of the form."""
    patient = sys.argv[1] if len(sys.argv) > 1 else PATIENT
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"None of {', '.join(BROWSERS)} is on the path.")
    with tempfile.TemporaryDirectory() as folder:
        home, out = Path(folder, "home"), Path(folder, "out")
        registry(home, "demo", "--out", str(out))
        registry(home, "patient", "show", patient, "--to", str(IMAGES / "patient-figure.png"))
        shown = registry(home, "patient", "show", patient, "--width", str(COLUMNS))
        page = Path(folder, "screen.html")
        page.write_text(as_page(f"$ registry patient show {patient}\n{shown}"), encoding="utf-8")
        height = 32 + round(15 * 1.22 * (shown.count("\n") + 2))
        photograph(browser, page, (COLUMNS * 9 + 40, height), Path(folder))
        make_visit_pictures(home, IMAGES, browser, Path(folder))
    for name in ("patient-screen.png", "patient-figure.png", *PICTURES):
        print(f"{IMAGES / name}: {(IMAGES / name).stat().st_size // 1000} kB")


def registry(home: Path, *arguments: str) -> str:
    """What the program writes for a person whose terminal has colours."""
    colours = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    colours["LC_ALL"] = "C.UTF-8"
    done = subprocess.run(
        [sys.executable, "-m", "registry", "--home", str(home), *arguments],
        env=os.environ | colours, cwd=PROJECT, stdout=subprocess.PIPE, encoding="utf-8", check=True,
    )  # fmt: skip
    return done.stdout


def as_page(written: str) -> str:
    """The terminal's text with its colours as a page."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(Text.from_ansi(written), soft_wrap=True)
    html = console.export_html(theme=LIGHT, code_format=PAGE)
    return re.sub(r"\s+$", "", html)


def photograph(browser: str, page: Path, size: tuple[int, int], folder: Path) -> None:
    """Has the browser, without a window and without the network, take a picture of the page."""
    subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--disable-background-networking", f"--user-data-dir={folder / 'profile'}",
            f"--window-size={size[0]},{size[1]}",
            f"--screenshot={IMAGES / 'patient-screen.png'}", page.as_uri(),
        ],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip


if __name__ == "__main__":
    main()
