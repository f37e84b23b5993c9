"""Requests for approval as one caller meets them: what they see, decide, submit and recall.

Reached as `Session.approvals`. A request is seen by whoever sees its record; whoever does not gets
the answer for a record that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.compiled import Approval, CompiledField, CompiledObject, Model
from engine.errors import Conflict, NotFound
from engine.model.fields.base import Value
from engine.names import ObjectName
from engine.saving.approvals import approving, away
from engine.saving.approvals.revisions import approval_of
from engine.saving.looking import Seen, read_kept
from engine.saving.unit import Record, Unit
from engine.store.platform import approvals as store
from engine.store.platform.absences import Absence
from engine.store.platform.approvals import Asked, Request
from engine.store.reading import fetch_by_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A request with what people want to know of it.

    `definition` is None when the version it goes by cannot be read any more. `asked`: everybody who
    was asked, in order. `mine`: what it asks of the caller now. `may_recall`: the caller may.
    """

    request: Request
    title: str
    definition: Approval | None
    asked: tuple[Asked, ...]
    mine: tuple[Asked, ...]
    may_recall: bool

    def steps(self, language: str) -> dict[str, str]:
        """Give the steps in order, name -> label; nothing where the version cannot be read."""
        known = self.definition
        if known is None:
            return {}
        return {step.name: known.step_title(step.name, language) for step in known.steps}

    @property
    def now(self) -> tuple[Asked, ...]:
        """Those who are asked at the present step."""
        return tuple(one for one in self.asked if one.round == self.request.round)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A request in a list: its record as the caller sees it; `name` is "" where that is hidden.

    `about`: the readable fields that the approval looks at; their values are in `record`.
    """

    told: Told
    record: Record
    name: str
    about: tuple[CompiledField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A request that waits, on the page of its record.

    `changes`: what led to it, of the fields that the caller may read: (field, before, after).
    `about`: the readable fields that the approval looks at. `submitter`, `helper`: in whose name it
    was submitted, and who worked as them, "" where it was they themselves.
    """

    told: Told
    submitter: str
    helper: str
    changes: tuple[tuple[CompiledField, Value, Value], ...]
    about: tuple[CompiledField, ...]


@dataclass(frozen=True, slots=True)
class Approvals:
    """Requests for approval, for one caller."""

    unit: Unit

    def submit(
        self,
        compiled: CompiledObject,
        record: int,
        approval: str | None = None,
        comment: str = "",
    ) -> Told:
        """Submit a record. Raises: as `engine.saving.approvals.approving.submit`."""
        return self._told(approving.submit(self.unit, compiled, record, approval, comment))

    def decide(
        self,
        compiled: CompiledObject,
        record: int,
        answer: str,
        approval: str | None = None,
        comment: str = "",
        *,
        question: tuple[int, int, int] | None = None,
    ) -> Told:
        """Answer `approved` or `rejected`. Raises: as `approving.decide`."""
        done = approving.decide(
            self.unit, compiled, record, answer, approval, comment, question=question
        )
        return self._told(done)

    def recall(
        self,
        compiled: CompiledObject,
        record: int,
        approval: str | None = None,
        comment: str = "",
    ) -> Told:
        """Take a request back. Raises: as `engine.saving.approvals.approving.recall`."""
        return self._told(approving.recall(self.unit, compiled, record, approval, comment))

    def of_record(self, compiled: CompiledObject, record: int) -> list[Told]:
        """Give the requests of a record, newest first. Raises: NotFound N100."""
        unit = self.unit
        plan = unit.planner.load_paths(compiled, ())
        seen = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record])
        if record not in seen or not unit.access.of(compiled.name).may("read"):
            raise NotFound
        return self.tell(store.of_record(unit.tx, record))

    def waiting(self) -> list[Waiting]:
        """Give what waits for the caller's decision, oldest first; hidden records are left out."""
        unit = self.unit
        found = store.to_decide(unit.tx, unit.me, at=unit.now)
        return self._with_records(list({request.id: request for request, _ in found}.values()))

    def submitted(self) -> list[Waiting]:
        """Give what the caller has submitted, newest first."""
        return self._with_records(store.submitted_by(self.unit.tx, self.unit.me))

    def shown(self, compiled: CompiledObject, record: int) -> list[Shown]:
        """Give what waits on a record that the caller sees: one statement."""
        cards = store.card(self.unit.tx, record, self.unit.me, at=self.unit.now)
        return [self._shown(compiled, card) for card in cards]

    def offered(self, seen: Seen) -> list[Approval]:
        """Give the approvals that the caller may submit a record for, as it is now. No statement.

        `seen.facts` holds what they read: see `reads_of`.
        """
        return approving.offered(self.unit, seen)

    def _shown(self, compiled: CompiledObject, card: store.Card) -> Shown:
        whom = {one.user for one in card.asked if one.id in card.mine}
        told = self._one(card.request, card.asked, whom)
        readable = self.unit.access.of(compiled.name).readable
        fields = [field for field in compiled.fields.values() if readable & field.bit]
        reads = frozenset() if told.definition is None else told.definition.reads
        return Shown(
            told=told,
            submitter=card.submitter,
            helper=card.helper,
            changes=tuple(
                (field, read_kept(field, change[0]), read_kept(field, change[1]))
                for field in fields
                if (change := card.changes.get(field.name)) is not None
            ),
            about=tuple(field for field in fields if field.name in reads),
        )

    def absence(self) -> Absence:
        """Give whether the caller is away, and who decides in their place."""
        return away.read_absence(self.unit)

    def go_away(
        self, delegate: int | str | None, since: datetime | None, until: datetime | None
    ) -> Absence:
        """Note that the caller is away. Raises: RequestInvalid W172 with every problem."""
        return away.go_away(self.unit, delegate, since=since, until=until)

    def come_back(self) -> Absence:
        """Note that the caller is there again."""
        return away.come_back(self.unit)

    def tell(self, requests: Sequence[Request]) -> list[Told]:
        """Give requests with what people want to know: two statements, none for no request."""
        if not requests:
            return []
        unit = self.unit
        asked = store.asked_of(unit.tx, [request.id for request in requests])
        others = store.stands_in_for(unit.tx, unit.me, at=unit.now)
        whom = {unit.me, *others}
        return [
            self._one(request, [one for one in asked if one.request == request.id], whom)
            for request in requests
        ]

    def _told(self, request: Request) -> Told:
        return self.tell([request])[0]

    def _one(self, request: Request, asked: Sequence[Asked], whom: set[int]) -> Told:
        unit = self.unit
        definition = self._definition(request)
        is_pending = request.status == store.PENDING
        may_answer = is_pending and unit.me not in request.authors and not unit.helper
        mine = [
            one
            for one in asked
            if may_answer and one.round == request.round and one.answer is None and one.user in whom
        ]
        is_over_all = unit.access.of(request.object).may("modify_all")
        return Told(
            request=request,
            title=request.approval if definition is None else definition.title(unit.language),
            definition=definition,
            asked=tuple(asked),
            mine=tuple(mine),
            may_recall=is_pending and (is_over_all or request.submitted_by == unit.me),
        )

    def _definition(self, request: Request) -> Approval | None:
        try:
            return approval_of(self.unit, request)
        except Conflict:
            return None

    def _with_records(self, requests: Sequence[Request]) -> list[Waiting]:
        seen: dict[int, Record] = {}
        for name, ids in _by_object(self._known(requests)).items():
            seen |= self._load(self.unit.snapshot.model.objects[name], ids)
        shown = [request for request in requests if request.record in seen]
        return [self._waiting(told, seen[told.request.record]) for told in self.tell(shown)]

    def _waiting(self, told: Told, record: Record) -> Waiting:
        compiled = self.unit.snapshot.model.objects[told.request.object]
        title, reads = compiled.title, frozenset[str]()
        if told.definition is not None:
            reads = told.definition.reads
        about = (field for name, field in compiled.fields.items() if name in reads)
        return Waiting(
            told=told,
            record=record,
            name="" if title is None else str(record.get(title) or ""),
            about=tuple(field for field in about if field.name in record),
        )

    def _load(self, compiled: CompiledObject, ids: Iterable[int]) -> dict[int, Record]:
        """Read records of a list: their titles, and what approvals look at, as far as seen."""
        unit = self.unit
        access = unit.access.of(compiled.name)
        if not access.may("read"):
            return {}
        wanted = {str(compiled.title)} if compiled.title else set()
        for approval in unit.snapshot.model.approvals.get(compiled.name, ()):
            wanted |= approval.reads
        fields = compiled.fields.items()
        paths = tuple(str(n) for n, field in fields if n in wanted and access.readable & field.bit)
        plan = unit.plans(
            ("asked", compiled.name, paths), lambda: unit.planner.read(compiled, fields=paths)
        )
        found = fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, sorted(set(ids)))
        return {record: row for record, (row, _) in found.items()}

    def _known(self, requests: Iterable[Request]) -> list[Request]:
        objects = self.unit.snapshot.model.objects
        return [request for request in requests if request.object in objects]


def reads_of(model: Model, name: ObjectName) -> frozenset[str]:
    """Give the paths that tell whether a record may be submitted for an approval of its object."""
    found: set[str] = set()
    for approval in model.approvals.get(name, ()):
        found |= approval.opening
    return frozenset(found)


def _by_object(requests: Iterable[Request]) -> dict[ObjectName, list[int]]:
    found: dict[ObjectName, list[int]] = {}
    for request in requests:
        found.setdefault(request.object, []).append(request.record)
    return found
