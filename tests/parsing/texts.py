"""Texts that look like values, for every parser to be held against."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from registry.parsing.text import Unreadable

_PIECES = (
    *"0123456789,.<>+-/:%*^()'",
    *"０１９．，＜＞／％−≤≥×·年月日号升克分有无是否↑↓²⁹µμ",
    *" \t\u00a0\u3000\u202f",
    "T", "Z", "am", "pm", "Jan", "Feb", "March", "sept", "mg", "g", "L", "dL", "u", "kg", "cm", "h",
    "10", "2020", "2010", "18", "99", "e", "yes", "no", "CD", "c.", "p.", "Ter", "Arg", "fs", "del",
    "١", "½", "\ud800", "\x00", "İ", "ß", "ŉ",
)  # fmt: skip

like_values = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)
any_text = st.one_of(like_values, st.text(max_size=40))


def read_or_refused(read: Callable[[], str]) -> str | Unreadable:
    """What comes out of reading: a text, or a refusal with words; anything else is an error."""
    try:
        return read()
    except Unreadable as refused:
        return refused
