"""The stage: a run as it is played, or as it was."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

import dreamplay as dp
from dreamplay.web import sse
from dreamplay.web.names import Names
from dreamplay.web.scene_view import AUTHOR, READER, SceneView
from dreamplay.web.standing import Standing, where
from dreamplay.web.telling import PLACE, Telling
from dreamplay.web.templating import page

router = APIRouter(prefix="/runs/{name}")


@router.get("")
def stage(request: Request, name: str, view: str | None = None) -> HTMLResponse:
    """A run, with what was played of it. What comes from there on is told by `events`."""
    play: dp.LivePlay | None = request.app.state.plays.get(name)
    run = play or _run(request, name)
    parent = run.header.parent if run.header else None
    standing = Standing.of(run) if isinstance(run, dp.Run) else Standing.now(run.moment)
    seen = SceneView.of(run, view)
    telling = Telling(seen, run.events)
    views = [(AUTHOR, "the author"), (READER, "a reader"), *((role, seen.name(role)) for role in seen.cast.roles)]
    return page(
        "stage.html.jinja", header=run.header, label=run.label, name=name,
        parent=Names(request.app.state.home).called(parent) if parent else "", live=play is not None, visit=run.visit,
        view=seen, viewpoint=seen.viewpoint, viewpoints=views, script=telling.all(), place=telling.place,
        standing=standing, where=where(telling, play), share=play and play.pace.share,
    )  # fmt: skip


@router.get("/events")
def events(
    request: Request, name: str, view: str | None = None, after: Annotated[str, Query(pattern=PLACE)] = "",
    last_event_id: Annotated[str, Header(pattern=PLACE)] = "",
) -> sse.EventStream:  # fmt: skip
    """What happens in a run, as server-sent events, from after a place on: see `telling.Place`. Of a run that is not
    live here it is what was played meanwhile, and how it stands.
    """
    known = last_event_id or after
    if play := request.app.state.plays.get(name):
        told = sse.live(play, SceneView.of(play, view), known)
    else:
        run = _run(request, name)
        told = sse.kept(run, SceneView.of(run, view), known)
    return sse.EventStream(told, request.app.state.streams)


@router.post("/pause")
def pause(request: Request, name: str) -> Response:
    """Pause after the event that is being made."""
    _live(request, name).pause()
    return Response(status_code=204)


@router.post("/step")
def step(request: Request, name: str) -> Response:
    """Play one event."""
    _live(request, name).step()
    return Response(status_code=204)


@router.post("/close")
def close(request: Request, name: str) -> Response:
    """Stop after the event that is being made, and let go of the model."""
    _live(request, name).close()
    return Response(status_code=204)


@router.post("/go")
async def go_on(request: Request, name: str) -> Response:
    """Go on after a pause, after a failure, or with what is on disk."""
    await request.app.state.plays.go_on(name)
    return Response(status_code=204, headers={"HX-Trigger": "dreamplay:live"})


def _run(request: Request, name: str) -> dp.Run:
    return Names(request.app.state.home).run(name)


def _live(request: Request, name: str) -> dp.LivePlay:
    play: dp.LivePlay | None = request.app.state.plays.get(name)
    if play is None:
        raise HTTPException(404, "This run is not played here.")
    return play
