"""The stage: a run as it is played, or as it was."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response, StreamingResponse

import dreamplay as dp
from dreamplay.web import sse
from dreamplay.web.names import Names
from dreamplay.web.scene_view import AUTHOR, READER, SceneView, eyes, viewpoint
from dreamplay.web.templating import page

router = APIRouter(prefix="/runs/{name}")
Do = Literal["pause", "step", "go", "close"]


@router.get("")
def stage(request: Request, name: str, view: str | None = None) -> HTMLResponse:
    """A run. If it is played here, the events come by `events`; else they are on the page."""
    play: dp.LivePlay | None = request.app.state.plays.get(name)
    run = Names(request.app.state.home).run(name)
    cast = run.record.cast
    seen_by = viewpoint(view, cast)
    roles = eyes(seen_by, cast, run.events)
    seen = SceneView(run.header.story, cast, name, seen_by)
    return page(
        "stage.html.jinja", run=run, name=name, live=play is not None, viewpoint=seen_by, view=seen,
        viewpoints=[(AUTHOR, "the author"), (READER, "a reader"), *((role, cast.name(role)) for role in cast.roles)],
        events=[] if play else [each for each in run.events if seen.shows(each, seen_by, roles)],
    )  # fmt: skip


@router.get("/events")
async def events(
    request: Request, name: str, view: str | None = None, after: int = -1,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:  # fmt: skip
    """What happens in a live play, as server-sent events, from the event after `after` on."""
    play = _live(request, name)
    assert play.plan
    known = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
    seen_by = viewpoint(view, play.plan.cast)
    return StreamingResponse(sse.stream(play, seen_by, known), media_type="text/event-stream")


@router.post("/{do}", status_code=204)
async def steer(request: Request, name: str, do: Do) -> Response:
    """Pause, play one event, go on, or stop for good."""
    if do == "go" and request.app.state.plays.get(name) is None:
        await request.app.state.plays.go_on(name)
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    play = _live(request, name)
    {"pause": play.pause, "step": play.step, "go": play.go_on, "close": play.close}[do]()
    return Response(status_code=204)


def _live(request: Request, name: str) -> dp.LivePlay:
    play: dp.LivePlay | None = request.app.state.plays.get(name)
    if play is None:
        raise HTTPException(404, f"The run {name[:80]!r} is not played here.")
    return play
