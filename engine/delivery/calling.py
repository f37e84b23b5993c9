"""One HTTP request to another system, which is not trusted: bounded in time, size and reach.

Separate from what is sent. The connection goes to an address that was looked at (no second look-up
can lead elsewhere), no redirect is followed, no proxy of the environment is used, the whole call
has one deadline that a slow drip of bytes does not stretch, and of the answer only its status and
Retry-After are read.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from engine.delivery.addresses import Place, find_places
from engine.delivery.failing import DeliveryFailed
from engine.settings import Network

MOST_ANSWER = 64 * 1024  # bytes of an answer that are read before we hang up
_SCHEMES = {"http": 80, "https": 443}
_AGAIN = frozenset({408, 409, 421, 423, 425, 429})  # refusals that may pass
_BEHIND = 5  # seconds after the watch, which ends the call first
_SAFE = "/:@!$&'()*+,;=-._~%?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that is ready to go. Its address and headers may hold secrets: never shown."""

    endpoint: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    seconds: float = 10


def send_call(call: Call, allowed: Sequence[Network]) -> None:
    """Send a request; it went well when the answer is 2xx.

    Raises: DeliveryFailed W145 for an address where nothing may go, W146 when nobody answers, W147
    when it takes too long, W148 for an answer that is no 2xx, W149 for a URL that is none.
    """
    target = _target(call)
    until = time.monotonic() + call.seconds
    places = find_places(target.host, target.port, allowed)
    with _connected(call, target, places, until) as (connection, watch):
        try:
            connection.request("POST", target.path, body=call.body, headers=dict(call.headers))
            answer = connection.getresponse()
            status, wait = answer.status, answer.getheader("Retry-After", "")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _no_answer(call, has_expired=_is_over(until, watch)) from error
        with answer:
            if watch.has_expired:  # it was cut in the middle of its headers
                raise _no_answer(call, has_expired=True)
            with suppress(OSError, http.client.HTTPException):  # it has answered, that is enough
                answer.read(MOST_ANSWER)
    _judge(call, status, wait)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """A URL taken apart; `path` holds the query."""

    host: str
    port: int
    path: str
    is_tls: bool


def _target(call: Call) -> _Target:
    try:
        parts = urlsplit(call.url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or _SCHEMES.get(parts.scheme, 0)
    except (ValueError, UnicodeError) as error:
        raise _no_url(call) from error
    is_plain = call.url.isprintable() and " " not in call.url
    if not host or not port or parts.username is not None or not is_plain:
        raise _no_url(call)
    path = quote(parts.path or "/", safe=_SAFE)
    query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
    return _Target(host=host, port=port, path=f"{path}{query}", is_tls=parts.scheme == "https")


def _no_url(call: Call) -> DeliveryFailed:
    message = f'The address of the endpoint "{call.endpoint}" is no URL of a server.'
    hint = "http:// or https://, a host, no user and no password in it"
    return DeliveryFailed(message, code="W149", hint=hint, is_final=True)


class _Watch:
    """Ends a connection at its deadline, whatever it is doing then."""

    def __init__(self) -> None:
        self.has_expired = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def over(self, watched: socket.socket) -> None:
        """Watch another socket: that of TLS takes over from the one below."""
        with self._lock:
            self._socket = watched
        if self.has_expired:
            self._end()

    def expire(self) -> None:
        """Wake whoever waits for the other side: it reads the end of the connection."""
        self.has_expired = True
        self._end()

    def _end(self) -> None:
        with self._lock, suppress(OSError):
            if self._socket is not None:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Pinned(http.client.HTTPConnection):
    """A connection whose socket is there already; it never looks a name up."""

    auto_open = 0

    def connect(self) -> None:
        """Refuse: there is one connection, and it went to where it may go."""
        raise OSError("no second connection")


@contextmanager
def _connected(
    call: Call, target: _Target, places: Sequence[Place], until: float
) -> Iterator[tuple[http.client.HTTPConnection, _Watch]]:
    """Connect to one of the places; the whole block ends at the deadline."""
    watch = _Watch()
    timer = threading.Timer(max(0.0, until - time.monotonic()), watch.expire)
    timer.daemon = True
    timer.start()
    connection = _Pinned(target.host, target.port)
    connection.default_port = _SCHEMES["https" if target.is_tls else "http"]
    try:
        try:
            connection.sock = _socket(places, target.host if target.is_tls else "", until, watch)
        except (OSError, ValueError) as error:
            raise _no_answer(call, has_expired=_is_over(until, watch)) from error
        yield connection, watch
    finally:
        timer.cancel()
        connection.close()


def _is_over(until: float, watch: _Watch) -> bool:
    return watch.has_expired or time.monotonic() >= until


def _socket(places: Sequence[Place], tls_host: str, until: float, watch: _Watch) -> socket.socket:
    raw = _first_open(places, until)
    watch.over(raw)
    if not tls_host:
        return raw
    try:
        context = ssl.create_default_context()
        secure = context.wrap_socket(raw, server_hostname=tls_host, do_handshake_on_connect=False)
        watch.over(secure)
        secure.do_handshake()
    except BaseException:
        raw.close()
        raise
    return secure


def _first_open(places: Sequence[Place], until: float) -> socket.socket:
    failed: OSError = TimeoutError("no time left")
    for place in places:
        left = until - time.monotonic()
        if left <= 0:
            break
        opened = socket.socket(place.family, socket.SOCK_STREAM)
        opened.settimeout(left)
        try:
            opened.connect((place.ip, place.port))
        except OSError as error:
            opened.close()
            failed = error
        else:
            opened.settimeout(left + _BEHIND)
            return opened
    raise failed


def _no_answer(call: Call, *, has_expired: bool) -> DeliveryFailed:
    if has_expired:
        message = f'The endpoint "{call.endpoint}" took longer than {call.seconds:g} seconds.'
        return DeliveryFailed(message, code="W147")
    message = f'The endpoint "{call.endpoint}" does not answer.'
    return DeliveryFailed(message, code="W146")


def _judge(call: Call, status: int, wait: str) -> None:
    """Tell by the status whether it went well, may go well later, or never will."""
    if status in range(200, 300):
        return
    message = f'The endpoint "{call.endpoint}" answered {status}.'
    hint = "redirects are not followed" if status in range(300, 400) else ""
    may_pass = status >= http.client.INTERNAL_SERVER_ERROR or status in _AGAIN
    raise DeliveryFailed(
        message, code="W148", hint=hint, is_final=not may_pass, retry_after=_pause(wait)
    )


def _pause(text: str) -> timedelta:
    """Read Retry-After: seconds, or a date; what is neither asks for nothing."""
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), 10**6))
    try:
        wait = parsedate_to_datetime(text) - datetime.now(UTC)
    except (ValueError, TypeError):
        return timedelta()
    return max(wait, timedelta())
