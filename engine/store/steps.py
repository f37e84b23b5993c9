"""Named steps of what must survive being killed: a test facility, nothing else.

Long work says where it is: `at_step("publish.head")`. In normal runs that does nothing. When the
environment variable PATRON_KILL_AT holds that very name, the process kills itself there with
SIGKILL, as a power cut would; tests then look at what is left.
"""

from __future__ import annotations

import os
import signal

KILL_AT = "PATRON_KILL_AT"


def at_step(name: str) -> None:
    """Say that a step is about to begin; dies here when a test asked for it."""
    if os.environ.get(KILL_AT) == name:
        os.kill(os.getpid(), signal.SIGKILL)
