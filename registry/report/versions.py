"""The programs that a result depends on."""

from __future__ import annotations

import platform
from importlib.metadata import version

LIBRARIES = (
    "crohn-registry",
    "lifelines",
    "statsmodels",
    "surpyval",
    "scipy",
    "pandas",
    "numpy",
    "matplotlib",
)


def versions() -> dict[str, str]:
    """Name and version of each."""
    return {"Python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
