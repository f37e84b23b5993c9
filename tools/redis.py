"""Find the system's Redis for the tests, or install it where we may; run by `make install-dev`.

Patron works without it; the tests prove that it works with it. Where it is missing they say so and
skip; with CI=true they fail.
"""

from __future__ import annotations

from tools.programs import ensure_program, find_program

NAMES = ("redis-server",)
HOW = "Debian: apt-get install redis-server"


def find_redis() -> str:
    """Give the path of the system's redis-server; "" when there is none."""
    return find_program(*NAMES)


if __name__ == "__main__":
    ensure_program(
        NAMES,
        package="redis-server",
        purpose="the tests of brokers",
        missing=f"No Redis here, so tests with it are skipped. {HOW}",
    )
