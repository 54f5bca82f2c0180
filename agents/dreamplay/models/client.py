"""The client of an endpoint: how it connects, and what it sends beside a request."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from dreamplay.errors import SettingsError
from dreamplay.models import proxy
from dreamplay.schema.address import Address

if TYPE_CHECKING:
    from dreamplay.models.completions_client import CompletionsClient

AMBIENT = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS")
"""Environment variables that the client library sends as headers to any address by default."""
_UNASKED = ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async")
"""What the client library tells of this machine by default, in headers X-Stainless-*: nobody has asked for it, and
making them is an eighth of the work for a request."""
_TLS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
"""Variables that name files for TLS."""


def open_client(
    address: Address | str, api_key: str, *, timeout: float, many: bool = False, ambient: bool = False
) -> CompletionsClient:
    """The client. Its own retries are off: they would multiply with ours. For many calls at once it goes by aiohttp:
    the usual pool looks at all of its connections for each call. It follows no redirect: whoever is asked does not
    decide where a prompt goes.

    Args:
        address: where the API is; user, password and query in it are sent as well.
        api_key: sent unless the address has a user.
        timeout: seconds without a word before a call is given up.
        many: whether many calls are made at once.
        ambient: whether the headers that the environment holds for this client are sent; see `AMBIENT`.

    Raises:
        ValueError: it is no address.
        SettingsError: the proxy, a header or the certificates that the environment names cannot be used.
    """
    address = address if isinstance(address, Address) else Address.parse(address)
    via = proxy.chosen(address)
    try:
        import httpx2
        from openai import DefaultAioHttpClient, DefaultAsyncHttpxClient, Timeout

        from dreamplay.models.completions_client import CompletionsClient

        # Certificates take longer to load than all the rest, and plain HTTP has no use for them. Of the variables,
        # aiohttp reads one as it is imported.
        tls = httpx2.create_ssl_context(verify=bool(via) or address.url.startswith("https:"))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError(f"the certificates cannot be loaded ({why}); correct or unset {_tls_variables()}") from None
    patience = Timeout(timeout, connect=min(10.0, timeout))
    aiohttp = many and not (via and via.socks)
    kind = DefaultAioHttpClient if aiohttp else DefaultAsyncHttpxClient
    http_client = kind(
        auth=address.login, follow_redirects=False, timeout=patience, proxy=via.url if via else None,
        trust_env=False, verify=tls,
    )  # fmt: skip
    return CompletionsClient(
        base_url=address.url, api_key=api_key, max_retries=0, timeout=patience, http_client=http_client,
        default_query=dict(address.query), default_headers=_headers(api_key, ambient=ambient),
        shortcut=aiohttp and not via and not address.login,
    )  # fmt: skip


def _tls_variables() -> str:
    return ", ".join(name for name in _TLS if os.environ.get(name)) or " or ".join(_TLS)


def _headers(api_key: str, *, ambient: bool) -> dict[str, Any]:
    """The key, and what else the client would take from the environment: left out, or seen to be fit to be sent."""
    from openai import Omit

    held = {name: os.environ.get(name, "") for name in AMBIENT}
    own: dict[str, Any] = {f"X-Stainless-{name}": Omit() for name in _UNASKED}
    own["Content-Length"] = Omit()  # one of the environment's fits no request, and would leave the endpoint waiting
    own |= {"Authorization": f"Bearer {api_key}"}  # given here, it is not replaced by one of the environment's
    if not ambient:
        custom = [line.partition(":")[0].strip() for line in held["OPENAI_CUSTOM_HEADERS"].split("\n")]
        return dict.fromkeys([*filter(None, custom), "OpenAI-Organization", "OpenAI-Project"], Omit()) | own
    for name, text in held.items():
        if not re.fullmatch(r"[ -~\n]*" if name == "OPENAI_CUSTOM_HEADERS" else r"[ -~]*", text):
            raise SettingsError(f"{name} has a character in it that no header can carry; correct it, or unset it")
    return own
