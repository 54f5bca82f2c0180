"""The address of an OpenAI-compatible API: what of it is shown, and what is only sent."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from pydantic import HttpUrl, TypeAdapter, ValidationError

_URL = TypeAdapter(HttpUrl)
_CALLED = ("/chat/completions", "/completions")
"""What documentation shows behind the address: the client adds it itself."""


@dataclass(frozen=True)
class Address:
    """An address that can be called. User, password and query are sent as given, and never shown."""

    url: str
    """Scheme, host, port and path: as much as messages, commands and records may hold."""
    host: str
    login: tuple[str, str] | None = field(default=None, repr=False)
    """User and password, sent in place of a key."""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent with every call: some endpoints take their key there, others a version."""

    def __str__(self) -> str:
        return self.url

    @classmethod
    def parse(cls, text: object) -> Address:
        """Read an address as a person writes it.

        Raises:
            ValueError: it cannot be called; the message holds neither user, password nor query.
        """
        if not isinstance(text, str):
            raise ValueError("an address is text, in quotes")  # noqa: TRY004  pydantic reports ValueError only
        text = text.strip()
        if not re.match(r"https?://[^/?#]", text, re.IGNORECASE):
            raise ValueError(f"an address begins with http:// or https:// and a host (it is {_harmless(text)!r})")
        if odd := re.search(r"[\s\\\x00-\x20\x7f-\x9f]", text):
            raise ValueError(f"an address holds no {odd[0]!r} (it is {_harmless(text)!r})")
        try:
            url = _URL.validate_python(text)
        except ValidationError as error:
            why = error.errors()[0]["msg"].removeprefix("Input should be a valid URL, ")
            raise ValueError(f"{why} (it is {_harmless(text)!r})") from None
        if url.fragment is not None:
            raise ValueError(f"an address holds no '#'; in a password, write %23 (it is {_harmless(text)!r})")
        path = (url.path or "").rstrip("/")
        for called in _CALLED:
            path = path.removesuffix(called)
        host = url.host or ""
        port = "" if url.port == {"http": 80, "https": 443}[url.scheme] else f":{url.port}"
        login = (unquote(url.username or ""), unquote(url.password or ""))
        return cls(
            f"{url.scheme}://{host}{port}{path}",
            host.strip("[]"),
            login if any(login) else None,
            tuple(parse_qsl(url.query or "", keep_blank_values=True)),
        )

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine: 127.0.0.0/8, ::1, localhost, or 0.0.0.0, which servers call themselves."""
        name = self.host.rstrip(".")
        if name == "localhost":
            return True
        try:
            ip = ipaddress.ip_address(name)
        except ValueError:
            return False
        ip = getattr(ip, "ipv4_mapped", None) or ip
        return ip.is_loopback or ip.is_unspecified

    @property
    def hides(self) -> bool:
        """Whether there is more to it than is shown."""
        return bool(self.login or self.query)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Whatever of it may not be shown."""
        login = (*self.login, ":".join(self.login)) if self.login else ()  # a header has both in one, in base64
        return (*login, *(value or name for name, value in self.query))


def _harmless(text: str) -> str:
    """As much of a text as can be shown when it is no address: a password may hold whatever ends one elsewhere."""
    text = re.sub(r"^(\w+://)?.*@", r"\1", text, flags=re.DOTALL)
    return re.split(r"[?#]", text, maxsplit=1)[0][:80]
