"""Make .venv with the newest Python of this machine and the pinned packages; run by `make install`.

Runs on any Python from 3.6 on, because its first duty is to say in plain words that a Python is
too old for Patron. Arguments: the requirement files, each with hashes.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
VENV = Path(".venv").resolve()
PYTHON = VENV / "bin" / "python"


def stop(sentence: str) -> None:
    """Say why there is no installation, and end."""
    sys.exit(f"\n{sentence}\n")


def run(*command: object) -> bool:
    """Run a command with its output shown, and tell whether it was content."""
    return subprocess.run([str(part) for part in command], check=False).returncode == 0


def version_of(python: object) -> tuple:
    """Ask an interpreter for its version; () when it does not run."""
    question = "import sys; print(*sys.version_info[:3])"
    try:
        done = subprocess.run(
            [str(python), "-c", question],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return ()
    return tuple(int(part) for part in done.stdout.split())


def newest_python() -> tuple:
    """Find the newest interpreter on the PATH: its version and its name."""
    names = {"python3"}
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for path in Path(folder).glob("python3.*"):
            if re.match(r"python3\.\d+$", path.name):
                names.add(path.name)
    found = sorted((version_of(name), name) for name in names)
    if found[-1][0] < OLDEST:
        seen = ".".join(str(part) for part in found[-1][0])
        stop(
            f"Patron needs Python 3.11 or newer; the newest here is {seen}. Install a newer one "
            "beside it (Debian: apt-get install python3.11 python3.11-venv) and run make again."
        )
    return found[-1]


def install_venv_package(package: str) -> None:
    """Install what Debian leaves out of Python, where we may; else say what to do."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        stop(f"Python cannot make a virtual environment: install {package} and run make again.")
    print(f"Installing {package} ...", flush=True)
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "-qq", package)


def make_venv() -> None:
    """Create .venv unless a good one stands there."""
    if version_of(PYTHON) >= OLDEST and (VENV / "bin" / "pip").exists():
        return
    version, name = newest_python()
    print(f"Creating .venv with Python {version[0]}.{version[1]} ...", flush=True)
    shutil.rmtree(str(VENV), ignore_errors=True)
    if run(name, "-m", "venv", VENV):
        return
    shutil.rmtree(str(VENV), ignore_errors=True)
    install_venv_package(f"python{version[0]}.{version[1]}-venv")
    if not run(name, "-m", "venv", VENV):
        stop("Python cannot make a virtual environment: it says why above.")


def pip(*arguments: str) -> bool:
    """Run pip quietly and tell whether it was content."""
    options = ("--disable-pip-version-check", "--quiet", "--retries=2", "install")
    return run(PYTHON, "-m", "pip", *options, *arguments)


def main(files: list) -> None:
    """Install the requirement files and the product itself."""
    make_venv()
    print("Installing the packages of {} ...".format(" and ".join(files)), flush=True)
    wanted = [part for name in files for part in ("-r", name)]
    # The lock files name every package, so nothing is left to resolve; older pips stumble there
    # over extras of which a newer version than the locked one has come out.
    if not pip("--require-hashes", "--no-deps", *wanted):
        stop(
            "The packages could not be installed; pip says why above. If it could not connect, "
            "the package registry cannot be reached from here: check the network, or name a "
            "mirror in PIP_INDEX_URL, and run make again."
        )
    if not pip("--no-deps", "--no-build-isolation", "--editable", "."):
        stop("The packages are there, but Patron itself could not be installed: see above.")
    print("Done. The command is .venv/bin/patron", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
