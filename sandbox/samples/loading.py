"""Loads the sample data through `Session`, as if everybody had typed it on its day.

Records of one object that were made on the same day by the same person are one bulk call, with the
clock set to that day: so `created_at`, defaults and rules say what they would have said then. What
changed later is saved on its day as well and leaves its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from graphlib import TopologicalSorter
from itertools import groupby

from engine.clock import FixedClock
from engine.compiled import CompiledObject, Model
from engine.errors import FieldError, PatronError, RecordInvalid
from engine.session import BulkResult, Session, run
from engine.snapshots import Environment
from engine.store.platform.enter import SystemCredential
from sandbox.samples.people import Person
from sandbox.samples.reading import Sample
from sandbox.samples.values import LOOKUPS, Cells, Today

_NOON = time(12)
Ids = dict[tuple[str, str], int]


class Loading:
    """One loading of samples into one environment; `ids` grows from object to object."""

    def __init__(
        self, environment: Environment, people: Sequence[Person], today: Today, now: datetime
    ) -> None:
        self._environment, self._today, self._now = environment, today, now
        self._emails = {person.key: person.email for person in people}
        self._model = run(environment, SystemCredential(), lambda s: s.snapshot.model, write=False)
        self.ids: Ids = {}

    def load(self, samples: Mapping[str, Sequence[Sample]], users: Mapping[str, int]) -> int:
        """Load everything; give how many records there are.

        `users` are those of the people, by key. Raises: ValueError for a cell that cannot be read;
        RecordInvalid and others for a record that is refused, with its object and key.
        """
        self.ids.update({("user", key): user for key, user in users.items()})
        for name in order_of(samples, self._model):
            self._create(self._model.objects[name], samples[name])  # type: ignore[index]  # names are plain text here
        self._change([sample for rows in samples.values() for sample in rows if sample.later])
        return sum(len(rows) for rows in samples.values())

    def _create(self, compiled: CompiledObject, samples: Sequence[Sample]) -> None:
        for batch in _batches(compiled, samples):
            cells = Cells(compiled=compiled, today=self._today, ids=self.ids)
            rows = [
                {name: cells.value(name, text) for name, text in sample.cells.items()}
                for sample in batch
            ]
            results = self._bulk(compiled.name, "create", rows, batch[0].made, batch[0].owner)
            for sample, result in zip(batch, results, strict=True):
                self.ids[compiled.name, sample.key] = _id(sample, result)

    def _change(self, samples: Iterable[Sample]) -> None:
        """Carry out what happened later, day by day."""
        steps = sorted(
            (
                (day, sample.object, sample.owner, sample.key, name, text)
                for sample in samples
                for day, name, text in sample.later
            ),
            key=lambda step: step[:4],
        )
        for (day, name, owner), found in groupby(steps, key=lambda step: step[:3]):
            compiled = self._model.objects[name]
            cells = Cells(compiled=compiled, today=self._today, ids=self.ids)
            rows: dict[str, dict[str, object]] = {}
            for *_, key, field, text in found:
                row = rows.setdefault(key, {"id": self.ids[name, key]})
                row[field] = cells.value(field, text)
            results = self._bulk(name, "update", list(rows.values()), day, owner)
            for key, result in zip(rows, results, strict=True):
                _ensure_saved(f"{name} {key}", result)

    def _bulk(
        self, name: str, operation: str, rows: Sequence[Mapping[str, object]], day: int, who: str
    ) -> Sequence[BulkResult]:
        def work(session: Session) -> Sequence[BulkResult]:
            return session.bulk(name, operation, rows, atomic=False)

        credential = SystemCredential(self._emails[who])
        clock = FixedClock(self._at(day))
        return run(self._environment, credential, work, write=True, clock=clock, source="import")

    def _at(self, day: int) -> datetime:
        """Give noon of a day, but never an instant that is still to come."""
        noon = datetime.combine(self._today.day + timedelta(days=day), _NOON, self._today.zone)
        return min(noon.astimezone(UTC), self._now)


def order_of(samples: Mapping[str, Sequence[Sample]], model: Model) -> list[str]:
    """Give the objects in an order in which every lookup leads to records that are there.

    A lookup that no row uses does not count, nor does one to the object itself.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(samples):
        compiled = model.objects[name]  # type: ignore[index]  # names are plain text here
        used = {column for sample in samples[name] for column in sample.cells}
        targets = {
            str(target)
            for field in compiled.fields.values()
            if field.decl.type in LOOKUPS and field.name in used
            for target in field.decl.targets
        }
        sorter.add(name, *sorted((targets & samples.keys()) - {name}))
    return list(sorter.static_order())


def _batches(compiled: CompiledObject, samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    """Group rows by day and owner, oldest first; a row comes after those it names in its file."""
    trees = [
        str(field.name)
        for field in compiled.fields.values()
        if field.decl.type in LOOKUPS and compiled.name in field.decl.targets
    ]
    depths: dict[str, int] = {}
    for sample in samples:
        above = [_bare(sample.cells[name]) for name in trees if name in sample.cells]
        depths[sample.key] = max((depths.get(key, 0) + 1 for key in above), default=0)

    def place(sample: Sample) -> tuple[int, int, str]:
        return depths[sample.key], sample.made, sample.owner

    for _, batch in groupby(sorted(samples, key=place), key=place):
        yield list(batch)


def _bare(text: str) -> str:
    return text.rpartition(":")[2]


def _id(sample: Sample, result: BulkResult) -> int:
    _ensure_saved(f"{sample.object} {sample.key}", result)
    assert result.id is not None  # it was saved
    return result.id


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
