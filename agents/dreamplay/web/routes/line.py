"""A line of a run: why it was said, another take of it, and a branch from there on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, Response

import dreamplay as dp
from dreamplay.errors import DreamplayError
from dreamplay.web.branch_form import MOST, BranchForm
from dreamplay.web.guard import CHANGING
from dreamplay.web.line_view import LineView
from dreamplay.web.names import Names
from dreamplay.web.templating import page
from dreamplay.web.wording import worded

router = APIRouter(prefix="/runs/{name}/line/{number}")
_BEFORE = 4
"""Lines before the point that the page of a branch shows."""


@router.get("")
def line(request: Request, name: str, number: int, view: str | None = None) -> HTMLResponse:
    """Why a line was said, as far as whoever looks may know: in the panel of the stage, or as a page of its own."""
    shown = LineView.of(_run(request, name), number, view)
    part = CHANGING.lower() in request.headers
    return page("line_part.html.jinja" if part else "line.html.jinja", line=shown, part=part)


@router.post("/take")
async def take(request: Request, name: str, number: int, takes: Annotated[int, Form(ge=1, le=MOST)] = 1) -> Response:
    """Begin other takes: the same run up to the line, and from there on with other dice."""

    def made() -> list[dp.Branched]:
        run = _run(request, name)
        free = [seed for seed in random.SystemRandom().sample(range(10_000), takes + 1) if seed != run.header.seed]
        return [run.branch(at=number, seed=seed) for seed in free[:takes]]

    return await _begin(request, made, dict)


@router.get("/branch")
def change(request: Request, name: str, number: int, view: str | None = None) -> HTMLResponse:
    """What can be changed from a line on."""
    shown = LineView.of(_run(request, name), number, view)
    branched = shown.run.branch(at=number)
    point = branched.branch.plan.point or 0
    return page(
        "line_branch.html.jinja", line=shown, point=point, most=MOST, cost=branched.cost, personas=dp.list_personas(),
        before=[each for each in shown.run.events[:point] if shown.shows(each.id)][-_BEFORE:],
        story=dp.dump_story(shown.run.header.story),
    )  # fmt: skip


@router.post("/branch")
async def branch(request: Request, name: str, number: int) -> Response:
    """Begin branches that differ from a line on."""
    run = await asyncio.to_thread(_run, request, name)
    async with request.form() as filled:
        form = BranchForm(filled, run)
        return await _begin(request, partial(form.branches, number), form.settings)


async def _begin(
    request: Request, make: Callable[[], Sequence[dp.Branched]], settings: Callable[[], dict[str, Any]]
) -> Response:
    """Begin branches, and go to the run, or to all runs if they are several. What cannot be is said in the form."""
    try:
        made, chosen = await asyncio.to_thread(make), settings()
        names = [await request.app.state.plays.begin(partial(dp.live, each, **chosen)) for each in made]
    except DreamplayError as error:
        return page("error_part.html.jinja", status=422, message=worded(str(error)))
    where = f"/runs/{quote(names[0], safe='')}" if len(names) == 1 else "/"
    return Response(status_code=204, headers={"HX-Redirect": where})


def _run(request: Request, name: str) -> dp.Run:
    return Names(request.app.state.home).run(name)
