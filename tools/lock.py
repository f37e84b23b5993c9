"""Pin requirements*.in to exact versions with hashes; run by `make lock`.

The files name no registry and no host, so that they install from any mirror. They hold for every
Python from 3.11 on and every system (`--universal`).
"""

from __future__ import annotations

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


def main() -> None:
    """Write requirements.txt, then requirements-dev.txt, which must agree with it."""
    uv = Path(sys.executable).with_name("uv")
    for name in ("requirements", "requirements-dev"):
        command = [uv, "pip", "compile", *OPTIONS, *sys.argv[1:], f"{name}.in", "-o", f"{name}.txt"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
