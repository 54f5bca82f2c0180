"""Stepping in: what a visitor says and does on the stage, and how somebody steps into a run that is there already."""

from __future__ import annotations

import asyncio
import random
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

import dreamplay as dp
from dreamplay.participants.commands import HELP
from dreamplay.schema.event import PROLOGUE
from dreamplay.web import visit_form
from dreamplay.web.names import Names
from dreamplay.web.scene_view import SceneView
from dreamplay.web.templating import page
from dreamplay.web.visit_form import FormError
from dreamplay.web.wording import refusal, worded

router = APIRouter(prefix="/runs/{name}")
Field = Annotated[str, Form()]


@router.post("/say")
async def say(
    request: Request, name: str, line: Field = "", act: Field = "say", to: Field = "", choice: Field = ""
) -> Response:
    """Say or do something as the visitor. What cannot be said is told where they type."""
    play = _visited(request, name)
    if act == "say" and line.strip() == "?":
        return page("visit_help.html.jinja", status=422, help=HELP)
    try:
        play.say(visit_form.meant(act, line, to, choice))
    except FormError as why:
        return page("error_part.html.jinja", status=422, message=refusal(str(why)))
    return Response(status_code=204, headers={"HX-Trigger": "said"})


@router.post("/withdraw")
async def withdraw(request: Request, name: str) -> Response:
    """Take back what waits."""
    _visited(request, name).withdraw()
    return Response(status_code=204, headers={"HX-Trigger": "withdrawn"})


@router.get("/step-in")
def ask(request: Request, name: str, at: int | None = None) -> HTMLResponse:
    """The form by which somebody steps into a run: at a line, at the beginning of a scene, or where it stands now."""
    run = Names(request.app.state.home).run(name)
    view = SceneView(run.header.story, run.record.cast)
    told = {PROLOGUE, *(scene.id for _, scene in run.header.story.scenes if scene.kind == "epilogue")}
    begins: dict[str, dp.Event] = {}
    for event in run.events:
        if event.scene not in told:
            begins.setdefault(event.scene, event)
    points = [] if at is None else [(at, f"Line {at}")]
    points += [] if run.finished else [(len(run.events), "Where it stands now")]
    scenes = [(event.id, view.place(event)) for event in begins.values()]
    live = request.app.state.plays.get(name) is not None
    called = view.name(run.record.cast.visitor)
    return page("visit_step_in.html.jinja", name=name, points=points, scenes=scenes, called=called, live=live)


@router.post("/step-in")
async def step_in(
    request: Request, name: str, visitor: Field = "", at: Annotated[int, Form()] = 0, every_line: Field = ""
) -> Response:
    """Step in: a branch of the run begins, in which a visitor takes part live. The run itself pauses."""
    plays = request.app.state.plays
    run = await asyncio.to_thread(Names(request.app.state.home).run, name)
    if not visitor.strip():
        return page("error_part.html.jinja", status=422, message="The name is missing: type what they call you.")

    def branched() -> dp.LivePlay:
        # Other dice, so that whoever steps in twice at one point does not go on with what they played the first time.
        dice = random.SystemRandom().randrange(10_000)
        return dp.live(run.branch(at=at, visitor=visitor.strip(), every_line=bool(every_line), seed=dice))

    try:
        made = await plays.begin(branched)
    except dp.DreamplayError as why:
        return page("error_part.html.jinja", status=422, message=worded(str(why)))
    if left := plays.get(name):
        left.pause()
    return Response(status_code=204, headers={"HX-Redirect": str(request.url_for("stage", name=made).path)})


def _visited(request: Request, name: str) -> dp.LivePlay:
    """The live play of a run in which somebody takes part live.

    Raises:
        HTTPException: it is not played here (404), or nobody takes part in it (409).
    """
    play: dp.LivePlay | None = request.app.state.plays.get(name)
    if play is None:
        raise HTTPException(404, "This run is not played here. Go on with it first.")
    if play.visit is None or play.visit.interventions is not None:
        raise HTTPException(409, "Nobody takes part in this run. Step in first.")
    return play
