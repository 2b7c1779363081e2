"""The words of a rule, filled with what it found, in the person's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.words import spoken


def in_language(message: str, english: str, facts: Mapping[str, Any]) -> str:
    """`english`, which the database made of the message and the facts, or its translation."""
    translated = spoken(message)
    if translated == message:
        return english
    for fact, value in facts.items():
        translated = translated.replace(f"{{{fact}}}", "" if value is None else str(value))
    return translated
