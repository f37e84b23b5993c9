"""Copies some records of one environment into another, masked on the way, with the same ids.

For throw-away copies that are used to try something. Separate from `copying`, which copies the
configuration alone: here values of people are read, and none of them arrives as it is. Nothing is
copied of history, files, feeds, members, tokens, secrets and values of variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.access import ADMINISTRATOR, Everything, effective
from engine.compiled import CompiledObject, Snapshot
from engine.expr import EvalContext
from engine.model.fields.base import Value
from engine.names import FieldName, ObjectName
from engine.query import Planner, ReadPlan
from engine.store.platform.enter import SYSTEM_USER
from engine.store.platform.members import NewUser, insert_user
from engine.store.reading import Caller, Row, fetch_by_ids, fetch_rows
from engine.store.tx import Tx
from engine.store.writing import insert_many
from sandbox.masking import Masker

_USER = ObjectName("user")
_LEFT_OUT = frozenset({"user", "queue"})  # made by the copy itself
_ROUNDS = 3  # of following lookups to records that were not among the first
_ALL = Everything("a masked copy is made by the system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How many records of each object arrived, users left out."""

    records: Mapping[ObjectName, tuple[int, ...]]  # ids by object

    @property
    def total(self) -> int:
        """All of them."""
        return sum(map(len, self.records.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """One copy: from where it is read, to where it is written, and who masks."""

    source: Tx
    snapshot: Snapshot
    target: Tx
    into: Snapshot
    masker: Masker
    context: EvalContext

    def copy(self, most: int, *, at: datetime) -> Copied:
        """Copy at most so many records of each object, and what those point at.

        Cost: one statement per object, and per round of lookups.
        """
        rows = {name: self._first(name, most) for name in self._objects()}
        for _ in range(_ROUNDS):
            missing = self._missing(rows, most)
            if not any(missing.values()):
                break
            for name, ids in missing.items():
                found = self._by_ids(name, ids)
                rows[name] = [*rows[name], *found]
        self._users(rows, at)
        for name, records in rows.items():
            self._insert(name, records)
        return Copied(
            records={name: tuple(int(str(r["id"])) for r in found) for name, found in rows.items()}
        )

    def _objects(self) -> list[ObjectName]:
        both = self.snapshot.model.objects.keys() & self.into.model.objects.keys()
        return sorted(n for n in both if n in self.snapshot.physical and n not in _LEFT_OUT)

    def _first(self, name: ObjectName, most: int) -> list[Row]:
        rows, _ = fetch_rows(self.source, self.snapshot, self._plan(name), self._caller, limit=most)
        return rows

    def _by_ids(self, name: ObjectName, ids: Iterable[int]) -> list[Row]:
        wanted = sorted(ids)
        plan = self._plan(name)
        found = fetch_by_ids(self.source, self.snapshot, plan, self._caller, wanted)
        return [found[number][0] for number in wanted if number in found]

    @property
    def _caller(self) -> Caller:
        return Caller(me=SYSTEM_USER, context=self.context)

    def _plan(self, name: ObjectName) -> ReadPlan:
        compiled = self.snapshot.model.objects[name]
        planner = Planner(self.snapshot.model, effective(self.snapshot.model, {ADMINISTRATOR}))
        paths = [field.name for field in compiled.fields.values() if field.is_stored]
        return planner.load_paths(compiled, paths, policy=_ALL)

    def _missing(
        self, rows: Mapping[ObjectName, list[Row]], most: int
    ) -> dict[ObjectName, list[int]]:
        """Give the records that the copied ones point at and that are not there yet."""
        there = {name: {row["id"] for row in found} for name, found in rows.items()}
        wanted: dict[ObjectName, set[int]] = {name: set() for name in rows}
        for name, found in rows.items():
            for field in self.snapshot.model.objects[name].fields.values():
                targets = [t for t in field.decl.targets if t in there]
                for row in found if targets else ():
                    value = row.get(field.name)
                    if isinstance(value, int) and not any(value in there[t] for t in targets):
                        for target in targets:
                            wanted[target].add(value)
        return {name: sorted(ids)[:most] for name, ids in wanted.items() if ids}

    def _users(self, rows: Mapping[ObjectName, list[Row]], at: datetime) -> None:
        """Bring users over: masked, and nobody is let in."""
        there = {int(row[0]) for row in self.target.rows("SELECT id FROM patron_user")}
        for row in self._first(_USER, 1000):
            number = int(str(row["id"]))
            if number in there:
                continue
            user = NewUser(
                id=number,
                email=self.masker.mail(str(row["email"])),
                name=self.masker.text(str(row["name"])),
                role=None if row["role"] is None else str(row["role"]),
            )
            insert_user(self.target, user, by=SYSTEM_USER, at=at)

    def _insert(self, name: ObjectName, rows: Iterable[Row]) -> None:
        compiled = self.into.model.objects[name]
        records = [self._masked(compiled, row) for row in rows]
        if records:
            insert_many(self.target, self.into, name, records)

    def _masked(self, compiled: CompiledObject, row: Row) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, value in row.items():
            field = compiled.fields.get(FieldName(name))
            if field is not None:
                found[name] = self.masker.value(compiled.name, field, value)
        return found
