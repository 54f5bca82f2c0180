"""Schemas of replies in JSON, in the dialect that all endpoints take, and in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dreamplay.library import templates

_REFUSED = ("minLength", "maxLength")
"""Keywords that some endpoints refuse a whole schema for."""


def plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without what some endpoints refuse: bounds of texts, and lists of numbers, of which the ends are told.
    What it no longer holds an answer to, its reader does.
    """
    kept = {key: value for key, value in schema.items() if key not in _REFUSED}
    if kept.get("type") == "integer" and "enum" in kept:
        numbers = kept.pop("enum")
        kept["description"] = f"a whole number from {min(numbers)} to {max(numbers)}"
    if "properties" in kept:
        kept["properties"] = {name: plain(field) for name, field in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = plain(kept["items"])
    return kept


def in_words(schema: Mapping[str, Any]) -> str:
    """The required answer in words, for an endpoint that does not accept a schema."""
    return templates.render("json.jinja", schema=json.dumps(plain(schema), ensure_ascii=False))
