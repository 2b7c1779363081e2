"""What a study id must not be: a number or a name that finds the child outside the registry."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from registry.words import tr

# Numbers that stand for one person in a country, each with the digits or letters that prove it.
_SEPARATORS = str.maketrans("", "", "-_")
_CHINESE_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHINESE_CHECK = "10X98765432"
_SPANISH_CHECK = "TRWAGMYFPDXBNJZSQVHLCKE"
_FINNISH_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_FINNISH = r"([0-9]{2})([0-9]{2})([0-9]{2})[-+A-FU-Y]([0-9]{3})([0-9A-Y])"
_CHINESE_MOBILE = r"1[3-9][0-9][-_][0-9]{4}[-_][0-9]{4}"


def identifier_in(study_id: str) -> str | None:
    """Why the text is no study id: what else it is, as the rest of a sentence; None if it is one.

    Numbers of 11 and of 18 digits are telephone numbers and identity cards; other identity numbers
    are told by their check digits, words by their letters: no digit among them, and a vowel.
    """
    text = study_id.upper()
    if re.fullmatch("[0-9]{11}", text) or re.fullmatch(_CHINESE_MOBILE, text):
        return tr("looks like a telephone number: 11 digits")
    if re.fullmatch("[0-9]{18}", text):
        return tr("looks like the number of an identity card: 18 digits")
    bare = text.translate(_SEPARATORS)
    for is_number, country in _IDENTITY_NUMBERS:
        if is_number(bare):
            return tr("is an identity number ({country}), by its check digit", country=country)
    if _is_finnish(text):
        return tr("is an identity number ({country}), by its check digit", country="FI")
    return tr("looks like a name: letters alone") if _is_name(text) else None


def _is_name(text: str) -> bool:
    words = [word for word in re.split("[-_]+", text) if word]
    if not all(re.fullmatch("[A-Z]+", word) for word in words):
        return False
    spoken = [word for word in words if len(word) > 1 and re.search("[AEIOUY]", word)]
    return any(len(word) > 2 for word in spoken) or len(spoken) > 1


def _is_chinese(text: str) -> bool:
    """GB 11643-1999: 17 digits and the remainder of their weighted sum."""
    if re.fullmatch("[0-9]{17}[0-9X]", text) is None:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _CHINESE_WEIGHTS, strict=False))
    return text[-1] == _CHINESE_CHECK[total % 11]


def _is_swedish(text: str) -> bool:
    """Birth date with the century, three digits, and the check digit of Luhn over the last ten."""
    if re.fullmatch("(19|20)[0-9]{10}", text) is None or not _is_day(text[:8]):
        return False
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(text[2:])]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _is_french(text: str) -> bool:
    """NIR: 13 digits, and what is left of 97 by them."""
    if re.fullmatch("[12][0-9]{14}", text) is None:
        return False
    return int(text[13:]) == 97 - int(text[:13]) % 97


def _is_swiss(text: str) -> bool:
    """AHV number: 756 and the check digit of an EAN."""
    if re.fullmatch("756[0-9]{10}", text) is None:
        return False
    return sum(int(digit) * (1 + place % 2 * 2) for place, digit in enumerate(text)) % 10 == 0


def _is_spanish(text: str) -> bool:
    """DNI and NIE: the letter is the remainder by 23."""
    if re.fullmatch("[0-9XYZ][0-9]{7}[A-Z]", text) is None:
        return False
    number = int(text[:-1].translate(str.maketrans("XYZ", "012")))
    return text[-1] == _SPANISH_CHECK[number % 23]


def _is_finnish(text: str) -> bool:
    """Birth date, a sign of the century, three digits, and the remainder by 31."""
    parts = re.fullmatch(_FINNISH, text)
    if parts is None or not _is_day(f"20{parts[3]}{parts[2]}{parts[1]}"):
        return False
    number = int(parts[1] + parts[2] + parts[3] + parts[4])
    return parts[5] == _FINNISH_CHECK[number % 31]


def _is_day(digits: str) -> bool:
    try:
        date.fromisoformat(digits)
    except ValueError:
        return False
    return True


_IDENTITY_NUMBERS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (_is_chinese, "CN"),
    (_is_swedish, "SE"),
    (_is_french, "FR"),
    (_is_swiss, "CH"),
    (_is_spanish, "ES"),
)
