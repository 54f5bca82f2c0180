"""What goes wrong at an endpoint: whether another try can help, how long it waits, and what a person is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tenacity import RetryCallState, wait_random_exponential

TRIES = 4
"""Calls before an endpoint that fails in a way worth retrying is given up."""
LONGEST_WAIT = 60.0
"""Seconds waited between two tries at most, whatever the endpoint asks for."""

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


async def explain(error: Exception, *, where: str, model: str, offered: Callable[[], Awaitable[list[str]]]) -> str:
    """One line for an error of the client, or of reading what it got: what is wrong, and the next step.

    Args:
        error: what was raised.
        where: how the endpoint is called.
        model: the model that was asked for.
        offered: asks the endpoint for the models that it has.
    """
    import openai

    match error:
        case openai.APITimeoutError():
            return f"{where} did not answer in time; is it overloaded? Raise --timeout or try again later"
        case openai.APIConnectionError():
            return f"cannot reach {where} ({_short(error.__cause__ or error)}); is it running? Check --base-url"
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return f"{where} refuses the key ({error.status_code}); set OPENAI_API_KEY to one that it accepts"
        case openai.NotFoundError():
            return f"{where} has no model {model!r} (404){await _offer(offered)}; choose one with --model"
        case openai.RateLimitError() if error.code == "insufficient_quota":
            return f"{where} says that the quota is used up; add credit, or choose another --model"
        case openai.RateLimitError():
            return f"{where} still limits the rate after {TRIES} tries (429); wait, then try again"
        case openai.APIStatusError() if error.status_code >= 500:
            return f"{where} answers {error.status_code}: {_short(error)}; try again later"
        case openai.APIStatusError():
            return f"{where} answers {error.status_code}: {_short(error)}; choose another --model"
        case openai.APIError():
            return f"{where} failed: {_short(error)}"
        case CutError():
            return f"{where} cut the reply off {TRIES} times; is it overloaded? Try again later"
    return (
        f"{where} sent something that is no chat completion ({_short(error)}); is it an OpenAI-compatible "
        "API? Its address usually ends in /v1"
    )


async def _offer(offered: Callable[[], Awaitable[list[str]]]) -> str:
    import openai

    try:
        return f"; it offers {', '.join(await offered())}"
    except (openai.APIError, ValueError, TypeError, AttributeError):
        return ""


def _short(error: object) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
