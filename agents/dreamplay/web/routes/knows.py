"""Who knows what since when, whose fear has been dreamt, and what is open between them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from dreamplay.web.knowledge_plot import plot
from dreamplay.web.knowledge_view import KnowledgeView
from dreamplay.web.names import Names
from dreamplay.web.scene_view import AUTHOR, READER, SceneView
from dreamplay.web.templating import page

router = APIRouter(prefix="/runs/{name}/knows")


@router.get("")
def knows(
    request: Request, name: str, at: Annotated[int | None, Query(ge=0)] = None, view: str | None = None
) -> HTMLResponse:
    """What somebody may know of who knows what, after a line or at the end."""
    run = Names(request.app.state.home).run(name)
    last, scene = len(run.events) - 1, SceneView.of(run, view)
    known = KnowledgeView(run, scene, last if at is None else min(at, last))
    roles = [(role, scene.name(role)) for role in scene.cast.roles]
    return page(
        "knows.html.jinja", known=known, last=last, plot=plot(known) if known.events else "",
        viewpoints=[(AUTHOR, "the author"), (READER, "a reader"), *roles],
    )  # fmt: skip
