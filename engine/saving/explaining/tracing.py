"""The trace: which rules and workflows were looked at, what held with which values, what was set.

Collected while a save runs, when somebody asks for it; kept in a transaction of its own when the
save is over, so that a refused save can be understood too. When nobody asks there is no trace, and
the save makes neither a call nor a statement for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import perf_counter

from engine.compiled import CompiledObject, Model, Snapshot
from engine.errors import AccessDenied
from engine.expr.watching import FIRED, Looked, Watch
from engine.locale import say
from engine.model.fields.base import Value
from engine.saving.explaining.criteria import Part, explain
from engine.saving.unit import Unit
from engine.store.database import Database
from engine.store.platform import traces
from engine.store.platform.traces import TraceRow

MICROSECOND = 1_000_000
MOST_ENTRIES = 2_000


DONE = "done"  # the outcome of a save that was carried out; else the code of what refused it


@dataclass(slots=True, kw_only=True)
class Trace:
    """What is collected in one transaction. `request`: under which it is found again.

    `records`: only these, where a switch names records; None for all.
    """

    request: str
    records: frozenset[int] | None = None
    started: float = field(default_factory=perf_counter)
    looked: list[dict[str, object]] = field(default_factory=list)
    settled: int = 0  # before this place nothing is told a second time

    def watch(self, model: Model, compiled: CompiledObject, record: int) -> Watch | None:
        """Give what stages call for one record; None where it is not asked for."""
        if self.records is not None and record not in self.records:
            return None
        return partial(self._note, model, compiled, record)

    def restart(self, record: int) -> None:
        """Forget what the stages have told of a record: they run once more."""
        fresh = (e for e in self.looked[self.settled :] if e["record"] != record)
        self.looked[self.settled :] = list(fresh)

    def note_set(self, record: int, set_by: Mapping[str, str], values: Mapping[str, Value]) -> None:
        """Note what workflows before a save have set."""
        for name, workflow in set_by.items():
            for entry in self.looked:
                if (entry["record"], entry["name"], entry["outcome"]) == (record, workflow, FIRED):
                    entry["set"][name] = values.get(name)  # type: ignore[index]  # made below

    def note_steps(
        self, record: int, component: str, steps: Iterable[Mapping[str, object]]
    ) -> None:
        """Note the steps that a run took in this transaction."""
        name = component.partition(":")[2]
        for entry in reversed(self.looked):
            if (entry["record"], entry["name"], entry["outcome"]) == (record, name, FIRED):
                entry["steps"] = [*entry["steps"], *steps]  # type: ignore[misc]  # made below
                return

    def rows(self) -> list[TraceRow]:
        """Give what is kept: one row for each record, in the order in which they were met."""
        took = round((perf_counter() - self.started) * MICROSECOND)
        by_record: dict[tuple[str, int], list[dict[str, object]]] = {}
        for entry in self.looked:
            key = (str(entry["object"]), int(str(entry["record"])))
            by_record.setdefault(key, []).append(entry)
        return [
            TraceRow(object=name, record=record, entries=entries, took=took)
            for (name, record), entries in by_record.items()
        ]

    def _note(self, model: Model, compiled: CompiledObject, record: int, looked: Looked) -> None:
        if len(self.looked) >= MOST_ENTRIES:
            return
        part, took = None, 0
        if looked.condition is not None:
            before = perf_counter()
            looked.condition.holds(looked.values, looked.context)
            took = round((perf_counter() - before) * MICROSECOND)
            found = explain(model, compiled, looked.condition, looked.values, looked.context)
            part = as_json(found)
        self.looked.append(
            {
                "object": str(compiled.name),
                "record": record,
                "kind": looked.kind,
                "name": looked.name,
                "outcome": looked.outcome,
                "criteria": part,
                "microseconds": took,
                "set": {},
                "steps": [],
            }
        )


def tell(unit: Unit, compiled: CompiledObject, record: int, looked: Looked) -> None:
    """Tell who asks why what became of something for a record; nothing where nobody asks."""
    trace = unit.trace
    watch = None if trace is None else trace.watch(unit.snapshot.model, compiled, record)
    if watch is not None:
        watch(looked)


def ask_for_trace(unit: Unit, request: str) -> None:
    """Let a transaction keep its trace. Raises: AccessDenied A100 for who may not customize."""
    ensure_may_ask(unit)
    unit.trace = Trace(request=request)


def ensure_may_ask(unit: Unit) -> None:
    """Refuse those who may not look behind the configuration. Raises: AccessDenied A100."""
    if "customize" not in unit.access.permissions:
        message = say("Only who may customize can ask why rules and workflows did what they did.")
        raise AccessDenied(message)


def switched_trace(snapshot: Snapshot, me: int, now: datetime) -> Trace | None:
    """Give a trace where a switch asks for one, of this person or of records, and has not ended."""
    open_ones = [one for one in snapshot.switches if one.until > now]
    if any(one.user == me for one in open_ones):
        return Trace(request="")
    records = frozenset(one.record for one in open_ones if one.record is not None)
    return Trace(request="", records=records) if records else None


def keep_trace(database: Database, unit: Unit, outcome: str) -> None:
    """Keep what was collected, in a transaction of its own."""
    trace = unit.trace
    rows = [] if trace is None else trace.rows()
    if trace is None or not rows:
        return
    with database.write() as tx:
        traces.put(
            tx,
            rows,
            at=unit.now,
            actor=unit.me,
            version=unit.snapshot.version,
            outcome=outcome,
            request=trace.request,
        )


def as_json(part: Part) -> dict[str, object]:
    """Give a part as it is kept."""
    return {
        "text": part.text,
        "sign": part.sign,
        "held": part.held,
        "values": dict(part.values),
        "parts": [as_json(one) for one in part.parts],
        "reason": part.reason,
    }


def from_json(data: Mapping[str, object]) -> Part:
    """Read a part as it was kept."""
    parts = data["parts"]
    assert isinstance(parts, list)  # as it was written
    return Part(
        text=str(data["text"]),
        sign=str(data["sign"]),
        held=data["held"],  # type: ignore[arg-type]  # true, false or null
        values=data["values"],  # type: ignore[arg-type]  # JSON values are values
        parts=tuple(from_json(one) for one in parts),
        reason=str(data["reason"]),
    )
