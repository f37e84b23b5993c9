"""Which records a sample has: where it starts, what hangs below, and all that those lead to.

Down each relation at most so many of each record, and of an object at most so many in all. Up there
is no limit: a record that is brought along leads to nothing that is missing. Set-wise, one
statement for some hundred records. Lookups may go in circles: ids are followed once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from engine.compiled import Snapshot
from engine.errors import RequestInvalid
from engine.locale import say
from engine.names import FieldName, ObjectName
from engine.session import ListRequest, Session
from engine.store.carrying import ids_above, ids_below, live_ids, newest_ids
from engine.store.tx import Tx
from sandbox.bringing.wanted import Wanted

LEVELS = 5  # of lists below lists
BELOW = 50  # records of one list of one record
USER, QUEUE = ObjectName("user"), ObjectName("queue")
PEOPLE = frozenset({USER, QUEUE})  # brought along whole
Ids = dict[ObjectName, set[int]]


def carried_objects(snapshot: Snapshot) -> list[ObjectName]:
    """Give the objects that have records of their own, by name; users and queues left out."""
    names = snapshot.model.objects.keys() & snapshot.physical.keys()
    return sorted(names - PEOPLE)


def find_roots(session: Session, wanted: Wanted) -> Ids | None:
    """Find where a sample starts; None where nothing is said of it.

    Raises: NotFound, RequestInvalid for an object or an expression that cannot be.
    """
    if not wanted.roots:
        return None
    found: Ids = {}
    for name, where in wanted.roots.items():
        if name in PEOPLE:
            message = say(
                "A sample does not start at {name}: all of them are brought along anyway.",
                name=name,
            )
            hint = say("start at records that they own")
            raise RequestInvalid(message, code="Q121", hint=hint)
        request = ListRequest(
            object=name, where=where or None, fields=("id",), sort=("-id",), limit=wanted.most
        )
        records = session.list(request).records
        found[session.compiled(name).name] = {int(str(record["id"])) for record in records}
    return found


def choose(tx: Tx, snapshot: Snapshot, roots: Ids | None, most: int) -> Ids:
    """Choose the records of a sample, by object."""
    choosing = _Choosing(tx, snapshot, most)
    if roots is None:
        for name in choosing.objects:
            choosing.take(name, newest_ids(tx, snapshot, name, most))
    else:
        choosing.down(roots)
    choosing.up()
    return choosing.chosen


class _Choosing:
    """One sample while it grows."""

    def __init__(self, tx: Tx, snapshot: Snapshot, most: int) -> None:
        self._tx, self._snapshot, self._most = tx, snapshot, most
        self.objects = carried_objects(snapshot)
        self.chosen: Ids = {name: set() for name in self.objects}

    def take(self, name: ObjectName, ids: set[int]) -> set[int]:
        """Choose records; give those that are new."""
        new = ids - self.chosen[name]
        self.chosen[name] |= new
        return new

    def down(self, roots: Ids) -> None:
        """Choose roots and the lists below them."""
        edge: Ids = {
            name: self.take(name, live_ids(self._tx, self._snapshot, name, ids))
            for name, ids in roots.items()
            if name in self.chosen
        }
        for _ in range(LEVELS):
            below: defaultdict[ObjectName, set[int]] = defaultdict(set)
            for name, ids in edge.items():
                for link in self._snapshot.model.links.inbound.get(name, ()) if ids else ():
                    if link.object in self.chosen:
                        found = ids_below(self._tx, self._snapshot, link, ids, BELOW)
                        below[link.object] |= self.take(
                            link.object, self._fitting(link.object, found)
                        )
            edge = below

    def up(self) -> None:
        """Choose everything that chosen records lead to, until nothing is missing."""
        edge: Mapping[ObjectName, set[int]] = self.chosen
        while any(edge.values()):
            wanted: defaultdict[ObjectName, set[int]] = defaultdict(set)
            for name, ids in edge.items():
                self._above(name, ids, wanted)
            edge = {
                name: self.take(name, live_ids(self._tx, self._snapshot, name, ids))
                for name, ids in wanted.items()
            }

    def _above(
        self, name: ObjectName, ids: set[int], wanted: defaultdict[ObjectName, set[int]]
    ) -> None:
        compiled = self._snapshot.model.objects[name]
        for field in (compiled.fields[FieldName(one)] for one in compiled.references):
            targets = [target for target in field.decl.targets if target in self.chosen]
            if targets and ids:
                found = ids_above(self._tx, self._snapshot, name, field.name, ids)
                for target in map(ObjectName, targets):
                    wanted[target] |= found - self.chosen[target]

    def _fitting(self, name: ObjectName, ids: set[int]) -> set[int]:
        """Keep the newest, as many as an object may still get."""
        new = sorted(ids - self.chosen[name], reverse=True)
        return set(new[: max(self._most - len(self.chosen[name]), 0)])
