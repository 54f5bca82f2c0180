"""A playscript filled into templates: HTML and XML in which all that strangers wrote is escaped."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent
"""Where the templates lie, with their styles. The page of `dreamplay open` uses the parts, too."""

_NOWHERE = re.compile(r"[^\t\n\r -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """A text without control characters and others that no document may hold (XML 1.0, section 2.2)."""
    return _NOWHERE.sub(" ", text)


def fill(template: str, **values: Any) -> str:
    """Fill a template. The values are data: whatever they hold stays text."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from dreamplay.rendering.page_templates import environment

    return environment(TEMPLATES, finalize=_finalized)


def _finalized(value: Any) -> Any:
    """A value as it goes into a template. What is escaped already consists of such values."""
    return legal(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
