"""What somebody who asks "why?" is told of a rule or workflow, and the words for each outcome.

Separate from those who look at them, so that all say the same. Without a watcher nothing is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.expr.context import EvalContext
from engine.expr.expression import Expression
from engine.model.fields.base import Value

FIRED = "fired"  # its criteria held, it ran
NOT_HELD = "not_held"  # its criteria did not hold
UNCHANGED = "unchanged"  # what it waits for has not changed
ONCE = "once"  # it fired for this record before, in this transaction
OTHER_TRIGGER = "other_trigger"  # it starts at something else
REFUSED = "refused"  # it reads a field that was refused already
WAITS = "waits"  # of an approval: the record waits for it already
ENTERED = "entered"  # of an approval: the record was submitted
CHOSEN, NOBODY = "chosen", "nobody"  # of an entry of an assignment: taken, or nobody can take it
# Of the clock of a deadline.
STARTED, PAUSED, RESUMED, STOPPED = "started", "paused", "resumed", "stopped"
PASSED, FAILED = "passed", "failed"  # of a validation rule
# Of what is asked about without a trace: see `engine.saving.explaining.why`.
UNKNOWN = "unknown"  # it follows from what the viewer may not read
HOLDS = "holds"  # of a condition among others
BY_HAND = "by_hand"  # of an approval: its criteria hold, and nobody submitted the record
RUNS, IN_BIN, OVER = "runs", "in_bin", "over"  # of a deadline; over: what stops it holds already
AFTER = "after"  # of an entry of an assignment: one before it was taken
# Of somebody whom the configuration names.
ASKED, ANSWERED, LATER = "asked", "answered", "later"  # later: with the next reminder
WOULD_BE = "would_be_asked"  # at a step at which the record does not wait
AUTHOR, INACTIVE, BLANK = "author", "inactive", "blank"
INSTEAD, ESCALATED, STANDS_IN = "instead", "escalated", "stands_in"
TAKES, AWAY, LAST, OWNS = "takes", "away", "last", "owns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One look at a rule or workflow: what came out, and upon what."""

    kind: str  # workflow | validation_rule | approval | assignment | sla
    name: str
    outcome: str
    condition: Expression | None
    values: Mapping[str, Value]
    context: EvalContext


Watch = Callable[[Looked], None]
