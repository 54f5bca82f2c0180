"""The shapes of plots as inline SVG. Colours come from the page's classes; every text is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

WIDTH = 360
"""Width of a plot, in units of about one pixel on a phone."""


def plot(height: float, title: str, parts: Iterable[Markup], width: int = WIDTH) -> Markup:
    """A plot. The title says what it shows, for whoever does not see it."""
    return Markup('<svg viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        width, height, title, Markup("").join(parts)
    )


def mark(said: str, *shapes: Markup) -> Markup:
    """A group of shapes, with a title that is shown on hover."""
    return Markup("<g><title>{}</title>{}</g>").format(said, Markup("").join(shapes))


def axis(x: Callable[[float], float], y: float, ticks: Sequence[tuple[float, str]]) -> Markup:
    """A line across at `y` with a label at each of these values."""
    parts = [line(x(ticks[0][0]), y, x(ticks[-1][0]), y, "axis")]
    for place, (value, label) in enumerate(ticks):
        anchor = "start" if place == 0 else "end" if place == len(ticks) - 1 else "middle"
        parts.append(line(x(value), y, x(value), y + 4, "axis"))
        parts.append(text(x(value), y + 16, label, f"tick {anchor}"))
    return Markup("").join(parts)


def text(x: float, y: float, words: str, style: str) -> Markup:
    """A text whose line of writing begins at this point."""
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>').format(x, y, style, words)


def line(x: float, y: float, to_x: float, to_y: float, style: str) -> Markup:
    """A line between two points."""
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>').format(x, y, to_x, to_y, style)


def dot(x: float, y: float, radius: float, style: str) -> Markup:
    """A circle."""
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" class="{}"/>').format(x, y, radius, style)


def bar(x: float, y: float, to_x: float, style: str) -> Markup:
    """A bar across, around `y`."""
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="8" rx="2" class="{}"/>').format(
        x, y - 4, max(0.0, to_x - x), style
    )
