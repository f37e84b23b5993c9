"""Find the system's Redis for the tests, or install it where we may; run by `make install-dev`.

Patron works without it; the tests prove that it works with it. Where it is missing they say so and
skip; with CI=true they fail.
"""

from __future__ import annotations

import os
import shutil

from tools.install import run

HOW = "Debian: apt-get install redis-server"


def find_redis() -> str:
    """Give the path of the system's redis-server; "" when there is none."""
    return shutil.which("redis-server") or ""


def main() -> None:
    """Make sure of a server, or say what to do."""
    if find_redis():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing redis-server, for the tests of brokers ...", flush=True)
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "redis-server")
    if not find_redis():
        print(f"No Redis here, so tests with it are skipped. {HOW}", flush=True)


if __name__ == "__main__":
    main()
