"""Home: all runs."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

import dreamplay as dp
from dreamplay.web.templating import page

router = APIRouter()


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """All runs, the newest first."""
    return page("runs.html.jinja", runs=dp.list_runs(request.app.state.home))
