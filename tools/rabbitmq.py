"""Find the system's RabbitMQ for the tests, or install it where we may; run by `make install-dev`.

Patron works without it; the tests prove that it works with it. Where it is missing they say so and
skip; with CI=true they fail.
"""

from __future__ import annotations

from tools.programs import ensure_program, find_program

# Where Debian's package has it; the command of that name on the PATH changes the user first.
NAMES = ("/usr/lib/rabbitmq/bin/rabbitmq-server",)
HOW = "Debian: apt-get install rabbitmq-server"


def find_rabbitmq() -> str:
    """Give the path of the system's rabbitmq-server; "" when there is none."""
    return find_program(*NAMES)


if __name__ == "__main__":
    ensure_program(
        NAMES,
        package="rabbitmq-server",
        purpose="the tests of brokers",
        missing=f"No RabbitMQ here, so tests with it are skipped. {HOW}",
    )
