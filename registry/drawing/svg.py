"""Paints a scene for a page: SVG whose text stays text, looking as `styles` declares."""

from __future__ import annotations

from html import escape

from registry.drawing.scene import Mark, Scene


def svg(scene: Scene) -> str:
    """The element."""
    p = scene.prefix
    size = f'viewBox="0 0 {_n(scene.width)} {_n(scene.height)}"'
    for name, value in scene.attributes.items():
        size += f' {name}="{_n(value)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" '
        f'aria-labelledby="{p}-title" aria-describedby="{p}-desc">'
        f'<title id="{p}-title">{escape(scene.title)}</title>'
        f'<desc id="{p}-desc">{escape(scene.description)}</desc>'
        f"{''.join(map(_element, scene.marks))}</svg>"
    )


def _element(mark: Mark) -> str:
    name = f' class="{mark.name}"' if mark.name else ""
    places = mark.places
    (x, y), (to_x, to_y) = places[0], places[-1]
    match mark.kind:
        case "text":
            at = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
            key = f' data-count="{mark.key}"' if mark.key else ""
            return f'<text x="{_n(x)}" y="{_n(y)}"{name}{at}{key}>{escape(mark.words)}</text>'
        case "line":
            ends = f'x1="{_n(x)}" y1="{_n(y)}" x2="{_n(to_x)}" y2="{_n(to_y)}"'
            return f"<line {ends}{name}/>"
        case "box":
            size = f'width="{_n(to_x - x)}" height="{_n(to_y - y)}"'
            return f'<rect x="{_n(x)}" y="{_n(y)}" {size}{name}/>'
        case "dot":
            return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(mark.radius)}"{name}/>'
        case kind:
            steps = " L".join(f"{_n(x)} {_n(y)}" for x, y in places)
            return f'<path d="M{steps}{" Z" if kind == "area" else ""}"{name}/>'


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
