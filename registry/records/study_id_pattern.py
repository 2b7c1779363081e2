"""The form that a centre gives its study ids, as BCH-####-*: digits of a number, a check character.

The check character is ISO/IEC 7064 MOD 37,36 over the letters and digits before it, which finds
every wrong sign and every two neighbours that changed places. Hyphens and underscores do not count,
small letters count as capitals.
"""

from __future__ import annotations

import re
import string

# Digits are worth themselves, letters 10 to 35.
_SIGNS = string.digits + string.ascii_uppercase
_SIZE = len(_SIGNS)
DIGIT, CHECK = "#", "*"


def check_character(before: str) -> str:
    """The check character of a text of ASCII letters, digits, hyphens and underscores."""
    rest = _SIZE
    for sign in before.upper():
        if sign in "-_":
            continue
        rest = (rest + _SIGNS.index(sign)) % _SIZE or _SIZE
        rest = rest * 2 % (_SIZE + 1)
    return _SIGNS[(_SIZE + 1 - rest) % _SIZE]


def made(pattern: str, number: int) -> str:
    """The study id of that number; a number with more digits than the form has is written whole."""
    digits = pattern.count(DIGIT)
    written = re.sub(f"{DIGIT}+", lambda _: f"{number:0{digits}}", pattern).removesuffix(CHECK)
    return written + check_character(written) if pattern.endswith(CHECK) else written


def number_in(pattern: str, study_id: str) -> int | None:
    """The number in a study id of that form, whatever its check character; None if it has another.

    The case of letters does not count.
    """
    digits = pattern.count(DIGIT)
    form = re.escape(pattern).replace(re.escape(DIGIT) * digits, f"([0-9]{{{digits},}})")
    form = form.replace(re.escape(CHECK), "[0-9A-Z]")
    found = re.fullmatch(form, study_id, re.IGNORECASE)
    return None if found is None else int(found[1])


def fits(pattern: str, study_id: str) -> bool:
    """Whether the study id has the form and, where that has one, the right check character."""
    number = number_in(pattern, study_id)
    return number is not None and made(pattern, number) == study_id
