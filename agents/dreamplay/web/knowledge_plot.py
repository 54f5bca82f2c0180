"""The plot of who was there, line by line, as inline SVG. Colours come from the page's classes; text is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from dreamplay.web.knowledge_view import KnowledgeView

_WIDTH, _NAMES, _LANE, _TOP = 360, 70, 26, 18
"""Sizes in units of about one pixel on a phone: of the plot, of the names at its left, of a lane, and above them."""
_APART = 12
"""Units between the numbers of two scenes, at least."""
_LONGEST = 12
"""Characters of a name."""


def plot(view: KnowledgeView) -> Markup:
    """A lane for each role: a bar where they were there, a triangle for a whisper, a diamond for a dream, and a square
    for a secret that was told.
    """
    height = _TOP + _LANE * len(view.roles)
    parts = [*_scenes(view, height)]
    for place, role in enumerate(view.roles):
        parts += _lane(view, role, _TOP + _LANE * place + _LANE / 2)
    said = "Who was there, line by line: a lane for each, with the scenes by number. The table below says the same."
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, height, said, Markup("").join(parts)
    )


def _x(view: KnowledgeView, number: float) -> float:
    """Where a line begins."""
    return _NAMES + number / (view.at + 1) * (_WIDTH - _NAMES - 4)


def _scenes(view: KnowledgeView, height: float) -> Iterable[Markup]:
    """An edge where a scene begins, and its number where there is room."""
    labelled = -float("inf")
    for scene in view.scenes:
        x = _x(view, scene.first)
        yield Markup('<line x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}" class="edge"/>').format(x, _TOP - 4, height)
        if x - labelled >= _APART:
            yield Markup('<text x="{:.1f}" y="10" class="tick">{}</text>').format(x, scene.number)
            labelled = x


def _lane(view: KnowledgeView, role: str, y: float) -> Iterable[Markup]:
    name = view.scene.name(role)
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    yield Markup('<text x="0" y="{:.1f}">{}</text>').format(y + 4, short)
    for scene in view.scenes:
        for each in scene.there[role]:
            x = _x(view, each.first)
            bar = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="8" class="there"/>').format(
                x, y - 4, max(_x(view, each.last + 1) - x, 0.5)
            )
            yield _titled(f"{name}, lines {each.first} to {each.last}: {scene.title}", bar)
    for line in view.whispers:
        if role in line.witnesses:
            heard = f"Line {line.id}: {view.scene.name(line.speaker)} whispers to {view.scene.cast.listed(line.hears)}"
            yield _titled(heard, _shape("M{x},{top} l5,9 l-10,0 z", _x(view, line.id + 0.5), y, "whisper"))
    for told in view.threads:
        if told.kind == "secret" and role in told.witnesses:
            shape = _shape("M{x},{top} m-4,2 l8,0 l0,8 l-8,0 z", _x(view, told.since + 0.5), y, "secret")
            yield _titled(f"Line {told.since}: a {view.put(told)}", shape)
    for dream in view.dreams:
        if role in dream.witnesses:
            shape = _shape("M{x},{top} l5,6 l-5,6 l-5,-6 z", _x(view, dream.id + 0.5), y, "dream")
            yield _titled(f"Line {dream.id}: {name} dreams", shape)


def _shape(path: str, x: float, y: float, style: str) -> Markup:
    return Markup('<path d="{}" class="{}"/>').format(path.format(x=f"{x:.1f}", top=f"{y - 6:.1f}"), style)


def _titled(said: str, shape: Markup) -> Markup:
    """A shape with a title that is shown on hover."""
    return Markup("<g><title>{}</title>{}</g>").format(said, shape)
