"""Starts a driver of git: its process lives for one file, so nothing is collected or taken down.

    python -c "from deploy_tool.git.start import main; main()" deploy_tool.git.merging FILE …

Separate from the drivers, because it has to come before everything that they load. What it saves is
a tenth of the time that git waits; most of that is loading modules.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys


def main() -> None:
    """Run the driver that the first argument names, with the arguments behind it."""
    gc.disable()
    name, *arguments = sys.argv[1:]
    code = importlib.import_module(name).main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is written; to take down what was loaded takes 8 ms, and nobody would see it.
    os._exit(code)
