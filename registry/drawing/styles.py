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


@dataclass(frozen=True)
class Words:
    """How a line of text looks; with `ground` it stands on white, where lines cross it."""

    colour: str = INK
    bold: bool = False
    ground: bool = False

    def css(self) -> str:
        """The declarations of a style sheet."""
        said = [f"fill: {self.colour}"]
        if self.bold:
            said.append("font-weight: 600")
        if self.ground:
            said.append("stroke: #fff; stroke-width: 4px; paint-order: stroke")
        return "; ".join(said)


# Okabe and Ito's colours, which colour-blind people tell apart; the loss a shade darker.
ROLES = {"loss": "#c24d00", "remission": "#00795a", "response": "#0072b2"}
_ROLE_DASHES: dict[str, tuple[float, ...]] = {"loss": (), "remission": (9, 5), "response": (3, 3)}
_DRUGS = {
    "immunomodulator": "#0072b2",
    "glucocorticoid": "#e69f00",
    "nutrition": "#009e73",
    "biologic": "#cc79a7",
    "small_molecule": "#56b4e9",
    "other": "#999999",
}
_INFUSION, _INTENSIFIED, _LEVEL = "#444444", "#aa3377", "#0072b2"

WORDS: dict[str, Words] = {
    "": Words(),
    "quiet": Words(QUIET),
    "first": Words(bold=True),
    "halo": Words(ground=True),
    "told": Words(bold=True, ground=True),
    "told loss": Words(ROLES["loss"], bold=True, ground=True),
} | {f"limit {role}": Words(colour, bold=True) for role, colour in ROLES.items()}
BOLD = frozenset(name for name, words in WORDS.items() if words.bold)

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
STYLES |= {
    "course": Style(INK, width=1.4),
    "visit": Style(INK, INK),
    "visit outside": Style(INK, "#ffffff"),
    "visit deciding": Style(ROLES["loss"], width=2.6),
    "leader": Style("#666666", width=0.9),
    "ending": Style("#666666", width=1.3, dash=(3, 3)),
    "event": Style(INK, INK),
    "infusion": Style(_INFUSION, _INFUSION, 1.4),
    "infusion raised": Style(_INTENSIFIED, _INTENSIFIED, 2.2),
    "level trough": Style(_LEVEL, _LEVEL),
    "level open": Style(_LEVEL, "#ffffff", 1.4),
    "level held": Style(ROLES["loss"], width=2.8),
    "hatch": Style("#ffffff", width=1.1),
}
for _role, _colour in ROLES.items():
    STYLES[f"threshold {_role}"] = Style(_colour, width=2, dash=_ROLE_DASHES[_role])
for _class, _colour in _DRUGS.items():
    STYLES[f"drug {_class}"] = Style(_colour, _colour)
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
    """The styles as rules of a page, and the colours by name for what stands around the figures."""
    named = zip(("--ink", "--quiet", "--first", "--second"), (INK, QUIET, *COLOURS), strict=False)
    root = "; ".join(f"{name}: {colour}" for name, colour in named)
    shapes = "".join(
        f".{'.'.join(name.split())} {{ {style.css()} }}\n" for name, style in STYLES.items()
    )
    return f":root {{ {root} }}\n{shapes}" + "".join(
        f"svg text.{'.'.join(name.split())} {{ {words.css()} }}\n"
        for name, words in WORDS.items()
        if name
    )
