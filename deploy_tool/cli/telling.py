"""How far long work is, as lines on stderr: one for each object, and one a second within it.

Separate from the terminal, which knows no work.
"""

from __future__ import annotations

from time import monotonic

from deploy_tool.cli.terminal import Terminal
from deploy_tool.site import Tell
from sandbox.bringing.carrying import Progress

_PAUSE_SECONDS = 1.0


def telling(terminal: Terminal) -> Tell:
    """Give what writes how far the records of a sandbox are."""
    last = [0.0]

    def tell(progress: Progress) -> None:
        is_whole = progress.done >= progress.total
        if is_whole or monotonic() - last[0] >= _PAUSE_SECONDS:
            last[0] = monotonic()
            terminal.warn(f"  {progress.object}: {progress.done:,} of {progress.total:,}")

    return tell
