"""What stands before the page and the API: which hosts, what headers, how often, what is logged.

Written against ASGI itself, since it must see every answer, also those of the page, and change
nothing about how they are sent.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.websockets import WebSocketClose

from index.printable import json_line, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from search.api_settings import Settings

ACCESS_LOG = logging.getLogger("inspection_search.access")

# The page's: it draws with inline styles, shows pictures it made itself as blob: and data:, and
# talks to its own server over a socket, whose address no keyword of the policy stands for in every
# browser. No script runs that is not a file of this server.
_PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'{socket}; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # A question stands in the address: it must not travel to where a link leads.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_MOST_ADDRESSES = 10_000  # whose requests are counted at a time


def _is_data(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")


class TrustedHosts:
    """Turns away what is addressed to a name that is not ours, in JSON.

    Another name in the Host header is a page elsewhere that has had its own name pointed at this
    machine, to read what only this machine may (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self._app = app
        self._hosts = {host for host in hosts if not host.startswith("*")}
        self._endings = tuple(host[1:] for host in hosts if host.startswith("*"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._ours(Headers(scope=scope)):
            if scope["type"] == "websocket":
                await WebSocketClose()(scope, receive, send)
            else:
                message = "This server does not go by that name; its owner can allow it."
                await JSONResponse({"error": message}, 400)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _ours(self, headers: Headers) -> bool:
        host = _HOST.fullmatch(headers.get("host", "").lower())
        if host is None:
            return False
        name = host["name"].strip("[]")
        return name in self._hosts or name.endswith(self._endings)


class ApiAddresses:
    """Answers what lies under /api and no route can match, since the page's routes match the rest.

    A route's pattern stops at a line break; and "/api" has no slash to mount anything after.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and (path == "/api" or (_is_data(path) and "\n" in path)):
            message = f"There is nothing at {printable(path)}; GET /api/openapi.json says what is."
            await JSONResponse({"error": message}, 404)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class SecurityHeaders:
    """Adds to every answer what browsers are to forbid; what an answer says itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", _policy(scope))
                if _is_data(scope["path"]):
                    # An answer holds its question: it is not to be found on a shared disk.
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_guarded)


def _policy(scope: Scope) -> str:
    if _is_data(scope["path"]):
        return _DATA_POLICY
    # One that is no host is turned away, and its answer needs no socket.
    host = _HOST.fullmatch(Headers(scope=scope).get("host", "").lower())
    return _PAGE_POLICY.format(socket=f" ws://{host[0]} wss://{host[0]}" if host else "")


class RateLimit:
    """Turns away an address that asks too often, with 429 and when to come again.

    Each address has a bucket that holds a minute's requests and fills evenly. Addresses of this
    machine are not counted where the settings spare them: a person's own programs may ask as fast
    as they like. Behind a proxy on this machine the address is the one that the proxy forwards.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._rate = settings.rate
        self._spare = settings.spare_this_machine
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # what is left in it, and when it was

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (wait := self._seconds_to_wait(_address(scope))):
            message = (
                f"You may ask {self._rate} times a minute. Try again in {wait} "
                f"second{'s' if wait > 1 else ''}."
            )
            refused = JSONResponse({"error": message}, 429, headers={"retry-after": str(wait)})
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _seconds_to_wait(self, address: str) -> int:
        """0 where the address may ask now, which takes one from its bucket."""
        if self._spare and _is_this_machine(address):
            return 0
        now, a_second = self._clock(), self._rate / 60
        left, before = self._buckets.pop(address, (float(self._rate), now))
        left = min(self._rate, left + (now - before) * a_second)
        if left >= 1:
            self._buckets[address] = (left - 1, now)
            # Put back at the end each time: the first is the one that has asked longest ago.
            if len(self._buckets) > _MOST_ADDRESSES:
                del self._buckets[next(iter(self._buckets))]
            return 0
        self._buckets[address] = (left, now)
        return math.ceil((1 - left) / a_second)


class AccessLog:
    """Writes one line for each request: what, outcome, milliseconds, from where.

    The question is left out, with everything after the "?", unless the settings ask for it. What
    came from outside is escaped: a line break in it would forge a line.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._log_questions = settings.log_questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            ACCESS_LOG.info(
                "%s %s %d %.0f ms %s%s",
                printable(scope["method"]),
                printable(scope["path"]),
                status,
                1000 * (time.perf_counter() - started),
                printable(_address(scope)),
                self._question(scope),
            )

    def _question(self, scope: Scope) -> str:
        if not self._log_questions:
            return ""
        given = parse_qs(scope["query_string"].decode("ascii", "replace"))
        return "".join(f" {json_line(printable(one))}" for one in given.get("q", []))


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("unknown",))[0])


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # a test's client, or a socket of this machine's file system
        return address in ("testclient", "unknown", "")
