"""Retries: how long a call waits before the next attempt, and when an endpoint is given up."""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from dreamplay.models import endpoint_errors
from dreamplay.models.endpoint_errors import TRIES

LONGEST_WAIT = 60.0
"""Maximum seconds between two attempts, even if the endpoint asks for more."""
SHORTEST_WAIT = 0.5
"""Seconds waited at least where an endpoint asks for a wait."""
WAITS = 40
"""Tries at most of an endpoint that is busy, however short the waits are."""
_UNASKED = 20.0
"""Maximum seconds between two attempts where an endpoint asks for no wait."""

_UNITS = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_STEP = r"(\d+(?:\.\d+)?)\s*(ms|milli|s|m|h)[a-z]*\s*"
_NAMED = (
    re.compile(rf"(?:try again|retry|wait)[^\d]{{0,40}}?((?:{_STEP})+)", re.IGNORECASE),
    re.compile(rf"retry_?delay\"?: *\"?((?:{_STEP})+)", re.IGNORECASE),  # Google's RetryInfo
)
"""Waits in words: "Please try again in 1m30s"."""
_MILLISECONDS = re.compile(r"retry[-_]after[-_]ms\"?: *\"?(\d+(?:\.\d+)?)", re.IGNORECASE)
_SECONDS = re.compile(r"retry[-_]after(?:[-_]seconds?)?\"?: *\"?(\d+(?:\.\d+)?)(?![\d.]*\s*[a-z])", re.IGNORECASE)


def polite_wait(error: Exception, tries: int) -> float:
    """Seconds to wait: what the endpoint asks for, else a random part of a span that doubles with each try, so that
    calls that failed together do not come again together. The span is longer where it is busy.

    Args:
        error: how the last try failed.
        tries: how many there were.
    """
    if (asked := _asked(error)) is not None:
        return min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)
    first = 1.0 if endpoint_errors.busy(error) else 0.5
    return random.uniform(0.0, min(first * 2 ** (tries - 1), _UNASKED))


@dataclass
class Patience:
    """The remaining retries of one call: attempts, and, while the endpoint is busy, seconds of waiting."""

    seconds: float
    waited: float = 0.0
    failed: int = 0
    """Number of failed attempts while the endpoint was not busy."""

    def ends(self, error: Exception, tries: int) -> bool:
        """Whether to give up after so many tries. Call it once after each that failed, before the next wait."""
        if endpoint_errors.busy(error):
            return self.waited >= self.seconds or tries >= WAITS
        self.failed += 1
        return self.failed >= TRIES


def _asked(error: BaseException) -> float | None:
    """Seconds that an endpoint asks to be left alone, in its headers or in words; None if it does not say."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        asked = headers.get(name, "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", asked):
            return float(asked) * unit
        if asked and (moment := _moment(asked)):
            return max(0.0, moment.timestamp() - time.time())
    return _said(getattr(error, "body", None), str(error))


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def _said(body: Any, message: str) -> float | None:
    words = f"{message} {json.dumps(body, default=str)}"
    if hit := _MILLISECONDS.search(words):
        return float(hit[1]) / 1000
    if hit := _SECONDS.search(words):
        return float(hit[1])
    for pattern in _NAMED:
        if hit := pattern.search(words):
            steps = re.findall(_STEP, hit[1], re.IGNORECASE)
            return sum(float(number) * _UNITS[unit.lower()] for number, unit in steps)
    return None
