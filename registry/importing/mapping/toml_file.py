"""A TOML file taken apart key by key; what is wrong in it is refused with its line."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from registry.errors import Refused, read_text
from registry.importing.files.bounds import LARGEST_MAPPING
from registry.importing.files.regular import check_regular
from registry.parsing.toml import parse_toml
from registry.words import tr

Place = tuple[str | int, ...]

_HEADING = re.compile(r"^\s*(\[\[?)(.*?)\]\]?\s*(?:#.*)?$")


class Section:
    """One table of a TOML file: each key is taken once, and what nobody takes is refused."""

    def __init__(
        self, name: str, lines: dict[Place, int], place: Place, values: dict[str, Any]
    ) -> None:
        self._name = name
        self._lines = lines
        self._place = place
        self._left = dict(values)
        self._taken: list[str] = []

    @property
    def left(self) -> list[str]:
        """The keys that nobody has taken yet, in their order."""
        return list(self._left)

    def text(self, key: str) -> str | None:
        """A text, or None where the key is not there."""
        value = self._take(key)
        if value is None or isinstance(value, str):
            return value
        raise self.refused(tr("{key} is a text in quotes.", key=key), key)

    def scalar(self, key: str) -> str | None:
        """A text or a whole number, as text."""
        value = self._take(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self.refused(tr("{key} is a text or a whole number.", key=key), key)

    def flag(self, key: str) -> bool:
        """True or false; false where the key is not there."""
        value = self._take(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.refused(tr("{key} is true or false.", key=key), key)

    def texts(self, key: str) -> list[str]:
        """A list of texts and whole numbers, as texts; a single one stands for a list of one."""
        value = self._take(key)
        values = value if isinstance(value, list) else [] if value is None else [value]
        if all(isinstance(one, str | int) and not isinstance(one, bool) for one in values):
            return [str(one) for one in values]
        raise self.refused(tr("{key} is a list of texts.", key=key), key)

    def section(self, key: str) -> Section:
        """A table within; an empty one where the key is not there."""
        value = self._take(key)
        if value is None or isinstance(value, dict):
            return Section(self._name, self._lines, (*self._place, key), value or {})
        raise self.refused(tr("{key} is a table of names and values.", key=key), key)

    def text_or_section(self, key: str) -> str | Section | None:
        """A text where one stands, else the table."""
        value = self._left.get(key)
        return self.section(key) if isinstance(value, dict) else self.text(key)

    def sections(self, key: str) -> list[Section]:
        """The tables of an array, [[key]]."""
        value = self._take(key)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return [
                Section(self._name, self._lines, (*self._place, key, number), one)
                for number, one in enumerate(value)
            ]
        raise self.refused(tr("{key} is written as [[{key}]].", key=key), key)

    def finish(self) -> None:
        """Refuses the first key that nobody has taken."""
        for key in self._left:
            near = get_close_matches(key, self._taken, 1)
            cure = (
                tr("Did you mean {key}?", key=near[0])
                if near
                else tr("Known here: {keys}.", keys=", ".join(self._taken))
            )
            raise self.refused(tr("{key} means nothing here.", key=key), key, cure=cure)

    def line(self, key: str | None = None) -> int:
        """The line at which the table, or a key of it, stands."""
        place = self._place if key is None else (*self._place, key)
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def refused(self, problem: str, key: str | None = None, *, cure: str | None = None) -> Refused:
        """The error that says what is wrong with the table, or with a key of it, and where."""
        words = tr(
            "{file}, line {line}: {problem}",
            file=self._name,
            line=self.line(key),
            problem=problem,
        )
        return Refused(words, cure=cure)

    def _take(self, key: str) -> Any:
        self._taken.append(key)
        return self._left.pop(key, None)


def read_toml(path: Path) -> Section:
    """The whole of a TOML file. Raises NotFound, and Refused for what is no TOML."""
    check_regular(path, largest=LARGEST_MAPPING)
    text = read_text(path)
    cure = tr("A name or text that is not plain English letters stands in quotes.")
    return Section(path.name, lines_of(text), (), parse_toml(text, path.name, cure=cure))


def lines_of(text: str) -> dict[Place, int]:
    """Where each table and key of a TOML text stands; tables of an array are numbered from 0."""
    lines: dict[Place, int] = {}
    numbers: dict[Place, int] = {}
    here: Place = ()

    def placed(names: list[str]) -> Place:
        place: Place = ()
        for name in names:
            place = (*place, name)
            if place in numbers:
                place = (*place, numbers[place])
        return place

    for line, content in enumerate(text.splitlines(), start=1):
        heading = _HEADING.match(content)
        names = _names(heading[2]) if heading else None
        if heading and names:
            if heading[1] == "[[":
                array = (*placed(names[:-1]), names[-1])
                numbers[array] = numbers.get(array, -1) + 1
            here = placed(names)
            lines.setdefault(here, line)
            continue
        parts = content.split("=")
        for number in range(1, len(parts)):
            key = _names("=".join(parts[:number]))
            if key:
                lines.setdefault((*here, *key), line)
                lines.setdefault((*here, key[0]), line)
                break
    return lines


def _names(key: str) -> list[str] | None:
    """The names of a dotted key, None where the text is no key."""
    try:
        value: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return None
    names = []
    while isinstance(value, dict):
        if len(value) != 1:
            return None
        name, value = next(iter(value.items()))
        names.append(name)
    return names
