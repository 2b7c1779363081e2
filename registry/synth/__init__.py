"""A synthetic registry of any size in the import format; no row describes a real child.

The course of each child is driven by hazards that depend on covariates (`assumptions`, `course`),
and every edge case of the registry's rules turns up with a small probability (`edges`).
"""

from __future__ import annotations

from registry.synth.writer import write_registry

__all__ = ["write_registry"]
