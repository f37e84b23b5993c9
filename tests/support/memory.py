"""Temporary files of a run in memory, where the system has room for them there.

Databases of tests are synced thousands of times; on a disk a third of the run is waiting for that.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 -- the folder in memory itself; ours below it is made safely
NEEDED = 4 * 2**30  # bytes


def use_memory() -> Path | None:
    """Let temporary files of this process and its children lie in memory; give the folder.

    Gives None where somebody chose another place by TMPDIR, or where there is no room.
    """
    if "TMPDIR" in os.environ or not MEMORY.is_dir():
        return None
    if shutil.disk_usage(MEMORY).free < NEEDED:
        return None
    folder = Path(tempfile.mkdtemp(prefix="patron-tests-", dir=MEMORY))
    folder.chmod(0o755)  # PostgreSQL, which root runs as somebody else, passes through it
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # asked for anew
    return folder


def leave_memory(folder: Path) -> None:
    """Remove the folder with all that tests left in it."""
    del os.environ["TMPDIR"]
    tempfile.tempdir = None
    shutil.rmtree(folder, ignore_errors=True)
