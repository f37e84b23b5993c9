"""Loads the sample data through `Session`, as if everybody had typed it on its day.

Everything is done in the order in which it happened. Records of one object that were made on the
same day by the same person are one bulk call, with the clock set to that day: so `created_at`,
defaults and rules say what they would have said then. What changed later is saved on its day as
well, and leaves its history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from itertools import groupby

from engine.clock import FixedClock
from engine.compiled import CompiledObject, Model
from engine.errors import FieldError, PatronError, RecordInvalid
from engine.names import ObjectName
from engine.saving.unit import SAMPLE
from engine.session import BulkResult, Session, run
from engine.snapshots import Environment
from engine.store.platform.enter import SystemCredential
from sandbox.samples.people import Person
from sandbox.samples.reading import Sample
from sandbox.samples.values import LOOKUPS, Cells, Today

_DEEPEST = 100  # levels of a tree of rows
Ids = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Something that happened: a record was made (`is_new`), or one field of it changed.

    Steps that agree in day, place, object, author and kind are one call. `place` orders a day:
    what others point at comes first, and changes come last.
    """

    day: int
    place: int
    sample: Sample
    is_new: bool
    cells: Mapping[str, str]

    @property
    def call(self) -> tuple[int, int, str, str, bool]:
        """What the steps of one call agree in; also their order."""
        return self.day, self.place, self.sample.object, self.sample.owner, self.is_new


class Loading:
    """One loading of samples into one environment; `ids` grows from call to call."""

    def __init__(
        self, environment: Environment, people: Sequence[Person], today: Today, now: datetime
    ) -> None:
        self._environment, self._today, self._now = environment, today, now
        self._emails = {person.key: person.email for person in people}
        self._model = run(environment, SystemCredential(), lambda s: s.snapshot.model, write=False)
        self.ids: Ids = {}

    def load(self, samples: Mapping[str, Sequence[Sample]], users: Mapping[str, int]) -> int:
        """Load everything in the order in which it happened; give how many records there are.

        `users` are those of the people, by key. Raises: ValueError for a cell that cannot be read;
        RecordInvalid and others for a record that is refused, with its object and key.
        """
        self.ids.update({("user", key): user for key, user in users.items()})
        steps = sorted(_steps(samples, self._model), key=lambda step: step.call)
        for _, call in groupby(steps, key=lambda step: step.call):
            self._carry_out(list(call))
        return sum(len(rows) for rows in samples.values())

    def _carry_out(self, steps: Sequence[_Step]) -> None:
        first = steps[0]
        name = first.sample.object
        cells = Cells(
            compiled=self._model.objects[ObjectName(name)], today=self._today, ids=self.ids
        )
        rows: dict[str, dict[str, object]] = {}
        for step in steps:
            key = step.sample.key
            row = rows.setdefault(key, {} if step.is_new else {"id": self.ids[name, key]})
            row |= {field: cells.value(field, text) for field, text in step.cells.items()}
        operation = "create" if first.is_new else "update"
        results = self._bulk(name, operation, list(rows.values()), first.day, first.sample.owner)
        for key, result in zip(rows, results, strict=True):
            _ensure_saved(f"{name} {key}", result)
            assert result.id is not None  # it was saved
            self.ids[name, key] = result.id

    def _bulk(
        self, name: str, operation: str, rows: Sequence[Mapping[str, object]], day: int, who: str
    ) -> Sequence[BulkResult]:
        def work(session: Session) -> Sequence[BulkResult]:
            return session.bulk(name, operation, rows, atomic=False)

        credential = SystemCredential(self._emails[who])
        clock = FixedClock(self._today.happened(day, self._now))
        return run(self._environment, credential, work, write=True, clock=clock, source=SAMPLE)


def order_of(samples: Mapping[str, Sequence[Sample]], model: Model) -> list[str]:
    """Give the objects in an order in which every lookup leads to records that are there.

    A lookup that no row uses does not count, nor does one to the object itself.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(samples):
        compiled = model.objects[ObjectName(name)]
        used = {column for sample in samples[name] for column in sample.cells}
        targets = {
            str(target)
            for field in compiled.fields.values()
            if field.decl.type in LOOKUPS and field.name in used
            for target in field.decl.targets
        }
        sorter.add(name, *sorted((targets & samples.keys()) - {name}))
    return list(sorter.static_order())


def _steps(samples: Mapping[str, Sequence[Sample]], model: Model) -> Iterator[_Step]:
    """Give everything that happened, in no order."""
    order = order_of(samples, model)
    for at, name in enumerate(order):
        depths = _depths(model.objects[ObjectName(name)], samples[name])
        for sample in samples[name]:
            place = at * _DEEPEST + depths[sample.key]
            yield _Step(
                day=sample.made, place=place, sample=sample, is_new=True, cells=sample.cells
            )
            last = len(order) * _DEEPEST
            for count, (day, field, text) in enumerate(sample.later):
                yield _Step(
                    day=day, place=last + count, sample=sample, is_new=False, cells={field: text}
                )


def _depths(compiled: CompiledObject, samples: Sequence[Sample]) -> dict[str, int]:
    """Tell how deep each row stands in a tree of its own object; parents come first in a file."""
    trees = [
        str(field.name)
        for field in compiled.fields.values()
        if field.decl.type in LOOKUPS and compiled.name in field.decl.targets
    ]
    depths: dict[str, int] = {}
    for sample in samples:
        above = [sample.cells[name].rpartition(":")[2] for name in trees if name in sample.cells]
        depths[sample.key] = max((depths.get(key, 0) + 1 for key in above), default=0)
    return depths


def _ensure_saved(what: str, result: BulkResult) -> None:
    """Stop at a row that was refused. Raises: the error, with the row in its sentence."""
    error = result.error
    if error is None:
        return
    reasons = "; ".join(f"{e.field}: {e.message}" for e in _errors(error))
    error.message = f"The sample {what} was refused: {reasons or error.message}"
    raise error


def _errors(error: PatronError) -> Sequence[FieldError]:
    return error.errors if isinstance(error, RecordInvalid) else ()
