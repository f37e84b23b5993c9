"""How Linux shares processors out: by session, as most machines come, or by work.

Each connection of PostgreSQL is a session of its own, and one that wants a processor can be left
waiting for seconds while others run. Figures of the longest wait are measured as
docs/how-to/postgresql.md advises to run; what the machine had comes back afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SETTING = Path("/proc/sys/kernel/sched_autogroup_enabled")


@contextmanager
def shared_by_work() -> Iterator[str]:
    """Share processors by work where that may be set; give how they are shared, in words."""
    try:
        before = SETTING.read_text(encoding="ascii")
        SETTING.write_text("0", encoding="ascii")
    except FileNotFoundError:  # no Linux, or one that knows no such groups
        yield "processors shared by work"
        return
    except OSError:
        yield "processors shared by session"
        return
    try:
        yield "processors shared by work"
    finally:
        SETTING.write_text(before, encoding="ascii")
