"""Signatures between systems: made for one body, one secret, one time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.delivery.signing import is_fresh, is_signed, sign

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BODY = b'{"a":1}'


def test_a_signature_holds_for_its_body_and_secret_only() -> None:
    """One changed byte, another secret, no secret: none of them is signed."""
    header = sign("key", BODY, at=AT)

    assert is_signed("key", BODY, header)
    assert not is_signed("key", BODY + b" ", header)
    assert not is_signed("other", BODY, header)
    assert not is_signed("", BODY, sign("", BODY, at=AT))


def test_the_time_is_part_of_what_is_signed() -> None:
    """An old request cannot be given a new time."""
    header = sign("key", BODY, at=AT)
    moved = header.replace(str(int(AT.timestamp())), str(int(AT.timestamp()) + 600))

    assert not is_signed("key", BODY, moved)
    assert is_fresh(header, at=AT + timedelta(minutes=5))
    assert not is_fresh(header, at=AT + timedelta(minutes=5, seconds=1))
    assert not is_fresh(header, at=AT - timedelta(minutes=5, seconds=1))


@pytest.mark.parametrize("header", ["", "v1=00", "t=1,v1=zz", "t=999999999999,v1=" + "0" * 64])
def test_what_is_no_signature_is_neither_signed_nor_fresh(header: str) -> None:
    """Anything may come in a header."""
    assert not is_signed("key", BODY, header)
    assert not is_fresh(header, at=AT)
