"""API tokens of an environment: shown once, kept as hashes, narrowed by scopes, ended any time."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from types import MappingProxyType

from engine.errors import AccessDenied, FieldError, NotFound, RecordInvalid
from engine.names import did_you_mean
from engine.people.members import no_member
from engine.store.database import Database
from engine.store.failures import Busy
from engine.store.platform import audit, control, members, tokens
from engine.store.platform.enter import hash_token
from engine.store.platform.tokens import TokenRow

_PREFIX = "patron_"  # lets scanners of leaked secrets know a token when they see one
USED_EVERY = timedelta(minutes=5)  # how exactly the last use is noted

# Scope -> the scopes of routes that it reaches. A token without scopes reaches all of them.
SCOPES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "read": frozenset({"read"}),
        "records": frozenset({"read", "records"}),
        "metadata": frozenset({"metadata"}),
        "deploy": frozenset({"metadata", "deploy"}),
        "people": frozenset({"people"}),
    }
)
MOST_NOTED = 4096


def create_token(
    environment: Database,
    email: str,
    *,
    at: datetime,
    actor: str,
    expires: datetime | None = None,
    label: str = "",
    scopes: Iterable[str] = (),
) -> str:
    """Make an API token of a member; give its text, which can never be shown again.

    Raises: NotFound N103 when there is no active member of that e-mail; RecordInvalid R193 for an
    unknown scope.
    """
    wanted = ensure_scopes(scopes)
    text = _PREFIX + secrets.token_urlsafe(32)
    with environment.write() as tx:
        member = members.find_member(tx, email=control.email_key(email))
        if member is None or not member.is_active:
            raise no_member(email)
        number = tokens.insert_token(
            tx,
            hash=hash_token(text),
            user=member.user,
            label=label,
            at=at,
            expires=expires,
            scopes=wanted,
        )
        detail = {"user": member.user, "scopes": sorted(wanted)}
        target = f"token {number}"
        audit.note(tx, at=at, actor=actor, action="token.create", target=target, detail=detail)
    return text


def ensure_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """Give scopes that exist. Raises: RecordInvalid R193, with every one that does not."""
    wanted = frozenset(scopes)
    errors = tuple(
        FieldError(
            field="scopes",
            code="R193",
            message=f'There is no scope "{name}".',
            hint=did_you_mean(name, SCOPES) or f"there are {', '.join(SCOPES)}",
        )
        for name in sorted(wanted - SCOPES.keys())
    )
    if errors:
        raise RecordInvalid(errors[0].message, code="R193", hint=errors[0].hint, errors=errors)
    return wanted


def ensure_reaches(scopes: frozenset[str], wanted: str) -> None:
    """Refuse what the scopes of a narrowed token do not reach; no scopes: nothing is narrowed.

    A route that names no scope is reached by no narrowed token. Raises: AccessDenied A102.
    """
    if scopes and not any(wanted in SCOPES.get(scope, ()) for scope in scopes):
        message = f"This token is narrowed to {', '.join(sorted(scopes))} and does not reach this."
        hint = f'a token with the scope "{wanted}" does' if wanted in SCOPES else ""
        raise AccessDenied(message, code="A102", hint=hint)


def list_tokens(control_database: Database, environment: Database, user: int) -> list[TokenRow]:
    """Give a user's tokens, ended ones too, oldest first, with their last use."""
    with environment.read() as tx:
        found = tokens.list_tokens(tx, user)
    with control_database.read() as tx:
        return tokens.with_last_use(tx, found)


def revoke_token(
    environment: Database, token: int, *, at: datetime, actor: str, user: int | None = None
) -> None:
    """End a token at once; with `user`, only one of theirs. Raises: NotFound N104."""
    with environment.write() as tx:
        if user is not None and tokens.owner_of(tx, token) != user:
            raise NotFound("There is no such token, or it was revoked before.", code="N104")
        tokens.revoke_token(tx, token, at=at)
        audit.note(tx, at=at, actor=actor, action="token.revoke", target=f"token {token}")


class LastUses:
    """Notes when tokens were used; one of a process. At most every few minutes per token."""

    def __init__(self) -> None:
        self._noted: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, control_database: Database, text: str, *, at: datetime) -> None:
        """Note that a token was used; lost rather than waited for."""
        hashed = hash_token(text)
        if self._is_due(hashed, at):
            with suppress(Busy), control_database.write() as tx:
                tokens.note_use(tx, hashed, at=at)

    def _is_due(self, hashed: str, at: datetime) -> bool:
        with self._lock:
            last = self._noted.get(hashed)
            if last is not None and at - last < USED_EVERY:
                return False
            self._noted[hashed] = at
            self._noted.move_to_end(hashed)
            while len(self._noted) > MOST_NOTED:
                self._noted.popitem(last=False)
            return True
