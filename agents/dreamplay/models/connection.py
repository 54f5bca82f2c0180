"""The client for an endpoint, as the settings name it."""

from __future__ import annotations

from dreamplay.errors import ModelError, SettingsError
from dreamplay.models import endpoint_errors, proxy
from dreamplay.models.client import open_client
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.endpoint_errors import UNREADABLE
from dreamplay.models.model_choice import OPENAI, ModelSpec, not_sent, profile
from dreamplay.models.profile import ModelProfile
from dreamplay.settings import Settings


def connect(spec: ModelSpec, settings: Settings, chosen: ModelProfile | None = None, *, jobs: int = 1) -> Endpoint:
    """The client for an endpoint, for so many runs at once. A server on one's own machine needs no key.

    Raises:
        SettingsError: the hosted API, and no key; or a key, proxy or header of the environment that cannot be used.
    """
    address = spec.base_url or OPENAI
    hosted = address.host == OPENAI.host
    found, withheld = settings.key(), settings.withheld()
    if hosted and not found:
        raise SettingsError(
            f"no key for {spec.model} at {OPENAI.host}: set OPENAI_API_KEY, or name another address with `base_url`, "
            f"or play on the embedded model: `model=embedded`"
            if not (withheld and spec.address_source)
            else f"no key for {spec.model} at {OPENAI.host}: {not_sent(withheld, spec.address_source)}"
        )
    key = found[0].get_secret_value() if found else ""
    advice = f"set {found[1]} to one that it accepts" if found else endpoint_errors.KEY_ADVICE
    via = proxy.chosen(address)
    client = open_client(
        address, key or "none", timeout=settings.timeout, many=jobs > 1,
        ambient=spec.address_source is None or spec.address_source.trusted,
    )  # fmt: skip
    return Endpoint(
        spec.model or "",
        client,
        f"{address} by the proxy of {via.variable}" if via else str(address),
        profile=chosen or profile(spec, settings),
        patience=settings.timeout,
        secrets=(key, *address.secrets, *(via.secrets if via else ())),
        key_advice=not_sent(withheld, spec.address_source) if withheld and spec.address_source else advice,
        reach_advice=f"is the proxy running? Correct or unset {via.variable}" if via else endpoint_errors.REACH_ADVICE,
    )


async def only_model(endpoint: Endpoint) -> str:
    """The name of the only model that an endpoint has.

    Raises:
        ModelError: it cannot say, or has none or several.
    """
    import openai

    try:
        offered = await endpoint.models()
    except openai.APIError as error:
        raise ModelError(await endpoint.explain(error)) from error
    except UNREADABLE as error:
        raise ModelError(f"{endpoint.where} does not say which models it has; name one with `model`") from error
    if not offered:
        raise ModelError(f"{endpoint.where} offers no model; load one there first")
    if len(offered) != 1:
        raise ModelError(f"{endpoint.where} has several models; choose one with `model`: {', '.join(offered)}")
    return offered[0]
