"""The application: its routes, its guard, and what an error looks like."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from dreamplay.errors import DreamplayError
from dreamplay.storage.folders import store_at
from dreamplay.storage.store import Store
from dreamplay.web.guard import CHANGING, HEADERS, Guard
from dreamplay.web.plays import Plays
from dreamplay.web.routes import ROUTERS
from dreamplay.web.sse import EventStream
from dreamplay.web.templating import HERE, page
from dreamplay.web.wording import worded


def make_app(home: Store | Path, hosts: frozenset[str], token: str | None = None) -> FastAPI:
    """The application.

    Args:
        home: the store of the runs, or their folder.
        hosts: see `Guard`.
        token: see `Guard`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await app.state.plays.close()

    app = FastAPI(
        title="dreamplay", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None,
        middleware=[Middleware(Guard, hosts=hosts, token=token)],
    )  # fmt: skip
    store = store_at(home)
    app.state.home, app.state.plays, app.state.streams = store, Plays(store), set[EventStream]()
    app.mount("/static", StaticFiles(directory=HERE / "static"), "static")
    for router in ROUTERS:
        app.include_router(router)
    app.exception_handler(DreamplayError)(_refused)
    app.exception_handler(HTTPException)(_missing)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(Exception)(_bug)
    return app


async def _refused(request: Request, error: DreamplayError) -> HTMLResponse:
    return _told(request, worded(str(error)), 400)


async def _missing(request: Request, error: HTTPException) -> HTMLResponse:
    return _told(request, str(error.detail), error.status_code)


async def _malformed(request: Request, error: RequestValidationError) -> HTMLResponse:
    first = error.errors()[0]
    return _told(request, f"{first['loc'][-1]}: {first['msg']}", 422)


async def _bug(request: Request, error: Exception) -> HTMLResponse:
    """What was not foreseen. It is answered outside of the guard, and told in the terminal besides."""
    answer = _told(request, "That is a bug in dreamplay. Please report it with what the terminal shows.", 500)
    answer.headers.update(HEADERS)
    return answer


def _told(request: Request, message: str, status: int) -> HTMLResponse:
    """An error: on the page that asks, if a part of it does, and else as a page of its own."""
    part = CHANGING.lower() in request.headers
    return page("error_part.html.jinja" if part else "error.html.jinja", status=status, message=message)
