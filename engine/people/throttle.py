"""Slowing down whoever guesses: by account and by address, longer with every failure.

An attempt counts as failed before it is looked at and is forgiven when it was right, so that many
at the same time gain nothing. Accounts that do not exist count as well: the answer never tells
which ones do. Nobody is locked out for good, for that would let anybody lock out anybody.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.errors import Throttled
from engine.store.database import Database
from engine.store.platform.attempts import (
    Attempts,
    find_attempts,
    forget_attempts,
    put_attempts,
)
from engine.store.tx import Tx

_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_CUSTOMER = 64  # bits of an IPv6 address; whoever has them changes the others at will
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=15), timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many failures are free, and after which quiet time they are forgotten."""

    kind: str
    free: int
    forgotten_after: timedelta


ACCOUNT = Limit(kind="account", free=5, forgotten_after=timedelta(hours=24))
# Many people share the address of an office, so it bears more.
ADDRESS = Limit(kind="address", free=30, forgotten_after=timedelta(hours=1))
CODE = Limit(kind="code", free=5, forgotten_after=timedelta(hours=24))
LINKS = Limit(kind="links", free=3, forgotten_after=timedelta(hours=1))

Key = tuple[Limit, str]


def begin_attempt(control: Database, keys: Iterable[Key], *, at: datetime) -> None:
    """Count an attempt for every key, or refuse it. An empty text counts for nothing.

    Raises: Throttled A220 with the seconds to wait; refused attempts do not make it longer.
    """
    wanted = [(limit, _hash(limit, text)) for limit, text in keys if _counts(limit, text)]
    with control.write() as tx:
        known = {key: _known(tx, limit, key, at) for limit, key in wanted}
        waits = [found.until - at for found in known.values() if found is not None]
        longest = max(waits, default=timedelta())
        if longest > timedelta():
            raise Throttled(retry_after=int(longest.total_seconds()) + 1)
        for limit, key in wanted:
            put_attempts(tx, key, _one_more(limit, known[key], at))


def forgive(control: Database, keys: Iterable[Key]) -> None:
    """Start again from none for these keys: the attempt was right."""
    with control.write() as tx:
        for limit, text in keys:
            if text:
                forget_attempts(tx, _hash(limit, text))


def take_back(control: Database, key: Key) -> None:
    """Take back the one attempt that was counted, and leave the others as they are.

    For addresses: who has an account must not be able to wash away the failures at another.
    """
    limit, text = key
    hashed = _hash(limit, text)
    with control.write() as tx:
        found = find_attempts(tx, hashed) if text else None
        if found is not None and found.failures > 0:
            fewer = Attempts(
                failures=found.failures - 1, last_at=found.last_at, until=found.last_at
            )
            put_attempts(tx, hashed, fewer)


def _known(tx: Tx, limit: Limit, key: str, at: datetime) -> Attempts | None:
    found = find_attempts(tx, key)
    is_over = found is not None and at - found.last_at > limit.forgotten_after
    return None if is_over else found


def _one_more(limit: Limit, found: Attempts | None, at: datetime) -> Attempts:
    failures = 1 if found is None else found.failures + 1
    beyond = failures - limit.free
    delay = timedelta() if beyond < 0 else min(FIRST_DELAY * 2 ** min(beyond, 20), LONGEST_DELAY)
    return Attempts(failures=failures, last_at=at, until=at + delay)


def _counts(limit: Limit, text: str) -> bool:
    """Leave out what says nothing: no text, and the address of this very machine.

    Behind a proxy that was not declared (PATRON_PROXIES) everybody comes from there, and one who
    guesses must not hold up all the others.
    """
    return text != "" and not (limit is ADDRESS and text in _LOOPBACK)


def _network(text: str) -> str:
    """Give what of an address counts: of IPv6 the network of 64 bits, which one customer has."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        whole = ipaddress.ip_network((address, _CUSTOMER), strict=False)
        return str(whole if inner is None else inner)
    return str(address)


def _hash(limit: Limit, text: str) -> str:
    text = _network(text) if limit is ADDRESS else text
    return hashlib.sha256(f"{limit.kind}\n{text}".encode()).hexdigest()
