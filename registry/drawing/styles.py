"""How each kind of mark looks, on a page and in a file: one declaration, read by both painters.

Curves differ by colour and by kind of line, estimates by colour and by shape, so that a print in
grey says the same. Every colour of a line keeps 4.5 to 1 against white.
"""

from __future__ import annotations

from dataclasses import dataclass

INK, QUIET = "#1b1b1b", "#4a4a4a"
COLOURS = ("#123f6d", "#b4500f", "#17694a", "#7d2f86", "#555555")
_DASHES: tuple[tuple[float, ...], ...] = ((), (7, 3), (2, 3), (9, 3, 2, 3), (14, 4))
_SERIES = (COLOURS[1], COLOURS[0], COLOURS[2], "#767676")
_AREAS = (COLOURS[0], "#e9a15b", "#c9cdd2", "#6b6b6b")


@dataclass(frozen=True)
class Style:
    """A shape's line and ground; widths and dashes in pixels, no colour for none."""

    stroke: str | None = None
    fill: str | None = None
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0
    """Of the ground."""

    def css(self) -> str:
        """The declarations of a style sheet."""
        said = [f"stroke: {self.stroke or 'none'}", f"fill: {self.fill or 'none'}"]
        if self.width != 1:
            said.append(f"stroke-width: {self.width:g}")
        if self.dash:
            said.append(f"stroke-dasharray: {' '.join(f'{one:g}' for one in self.dash)}")
        if self.opacity != 1:
            said.append(f"fill-opacity: {self.opacity:g}")
        return "; ".join(said)


STYLES: dict[str, Style] = {
    "box": Style("#5b6570", "#ffffff"),
    "box plain": Style("#5b6570", "#ffffff"),
    "box aside": Style("#5b6570", "#f6f7f8"),
    "box strong": Style(COLOURS[0], "#e8eef5", 1.5),
    "box loss": Style(COLOURS[1], "#fdf0e7"),
    "edge": Style("#5b6570"),
    "head": Style(fill="#5b6570"),
    "axis": Style(QUIET),
    "grid": Style("#e2e2e2"),
    "threshold": Style(QUIET, dash=(4, 4)),
    "choice": Style(fill="#333333"),
    "faint": Style(fill="#7f9dbf", opacity=0.7),
}
for _number, (_colour, _dash) in enumerate(zip(COLOURS, _DASHES, strict=True)):
    STYLES |= {
        f"curve c{_number}": Style(_colour, width=2, dash=_dash),
        f"fine c{_number}": Style(_colour, width=1.1, dash=(1, 1.5)),
        f"tick c{_number}": Style(_colour),
        f"band c{_number}": Style(fill=_colour, opacity=0.17),
    }
for _number, _colour in enumerate(_SERIES):
    STYLES |= {
        f"limit s{_number}": Style(_colour, width=1.7),
        f"point s{_number}": Style(fill=_colour),
        f"dot s{_number}": Style("#ffffff", _colour, 0.8, opacity=0.75),
        f"dot s{_number} limit-value": Style(INK, "#ffffff", 1.2),
        f"mean s{_number}": Style(_colour, width=2.6),
    }
for _number, _colour in enumerate(_AREAS):
    STYLES[f"area a{_number}"] = Style("#ffffff", _colour, 0.5)


def style_sheet() -> str:
    """The styles as rules of a page."""
    return "".join(
        f".{'.'.join(name.split())} {{ {style.css()} }}\n" for name, style in STYLES.items()
    )
