"""A play to read and to print, and the same in other formats."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

import dreamplay as dp
from dreamplay.rendering.event_words import InlineGestures, played_by
from dreamplay.schema.event import PROLOGUE
from dreamplay.web.names import Names
from dreamplay.web.scene_view import AUTHOR, READER, SceneView, eyes, viewpoint
from dreamplay.web.templating import page

router = APIRouter(prefix="/runs/{name}")


@dataclass(frozen=True)
class Piece:
    """An event as it stands on the page."""

    event: dp.Event
    gesture: str
    """What the speaker of a line does."""
    beat: str
    """The title of the beat; empty if it is that of the piece before, as is the place."""
    place: str


@router.get("/read")
def read(request: Request, name: str, view: str | None = None) -> HTMLResponse:
    """A play as a page to read and to print. A reader is told no thoughts: the author is, and a role has its own."""
    run = Names(request.app.state.home).run(name)
    cast = run.record.cast
    seen_by = viewpoint(view, cast)
    seen = SceneView(run.header.story, cast, name, seen_by)
    roles = eyes(seen_by, cast, run.events)
    shown = [each for each in run.events if seen.shows(each, seen_by, roles) and _tells(each, seen_by)]
    pieces = list(_pieces(shown, seen))
    return page(
        "read.html.jinja", run=run, name=name, view=seen, pieces=pieces, played_by=played_by, formats=dp.list_formats(),
        beats=[piece for piece in pieces if piece.beat],
        viewpoints=[(READER, "a reader"), (AUTHOR, "the author, with all thoughts"),
                    *((role, cast.name(role)) for role in cast.roles)],
    )  # fmt: skip


@router.get("/export/{format_name}")
def export(request: Request, name: str, format_name: str) -> Response:
    """A run as a file of a format.

    Raises:
        HTTPException: there is no such run or format (404).
    """
    run = Names(request.app.state.home).run(name)
    chosen = next((each for each in dp.list_formats() if each.name == format_name), None)
    if chosen is None:
        raise HTTPException(404, f"There is no format {format_name[:80]!r}.")
    kind = mimetypes.guess_type(f"run{chosen.suffix}")[0] or "application/octet-stream"
    offered = f"attachment; filename*=utf-8''{quote(run.folder.name + chosen.suffix, safe='')}"
    return Response(run.export(format_name), media_type=kind, headers={"Content-Disposition": offered})


def _tells(event: dp.Event, seen_by: str) -> bool:
    """Whether an event is part of the text: not how the play was played, and of silences those that were chosen."""
    if event.kind == "silence":
        return event.chosen
    if event.kind == "reflection" and event.failed:
        return False
    if event.kind in ("thought", "reflection"):
        return seen_by != READER
    return not event.backstage and event.kind != "recap"


def _pieces(events: Iterable[dp.Event], view: SceneView) -> Iterator[Piece]:
    """The events with the headings that come before them, and gestures inside their lines."""
    before: dp.Event | None = None
    for event, gesture in chain.from_iterable(map(InlineGestures().take, events)):
        beat = view.beat(event) if before is None or before.beat != event.beat else ""
        changes = before is None or before.scene != event.scene
        yield Piece(event, gesture, beat, view.place(event) if changes and event.beat != PROLOGUE else "")
        before = event
