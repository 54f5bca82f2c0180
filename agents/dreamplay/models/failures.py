"""What goes wrong at an endpoint: whether another try can help, how long it waits, and what a person is told."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from tenacity import RetryCallState, wait_random_exponential

from dreamplay.key import hide

if TYPE_CHECKING:
    import openai

TRIES = 4
"""Calls before an endpoint that fails in a way worth retrying is given up."""
LONGEST_WAIT = 60.0
"""Seconds waited between two tries at most, whatever the endpoint asks for."""
KEY_ADVICE = "set OPENAI_API_KEY to one that it accepts"
_IS_IT = "is it an OpenAI-compatible API? Its address usually ends in /v1"
_MOST = 160
"""Characters of what others say that a message holds."""

UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)
"""What the reading of something that is no chat completion raises."""


class CutError(Exception):
    """A stream ended before the endpoint said that the reply was whole."""


def worth_retrying(error: BaseException) -> bool:
    """Whether the same request may succeed later. A wrong key or a wrong request never does."""
    import openai

    if isinstance(error, openai.RateLimitError):
        return error.code != "insufficient_quota"
    if isinstance(error, openai.APIStatusError):
        return error.status_code in (408, 409) or error.status_code >= 500
    return isinstance(error, openai.APIConnectionError | CutError)


def polite_wait(state: RetryCallState) -> float:
    """Seconds to wait: what the endpoint asks for in retry-after, else exponential with jitter."""
    error = state.outcome.exception() if state.outcome else None
    asked = getattr(getattr(error, "response", None), "headers", {}).get("retry-after", "")
    if asked.replace(".", "", 1).isdigit():
        return min(float(asked), LONGEST_WAIT)
    return float(wait_random_exponential(multiplier=0.5, max=20)(state))


async def explain(
    error: Exception, *, where: str, model: str, offered: Callable[[], Awaitable[list[str]]],
    secrets: Iterable[str] = (), key_advice: str = KEY_ADVICE,
) -> str:  # fmt: skip
    """One line for an error of the client, or of reading what it got: what is wrong, and the next step.

    Args:
        error: what was raised.
        where: how the endpoint is called.
        model: the model that was asked for.
        offered: asks the endpoint for the models that it has.
        secrets: what the line may not show, though the endpoint or the client say it.
        key_advice: what to do if the key is refused.
    """
    import openai

    def short(text: object) -> str:
        return " ".join(hide(str(text), secrets).split())[:_MOST]

    match error:
        case openai.APITimeoutError():
            return f"{where} did not answer in time; is it overloaded? Raise --timeout or try again later"
        case openai.APIConnectionError():
            why = short(error.__cause__ or error) or type(error.__cause__ or error).__name__
            return f"cannot reach {where} ({why}); is it running? Check --base-url"
        case openai.AuthenticationError():
            # Not what it says: many say the key back, and cut or masked in ways that cannot be told.
            return f"{where} refuses the key ({error.status_code}); {key_advice}"
        case openai.RateLimitError() if error.code == "insufficient_quota":
            return f"{where} says that the quota is used up; add credit, or choose another --model"
        case openai.RateLimitError():
            return f"{where} still limits the rate after {TRIES} tries (429); wait, then try again"
        case openai.APIStatusError():
            says = f"{where} answers {error.status_code}: {short(said(error.body)) or 'nothing more'}"
        case openai.APIError():
            return f"{where} failed: {short(said(error.body) or error)}"
        case CutError():
            return f"{where} cut the reply off {TRIES} times; is it overloaded? Try again later"
        case _:
            why = short(error) or type(error).__name__
            return f"{where} sent something that is no chat completion ({why}); {_IS_IT}"
    match error.status_code:
        case 403:
            return f"{says}; {key_advice}"
        case 404 | 405:
            return await _missing(error, says, where, model, offered, short)
        case status if status < 400:
            to = short(error.response.headers.get("location", "").partition("?")[0])
            return f"{where} answers {status}: it sends one on to {to or 'nowhere'}; check --base-url"
        case status if status >= 500:
            return f"{says}; try again later"
    return f"{says}; choose another --model"


def said(body: object) -> str:
    """What the body of an error says, in whatever form an endpoint writes it; nothing if it says nothing."""
    while True:
        match body:
            case {"loc": [*where], "msg": str(what)}:  # FastAPI: which field of the request is wrong
                return f"{'.'.join(str(part) for part in where[1:] or where)}: {what}"
            case {"message": inner} | {"detail": inner} | {"msg": inner} | {"error": inner} if inner:
                body = inner
            case [first, *_]:
                body = first
            case str() if re.match(r"\s*<(!doctype|html|\?xml)", body, re.IGNORECASE):
                title = re.search(r"<title>([^<]*)</title>", body, re.IGNORECASE)
                return f"a web page{f', {title[1].strip()!r}' if title else ''}"
            case _:
                return str(body) if body else ""


async def _missing(
    error: openai.APIStatusError, says: str, where: str, model: str, offered: Callable[[], Awaitable[list[str]]],
    short: Callable[[object], str],
) -> str:  # fmt: skip
    """What is not there, the model or the API: an address without its /v1 answers as one that lacks the model."""
    import openai

    try:
        known = await offered()
    except (openai.APIError, *UNREADABLE):
        if error.code == "model_not_found":
            return f"{where} has no model {model!r} (404); choose one with --model"
        return f"{says}; {_IS_IT}: check --base-url"
    if model in known and error.code != "model_not_found":
        return f"{says}; choose another --model"
    offer = short(", ".join(known)) or "none"
    return f"{where} has no model {model!r} (404); it offers {offer}; choose one with --model"
