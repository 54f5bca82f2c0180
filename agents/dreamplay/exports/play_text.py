"""A playscript filled into templates: HTML and XML in which all that strangers wrote is escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent
"""Where the templates lie, with their styles. The page of `dreamplay open` uses the parts, too."""


def fill(template: str, **values: Any) -> str:
    """Fill a template. The values are data: whatever they hold stays text."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
