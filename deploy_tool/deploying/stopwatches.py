"""Times the steps of a deployment by their sort, for the estimates of later plans.

Separate from the steps, which know nothing of it. Rows are those of the plan's steps: what was
estimated and what was measured speak of the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy_tool.plans.plan import PlannedStep
from engine.saving.refill import Stale
from engine.store.platform.timings import COMPUTE, ROLL_UP, Timings


@dataclass(slots=True)
class Stopwatch:
    """Milliseconds spent on each sort of step."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, sort: str) -> Iterator[None]:
        """Time what is done inside; "" is of no sort."""
        begun = time.monotonic()
        yield
        self.spent[sort] = self.spent.get(sort, 0.0) + (time.monotonic() - begun) * 1000


def timings(steps: Iterable[PlannedStep], spent: Mapping[str, float]) -> Timings:
    """Give rows and milliseconds of each sort of step that a plan has; 0 ms: still to come."""
    rows: dict[str, int] = {}
    for step in steps:
        if step.sort and step.rows:
            rows[step.sort] = rows.get(step.sort, 0) + step.rows
    return {sort: (count, round(spent.get(sort, 0))) for sort, count in rows.items()}


def sort_of(stale: Iterable[Stale]) -> str:
    """Give the sort of a computation; "" where roll-ups and formulas are mixed."""
    found = {ROLL_UP if one.is_roll_up else COMPUTE for one in stale}
    return found.pop() if len(found) == 1 else ""
