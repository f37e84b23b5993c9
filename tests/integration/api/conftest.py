"""Fixtures of tests over REST."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.store.database import Tx
from tests.support.houses import Reply

Count = Callable[[Callable[[], Reply]], int]


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Iterator[Count]:
    """Give a function that counts the statements of all transactions a request opens."""
    opened: list[Tx] = []
    begin = Tx.begin

    def noting(tx: Tx, sql: str) -> None:
        opened.append(tx)
        begin(tx, sql)

    monkeypatch.setattr(Tx, "begin", noting)

    def counted(request: Callable[[], Reply]) -> int:
        opened.clear()
        reply = request()
        assert reply.status < 300, reply.raw
        return sum(tx.statements for tx in opened)

    yield counted
    opened.clear()
