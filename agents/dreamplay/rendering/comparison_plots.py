"""The plots of a comparison as inline SVG. Colours come from the page's classes; every text is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

from dreamplay.comparison.compare import Comparison
from dreamplay.comparison.deltas import Delta
from dreamplay.comparison.relations import Relation
from dreamplay.comparison.semantic_shift import SemanticShift
from dreamplay.comparison.stances import StanceDifference
from dreamplay.scoring.metrics import mean

_WIDTH = 360
"""Size of a plot, in units of about one pixel on a phone."""


def stance(found: StanceDifference, made: Comparison) -> Markup:
    """How often each choice was taken in each group: dots at the shares, whiskers for their intervals."""
    left, right, step = 5, _WIDTH - 54, 50
    height = step * len(found.base) + 26

    def x(share: float) -> float:
        return left + share * (right - left)

    absent = found.base_absent, found.changed_absent
    parts = [_axis(x, height - 22, [(0, "0"), (0.5, "half of the runs"), (1, "all")])]
    for place, (choice, was) in enumerate(found.base.items()):
        top = place * step
        parts.append(_text(0, top + 13, choice, "label"))
        for row, (count, word) in enumerate(((was, "base"), (found.changed[choice], "changed"))):
            y, colour = top + 23 + row * 13, "b" if row else "a"
            if not count.whole:
                parts.append(_text(_WIDTH, y + 4, "absent" if absent[row] else "none", "tick end"))
                continue
            parts.append(_mark(
                f"{word}: {count.runs} of {count.whole}, interval {count.low:.0%} to {count.high:.0%}",
                _line(x(count.low), y, x(count.high), y, f"whisker {colour}"),
                _dot(x(count.runs / count.whole), y, 5, colour),
                _text(_WIDTH, y + 4, f"{count.runs} of {count.whole}", "tick end"),
            ))  # fmt: skip
    return _svg(height, f"Stances of {made.names[found.role]}: share of runs by choice", parts)


def talk(rows: Sequence[SemanticShift], made: Comparison, title: str) -> Markup:
    """Distances between runs: with the same seed, the noise between seeds, and between the groups."""
    most = max((d for row in rows for d in (*row.same_seed, *row.noise, *row.between)), default=0) or 1
    step, left, right = 62, 5, _WIDTH - 5
    height = step * len(rows) + 26

    def x(distance: float) -> float:
        return left + distance / most * (right - left)

    parts = [_axis(x, height - 22, [(0, "0, the same"), (most, f"{most:.2f}")])]
    for place, row in enumerate(rows):
        top = place * step
        label = made.names.get(row.id, made.beats.get(row.id, row.id))
        parts.append(_text(0, top + 13, f"{label}{': changed' if row.found else ''}", "label"))
        lanes = (("same seed", row.same_seed, "a"), ("other seed, same group", row.noise, "n"),
                 ("other seed, other group", row.between, "b"))  # fmt: skip
        for lane, (word, distances, colour) in enumerate(lanes):
            if distances:
                y = top + 23 + lane * 13
                middle = mean(distances)
                said = f"{word}: mean {middle:.2f}, {min(distances):.2f} to {max(distances):.2f}"
                dots = [_dot(x(distance), y, 3, f"{colour} faint") for distance in distances]
                parts.append(_mark(said, *dots, _line(x(middle), y - 6, x(middle), y + 6, f"middle {colour}")))
    return _svg(height, f"How far the talk moved. {title}", parts)


def parting(made: Comparison) -> Markup:
    """For each pair, the share of the runs before they diverge."""
    most = max((max(pair.base_events, pair.changed_events) for pair in made.pairs), default=0) or 1
    step, left, right = 20, 64, _WIDTH

    def x(events: float) -> float:
        return left + events / most * (right - left)

    height = step * len(made.pairs) + 26
    parts = [_axis(x, height - 22, [(0, "0"), (most, f"{most} events")])]
    for place, pair in enumerate(made.pairs):
        y = place * step + 10
        seed = str(pair.base_seed) if made.paired else f"{pair.base_seed}/{pair.changed_seed}"
        end = x(max(pair.base_events, pair.changed_events))
        parts.append(_text(0, y + 4, f"seed {seed}"[:12], "tick"))
        said = f"seed {seed}: {pair.shared} events in common"
        parts.append(_mark(said, _bar(left, y, x(pair.shared), "n"), _bar(x(pair.shared), y, end, "b faint")))
    return _svg(height, "How many events the runs of each pair share before they diverge", parts)


def relation(found: Relation, made: Comparison) -> Markup:
    """What one character thinks of another, by scene, in both groups."""
    width, height = 150, 92

    def x(place: int) -> float:
        return 4 + place * (width - 8) / max(1, len(found.scenes) - 1)

    def y(regard: float) -> float:
        return 58 - max(-1.0, min(1.0, regard)) * 30

    name = f"{made.names[found.role]} of {made.names[found.other]}"
    parts = [_text(0, 14, name, "label"), _line(0, y(0), width, y(0), "axis")]
    for values, colour in ((found.base, "a"), (found.changed, "b")):
        points = [(x(place), y(value)) for place, value in enumerate(values) if value is not None]
        track = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
        end = found.base_end if colour == "a" else found.changed_end
        parts.append(_mark(
            f"{'base' if colour == 'a' else 'changed'}: {end:+.2f} in the end",
            Markup('<polyline points="{}" class="track {}"/>').format(track, colour),
            *(_dot(across, down, 3, colour) for across, down in points[-1:]),
        ))  # fmt: skip
    return _svg(height, f"What {name} thinks, from -1 to 1, scene by scene", parts, width)


def delta(found: Delta) -> Markup:
    """One figure of the scorecard: the range of single runs, and the means of the base and of the changed runs."""
    width, height = 90, 22
    low, high = min(found.low, found.changed), max(found.high, found.changed)

    def x(value: float) -> float:
        return 8 + (value - low) / ((high - low) or 1) * (width - 16) if high > low else width / 2

    parts = [
        _bar(x(found.low), 11, x(found.high), "n"),
        _line(x(found.base), 3, x(found.base), 19, "middle a"),
        _dot(x(found.changed), 11, 5, "b"),
    ]
    return _svg(height, f"{found.label}: range of single runs, base and changed", parts, width)


def _svg(height: float, title: str, parts: Iterable[Markup], width: int = _WIDTH) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        width, height, title, Markup("").join(parts)
    )


def _mark(said: str, *shapes: Markup) -> Markup:
    """A group of shapes, with a title that is shown on hover."""
    return Markup("<g><title>{}</title>{}</g>").format(said, Markup("").join(shapes))


def _axis(x: Callable[[float], float], y: float, ticks: Sequence[tuple[float, str]]) -> Markup:
    parts = [_line(x(ticks[0][0]), y, x(ticks[-1][0]), y, "axis")]
    for place, (value, label) in enumerate(ticks):
        anchor = "start" if place == 0 else "end" if place == len(ticks) - 1 else "middle"
        parts.append(_line(x(value), y, x(value), y + 4, "axis"))
        parts.append(_text(x(value), y + 16, label, f"tick {anchor}"))
    return Markup("").join(parts)


def _text(x: float, y: float, text: str, style: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}">{}</text>').format(x, y, style, text)


def _line(x: float, y: float, to_x: float, to_y: float, style: str) -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>').format(x, y, to_x, to_y, style)


def _dot(x: float, y: float, radius: float, style: str) -> Markup:
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" class="{}"/>').format(x, y, radius, style)


def _bar(x: float, y: float, to_x: float, style: str) -> Markup:
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="8" rx="2" class="{}"/>').format(
        x, y - 4, max(0.0, to_x - x), style
    )
