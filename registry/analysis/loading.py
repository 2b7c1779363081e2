"""Loads what analyses compute with, for who can do it while something else is waited for."""

from __future__ import annotations

from importlib import import_module


def load() -> None:
    """The libraries; some function of every analysis needs them."""
    import_module("pandas")
    import_module("lifelines")
