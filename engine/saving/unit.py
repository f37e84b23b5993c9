"""The unit of work: one transaction, one snapshot, one caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from engine.access import Access, ObjectAccess
from engine.compiled import CompiledObject, Snapshot
from engine.errors import AccessDenied
from engine.locale import later, say
from engine.model.fields.base import Value
from engine.names import ObjectName
from engine.programs import Program
from engine.query import Planner, ReadPlan
from engine.saving.memory import Memory
from engine.snapshots import nothing_to_wake
from engine.store.platform.enter import Helper
from engine.store.reading import Caller
from engine.store.tx import Tx

if TYPE_CHECKING:
    from engine.saving.explaining.tracing import Trace
    from engine.saving.written import Follow

Record = dict[str, Value]
SAMPLE = "sample"  # a source: data that shows how things look; nothing happens because of it
NOT_ALLOWED = {
    "create": later("Your permissions do not let you create {objects}."),
    "edit": later("Your permissions do not let you edit {objects}."),
    "delete": later("Your permissions do not let you delete {objects}."),
    "": later("Your permissions do not let you do this with {objects}."),
}


class Plans(Protocol):
    """Keeps plans of one model and one set of rights: the same request is planned once."""

    def __call__(self, key: tuple[object, ...], make: Callable[[], ReadPlan]) -> ReadPlan:
        """Give the plan kept under a key, or make it."""
        ...


class Start(Protocol):
    """Starts a program on a record, with the configuration's rights; `cause` says why."""

    def __call__(
        self, unit: Unit, program: Program, compiled: CompiledObject, record: int, cause: str, /
    ) -> None:
        """Carry it out until it ends, waits or fails."""
        ...


@dataclass(slots=True, kw_only=True)
class Unit:
    """Everything a save or a query needs; made by `engine.session` when a transaction opens.

    `source` says for the history through which door a change came: api, ui, import, workflow.
    `deprecations` collects former names that callers used. `scopes` narrow the caller's token.
    """

    tx: Tx
    snapshot: Snapshot
    access: Access
    planner: Planner
    caller: Caller
    now: datetime
    source: str
    take_ids: Callable[[ObjectName, int], Sequence[int]]
    plans: Plans
    deprecations: list[str] = field(default_factory=list)
    scopes: frozenset[str] = frozenset()
    helper: Helper | None = None  # who works as the caller; None where it is they themselves
    memory: Memory | None = None  # made when a record with workflows is saved
    wake: Callable[[], None] = nothing_to_wake  # tells a worker, after the commit, what there is
    cause: str = ""  # the component that acts, `workflow:hot_deal`; "" for a person
    trace: Trace | None = None  # collects why and why not, when somebody asks
    follow: Follow | None = None  # what follows when records were written (`engine.saving.after`)
    start: Start | None = None  # starts steps of the configuration (`engine.saving.runs.running`)

    @property
    def me(self) -> int:
        """The acting user's id."""
        return self.caller.me

    @property
    def helper_id(self) -> int | None:
        """The id of who works as the caller, None where it is they themselves."""
        return None if self.helper is None else self.helper.user

    @property
    def language(self) -> str:
        """The acting user's language, "" where none is set."""
        return str(self.caller.context.user.get("language") or "")

    def rights(self, compiled: CompiledObject, right: str) -> ObjectAccess:
        """Give the caller's rights on an object; refuse when one that is needed is missing.

        Raises: AccessDenied A100.
        """
        access = self.access.of(compiled.name)
        if not access.may(right):
            plural = compiled.text(self.language, "plural") or compiled.plural
            message = say(NOT_ALLOWED.get(right, NOT_ALLOWED[""]), objects=plural.lower())
            raise AccessDenied(message)
        return access
