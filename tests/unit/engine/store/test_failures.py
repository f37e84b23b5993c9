"""What goes wrong between us and a database is told in our own words."""

from __future__ import annotations

import socket

import pytest

from engine.store.database import Database
from engine.store.failures import ConnectionLost


def test_a_server_that_is_not_there_is_a_lost_connection() -> None:
    """Nobody listens on the port: the code says that the database cannot be reached."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        database = Database(f"postgresql://nobody@127.0.0.1:{port}/none")

        with pytest.raises(ConnectionLost) as lost, database.read():
            pass

    database.dispose()
    assert lost.value.code == "S103"
