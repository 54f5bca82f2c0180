"""Runs side by side, and in figures: two runs, or two groups of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

import dreamplay as dp
from dreamplay.rendering import comparison_page
from dreamplay.rendering.event_phrase import phrase
from dreamplay.web.names import Names
from dreamplay.web.templating import page
from dreamplay.web.wording import worded

router = APIRouter(prefix="/compare")
Group = Literal["base", "other", "none"]
_COLUMNS = 4
"""Runs that have room side by side."""


@router.get("")
def compare(
    request: Request,
    run: Annotated[list[str], Query(default_factory=list)],
    group: Annotated[list[Group], Query(default_factory=list)],
    base: Annotated[list[str], Query(default_factory=list)],
    other: Annotated[list[str], Query(default_factory=list)],
) -> Response:
    """A comparison of `base` and `other`. Runs that are named as `run` are put into groups first: each into the one
    that stands at its place in `group`, or as `dreamplay compare` does.
    """
    names = Names(request.app.state.home)
    if run:
        return RedirectResponse(f"/compare?{_grouped(names, run, group)}", 303)
    one, two = ([names.run(name) for name in dict.fromkeys(group)] for group in (base, other))
    if not (one and two):
        return _page(one, two, message="Choose at least one run for each group." if one or two else "")
    try:
        beside = [(runs, dp.side_by_side([each.run for each in runs])) for runs in _sets(*_columns(one, two))]
    except dp.DreamplayError as error:
        return _page(one, two, status=400, message=worded(str(error)))
    try:
        figures = comparison_page.figures(dp.compare(one, two))
    except dp.DreamplayError as error:
        return _page(one, two, beside=beside, message=worded(str(error)))
    return _page(one, two, beside=beside, **figures)


@router.get("/figures.css")
def styles() -> FileResponse:
    """The styles of the figures, which a comparison that is written to a file has, too."""
    return FileResponse(comparison_page.TEMPLATES / "comparison_figures.css", media_type="text/css")


@dataclass(frozen=True)
class Column:
    """A run, and its letter on the page."""

    letter: str
    run: dp.Run

    @property
    def name(self) -> str:
        """The name by which it is asked for."""
        return self.run.place.name

    @cached_property
    def title(self) -> str:
        """What it is called."""
        return self.run.label.title or self.name


def _page(
    one: Sequence[dp.Run], two: Sequence[dp.Run], *, status: int = 200, message: str = "",
    beside: Sequence[tuple[Sequence[Column], dp.SideBySide]] = (), **figures: object,
) -> HTMLResponse:  # fmt: skip
    """The page, as far as there is a comparison: text without figures, or neither, with the reason."""
    base, other = _columns(one, two)
    return page(
        "compare.html.jinja", status=status, groups=(("base", "Base", base), ("other", "Changed", other)),
        title=[*one, *two][0].header.story.title if one or two else "", beside=beside,
        left_out=0 if len(beside) > 1 else max(0, len(base) + len(other) - _COLUMNS), message=message, phrase=phrase,
        folded=True, **{"made": None, **figures},
    )  # fmt: skip


def _columns(one: Sequence[dp.Run], two: Sequence[dp.Run]) -> tuple[list[Column], list[Column]]:
    """Both groups with a letter for each run."""
    made = [Column(_letter(place), run) for place, run in enumerate((*one, *two))]
    return made[: len(one)], made[len(one) :]


def _grouped(names: Names, run: Sequence[str], group: Sequence[Group]) -> str:
    """The query of a comparison of some runs."""
    if len(group) == len(run):
        return urlencode([(side, name) for side, name in zip(group, run, strict=True) if side != "none"])
    runs = [names.run(name) for name in dict.fromkeys(run)]
    runs.sort(key=lambda each: each.header.parent in run)  # of a run and its branch, the run is the base
    try:
        one, two = dp.two_groups(runs)
    except dp.DreamplayError:  # each has a change of its own
        one, two = runs[:1], runs[1:]
    return urlencode([(side, each.place.name) for side, those in (("base", one), ("other", two)) for each in those])


def _sets(one: Sequence[Column], two: Sequence[Column]) -> list[list[Column]]:
    """What stands side by side: of two groups each pair, by seed if they have seeds in common; else all runs."""
    if min(len(one), len(two)) < 2:
        return [[*one, *two][:_COLUMNS]]
    by_seed = {each.run.header.seed: each for each in two}
    pairs = [[each, by_seed[each.run.header.seed]] for each in one if each.run.header.seed in by_seed]
    return pairs or [list(pair) for pair in zip(one, two, strict=False)]


def _letter(place: int) -> str:
    """A short name of a run on the page: A to Z, then A2 and so on."""
    again, letter = divmod(place, 26)
    return f"{chr(ord('A') + letter)}{again + 1 if again else ''}"
