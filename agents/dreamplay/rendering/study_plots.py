"""The plots of a study's report as inline SVG: how far each condition lies from the baseline, with its interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from dreamplay.rendering import svg
from dreamplay.rendering.svg import WIDTH
from dreamplay.statistics.findings import gap
from dreamplay.statistics.permutation import shown
from dreamplay.statistics.phrasings import Difference
from dreamplay.statistics.report import Line

_STEP = 42
"""Height of a condition: its name, and below it its interval."""
_LONGEST = 32
"""Letters of a name that leave room for the figures beside it."""
_EDGE = 8
"""Room at either side, for a dot at the end of the scale."""


def intervals(lines: Sequence[Line]) -> Iterator[tuple[str, Markup]]:
    """For each measure its name, and the differences of all conditions on one scale, with no difference in the middle.

    A dot is full where the adjusted p is small, and a ring elsewhere.
    """
    for measure in dict.fromkeys(line.tested.difference.measure for line in lines):
        yield measure, _measure(measure, [line for line in lines if line.tested.difference.measure == measure])


def _measure(measure: str, lines: Sequence[Line]) -> Markup:
    found = [line.tested.difference for line in lines]
    most = max(abs(end) for each in found for end in (0.0, *_ends(each)))
    height = _STEP * len(lines) + 30

    def x(value: float) -> float:
        return WIDTH / 2 + value / (most or 1) * (WIDTH / 2 - _EDGE)

    far = f"{most * 100:.3g} points" if all(each.yes_no for each in found) else f"{most:.3g}"
    ends = (f"\N{MINUS SIGN}{far}", f"+{far}") if most else ("", "")
    parts = [svg.axis(x, height - 22, [(-(most or 1), ends[0]), (0.0, "0"), (most or 1, ends[1])])]
    for place, line in enumerate(lines):
        parts += _row(line, place * _STEP, x)
    told = "; ".join(f"{each.changed}: {_said(line)}" for each, line in zip(found, lines, strict=True))
    return svg.plot(height, f"{measure}: difference from {found[0].base}, with its 95% interval. {told}.", parts)


def _row(line: Line, top: float, x: Callable[[float], float]) -> Iterator[Markup]:
    found, y = line.tested.difference, top + 30
    name = (
        found.changed if len(found.changed) <= _LONGEST else f"{found.changed[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
    )
    yield svg.text(0, top + 16, name, "label")
    yield svg.text(WIDTH, top + 16, gap(found) if found.difference is not None else "not tested", "tick end")
    yield svg.line(x(0), y - 9, x(0), y + 9, "zero")
    if found.difference is None:
        return
    ends = [] if found.low is None or found.high is None else [
        svg.line(x(found.low), y, x(found.high), y, "whisker b"),
        *(svg.line(x(end), y - 5, x(end), y + 5, "whisker b") for end in (found.low, found.high)),
    ]  # fmt: skip
    yield svg.mark(_said(line), *ends, svg.dot(x(found.difference), y, 5, "b" if line.tested.small else "b ring"))


def _said(line: Line) -> str:
    found = line.tested.difference
    return f"{gap(found)}, adjusted p = {shown(line.tested.adjusted)}" if found.difference is not None else "not tested"


def _ends(found: Difference) -> list[float]:
    return [end for end in (found.difference, found.low, found.high) if end is not None]
