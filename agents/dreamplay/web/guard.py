"""The guard of the page: who may ask, and what a page may do in a browser.

The server listens on this machine, and on no other address unless it is told to. That does not keep other pages out: a
browser that shows one of them sends requests here on its behalf. So every request has to name this server as its host,
which a rebound domain does not, and has to come from the page itself; and what changes something has to carry a header
that no form and no foreign script can send without asking first. Nothing that is sent here is large.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHANGING = "HX-Request"
"""The header of a request that changes something. htmx sends it."""
COOKIE = "dreamplay"
LARGEST = 4 * 1024 * 1024
"""Bytes that a request may send: a character card, and what stands around it."""
_SAFE = ("GET", "HEAD")
_OWN = ("same-origin", "none")
"""Values of Sec-Fetch-Site: of a request from the page, and of an address that somebody typed."""
_TOO_LARGE = f"more than {LARGEST // 1024**2} MiB"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Of every answer."""


class Guard:
    """Middleware that lets requests through, or refuses them.

    Args:
        app: what is guarded.
        hosts: what the header `Host` may be, with the port; empty if it can be anything, which takes a token.
        token: what an address has to carry once if the server can be reached from other machines; None: nothing.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], token: str | None = None) -> None:
        self._app, self._hosts, self._token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        why = self._refusal(request)
        status = 413 if why == _TOO_LARGE else 403
        opens = not why and self._token is not None and "token" in request.query_params
        read = 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST:  # of a request that does not say its length
                raise HTTPException(413, _TOO_LARGE)
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not request.url.path.startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
                if opens:
                    headers.append("Set-Cookie", f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/")
            await send(message)

        answer: ASGIApp = PlainTextResponse(f"{why}\n", status) if why else self._app
        if opens and request.method in _SAFE:  # so that no token stays in the address, in bookmarks or in the history
            answer = RedirectResponse(request.url.remove_query_params("token"), 303)
        await answer(scope, limited, guarded)

    def _refusal(self, request: Request) -> str:
        """Why a request is refused; empty if it is not."""
        headers = request.headers
        host = headers.get("host", "").lower()
        if self._hosts and host not in self._hosts:
            return "this page is not at that address"
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if (site is not None and site not in _OWN) or (
            origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}")
        ):
            return "a request from another page"
        if request.method not in _SAFE and CHANGING.lower() not in headers:
            return "a request without the header of the page"
        if self._token and not self._knows(request):
            return "open the address with its token, which `dreamplay open` has printed"
        length = headers.get("content-length", "")
        return _TOO_LARGE if length.isdecimal() and int(length) > LARGEST else ""

    def _knows(self, request: Request) -> bool:
        given = (request.query_params.get("token"), request.cookies.get(COOKIE))
        return any(secrets.compare_digest(each.encode(), (self._token or "").encode()) for each in given if each)
