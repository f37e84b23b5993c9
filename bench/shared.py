"""The shared workload: data set, load generator, server starter, and where the peers lie.

They live outside this repository, beside it in `../shared/bench` (or where PATRON_BENCH_SHARED
says), because other products are measured with the very same files.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("PATRON_BENCH_SHARED", ROOT.parent / "shared" / "bench"))


def load(name: str) -> ModuleType:
    """Import one of the shared modules; ends the program with a sentence when they are missing."""
    if not (FOLDER / f"{name}.py").exists():
        sys.exit(
            f"The shared workload is not here: {FOLDER}/{name}.py is missing. Clone it beside "
            "this repository, or say where it lies in PATRON_BENCH_SHARED."
        )
    if str(FOLDER) not in sys.path:
        sys.path.insert(0, str(FOLDER))
    return importlib.import_module(name)


dataset = load("dataset")
loadgen = load("loadgen")
procs = load("procs")
