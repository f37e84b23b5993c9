"""What somebody may see of values that were kept beside records: in runs, in traces, in trials.

Such values were read with the rights of the configuration, when the save happened. Here they are
shown as a read of today would show them: of records that the caller sees, of fields that they may
read, and along a path only where it leads to the very value for the caller too. Nothing is asked of
the database for who sees every record of the objects concerned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass

from engine.access import Everything
from engine.compiled import CompiledObject, Model
from engine.expr import Expression
from engine.names import ObjectName
from engine.query.scope import is_readable
from engine.saving.unit import Record, Unit
from engine.store.jsontext import from_json, to_json
from engine.store.reading import fetch_by_ids


@dataclass(frozen=True, slots=True)
class Sight:
    """The eyes of one caller; what was looked up is remembered. Lives as long as one answer."""

    unit: Unit
    _seen: dict[tuple[ObjectName, int], bool] = field(default_factory=dict)
    _read: dict[tuple[ObjectName, int, str], object] = field(default_factory=dict)

    def records(self, name: ObjectName, ids: Iterable[int]) -> frozenset[int]:
        """Give those of some records that the caller sees: one statement at most."""
        wanted = set(ids)
        compiled = self._object(name)
        if compiled is None:
            return frozenset()
        if self.is_open(name):
            return frozenset(wanted)
        new = sorted(one for one in wanted if (name, one) not in self._seen)
        found = self._load(compiled, new, ())
        self._seen.update({(name, one): one in found for one in new})
        return frozenset(one for one in wanted if self._seen[name, one])

    def sees(self, name: ObjectName, record: int) -> bool:
        """Tell whether the caller sees a record."""
        return record in self.records(name, (record,))

    def is_open(self, name: ObjectName) -> bool:
        """Tell whether the caller sees every record of an object."""
        if self._object(name) is None:
            return False
        return isinstance(self.unit.access.of(name).read_policy, Everything)

    def may_read(self, name: ObjectName, path: str) -> bool:
        """Tell whether the caller may read every field of a path; records are another matter."""
        unit = self.unit
        return name in unit.snapshot.model.objects and is_readable(
            unit.snapshot.model, unit.access, name, path
        )

    def reads(self, name: ObjectName, record: int, path: str, kept: object) -> bool:
        """Tell whether a path of a record that the caller sees leads them to the value kept."""
        if not self.may_read(name, path):
            return False
        if not self._closed(name, (path,)):
            return True
        return _plain(kept) == self._today(name, record, path)

    def behind(self, name: ObjectName, ids: Iterable[int], paths: Iterable[str]) -> frozenset[int]:
        """Give the records of which a path leads through one that the caller does not see.

        The caller may read the paths. One statement, none where no path leads to hidden records.
        """
        wanted, closed = sorted(set(ids)), self._closed(name, paths)
        if not closed:
            return frozenset()
        hops = tuple(dict.fromkeys(hop for path in closed for hop in _hops(path)))
        rows = self._load(self.unit.snapshot.model.objects[name], wanted, hops)
        return frozenset(
            one for one in wanted if one not in rows or any(_stops(rows[one], p) for p in closed)
        )

    def may_ask(self, text: str) -> bool:
        """Tell whether an expression asks only of the record at hand, or of what all may know.

        VLOOKUP reads any record, whoever may see it: what it gave is for administrators.
        """
        return self.unit.access.is_administrator or "vlookup" not in text.lower()

    def shown(
        self, name: ObjectName, record: int, given: Mapping[str, object]
    ) -> dict[str, object]:
        """Give those of the values kept of a record that the caller may read."""
        if not self.sees(name, record):
            return {}
        return {p: value for p, value in given.items() if self.reads(name, record, p, value)}

    def _closed(self, name: ObjectName, paths: Iterable[str]) -> list[str]:
        """Give the paths that lead to objects of which the caller may not see every record."""
        model = self.unit.snapshot.model
        return [p for p in paths if not all(map(self.is_open, targets_of(model, name, p)))]

    def _today(self, name: ObjectName, record: int, path: str) -> object:
        """Read a path as the caller would; what lies behind a record hidden to them is nothing."""
        key = (name, record, path)
        if key not in self._read:
            compiled = self.unit.snapshot.model.objects[name]
            row = self._load(compiled, [record], (path, *_hops(path))).get(record)
            is_there = row is not None and not _stops(row, path)
            self._read[key] = _plain(row.get(path)) if row is not None and is_there else _NOTHING
        return self._read[key]

    def _object(self, name: ObjectName) -> CompiledObject | None:
        compiled = self.unit.snapshot.model.objects.get(name)
        return compiled if compiled is not None and self.unit.access.of(name).may("read") else None

    def _load(
        self, compiled: CompiledObject, ids: list[int], paths: tuple[str, ...]
    ) -> dict[int, Record]:
        unit = self.unit
        plan = unit.plans(
            ("sight", compiled.name, paths), lambda: unit.planner.read(compiled, fields=paths)
        )
        found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, ids)
        return {record: row for record, (row, _) in found.items()}


def expressions_of(made: object) -> Iterator[Expression]:
    """Give every expression inside of what was compiled: a rule, a workflow, a program."""
    if isinstance(made, Expression):
        yield made
    elif isinstance(made, Mapping):
        for one in made.values():
            yield from expressions_of(one)
    elif isinstance(made, list | tuple | frozenset):
        for one in made:
            yield from expressions_of(one)
    elif is_dataclass(made) and not isinstance(made, type):
        for part in fields(made):
            yield from expressions_of(getattr(made, part.name))


def targets_of(model: Model, name: ObjectName, path: str) -> list[ObjectName]:
    """Give the objects that a path leads through, its end included; its start is not."""
    here, found = [name], []
    for step in path.split(".")[:-1]:
        fields = [model.objects[one].fields.get(step) for one in here if one in model.objects]  # type: ignore[call-overload]  # names come as plain text
        here = [target for one in fields if one is not None for target in one.decl.targets]
        found += here
    return found


def _hops(path: str) -> tuple[str, ...]:
    """Give what tells whether a path can be followed: each lookup, and the id of its target."""
    steps = path.split(".")[:-1]
    starts = [".".join(steps[: place + 1]) for place in range(len(steps))]
    return tuple(one for start in starts for one in (start, f"{start}.id"))


def _stops(row: Record, path: str) -> bool:
    """Tell whether a lookup of a path points at a record that does not show."""
    hops = _hops(path)
    pairs = zip(hops[::2], hops[1::2], strict=True)
    return any(row.get(start) is not None and row.get(its) is None for start, its in pairs)


def _plain(value: object) -> object:
    """Give a value the form that keeping it as JSON gives it."""
    return from_json(to_json(value))


_NOTHING = object()  # equals no value
