"""The templates of the page: HTML with all text escaped, and numbers and times as people write them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from starlette.responses import HTMLResponse

from dreamplay.exports import play_text
from dreamplay.rendering import comparison_page
from dreamplay.rendering.page_templates import environment
from dreamplay.runs.change_words import quoted
from dreamplay.web.wording import worded

HERE = Path(__file__).parent


def fill(template: str, **values: Any) -> str:
    """Fill a template. The values are data: whatever they hold stays text."""
    return _environment().get_template(template).render(**values)


def page(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Fill a template as an answer."""
    return HTMLResponse(fill(template, **values), status)


@cache
def _environment() -> Environment:
    made = environment(HERE / "templates", comparison_page.TEMPLATES, play_text.TEMPLATES)
    made.filters["thousands"], made.filters["quoted"] = "{:,}".format, quoted
    made.filters["clock"], made.filters["ago"], made.filters["worded"] = clock, _ago, worded
    return made


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds: 3:05."""
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def _ago(when: datetime) -> str:
    """A time as people say it today."""
    now = datetime.now().astimezone()
    return f"{when:%H:%M}" if when.date() == now.date() else f"{when:%Y-%m-%d %H:%M}"
