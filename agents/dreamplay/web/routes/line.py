"""A line of a run: why it was said, another take of it, and a branch from there on."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

import dreamplay as dp
from dreamplay.errors import DreamplayError, UsageError
from dreamplay.schema.cast import Cast
from dreamplay.web.guard import CHANGING
from dreamplay.web.line_view import LineView
from dreamplay.web.names import Names
from dreamplay.web.templating import page

router = APIRouter(prefix="/runs/{name}/line/{number}")
MOST = 10
"""Runs that one request begins, at most."""
_LARGEST = 2**31 - 1
"""The largest seed."""
_BEFORE = 4
"""Lines before the point that the page of a branch shows."""


@router.get("")
def line(request: Request, name: str, number: int, view: str | None = None) -> HTMLResponse:
    """Why a line was said, as far as whoever looks may know: in the panel of the stage, or as a page of its own."""
    shown = _line(request, name, number, view)
    part = CHANGING.lower() in request.headers
    return page("line_part.html.jinja" if part else "line.html.jinja", line=shown, part=part)


@router.post("/take")
async def take(request: Request, name: str, number: int, takes: Annotated[int, Form(ge=1, le=MOST)] = 1) -> Response:
    """Begin other takes: the same run up to the line, and from there on with other dice."""

    def made() -> list[dp.Branched]:
        run = _run(request, name)
        free = [seed for seed in random.SystemRandom().sample(range(10_000), takes + 1) if seed != run.header.seed]
        return [run.branch(at=number, seed=seed) for seed in free[:takes]]

    return await _begin(request, made)


@router.get("/branch")
def change(request: Request, name: str, number: int, view: str | None = None) -> HTMLResponse:
    """What can be changed from a line on."""
    shown = _line(request, name, number, view)
    branched = shown.run.branch(at=number)
    point = branched.branch.plan.point or 0
    return page(
        "line_branch.html.jinja", line=shown, point=point, most=MOST, cost=branched.cost, offered=dp.list_personas(),
        before=[each for each in shown.run.events[:point] if shown.shows(each.id)][-_BEFORE:],
        story=dp.dump_story(shown.run.header.story),
    )  # fmt: skip


@router.post("/branch")
async def branch(
    request: Request, name: str, number: int,
    swap: Annotated[list[str] | None, Form()] = None,
    speaker: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
    drop: Annotated[list[str] | None, Form()] = None,
    story: Annotated[str, Form()] = "",
    seeds: Annotated[str, Form()] = "",
    direction: Annotated[str, Form()] = "",
    model: Annotated[str, Form()] = "",
    base_url: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Begin branches that differ from a line on."""
    settings = {"direction": direction, "model": model.strip(), "base_url": base_url.strip()}
    chosen = {name: value for name, value in settings.items() if value}

    def made() -> list[dp.Branched]:
        run = _run(request, name)
        changes: dict[str, Any] = {
            "swap": _swaps(swap or (), run.record.cast),
            "say": _said(speaker, words),
            "drop": drop or (),
            "story_edit": _edited(story, run),
        }
        drawn = _seeds(seeds)
        if not any(changes.values()) and not chosen and set(drawn) <= {None, run.header.seed}:
            raise UsageError("nothing is changed: change something here, or ask for another seed")
        return [run.branch(at=number, seed=seed, **changes) for seed in drawn]

    return await _begin(request, made, **chosen)


async def _begin(request: Request, make: Callable[[], Sequence[dp.Branched]], **settings: Any) -> Response:
    """Begin branches, and go to the run, or to all runs if they are several. What cannot be is said in the form."""
    try:
        made = await asyncio.to_thread(make)
        names = [await request.app.state.plays.begin(partial(dp.live, each, **settings)) for each in made]
    except DreamplayError as error:
        return page("error_part.html.jinja", status=422, message=str(error))
    where = f"/runs/{quote(names[0], safe='')}" if len(names) == 1 else "/"
    return Response(status_code=204, headers={"HX-Redirect": where})


def _run(request: Request, name: str) -> dp.Run:
    return Names(request.app.state.home).run(name)


def _line(request: Request, name: str, number: int, view: str | None) -> LineView:
    return LineView.of(_run(request, name), number, view)


def _swaps(asked: Sequence[str], cast: Cast) -> dict[str, str]:
    """Role to persona, of texts such as "leo=nurse". A persona is one of those that are offered, or another role.

    Raises:
        UsageError: it is neither.
    """
    pairs = [each.partition("=")[::2] for each in asked if each]
    for _, persona in pairs:
        if persona not in (*cast.characters, *dp.list_personas()):
            raise UsageError(f"`swap`: no persona {persona[:40]!r} is offered; choose one from the list")
    return dict(pairs)


def _said(speaker: str, words: str) -> list[tuple[str, str]]:
    """The line that is said at the point, if there is one.

    Raises:
        UsageError: it has a speaker and no words, or the other way round.
    """
    text = " ".join(words.split())
    if bool(speaker) != bool(text):
        raise UsageError("`say` needs both: who speaks, and the words")
    return [(speaker, text)] if text else []


def _edited(text: str, run: dp.Run) -> dp.Story | None:
    """The story in the text area; None if it says what it said before.

    Raises:
        LibraryError: it is not valid.
    """
    story = run.header.story
    if text.replace("\r\n", "\n").strip() in ("", dp.dump_story(story).strip()):
        return None
    edited = dp.parse_story(text)
    return None if edited == story else edited


def _seeds(text: str) -> list[int | None]:
    """The seeds in a text such as "3, 5, 8"; that of the run if it is empty.

    Raises:
        UsageError: it is something else, or they are too many.
    """
    parts = re.split(r"[\s,;]+", text.strip()) if text.strip() else []
    if wrong := next((each for each in parts if not re.fullmatch("[0-9]{1,10}", each) or int(each) > _LARGEST), None):
        raise UsageError(f"`seed={wrong[:20]}`: a seed is a number from 0 to {_LARGEST}; commas separate several")
    if len(found := list(dict.fromkeys(map(int, parts)))) > MOST:
        raise UsageError(f"`seed`: {len(found)} seeds; this page begins {MOST} runs at once, at most")
    return list(found) or [None]
