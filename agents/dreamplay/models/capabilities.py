"""Capabilities: what an endpoint takes of the API, learnt from what it refuses.

An endpoint is first asked for all that a play can use. When it refuses a request and names what it does not take, and
a play can do without that, it is asked again without, and so for the rest of the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import Field

from dreamplay.models import endpoint_errors
from dreamplay.schema.base import FrozenModel

_REFUSALS = (400, 404, 405, 413, 415, 422, 500, 501)
"""The statuses with which endpoints refuse a field."""
_Limit = Literal["max_tokens", "max_completion_tokens"]
_LIMITS: tuple[_Limit, ...] = get_args(_Limit)
_Spare = Literal["seed", "temperature", "n", "stream_options", "stop", "stream"]
"""The fields that a play can do without."""
_SPARE: tuple[_Spare, ...] = get_args(_Spare)
_LEAST = 16
"""Output tokens below which no limit is believed."""
_SMALLEST = 512
"""Tokens below which no window is."""

_CONTEXT = re.compile(
    r"context.{0,10}?(?:length|window|size|limit)|n_ctx|prompt is too long|max_seq_len|max_new_tokens|prompt length"
)
_HOLDS = re.compile(
    r"context.{0,10}?(?:length|window|size)[^\d\"]{0,30}(\d[\d,]{2,})|(?:n_ctx|max_seq_len)\W{0,4}(\d[\d,]{2,})"
    r"|\b(\d[\d,]{2,}) maximum\b|(?:>|must be <=)\s*(\d[\d,]{2,})"
)
"""How a window is told. A quote ends a message: what follows it is another field, such as the size of the prompt."""
_TOO_MUCH = re.compile(
    r"too (?:large|high|big|many)|at most|maximum|exceed|less than|<=|cannot be greater|up to|supports|\brange\b"
)
_SYSTEM = re.compile(
    r"system.{0,20}(?:role|message|prompt|instruction)|role.{0,20}system|developer instruction|roles? must alternate"
    r"|only user and assistant roles|first message.{0,30}\buser\b"
)
_SHAPE = re.compile(
    r"response_?format|json_schema|response_?schema|json mode|structured output|guided|grammar|\bschema\b"
    r"|json_validate_failed"
)
_SEVERAL = re.compile(
    r"(?<![\w.])(?:['\"`]n['\"`]|n (?:must|should|can)\b)|\bcandidate(?:s|_?count)\b|completion choices?\b"
)
_NO = re.compile(r"not? .{0,30}support|unsupported|not available|unavailable|not permitted|not allowed")


class Capabilities(FrozenModel):
    """What an endpoint takes. The defaults are all of the API."""

    structured: Literal["schema", "object", "words"] = "schema"
    """How it is told which JSON to answer with: by a schema, as some object, or in words alone."""
    system: bool = True
    """Whether it takes a system message; else the user's begins with it."""
    limit: _Limit | None = None
    """What it calls the limit of output tokens; None: what the API usually calls it."""
    most: int | None = Field(default=None, ge=_LEAST)
    """Output tokens that it gives at most."""
    window: int | None = Field(default=None, ge=_SMALLEST)
    """Tokens that it holds, prompt and reply together."""
    without: tuple[_Spare | _Limit, ...] = ()
    """The fields that it does not take."""

    def told(self, before: Capabilities) -> str:
        """In a few words, what is new."""
        news = [f"without {field}" for field in self.without if field not in (*before.without, *_LIMITS)]
        if self.structured != before.structured:
            news.append("JSON described in words" + (" alone" if self.structured == "words" else ""))
        if self.system != before.system:
            news.append("no system message")
        if self.limit != before.limit:
            news.append(f"the limit called {self.limit}")
        elif set(self.without) >= set(_LIMITS) > set(before.without):
            news.append("no limit of tokens")
        if self.most != before.most:
            news.append(f"at most {self.most} tokens a reply")
        if self.window != before.window:
            news.append(f"a window of {self.window} tokens")
        return ", ".join(news)


def learn(known: Capabilities, request: Mapping[str, Any], error: Exception) -> Capabilities | None:
    """What an endpoint turns out to take; None if it refuses for another reason, or what a play cannot do without.

    Args:
        known: what it was thought to take.
        request: what it was asked.
        error: its answer.
    """
    if endpoint_errors.status(error) not in _REFUSALS:
        return None
    told = endpoint_errors.detail(error)
    text = json.dumps(getattr(error, "body", None) or str(error), ensure_ascii=False, default=str).lower()
    named = {str(told.get("param") or "").lower(), *_places(told)} - {""}
    limit = next((name for name in _LIMITS if name in request), None)
    if _CONTEXT.search(text) and _HOLDS.search(text):
        return _smaller(known, text)
    if limit and _named(limit, named, text):
        return _limited(known, limit, int(request[limit]), str(told.get("message") or text).lower())
    if "response_format" in request and ("response_format" in named or _SHAPE.search(text)):
        return known.model_copy(update={"structured": "object" if known.structured == "schema" else "words"})
    if any(message["role"] == "system" for message in request["messages"]) and (
        "role" in named or _SYSTEM.search(text)
    ):
        return known.model_copy(update={"system": False})
    for field in _SPARE:
        if field in request and _named(field, named, text):
            return known.model_copy(update={"without": (*known.without, field)})
    return None


def _places(told: Mapping[str, Any]) -> set[str]:
    """The fields that a list of validation errors points to."""
    rows = told.get("detail")
    rows = rows or (told["message"].get("detail") if isinstance(told.get("message"), dict) else None)
    places = [row.get("loc") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {str(step).lower() for place in places if isinstance(place, list) for step in place} - {"body"}


def _named(field: str, named: set[str], text: str) -> bool:
    """Whether an error is about a field: it points to it, or, where it points to none, speaks of it."""
    if named & {*_SPARE, *_LIMITS}:
        return field in named
    if field == "stream":
        return bool(re.search(r"\bstream(?:ing)?\b", text) and _NO.search(text))
    if field == "n":
        return bool(_SEVERAL.search(text))
    return bool(re.search(rf"(?<!\w){field}(?!\w)", text))


def _smaller(known: Capabilities, text: str) -> Capabilities | None:
    """With the window that an error names, if that is news."""
    found = _HOLDS.search(text)
    window = int(next(filter(None, found.groups())).replace(",", "")) if found else 0
    if window < _SMALLEST or (known.window and window >= known.window):
        return None
    return known.model_copy(update={"window": window})


def _limited(known: Capabilities, limit: str, asked: int, text: str) -> Capabilities | None:
    """With a lower limit of output tokens, or one of the other name, or none."""
    lower = [n for n in map(int, re.findall(r"\b\d{2,7}\b", text)) if _LEAST <= n < asked]
    if _TOO_MUCH.search(text) and (lower or not _NO.search(text)):
        most = max(lower, default=asked // 2)
        return known.model_copy(update={"most": most}) if most >= _LEAST else None
    if not _NO.search(text) and not re.search(r"extra|unknown|unrecogni[sz]ed|unexpected|deprecated|instead", text):
        return None
    (other,) = {*_LIMITS} - {limit}
    renamed = {} if other in known.without else {"limit": other}
    return known.model_copy(update={"without": (*known.without, limit)} | renamed)
