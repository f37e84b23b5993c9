"""Members to enter with."""

from __future__ import annotations

from datetime import datetime

import pytest

from engine.names import ObjectName
from engine.store.database import Database
from engine.store.platform import members
from engine.store.platform.enter import hash_token
from engine.store.platform.ids import Ids
from engine.store.platform.tokens import insert_token


@pytest.fixture
def ann(environment: Database, now: datetime) -> int:
    """Give the id of a member with two permission sets and the token "secret"."""
    with environment.write() as tx:
        (user,) = Ids().take(tx, ObjectName("user"))
        new = members.NewUser(
            id=user,
            email="ann@example.test",
            name="Ann",
            role="rep",
            language="fr",
            time_zone="Europe/Paris",
        )
        members.insert_user(tx, new, by=1, at=now)
        members.insert_member(tx, user=user, person=7, permission_sets=["sales", "base"], at=now)
        insert_token(tx, hash=hash_token("secret"), user=user, label="test", at=now, expires=None)
    return int(user)
