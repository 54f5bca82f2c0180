"""The proxy for an address: the one that the environment names, or none for addresses on this machine."""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dreamplay.errors import SettingsError
from dreamplay.schema.address import Address


@dataclass(frozen=True)
class Proxy:
    """A proxy that can be used."""

    variable: str
    """The environment variable that names it; where the system does, what that is called."""
    url: str = field(repr=False)
    """May hold a password: never shown."""

    @property
    def socks(self) -> bool:
        """Whether it is a SOCKS proxy."""
        return self.url.lower().startswith("socks")

    @property
    def secrets(self) -> tuple[str, ...]:
        """User and password."""
        parts = urlsplit(self.url)
        return tuple(part for part in (parts.username, parts.password) if part)


def chosen(address: Address) -> Proxy | None:
    """The proxy for an address, by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case; None on this
    machine: what is played here stays here.

    Raises:
        SettingsError: the proxy cannot be used; the message names the variable, and not what stands in it.
    """
    if address.loopback:
        return None
    scheme = address.url.partition(":")[0]
    found = urllib.request.getproxies()
    kind = next((kind for kind in (scheme, "all") if found.get(kind)), None)
    if kind is None or urllib.request.proxy_bypass(address.host) or _within(address.host, found.get("no", "")):
        return None
    names = [f"{kind}_proxy", f"{kind}_proxy".upper()]
    variable = next((name for name in names if os.environ.get(name)), "the system's proxy")
    url = found[kind] if "://" in found[kind] else f"http://{found[kind]}"
    _check(url, variable)
    return Proxy(variable, url)


def _check(url: str, variable: str) -> None:
    import httpx2

    another = f"name another proxy, unset {variable}, or list the host in NO_PROXY"
    try:
        scheme, parts = httpx2.Proxy(url).url.scheme, urlsplit(url)
        if not parts.hostname or parts.port == 0:  # to ask for a port that is none raises, too
            raise ValueError
    except (httpx2.InvalidURL, ValueError):
        raise SettingsError(f"{variable} does not hold the address of a proxy; {another}") from None
    if scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise SettingsError(
            f"{variable} names a SOCKS proxy, which needs the package socksio; run: pip install socksio, or {another}"
        )


def _within(host: str, no_proxy: str) -> bool:
    """Whether an IP address lies in one of the networks of NO_PROXY, such as 10.0.0.0/8, which urllib does not read."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return False
    for entry in no_proxy.split(","):
        try:
            if ip in ipaddress.ip_network(entry.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False
