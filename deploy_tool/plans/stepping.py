"""The steps of a plan in the database: what each does, over how many rows, and about how long.

Separate from `engine.store.ddl`, which carries steps out: here they are counted and told. How long
is a rough estimate from assumed rates of a small machine: it tells a moment from minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
from engine.store.ddl.steps import CreateIndex, DdlStep

INSTANT, ONLINE, BATCHED = "instant", "online", "batched"
# Rows in a millisecond, assumed on the careful side; a machine may well be twice as fast.
_INDEXED = {"sqlite": 900, "postgresql": 700}
_COMPUTED = {"sqlite": 25, "postgresql": 12}
_ROLLED_UP = {"sqlite": 150, "postgresql": 60}
_TREATED = {"sqlite": 20, "postgresql": 10}
_SWITCH = 15  # milliseconds of the switch itself
_TREATS: dict[Way, str] = {Way.FILL: "fill", Way.MAP: "exchange values of", Way.CONVERT: "cut"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepping:
    """Tells the steps of one plan. `counting` knows how many rows there are; None: nobody asks."""

    running: Running
    previous: Model | None
    model: Model
    dialect: str
    counting: Counting | None

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
        if step.is_instant or not isinstance(step, CreateIndex):
            pace = INSTANT if step.is_instant else ONLINE
            return PlannedStep(text=step.explain(), pace=pace)
        rows = self._rows_of(step.table)
        return PlannedStep(
            text=step.explain(),
            pace=ONLINE,
            rows=rows,
            milliseconds=_lasting(rows, _INDEXED[self.dialect]),
        )

    def _computed(self) -> Iterator[PlannedStep]:
        for stale in stale_fields(self.model, self.running.tree.tree):
            rate = (_ROLLED_UP if stale.is_roll_up else _COMPUTED)[self.dialect]
            rows = self._rows(stale.object)
            yield PlannedStep(
                text=f"compute {stale.object}.{stale.field} of every record",
                pace=BATCHED,
                rows=rows,
                milliseconds=_lasting(rows, rate),
            )

    def _switch(self, changes: Iterable[PlannedChange]) -> PlannedStep:
        said, rows = [f"switch to version {self.running.head.version + 1}"], 0
        for change in changes:
            way = read_treatment(change.treatment).way if change.treatment else Way.LEAVE
            if way in _TREATS and change.impact.concerned:
                said.append(f"{_TREATS[way]} {change.impact.concerned:,} records")
                rows += change.impact.concerned
        return PlannedStep(
            text=", ".join(said),
            pace=BATCHED if rows else INSTANT,
            rows=rows or None,
            milliseconds=_SWITCH + (_lasting(rows, _TREATED[self.dialect]) or 0),
        )

    def _rows_of(self, table: str) -> int | None:
        names = (name for name, p in self.running.state.tables.items() if p.table == table)
        name = next(names, None)
        return None if name is None else self._rows(name)

    def _rows(self, name: ObjectName) -> int | None:
        return None if self.counting is None else self.counting.rows(name)


def _lasting(rows: int | None, rate: int) -> int | None:
    """Give about how many milliseconds some rows take, with no digits that nobody knows."""
    if rows is None:
        return None
    exact = max(rows // rate, 1)
    return exact // 10 * 10 if exact >= 100 else exact  # noqa: PLR2004 -- three digits: to tens
