"""What somebody who may customize can ask of traces; reached as `Session.tracing`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from engine.compiled import Model, Switch
from engine.names import ComponentKey
from engine.saving.explaining.answers import Why
from engine.saving.explaining.simulating import MOST_RECORDS, Simulation, simulate
from engine.saving.explaining.tracing import ensure_may_ask
from engine.saving.explaining.why import readable, traces_of, why
from engine.saving.noting import note
from engine.saving.unit import Unit
from engine.store.platform import traces
from engine.store.platform.switches import load_switches, put_switches
from engine.store.platform.traces import TraceRow

KEPT = timedelta(days=14)  # how long traces are kept


@dataclass(frozen=True, slots=True)
class Tracing:
    """Traces and switches, as one caller may see and change them. Raises: AccessDenied A100."""

    unit: Unit

    def of_record(self, name: str, record_id: int) -> list[TraceRow]:
        """Give the traces of a record that the caller sees. Raises: NotFound N100."""
        return traces_of(self.unit, self.unit.planner.object(name), record_id)

    def newest(self, *, request: str = "") -> list[TraceRow]:
        """Give the newest traces, or those that one request left, of records that show."""
        ensure_may_ask(self.unit)
        tx = self.unit.tx
        found = traces.of_request(tx, request) if request else traces.newest(tx)
        return readable(self.unit, found)

    def why(self, name: str, record_id: int, component: str) -> Why:
        """Say what a component makes of a record. Raises: NotFound N100; W192."""
        return why(self.unit, self.unit.planner.object(name), record_id, component)

    def simulate(
        self, candidate: Model, component: ComponentKey, *, limit: int = MOST_RECORDS
    ) -> Simulation:
        """Compare a workflow or rule with how a candidate has it, over records, without effects."""
        return simulate(self.unit, candidate, component, limit=limit)

    def switches(self) -> tuple[Switch, ...]:
        """Give the switches that have not ended."""
        ensure_may_ask(self.unit)
        return tuple(one for one in load_switches(self.unit.tx) if one.until > self.unit.now)

    def switch_on(self, switch: Switch) -> None:
        """Keep traces of a user or a record until an instant."""
        same = (switch.user, switch.record)
        others = [one for one in self.switches() if (one.user, one.record) != same]
        put_switches(self.unit.tx, [*others, switch])
        self._note("trace.on", {"user": switch.user, "record": switch.record})

    def switch_off(self) -> None:
        """End all switches."""
        if self.switches():
            put_switches(self.unit.tx, ())
            self._note("trace.off", {})

    def _note(self, action: str, detail: dict[str, object]) -> None:
        note(self.unit, action, detail=detail)
