"""Reads what people write for the day on which something stopped, where no day is known."""

from __future__ import annotations

from registry.parsing.text import folded

UNKNOWN = "unknown"

# Stopped, and nobody knows when.
_UNKNOWN = frozenset(
    {
        UNKNOWN, "unk", "?", "??", "not known", "date unknown", "unknown date", "n.k.",
        "unbekannt", "nicht bekannt", "inconnu", "inconnue", "desconocido", "desconocida",
        "不详", "未知", "不明", "不清楚", "日期不详", "时间不详", "具体不详",
        "停药时间不详", "停药日期不详",
    }
)  # fmt: skip
# Not stopped: what an empty cell says.
_ONGOING = frozenset(
    {
        "ongoing", "still taken", "still taking", "continuing", "continued", "current", "present",
        "to date", "laufend", "fortlaufend", "andauernd", "bis heute", "bis dato", "weiterhin",
        "en cours", "en curso", "hasta la fecha", "actual",
        "至今", "迄今", "持续", "持续中", "持续至今", "继续", "继续使用", "使用中", "仍在使用",
        "仍在用", "服用中", "用药中", "未停", "未停药",
    }
)  # fmt: skip


def read_stop(text: str) -> str | None:
    """`unknown`, an empty text for what goes on still, None for what is to be read as a date."""
    plain = folded(text).casefold().strip("()[] ")
    if plain in _UNKNOWN:
        return UNKNOWN
    return "" if plain in _ONGOING else None
