"""A new play: its form, what a model can, what the play will cost, and its beginning; and another model for a run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Request, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

import dreamplay as dp
from dreamplay import settings
from dreamplay.errors import DreamplayError, UsageError
from dreamplay.web import model_fields, wording
from dreamplay.web.names import Names
from dreamplay.web.start_form import CARD, FIELDS, StartForm, StoryChoice, wrong
from dreamplay.web.templating import page

router = APIRouter()


@router.get("/new")
def new(story: str | None = None) -> HTMLResponse:
    """The form of a new play."""
    stories = _titles()
    if story is not None and story not in dp.list_stories():
        raise HTTPException(404, f"There is no story {story[:80]!r} here.")
    usual = settings.load().story
    chosen = story or (usual if usual in stories else next(iter(stories)))
    return page("start.html.jinja", stories=stories, **_told_of(chosen))


@router.get("/new/story")
def about(story: str) -> HTMLResponse:
    """The part of the form that depends on the story: what it is about, its cast and its beats."""
    return page("start_story.html.jinja", **_told_of(story))


@router.get("/new/role")
def role(story: str, role: str) -> HTMLResponse:
    """Who plays one role."""
    return _role(story, role, None, "")


@router.post("/new/card")
def card(story: str, role: str, card: Annotated[UploadFile, File()]) -> HTMLResponse:
    """Read a character card, and have it play a role. Nothing is kept of it but what the form then carries."""
    data = card.file.read(CARD + 1)
    if len(data) > CARD:
        return _role(story, role, None, f"The card is larger than {CARD >> 20} MB. Give one with a smaller picture.")
    try:
        return _role(story, role, dp.load_persona(data), "")
    except DreamplayError as error:
        return _role(story, role, None, wording.worded(str(error)))


@router.get("/new/models")
def models(request: Request, before: bool = False) -> HTMLResponse:
    """The models that can be chosen. `before` offers that of the run besides."""
    try:
        offers = model_fields.offers(request.app.state.plays.local_models)
        return page("start_models.html.jinja", offers=offers, before=before, wrong="")
    except DreamplayError as error:
        return page("start_models.html.jinja", offers=[], before=before, wrong=wording.worded(str(error)))


@router.post("/new/test")
async def test(request: Request) -> HTMLResponse:
    """One small call to the model that is chosen."""
    form = await request.form()
    return await asyncio.to_thread(_tested, dict(form))


@router.post("/new/estimate")
async def estimate(request: Request) -> HTMLResponse:
    """What the play will cost."""
    return await asyncio.to_thread(_estimated, StartForm(await request.form()))


@router.post("/new")
async def begin(request: Request) -> Response:
    """Begin a play, and show it. What is wrong is said beside its field, and what was typed stays."""
    form = StartForm(await request.form())
    try:
        wanted = await asyncio.to_thread(form.play)
        name = await request.app.state.plays.begin(lambda: dp.live(**wanted))
    except DreamplayError as error:
        return page("start_errors.html.jinja", fields=FIELDS, wrong=wrong(error))
    return Response(status_code=204, headers={"HX-Redirect": f"/runs/{quote(name)}"})


@router.get("/runs/{name}/model")
def other_model(request: Request, name: str) -> Response:
    """The form in which another model is chosen for a run that was stopped. If it never began, that of a new play."""
    play: dp.LivePlay | None = request.app.state.plays.get(name)
    if play and play.run is None:
        return RedirectResponse("/new", 303)
    return page("start_other.html.jinja", name=name, run=Names(request.app.state.home).run(name))


@router.post("/runs/{name}/model")
async def go_on(request: Request, name: str) -> Response:
    """Go on with a run on another model."""
    chosen = model_fields.chosen(await request.form())
    await request.app.state.plays.go_on(name, **chosen)
    return Response(status_code=204, headers={"HX-Redirect": f"/runs/{quote(name)}"})


def _titles() -> dict[str, str]:
    """The stories that can be played, each with its title. A file that is no valid story is left out."""
    found = {}
    for name in dp.list_stories():
        with contextlib.suppress(DreamplayError):
            found[name] = dp.load_story(name).title
    return found


def _told_of(story: str) -> dict[str, Any]:
    """What the part of the form that depends on the story needs."""
    try:
        return {"choice": StoryChoice.named(story), "personas": dp.list_personas(), "wrong": ""}
    except DreamplayError as error:
        return {"choice": None, "personas": [], "wrong": wording.worded(str(error))}


def _role(story: str, role: str, persona: dp.Persona | None, wrong: str) -> HTMLResponse:
    choice = StoryChoice.named(story)
    if role not in choice.story.cast:
        raise HTTPException(404, f"There is no role {role[:80]!r} in this story.")
    return page(
        "start_role.html.jinja", choice=choice, role=role, persona=persona, wrong=wrong, personas=dp.list_personas()
    )


def _tested(form: Mapping[str, Any]) -> HTMLResponse:
    try:
        if form.get("model") == model_fields.BEFORE:
            raise UsageError("choose another `model` to test it; that of the run answers when the play goes on")
        chosen = model_fields.chosen(form)
        with dp.get_model(chosen.get("model"), base_url=chosen.get("base_url")) as model:
            return page("start_tested.html.jinja", name=model.name, tried=dp.try_model(model), wrong="")
    except DreamplayError as error:
        return page("start_tested.html.jinja", name="", tried=None, wrong=wording.worded(str(error)))


def _estimated(form: StartForm) -> HTMLResponse:
    try:
        return page("start_estimate.html.jinja", cost=dp.estimate(**form.cost()), wrong="")
    except DreamplayError as error:
        return page("start_estimate.html.jinja", cost=None, wrong=wording.worded(str(error)))
