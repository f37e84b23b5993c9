"""HTTP to another machine's Patron: JSON out and in, by the standard library alone.

Separate from what is asked. Redirects are not followed: a token goes to the address it was given
for and to no other. A lost connection is `Lost`, which only `apply` has to tell from the rest.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, urlencode, urlsplit

from deploy_tool.cli.terminal import to_json
from deploy_tool.exits import UsageWrong
from deploy_tool.remote.failures import EXIT_HEADER, Unreachable, refusal_of

API, SIGN_IN = "/api/v1", "/sign-in/token"
PATIENCE = 60.0  # seconds for an answer
LONG_PATIENCE = 900.0  # for a deployment
_REFUSED = 300
_SCHEMES = {"http": 80, "https": 443}

Json = dict[str, object]


class Lost(Unreachable):
    """The connection broke after the request was sent: whether it was carried out is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a Patron answers. `path` leads to an environment: "" (production) or "/e/NAME"."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def text(self) -> str:
        """The address as people write it, without a port that goes without saying."""
        port = "" if _SCHEMES[self.scheme] == self.port else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}{self.path}"

    @property
    def environment(self) -> str:
        """The environment that tokens for this address open."""
        return self.path.removeprefix("/e/") or "production"


def read_address(text: str) -> Address:
    """Read the address of a Patron. Raises: UsageWrong U122."""
    message = f'"{text[:100]}" is no address of a Patron.'
    wrong = UsageWrong(
        message=message, code="U122", hint="https://crm.example.com, or …/e/ENV for a sandbox"
    )
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise wrong from error
    path = parts.path.rstrip("/").removesuffix(API)
    is_path = path == "" or (path.startswith("/e/") and path.count("/") == 2)  # noqa: PLR2004
    if parts.scheme not in _SCHEMES or not parts.hostname or not is_path or parts.query:
        raise wrong
    if parts.username or parts.password:
        wrong.hint = "a token goes into PATRON_TOKEN, or is kept by patron login"
        raise wrong
    return Address(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or _SCHEMES[parts.scheme],
        path=path,
    )


@dataclass(frozen=True, slots=True)
class Client:
    """Asks one Patron as one person."""

    address: Address
    token: str

    def get(self, path: str, **query: object) -> Json:
        """Read something. Raises: Unreachable U121; what the server refuses."""
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, object], *, patience: float = PATIENCE) -> Json:
        """Make or do something. Raises: Lost when nobody knows whether it was done."""
        return self.send("POST", path, body=body, patience=patience)

    def patch(self, path: str, body: Mapping[str, object]) -> Json:
        """Change something."""
        return self.send("PATCH", path, body=body)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        patience: float = PATIENCE,
    ) -> Json:
        """Send a request and read its JSON, an empty answer as {}."""
        asked = urlencode({name: value for name, value in (query or {}).items() if value != ""})
        target = f"{self.address.path}{API}{path}" + (f"?{asked}" if asked else "")
        return self._answer(method, target, body, patience)

    def sign_in(self, body: Mapping[str, object]) -> Json:
        """Exchange an e-mail and a password for a token of the address's environment."""
        given = {**body, "environment": self.address.environment}
        return self._answer("POST", SIGN_IN, given, PATIENCE)

    def _answer(self, method: str, target: str, body: object, patience: float) -> Json:
        status, headers, raw = self._exchange(method, target, body, patience)
        found = _read(raw)
        if status >= _REFUSED or EXIT_HEADER in headers:  # 202: done, and something is left
            raise refusal_of(status, headers, found, self.address.text)
        if not isinstance(found, dict):
            raise refusal_of(status, headers, None, self.address.text)
        return found

    def _exchange(
        self, method: str, target: str, body: object, patience: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        connection = self._connect(patience)
        headers = {"Accept": "application/json", "User-Agent": "patron"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data = to_json(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, target, body=data, headers=headers)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, names, answer.read()
        except (OSError, http.client.HTTPException) as error:
            message = f"The connection to {self.address.text} was lost: {_reason(error)}."
            raise Lost(message, hint="patron status tells whether it is back") from error
        finally:
            connection.close()

    def _connect(self, patience: float) -> http.client.HTTPConnection:
        """Connect first, so that a request that never left is told from one that did."""
        address = self.address
        if address.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                address.host,
                address.port,
                timeout=patience,
                context=ssl.create_default_context(),
            )
        else:
            connection = http.client.HTTPConnection(address.host, address.port, timeout=patience)
        try:
            connection.connect()
        except OSError as error:
            message = f"{address.text} cannot be reached: {_reason(error)}."
            hint = "is the address in PATRON_URL right, and is Patron running there?"
            raise Unreachable(message, hint=hint) from error
        return connection


def segment(text: object) -> str:
    """Write a name as one part of an address."""
    return quote(str(text), safe="")


def _reason(error: Exception) -> str:
    """Say why in a few words, whatever the system calls it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).rstrip(".")


def _read(raw: bytes) -> object:
    """Read JSON with exact numbers; None for what is none."""
    if not raw:
        return {}
    try:
        return json.loads(raw, parse_float=Decimal)
    except ValueError:
        return None
