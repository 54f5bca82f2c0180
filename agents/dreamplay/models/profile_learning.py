"""Learning: what an endpoint takes of the API, from what it refuses.

An endpoint is asked for all that its profile says it takes. When it refuses a request and names what it does not take,
and a play can do without that, it is asked again without, and so for the rest of the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

from dreamplay.models import endpoint_errors
from dreamplay.models.profile import SMALLEST_OUTPUT, SMALLEST_WINDOW, ModelProfile

_REFUSALS = (400, 404, 405, 413, 415, 422, 500, 501)
"""The statuses with which endpoints refuse a field."""
_Limit = Literal["max_tokens", "max_completion_tokens"]
_LIMITS: tuple[_Limit, ...] = get_args(_Limit)
_OPTIONAL = {
    "seed": "seed", "temperature": "temperature_control", "n": "multiple_candidates", "stream_options": "stream_usage",
    "stop": "stop", "stream": "stream",
}  # fmt: skip
"""The fields of a request that a play can do without, and the field of a profile that says so."""

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


def news(before: ModelProfile, now: ModelProfile) -> str:
    """A short description of what was learnt."""
    found = [f"without {field}" for field, known in _OPTIONAL.items() if getattr(before, known) > getattr(now, known)]
    if now.structured_output != before.structured_output:
        found.append("JSON described in words" + (" alone" if now.structured_output == "prompt" else ""))
    if now.system_role != before.system_role:
        found.append("no system message")
    if now.output_limit != before.output_limit:
        found.append("no limit of tokens" if now.output_limit == "none" else f"the limit called {now.output_limit}")
    if now.max_output_tokens != before.max_output_tokens:
        found.append(f"at most {now.max_output_tokens} tokens a reply")
    if now.context_window != before.context_window:
        found.append(f"a window of {now.context_window} tokens")
    return ", ".join(found)


def learn(
    known: ModelProfile, request: Mapping[str, Any], error: Exception, *, renamed: bool = False
) -> ModelProfile | None:
    """The profile with what an endpoint turns out to take; None if it refuses for another reason, or what a play cannot
    do without.

    Args:
        known: what it was thought to take.
        request: what it was asked.
        error: its answer.
        renamed: whether the limit of tokens has been renamed before: if this name is refused as well, there is none.
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
        return _limited(known, limit, int(request[limit]), str(told.get("message") or text).lower(), renamed=renamed)
    if "response_format" in request and ("response_format" in named or _SHAPE.search(text)):
        less = "json_object" if known.structured_output == "json_schema" else "prompt"
        return known.model_copy(update={"structured_output": less})
    if any(message["role"] == "system" for message in request["messages"]) and (
        "role" in named or _SYSTEM.search(text)
    ):
        return known.model_copy(update={"system_role": False})
    for field, takes in _OPTIONAL.items():
        if field in request and _named(field, named, text):
            return known.model_copy(update={takes: False})
    return None


def _places(told: Mapping[str, Any]) -> set[str]:
    """The fields that a list of validation errors points to."""
    rows = told.get("detail")
    rows = rows or (told["message"].get("detail") if isinstance(told.get("message"), dict) else None)
    places = [row.get("loc") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {str(step).lower() for place in places if isinstance(place, list) for step in place} - {"body"}


def _named(field: str, named: set[str], text: str) -> bool:
    """Whether an error is about a field: it points to it, or, where it points to none, speaks of it."""
    if named & {*_OPTIONAL, *_LIMITS}:
        return field in named
    if field == "stream":
        return bool(re.search(r"\bstream(?:ing)?\b", text) and _NO.search(text))
    if field == "n":
        return bool(_SEVERAL.search(text))
    return bool(re.search(rf"(?<!\w){field}(?!\w)", text))


def _smaller(known: ModelProfile, text: str) -> ModelProfile | None:
    """With the window that an error names, if that is news."""
    found = _HOLDS.search(text)
    window = int(next(filter(None, found.groups())).replace(",", "")) if found else 0
    if not SMALLEST_WINDOW <= window < known.context_window:
        return None
    return known.model_copy(update={"context_window": window})


def _limited(known: ModelProfile, limit: _Limit, asked: int, text: str, *, renamed: bool) -> ModelProfile | None:
    """With a lower limit of output tokens, or one of the other name, or none."""
    lower = [n for n in map(int, re.findall(r"\b\d{2,7}\b", text)) if SMALLEST_OUTPUT <= n < asked]
    if _TOO_MUCH.search(text) and (lower or not _NO.search(text)):
        most = max(lower, default=asked // 2)
        return known.model_copy(update={"max_output_tokens": most}) if most >= SMALLEST_OUTPUT else None
    if not _NO.search(text) and not re.search(r"extra|unknown|unrecogni[sz]ed|unexpected|deprecated|instead", text):
        return None
    (other,) = {*_LIMITS} - {limit}
    return known.model_copy(update={"output_limit": "none" if renamed else other})
