"""The steps of a plan in the database: what each does, over how many rows, and about how long.

Separate from `engine.store.ddl`, which carries steps out: here they are counted and told. How long
is estimated from what such steps took in this environment before; until one did, from assumed rates
of a small machine, which tell a moment from minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from deploy_tool.plans.plan import PlannedChange, PlannedStep
from deploy_tool.plans.treatments import Way, read_treatment
from deploy_tool.sources.trees import Running
from engine.compiled import Model
from engine.diff import Operation
from engine.errors import DeploymentFailed
from engine.impact import Counting
from engine.names import ObjectName
from engine.saving.refill import stale_fields
from engine.store.ddl import steps
from engine.store.ddl.generations import ConvertColumn
from engine.store.ddl.steps import CreateIndex, DdlStep
from engine.store.platform.timings import COMPUTE, CONVERT, INDEX, ROLL_UP, TREAT

INSTANT, ONLINE, BATCHED = "instant", "online", "batched"
# Rows in a millisecond, assumed on the careful side; a machine may well be twice as fast.
_ASSUMED: Mapping[str, Mapping[str, int]] = {
    "sqlite": {INDEX: 900, CONVERT: 40, COMPUTE: 25, ROLL_UP: 150, TREAT: 20},
    "postgresql": {INDEX: 700, CONVERT: 15, COMPUTE: 12, ROLL_UP: 60, TREAT: 10},
}
_SWITCH = 15  # milliseconds of the switch itself
_TREATS: dict[Way, str] = {Way.FILL: "fill", Way.MAP: "exchange values of", Way.CONVERT: "cut"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepping:
    """Tells the steps of one plan. `counting` knows how many rows there are; None: nobody asks.

    `rates`: the rows in a millisecond by sort of step, as far as they were measured here.
    """

    running: Running
    previous: Model | None
    model: Model
    dialect: str
    counting: Counting | None
    rates: Mapping[str, float] = field(default_factory=dict)

    def steps(
        self, operations: Iterable[Operation], changes: Iterable[PlannedChange]
    ) -> tuple[PlannedStep, ...]:
        """Tell what the tables lack, what is computed, and the switch; () where nothing changes.

        Also () where values would have to be kept differently: applying says why.
        """
        if not tuple(operations):
            return ()
        try:
            needed = steps(self.model, self.running.state, self.dialect, previous=self.previous)
        except DeploymentFailed:
            return ()
        built = (self._built(step) for step in needed)
        return (*built, *self._computed(), self._switch(changes))

    def _built(self, step: DdlStep) -> PlannedStep:
        text = step.explain()
        if isinstance(step, ConvertColumn):
            return self._timed(text, BATCHED, self._rows_of(step.new.table), CONVERT)
        if step.is_instant or not isinstance(step, CreateIndex):
            return PlannedStep(text=text, pace=INSTANT if step.is_instant else ONLINE)
        return self._timed(text, ONLINE, self._rows_of(step.table), INDEX)

    def _computed(self) -> Iterator[PlannedStep]:
        for stale in stale_fields(self.model, self.running.tree.tree):
            text = f"compute {stale.object}.{stale.field} of every record"
            sort = ROLL_UP if stale.is_roll_up else COMPUTE
            yield self._timed(text, BATCHED, self._rows(stale.object), sort)

    def _switch(self, changes: Iterable[PlannedChange]) -> PlannedStep:
        said, rows = [f"switch to version {self.running.head.version + 1}"], 0
        for change in changes:
            way = read_treatment(change.treatment).way if change.treatment else Way.LEAVE
            if way in _TREATS and change.impact.concerned:
                said.append(f"{_TREATS[way]} {change.impact.concerned:,} records")
                rows += change.impact.concerned
        if not rows:
            return PlannedStep(text=said[0], pace=INSTANT, milliseconds=_SWITCH)
        found = self._timed(", ".join(said), BATCHED, rows, TREAT)
        return replace(found, milliseconds=_SWITCH + (found.milliseconds or 0))

    def _timed(self, text: str, pace: str, rows: int | None, sort: str) -> PlannedStep:
        rate = self.rates.get(sort) or _ASSUMED[self.dialect][sort]
        lasts = None if rows is None else _rounded(max(int(rows / rate), 1))
        return PlannedStep(text=text, pace=pace, rows=rows, milliseconds=lasts, sort=sort)

    def _rows_of(self, table: str) -> int | None:
        names = (name for name, p in self.running.state.tables.items() if p.table == table)
        name = next(names, None)
        return None if name is None else self._rows(name)

    def _rows(self, name: ObjectName) -> int | None:
        return None if self.counting is None else self.counting.rows(name)


def _rounded(milliseconds: int) -> int:
    """Leave out digits that nobody knows."""
    return milliseconds // 10 * 10 if milliseconds >= 100 else milliseconds  # noqa: PLR2004 -- three digits: to tens
