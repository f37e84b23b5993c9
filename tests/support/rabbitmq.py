"""A RabbitMQ of the tests' own, on loopback and free ports, killed and started as they like."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import missing
from tests.support.servers import free_port
from tools.rabbitmq import HOW, find_rabbitmq


@dataclass(frozen=True)
class RabbitMq:
    """Where it listens, and how it is started: as a group of processes, which die together."""

    url: str
    begin: Callable[[], subprocess.Popen[bytes]]
    forget: Callable[[], object]  # ends the daemon in which its name was noted


def open_rabbitmq(folder: Path) -> RabbitMq:
    """Prepare a server; skip with a reason where there is none (with CI=true: fail)."""
    path = find_rabbitmq()
    if not path:
        missing(f"No RabbitMQ here. {HOW}")
    folder.mkdir(parents=True, exist_ok=True)
    port, names = free_port(), str(free_port())
    told = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"patron{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "ERL_EPMD_PORT": names,
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
    }

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [path],
            env={**os.environ, **told},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def forget() -> None:
        command = ["epmd", "-port", names, "-kill"]
        subprocess.run(command, env={**os.environ, **told}, capture_output=True, check=False)

    return RabbitMq(f"amqp://guest:guest@127.0.0.1:{port}//", begin, forget)
