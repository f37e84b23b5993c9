"""Programs of the system that tests need: found, or installed where we may.

For `tools.browser`, `tools.redis` and `tools.rabbitmq`, run by `make install-dev`. Patron itself
needs none of them.
"""

from __future__ import annotations

import os
import shutil

from tools.install import run


def find_program(*names: str) -> str:
    """Give the path of the first program of these names; "" when there is none."""
    return next((path for name in names if (path := shutil.which(name))), "")


def ensure_program(names: tuple[str, ...], *, package: str, purpose: str, missing: str) -> None:
    """Make sure of a program, or print what is `missing` without it.

    `package` is Debian's; `purpose` says what it is for, as "the tests in a browser".
    """
    if find_program(*names):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {package}, for {purpose} ...", flush=True)
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", package)
    if not find_program(*names):
        print(missing, flush=True)
