"""Errors of an endpoint: whether another attempt can help, and the message for the user."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from dreamplay.schema.api_key import hide

if TYPE_CHECKING:
    import openai

TRIES = 4
"""Calls before an endpoint that fails in a way worth retrying is given up."""
KEY_ADVICE = "set OPENAI_API_KEY to one that it accepts"
REACH_ADVICE = "is it running? Check `base_url`"
_IS_IT = "is it an OpenAI-compatible API? Its address usually ends in /v1"
_MOST = 160
"""Maximum number of characters of an endpoint's own text in a message."""

UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What the reading of something that is no chat completion raises; the last where lists stand too deep in lists."""


class CutError(Exception):
    """A stream ended before the endpoint said that the reply was whole."""


class EndlessError(Exception):
    """An answer has gone beyond what a reply may take; the message says beyond what."""


def status(error: BaseException) -> int | None:
    """The HTTP status of an error. One that is stated within an answer, whose own status is 200, has it in its code, or
    counts as a failure of the server. None: there is none, since nothing was answered.
    """
    import openai

    if isinstance(error, openai.APIStatusError):
        return error.status_code
    if isinstance(error, openai.APIConnectionError) or not isinstance(error, openai.APIError):
        return None
    code = str(detail(error).get("code") or detail(error).get("status_code") or "")
    return int(code) if code.isdigit() and 400 <= int(code) < 600 else 500


def detail(error: BaseException) -> dict[str, Any]:
    """The endpoint's description of an error, from any of the known formats."""
    body = getattr(error, "body", None)
    body = body[0] if isinstance(body, list) and body else body
    body = body.get("error", body) if isinstance(body, dict) else body
    return body if isinstance(body, dict) else {}


def busy(error: BaseException) -> bool:
    """Whether an endpoint is available but asks to wait: it is loading, or limits the rate."""
    return status(error) in (429, 503, 529) and detail(error).get("code") != "insufficient_quota"


def worth_retrying(error: BaseException) -> bool:
    """Whether the same request may succeed later. A wrong key or a wrong request never does."""
    import openai

    if isinstance(error, openai.APIConnectionError | CutError):
        return True
    code = status(error)
    return code is not None and (busy(error) or code in (408, 409) or (code >= 500 and code != 501))


async def explain(
    error: Exception, *, where: str, model: str, offered: Callable[[], Awaitable[list[str]]],
    secrets: Iterable[str] = (), key_advice: str = KEY_ADVICE, reach_advice: str = REACH_ADVICE,
) -> str:  # fmt: skip
    """One line for an error of the client, or of reading what it got: what is wrong, and the next step.

    Args:
        error: what was raised.
        where: how the endpoint is called.
        model: the model that was asked for.
        offered: asks the endpoint for the models that it has.
        secrets: what the line may not show, though the endpoint or the client say it.
        key_advice: what to do if the key is refused.
        reach_advice: what to do if nobody answers.
    """
    import openai

    def short(text: object) -> str:
        return " ".join(hide(str(text), secrets).split())[:_MOST]

    match error:
        case openai.APITimeoutError() if not _disconnected(error):
            return f"{where} did not answer in time; is it overloaded? Raise `timeout` or try again later"
        case openai.APIConnectionError():
            why = short(error.__cause__ or error) or type(error.__cause__ or error).__name__
            return f"cannot reach {where} ({why}); {reach_advice}"
        case openai.AuthenticationError():
            # Not what it says: many say the key back, and cut or masked in ways that cannot be told.
            return f"{where} refuses the key ({error.status_code}); {key_advice}"
        case openai.RateLimitError() if error.code == "insufficient_quota":
            return f"{where} says that the quota is used up; add credit, or choose another `model`"
        case openai.RateLimitError():
            why = ": ".join(filter(None, ("429", short(said(error.body)))))
            return f"{where} still limits the rate ({why}) after all the waiting that `timeout` allows; try again later"
        case openai.APIStatusError() if busy(error):
            why = ": ".join(filter(None, (str(error.status_code), short(said(error.body)))))
            return f"{where} is still not ready ({why}); raise `timeout`, or try again later"
        case openai.APIStatusError():
            says = f"{where} answers {error.status_code}: {short(said(error.body)) or 'nothing more'}"
        case openai.APIError():
            return f"{where} failed: {short(said(error.body) or error)}"
        case CutError():
            return f"{where} cut the reply off {TRIES} times; is it overloaded? Try again later"
        case EndlessError():
            return f"{where} sent a reply without an end ({error}); choose another `model`, or raise `timeout`"
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
            return f"{where} answers {status}: it sends one on to {to or 'nowhere'}; check `base_url`"
        case status if status >= 500:
            return f"{says}; try again later"
    return f"{says}; choose another `model`"


def said(body: object) -> str:
    """The description in the body of an error, in any of the known formats; empty if there is none."""
    while True:
        match body:
            case {"loc": [*where], "msg": str(what)}:  # FastAPI: which field of the request is wrong
                return f"{'.'.join(str(part) for part in where[1:] or where)}: {what}"
            case {"message": inner} | {"detail": inner} | {"msg": inner} | {"error": inner} if inner:
                body = inner
            case {"errors": [first, *_]}:  # Cloudflare
                body = first
            case [first, *_]:
                body = first
            case str() if re.match(r"\s*<(!doctype|html|\?xml)", body, re.IGNORECASE):
                title = re.search(r"<title>([^<]*)</title>", body, re.IGNORECASE)
                return f"a web page{f', {title[1].strip()!r}' if title else ''}"
            case _:
                return str(body) if body else ""


def _disconnected(error: BaseException) -> bool:
    """Whether a connection was refused or broke. Where calls go by aiohttp, the library calls that a lack of time."""
    aiohttp, raised = sys.modules.get("aiohttp"), error.__cause__ and error.__cause__.__cause__
    if aiohttp is None or isinstance(raised, TimeoutError):
        return False
    return isinstance(raised, aiohttp.ClientConnectionError)


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
            return f"{where} has no model {model!r} (404); choose one with `model`"
        return f"{says}; {_IS_IT}: check `base_url`"
    if model in known and error.code != "model_not_found":
        return f"{says}; choose another `model`"
    offer = short(", ".join(known)) or "none"
    return f"{where} has no model {model!r} (404); it offers {offer}; choose one with `model`"
