"""A Redis server of the tests' own, on a free port, killed and started as they like."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import missing
from tests.support.servers import free_port
from tools.redis import HOW, find_redis


@dataclass(frozen=True)
class Redis:
    """Where it listens, and how it is started."""

    url: str
    begin: Callable[[], subprocess.Popen[bytes]]


def open_redis(folder: Path) -> Redis:
    """Prepare a server; skip with a reason where there is none (with CI=true: fail)."""
    path = find_redis()
    if not path:
        missing(f"No Redis here. {HOW}")
    if importlib.util.find_spec("redis") is None:
        missing("No Python package redis here.")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [path, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*command, "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return Redis(f"redis://127.0.0.1:{port}/0", begin)
