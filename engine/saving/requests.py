"""Requests for approval as one caller meets them: what they see, decide, submit and recall.

Reached as `Session.approvals`. A request is seen by whoever sees its record; whoever does not gets
the answer for a record that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.compiled import Approval, CompiledObject
from engine.errors import Conflict, NotFound
from engine.names import ObjectName
from engine.saving import approving
from engine.saving.looking import load_named
from engine.saving.revisions import approval_of
from engine.saving.unit import Record, Unit
from engine.store.platform import approvals as store
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
    """A request in a list: its record as the caller sees it; `name` is "" where that is hidden."""

    told: Told
    record: Record
    name: str


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
        """Submit a record. Raises: as `engine.saving.approving.submit`."""
        return self._told(approving.submit(self.unit, compiled, record, approval, comment))

    def decide(
        self,
        compiled: CompiledObject,
        record: int,
        answer: str,
        approval: str | None = None,
        comment: str = "",
    ) -> Told:
        """Answer `approved` or `rejected`. Raises: as `engine.saving.approving.decide`."""
        done = approving.decide(self.unit, compiled, record, answer, approval, comment)
        return self._told(done)

    def recall(
        self,
        compiled: CompiledObject,
        record: int,
        approval: str | None = None,
        comment: str = "",
    ) -> Told:
        """Take a request back. Raises: as `engine.saving.approving.recall`."""
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
        may_answer = is_pending and request.submitted_by != unit.me
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
            seen |= load_named(self.unit, self.unit.snapshot.model.objects[name], ids)
        shown = [request for request in requests if request.record in seen]
        return [self._waiting(told, seen[told.request.record]) for told in self.tell(shown)]

    def _waiting(self, told: Told, record: Record) -> Waiting:
        title = self.unit.snapshot.model.objects[told.request.object].title
        name = "" if title is None else str(record.get(title) or "")
        return Waiting(told=told, record=record, name=name)

    def _known(self, requests: Iterable[Request]) -> list[Request]:
        objects = self.unit.snapshot.model.objects
        return [request for request in requests if request.object in objects]


def _by_object(requests: Iterable[Request]) -> dict[ObjectName, list[int]]:
    found: dict[ObjectName, list[int]] = {}
    for request in requests:
        found.setdefault(request.object, []).append(request.record)
    return found
