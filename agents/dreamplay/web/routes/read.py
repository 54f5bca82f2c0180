"""A play to read and to print, and the same in other formats."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

import dreamplay as dp
from dreamplay import formats
from dreamplay.exports import archive, play_text
from dreamplay.exports.playscript import Playscript
from dreamplay.runs.viewpoint import AUTHOR, READER, Viewpoint
from dreamplay.web.names import Names
from dreamplay.web.scene_view import viewpoint
from dreamplay.web.templating import page

router = APIRouter()


@router.get("/play.css")
def styles() -> FileResponse:
    """The styles of a play, which one that is written to a file has, too."""
    return FileResponse(play_text.TEMPLATES / "play.css", media_type="text/css")


@router.get("/runs/{name}/read")
def read(request: Request, name: str, view: str | None = None, author: str = "") -> HTMLResponse:
    """A play as a page to read and to print. A reader is told no thoughts: the author is, and a role has its own. The
    downloads below it are seen by whoever was asked for, or else as their formats are meant. The page and those of them
    that have a place for it say who wrote the play, if that was given.

    Raises:
        UsageError: the author's name is none.
    """
    run = Names(request.app.state.home).run(name)
    cast = run.record.cast
    seen_by = viewpoint(view, cast)
    byline = formats.byline(author) if author.strip() else ""
    text = Playscript.of(run.record, Viewpoint.of(seen_by, cast, run.events), byline)
    known = dp.list_formats()
    view_chosen, author_chosen = ({"view": view} if view else {}), ({"author": byline} if byline else {})
    return page(
        "read.html.jinja", name=name, text=text, seen_by=seen_by, asked=view,
        queries={each.name: urlencode(view_chosen | (author_chosen if each.bylined else {})) for each in known},
        formats=[each for each in known if not each.missing], missing=[each for each in known if each.missing],
        viewpoints=[(READER, "a reader"), (AUTHOR, "the author, with all thoughts"),
                    *((role, cast.name(role)) for role in cast.roles)],
    )  # fmt: skip


@router.get("/runs/{name}/export/{format_name}")
def export(
    request: Request, name: str, format_name: str, view: str | None = None, author: str | None = None
) -> Response:
    """A run as a file of a format, or as a zip archive of its files, if there are several.

    Raises:
        HTTPException: there is no such run or format, or nobody of that name (404).
        UsageError: the format takes no such view or author, or the run is being played.
    """
    run = Names(request.app.state.home).run(name)
    chosen = next((each for each in dp.list_formats() if each.name == format_name), None)
    if chosen is None:
        raise HTTPException(404, f"There is no format {format_name[:80]!r}.")
    made = dp.export(run, format_name, view=viewpoint(view, run.record.cast) if view else None, author=author)
    file, content = run.place.name + chosen.suffix, made.main
    if made.beside:
        content = archive.zipped({path.name: each for path, each in made.named(Path(file)).items()})
        file = f"{run.place.name}.zip"
    kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
    offered = f"attachment; filename*=utf-8''{quote(file, safe='')}"
    return Response(content, media_type=kind, headers={"Content-Disposition": offered})
