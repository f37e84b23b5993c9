"""Pin what requirements*.in and package.json ask for; run by `make lock`.

The files name no registry and no host, so that they install from any mirror. The Python ones hold
for every Python from 3.11 on and every system (`--universal`).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
    "--quiet",
)
NAMES = ("requirements", "requirements-dev", "requirements-node")
LOCK = Path("package-lock.json")
# Addresses that npm notes beside a package: where it came from, and whom to pay for it.
ADDRESSES = frozenset({"resolved", "funding"})


def lock_python() -> None:
    """Write requirements.txt, then the others, which must agree with it."""
    uv = Path(sys.executable).with_name("uv")
    for name in NAMES:
        command = [uv, "pip", "compile", *OPTIONS, *sys.argv[1:], f"{name}.in", "-o", f"{name}.txt"]
        subprocess.run(command, check=True)


def lock_front_end() -> None:
    """Write package-lock.json with versions and hashes, and without addresses."""
    npm = shutil.which("npm")
    if npm is None:
        print("package-lock.json stays as it is: npm is not on the PATH.")
        return
    subprocess.run([npm, "install", "--package-lock-only", "--ignore-scripts"], check=True)
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        for name in ADDRESSES & package.keys():
            del package[name]
    LOCK.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Write every lock file."""
    lock_python()
    lock_front_end()


if __name__ == "__main__":
    main()
