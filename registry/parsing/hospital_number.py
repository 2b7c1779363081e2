"""A hospital's number of a person, as it is compared: each is written in many ways.

Full-width signs are those of ASCII, capitals and small letters are the same, blanks within and
zeros at the beginning do not count; every other sign does. A number has a digit.
"""

from __future__ import annotations

import re
import unicodedata

from registry.parsing.text import BLANKS, Unreadable
from registry.words import tr

LONGEST = 40
_PLAIN = re.compile("[1-9][0-9]*")
_BLANK = re.compile(f"[{BLANKS}]+")


def number_key(written: str) -> str:
    """What the number is compared by. Raises Unreadable, without the number, for what is none."""
    if _PLAIN.fullmatch(written) and len(written) <= LONGEST:
        return written
    key = _BLANK.sub("", unicodedata.normalize("NFKC", written)).upper()
    key = key.replace("\u2212", "-")
    key = key.lstrip("0") or key[:1]
    if len(key) > LONGEST or not key.isprintable() or not any(map(str.isdigit, key)):
        raise Unreadable(tr("is not a hospital's number: it has a digit, and at most 40 signs"))
    return key
