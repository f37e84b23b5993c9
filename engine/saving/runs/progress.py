"""A run while it is carried out: its place, the loops it is in, the record it looks at.

Separate from `running`, which moves runs on, and from `stepping`, which carries their steps out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from engine.compiled import CompiledObject
from engine.errors import FieldError, PatronError
from engine.expr import EvalContext
from engine.model.fields.base import Value
from engine.names import ObjectName
from engine.programs import Program
from engine.saving.unit import Unit
from engine.store.platform.runs import RunRow, StepRow

RUNNING, WAITING, DONE, FAILED, CANCELLED = "running", "waiting", "done", "failed", "cancelled"
MOST_STEPS = 10_000


@dataclass(slots=True)
class Loop:
    """A loop that a run is in: the records it goes through, and which of them it is at."""

    of: ObjectName
    ids: list[int]
    index: int = 0

    def as_json(self) -> dict[str, object]:
        """Give what is kept while the run waits."""
        return {"of": self.of, "ids": self.ids, "index": self.index}


@dataclass(slots=True, kw_only=True)
class Progress:
    """One run while it is carried out. `values`: of the record it looks at; None to load them.

    `row` is the run as it was when this stretch began: what a failure goes back to.
    """

    row: RunRow
    program: Program
    context: EvalContext
    values: Mapping[str, Value] | None = None
    is_new: bool = True  # its row is not written yet
    state: str = RUNNING
    at: int = 0
    loops: list[Loop] = field(default_factory=list)
    count: int = 0
    steps: list[StepRow] = field(default_factory=list)
    waits_for: str = ""
    due_at: datetime | None = None

    @property
    def name(self) -> ObjectName:
        """The object of the record that the run looks at."""
        return self.loops[-1].of if self.loops else self.row.object

    @property
    def record(self) -> int:
        """The record that the run looks at: its own, or one of a loop."""
        return self.loops[-1].ids[self.loops[-1].index] if self.loops else self.row.record

    def compiled(self, unit: Unit) -> CompiledObject:
        """Give the object of the record that the run looks at."""
        return unit.snapshot.model.objects[self.name]

    def restart(self) -> None:
        """Go back to where this stretch began."""
        memory = self.row.memory
        self.at, self.state = self.row.at, RUNNING
        loops = cast("list[dict[str, Any]]", memory.get("loops", []))  # as `as_json` gave them
        self.loops = [Loop(ObjectName(o["of"]), list(o["ids"]), o["index"]) for o in loops]
        self.count = int(cast("int", memory.get("count", 0)))
        self.steps, self.waits_for, self.due_at = [], "", None

    def memory(self) -> dict[str, object]:
        """Give what a place alone does not say."""
        kept = {k: v for k, v in self.row.memory.items() if k not in {"loops", "count"}}
        loops = {"loops": [loop.as_json() for loop in self.loops]} if self.loops else {}
        return {**kept, **loops, "count": self.count}


class StepFailed(Exception):
    """A step that could not be carried out: whose run, which step, why."""

    def __init__(self, run: int, step: str, action: str, error: PatronError) -> None:
        super().__init__(f"{step}: {error.message}")
        self.run, self.step, self.action, self.error = run, step, action, error

    @property
    def reason(self) -> str:
        """What went wrong, as one text: the sentence, and the fields concerned."""
        errors: tuple[FieldError, ...] = getattr(self.error, "errors", ())
        said = [self.error.message, *(f"{e.field}: {e.message}".lstrip(": ") for e in errors)]
        return " ".join(dict.fromkeys(said))
