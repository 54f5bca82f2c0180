"""How templates of pages are filled: what goes in is escaped, and what is missing is an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(*folders: Path, finalize: Callable[[Any], Any] | None = None) -> Environment:
    """What fills the templates of some folders; `finalize` changes each value before it is escaped."""
    return Environment(
        loader=FileSystemLoader(folders), undefined=StrictUndefined, autoescape=True, trim_blocks=True,
        lstrip_blocks=True, finalize=finalize,
    )  # fmt: skip
