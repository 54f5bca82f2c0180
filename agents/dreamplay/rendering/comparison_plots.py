"""The plots of a comparison as inline SVG. Colours come from the page's classes; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from dreamplay.comparison.compare import Comparison
from dreamplay.comparison.deltas import Delta
from dreamplay.comparison.relations import Relation
from dreamplay.comparison.semantic_shift import SemanticShift
from dreamplay.comparison.stances import StanceDifference
from dreamplay.rendering import svg
from dreamplay.rendering.svg import WIDTH
from dreamplay.scoring.metrics import mean


def stance(found: StanceDifference, made: Comparison) -> Markup:
    """How often each choice was taken in each group: dots at the shares, whiskers for their intervals."""
    left, right, step = 5, WIDTH - 54, 50
    height = step * len(found.base) + 26

    def x(share: float) -> float:
        return left + share * (right - left)

    absent = found.base_absent, found.changed_absent
    parts = [svg.axis(x, height - 22, [(0, "0"), (0.5, "half of the runs"), (1, "all")])]
    for place, (choice, was) in enumerate(found.base.items()):
        top = place * step
        parts.append(svg.text(0, top + 13, choice, "label"))
        for row, (count, word) in enumerate(((was, "base"), (found.changed[choice], "changed"))):
            y, colour = top + 23 + row * 13, "b" if row else "a"
            if not count.whole:
                parts.append(svg.text(WIDTH, y + 4, "absent" if absent[row] else "none", "tick end"))
                continue
            parts.append(svg.mark(
                f"{word}: {count.runs} of {count.whole}, interval {count.low:.0%} to {count.high:.0%}",
                svg.line(x(count.low), y, x(count.high), y, f"whisker {colour}"),
                svg.dot(x(count.runs / count.whole), y, 5, colour),
                svg.text(WIDTH, y + 4, f"{count.runs} of {count.whole}", "tick end"),
            ))  # fmt: skip
    return svg.plot(height, f"Stances of {made.names[found.role]}: share of runs by choice", parts)


def talk(rows: Sequence[SemanticShift], made: Comparison, title: str) -> Markup:
    """Distances between runs: with the same seed, the noise between seeds, and between the groups."""
    most = max((d for row in rows for d in (*row.same_seed, *row.noise, *row.between)), default=0) or 1
    step, left, right = 62, 5, WIDTH - 5
    height = step * len(rows) + 26

    def x(distance: float) -> float:
        return left + distance / most * (right - left)

    parts = [svg.axis(x, height - 22, [(0, "0, the same"), (most, f"{most:.2f}")])]
    for place, row in enumerate(rows):
        top = place * step
        label = made.names.get(row.id, made.beats.get(row.id, row.id))
        parts.append(svg.text(0, top + 13, f"{label}{': changed' if row.found else ''}", "label"))
        lanes = (("same seed", row.same_seed, "a"), ("other seed, same group", row.noise, "n"),
                 ("other seed, other group", row.between, "b"))  # fmt: skip
        for lane, (word, distances, colour) in enumerate(lanes):
            if distances:
                y = top + 23 + lane * 13
                middle = mean(distances)
                said = f"{word}: mean {middle:.2f}, {min(distances):.2f} to {max(distances):.2f}"
                dots = [svg.dot(x(distance), y, 3, f"{colour} faint") for distance in distances]
                parts.append(svg.mark(said, *dots, svg.line(x(middle), y - 6, x(middle), y + 6, f"middle {colour}")))
    return svg.plot(height, f"How far the talk moved. {title}", parts)


def parting(made: Comparison) -> Markup:
    """For each pair, the share of the runs before they diverge."""
    most = max((max(pair.base_events, pair.changed_events) for pair in made.pairs), default=0) or 1
    step, left, right = 20, 64, WIDTH

    def x(events: float) -> float:
        return left + events / most * (right - left)

    height = step * len(made.pairs) + 26
    parts = [svg.axis(x, height - 22, [(0, "0"), (most, f"{most} events played")])]
    for place, pair in enumerate(made.pairs):
        y = place * step + 10
        seed = str(pair.base_seed) if made.paired else f"{pair.base_seed}/{pair.changed_seed}"
        end = x(max(pair.base_events, pair.changed_events))
        parts.append(svg.text(0, y + 4, f"seed {seed}"[:12], "tick"))
        parts_at = f"they diverge at event {pair.parts.event}" if pair.parts else "they are the same"
        said = f"seed {seed}: {parts_at}"
        parts.append(svg.mark(said, svg.bar(left, y, x(pair.shared), "n"), svg.bar(x(pair.shared), y, end, "b faint")))
    return svg.plot(height, "How many events the runs of each pair share before they diverge", parts)


def relation(found: Relation, made: Comparison) -> Markup:
    """What one character thinks of another, by scene, in both groups."""
    width, height = 150, 92

    def x(place: int) -> float:
        return 4 + place * (width - 8) / max(1, len(found.scenes) - 1)

    def y(regard: float) -> float:
        return 58 - max(-1.0, min(1.0, regard)) * 30

    name = f"{made.names[found.role]} of {made.names[found.other]}"
    parts = [svg.text(0, 14, name, "label"), svg.line(0, y(0), width, y(0), "axis")]
    for values, colour in ((found.base, "a"), (found.changed, "b")):
        points = [(x(place), y(value)) for place, value in enumerate(values) if value is not None]
        track = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
        end = found.base_end if colour == "a" else found.changed_end
        parts.append(svg.mark(
            f"{'base' if colour == 'a' else 'changed'}: {end:+.2f} in the end",
            Markup('<polyline points="{}" class="track {}"/>').format(track, colour),
            *(svg.dot(across, down, 3, colour) for across, down in points[-1:]),
        ))  # fmt: skip
    return svg.plot(height, f"What {name} thinks, from -1 to 1, scene by scene", parts, width)


def delta(found: Delta) -> Markup:
    """One figure of the scorecard: the range of single runs, and the means of the base and of the changed runs."""
    width, height = 90, 22
    low, high = min(found.low, found.changed), max(found.high, found.changed)

    def x(value: float) -> float:
        return 8 + (value - low) / ((high - low) or 1) * (width - 16) if high > low else width / 2

    parts = [
        svg.bar(x(found.low), 11, x(found.high), "n"),
        svg.line(x(found.base), 3, x(found.base), 19, "middle a"),
        svg.dot(x(found.changed), 11, 5, "b"),
    ]
    return svg.plot(height, f"{found.label}: range of single runs, base and changed", parts, width)
