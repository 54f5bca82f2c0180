"""Home: all runs as trees, what is noted about them, and the bin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse

import dreamplay as dp
from dreamplay.storage.store import Store
from dreamplay.web.names import Names
from dreamplay.web.run_list import Choice, Row, RunList
from dreamplay.web.templating import page

router = APIRouter()

_AT_FIRST, _AT_ONCE = 0.05, 0.25
"""Seconds for which transcripts are read before home is shown, and in each request after that: others are answered in
between."""


async def _form(request: Request) -> FormData:
    return await request.form()


_Asked = Annotated[Choice, Query()]
_Form = Annotated[FormData, Depends(_form)]


@router.get("/")
def home(request: Request, choice: _Asked) -> HTMLResponse:
    """All runs, those of the newest trees first; or those that are asked for."""
    if request.headers.get("HX-Target") != "runs":
        return page("runs.html.jinja", **_shown(request, choice))
    answer = _part(request, choice)
    query = choice.query() + "".join(f"&run={quote(name)}" for name in choice.run)
    answer.headers["HX-Replace-Url"] = f"/?{query.lstrip('&')}".rstrip("?")
    return answer


@router.get("/reading")
def reading(request: Request) -> HTMLResponse:
    """Read some of the transcripts that were never read as a whole, and say how many are left."""
    left = sum(not run.whole for run in _listed(request, within=_AT_ONCE))
    return page("runs_reading.html.jinja", unread=left, done=not left, oob=False)


@router.get("/runs/{name}/stands")
def stands(request: Request, name: str) -> HTMLResponse:
    """How far a run is."""
    run = dp.run_summary(Names(request.app.state.home).place(name))
    return page("runs_stands.html.jinja", row=Row(run, 0, None, fits=True))


@router.post("/runs/{name}/label")
def label(request: Request, name: str, choice: _Asked, form: _Form) -> HTMLResponse:
    """Note something about a run: a title, a note, or that it is a favourite."""
    given = {key: value.replace("\r\n", "\n") for key, value in form.items() if isinstance(value, str)}
    starred = given.get("favourite")
    dp.label_run(
        Names(request.app.state.home).place(name), title=given.get("title"), note=given.get("note"),
        favourite=None if starred is None else starred == "true",
    )  # fmt: skip
    return _part(request, choice, form, edited=name if "title" in given else "")


@router.post("/runs/{name}/bin")
def put_in_bin(request: Request, name: str, choice: _Asked, form: _Form) -> HTMLResponse:
    """Put a run in the bin."""
    home: Store = request.app.state.home
    there = dp.bin_run(Names(home).place(name))
    run = dp.run_summary(home.bin().place(Path(there).name))
    return _part(request, choice, form, binned=Row(run, 0, None, fits=True))


@router.get("/bin")
def in_bin(request: Request) -> HTMLResponse:
    """The runs in the bin."""
    return page("runs_bin.html.jinja", rows=_binned(request), bin=str(request.app.state.home.bin()))


@router.post("/bin/{name}/restore")
def take_back(
    request: Request, name: str, choice: _Asked, form: _Form, to: Literal["home", "bin"] = "bin"
) -> HTMLResponse:
    """Take a run out of the bin, on the page of the bin or on home."""
    dp.restore_run(name, request.app.state.home)
    if to == "home":
        return _part(request, choice, form)
    return page("runs_binned.html.jinja", rows=_binned(request))


def _part(
    request: Request, choice: Choice, form: FormData | None = None, edited: str = "", binned: Row | None = None
) -> HTMLResponse:
    """The list alone, after something has changed.

    Args:
        request: what asks for it.
        choice: which runs are asked for.
        form: has the runs that are chosen for a comparison, if `choice` has not.
        edited: the run to which the focus returns.
        binned: the run that was just put in the bin.
    """
    if form is not None:
        chosen = tuple(each for each in form.getlist("run") if isinstance(each, str))
        choice = choice.model_copy(update={"run": chosen})
    values = _shown(request, choice) | {"part": True, "edited": edited, "binned": binned}
    return page("runs_list.html.jinja", **values)


def _shown(request: Request, choice: Choice) -> dict[str, Any]:
    listed = RunList.of(_listed(request), choice)
    return {"listed": listed, "choice": choice, "part": False, "edited": "", "binned": None}


def _listed(request: Request, within: float | None = None) -> list[dp.RunSummary]:
    """The runs whose page can be opened: none that is a link."""
    store: Store = request.app.state.home
    known = dp.list_runs(store, within=_AT_FIRST if within is None else within)
    return [run for run in known if not store.place(run.name).is_link()]


def _binned(request: Request) -> list[Row]:
    return [Row(run, 0, None, fits=True) for run in dp.list_runs(request.app.state.home, binned=True, within=0)]
