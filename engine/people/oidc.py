"""Signing in with another server (OpenID Connect): the code flow with PKCE, state and nonce.

This room talks to the server and says who came back; `engine.people.identities` says which person
that is. See docs/how-to/single-sign-on.md.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from engine.errors import PatronError
from engine.settings import Settings
from engine.store.database import Database
from engine.store.platform.identities import begin_flow, take_flow

TIMEOUT = 10  # seconds for each call to the server
LASTS = timedelta(minutes=10)  # for somebody to sign in over there
KNOWN_FOR = timedelta(hours=1)  # how long the server's own description is believed
_LEEWAY = 60  # seconds that clocks may differ
_SCOPE = "openid email profile"
# Signatures by a key of the server; never "none", never a secret that both sides share.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_CHALLENGE = f"S{256}"  # a SHA-256 of the verifier; none of our codes, though it looks like one
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A browser on its way: where to send it, and what it carries to prove that it is the same."""

    address: str
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Who came back. `email` is "" unless the server says that it is verified."""

    issuer: str
    subject: str
    email: str
    name: str
    has_second_factor: bool
    next: str


class SignInServer:
    """The server of PATRON_OIDC_ISSUER; one of a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: tuple[datetime, Mapping[str, str]] | None = None
        self._asking = threading.Lock()

    def depart(self, control: Database, back: str, wanted: str, *, at: datetime) -> Departure:
        """Begin a sign-in; `back` is our own address to come back to, `wanted` where to go then.

        Raises: PatronError P105 when the server cannot be used.
        """
        ticket, state = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        flow = {
            "verifier": secrets.token_urlsafe(48),
            "nonce": secrets.token_urlsafe(32),
            "state": state,
            "back": back,
            "next": wanted,
        }
        client = self._client(back)
        address, _ = client.create_authorization_url(
            self._description(at)["authorization_endpoint"],
            state=state,
            nonce=flow["nonce"],
            code_verifier=flow["verifier"],
        )
        with control.write() as tx:
            begin_flow(tx, _hash(ticket), flow, expires=at + LASTS)
        return Departure(address=str(address), ticket=ticket)

    def arrive(
        self, control: Database, ticket: str, given: Mapping[str, str], *, at: datetime
    ) -> Arrival | None:
        """Read what a browser came back with; None for one that did not leave from here.

        Raises: PatronError P105 when the server refuses, or says what cannot be believed.
        """
        with control.write() as tx:
            flow = take_flow(tx, _hash(ticket), at=at) if ticket else None
        state = given.get("state", "")
        if flow is None or not secrets.compare_digest(state.encode(), flow["state"].encode()):
            return None
        if "code" not in given or given.get("iss", self._issuer) != self._issuer:
            raise _refused("it gave no code")
        token = self._token(flow, given["code"], at)
        claims = self._claims(str(token.get("id_token", "")), flow["nonce"], at)
        return self._arrival(claims, token, flow, at)

    @property
    def _issuer(self) -> str:
        return self._settings.oidc_issuer

    def _arrival(
        self,
        claims: Mapping[str, object],
        token: Mapping[str, object],
        flow: Mapping[str, str],
        at: datetime,
    ) -> Arrival:
        about = dict(claims)
        if "email" not in about:
            about.update(self._userinfo(claims, str(token.get("access_token", "")), at))
        methods = about.get("amr")
        is_verified = about.get("email_verified") is True
        return Arrival(
            issuer=self._issuer,
            subject=str(claims["sub"]),
            email=str(about.get("email", "")) if is_verified else "",
            name=str(about.get("name", "")),
            has_second_factor=isinstance(methods, list) and "mfa" in methods,
            next=flow["next"],
        )

    def _client(self, back: str) -> OAuth2Session:
        secret = self._settings.oidc_client_secret
        return OAuth2Session(
            self._settings.oidc_client_id,
            secret or None,
            scope=_SCOPE,
            redirect_uri=back,
            code_challenge_method=_CHALLENGE,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            default_timeout=TIMEOUT,
        )

    def _token(self, flow: Mapping[str, str], code: str, at: datetime) -> Mapping[str, object]:
        """Exchange the code; the verifier proves that who began is who ends."""
        try:
            token: Mapping[str, object] = self._client(flow["back"]).fetch_token(
                self._description(at)["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=flow["verifier"],
                timeout=TIMEOUT,
            )
        except (AuthlibBaseError, requests.RequestException, ValueError) as error:
            raise _refused(f"it did not take the code ({type(error).__name__})") from error
        return token

    def _claims(self, text: str, nonce: str, at: datetime) -> Mapping[str, object]:
        """Check the identity token: signature, issuer, audience, time, nonce."""
        keys = self._get(self._description(at)["jwks_uri"])
        client = self._settings.oidc_client_id
        registry = jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": client},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            found = jwt.decode(text, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[arg-type]  # checked by joserfc
            registry.validate(found.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _refused(f"its token is not good ({type(error).__name__})") from error
        if found.claims.get("azp", client) != client:
            raise _refused("its token was made for somebody else")
        return found.claims

    def _userinfo(
        self, claims: Mapping[str, object], access_token: str, at: datetime
    ) -> Mapping[str, object]:
        """Ask for what the token left out; another subject's answer is no answer."""
        address = self._description(at).get("userinfo_endpoint", "")
        if not address or not access_token:
            return {}
        found = self._get(address, {"Authorization": f"Bearer {access_token}"})
        return found if found.get("sub") == claims["sub"] else {}

    def _description(self, at: datetime) -> Mapping[str, str]:
        """Give what the server says of itself; asked for once an hour."""
        with self._asking:
            if self._known is None or at - self._known[0] > KNOWN_FOR:
                base = self._issuer.rstrip("/")
                found = self._get(f"{base}/.well-known/openid-configuration")
                if found.get("issuer") != self._issuer:
                    raise _refused("it calls itself something else than PATRON_OIDC_ISSUER")
                self._known = at, {name: str(value) for name, value in found.items()}
            return self._known[1]

    def _get(self, address: str, headers: Mapping[str, str] | None = None) -> dict[str, object]:
        parts = urlsplit(address)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise _refused("its addresses must begin with https://")
        try:
            answer = requests.get(address, headers=headers, timeout=TIMEOUT, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise _refused(f"it does not answer as it should ({type(error).__name__})") from error
        return found if isinstance(found, dict) else {}


def _refused(why: str) -> PatronError:
    message = f"The sign-in server cannot be used: {why}."
    return PatronError(message, code="P105", status=502)


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
