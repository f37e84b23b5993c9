"""Plays one configuration test: its steps, one after the other, in a transaction that is undone.

A test ends at the first step that fails or that has to wait; every step before it was played for
real, through the session that every face uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter
from types import MappingProxyType
from typing import TypeVar

from deploy_tool.testing.comparing import compare
from deploy_tool.testing.filling import Filler, new_filler
from deploy_tool.testing.outcomes import Outcome, State, Stopped, outcome_of
from deploy_tool.testing.people import Cast
from deploy_tool.testing.waiting import waits_for
from deploy_tool.testing.wording import errors_of, say_refusal
from engine.clock import Clock
from engine.compiled import Model
from engine.errors import NotFound, PatronError
from engine.expr.constants import ANY, formula_of
from engine.names import ObjectName, did_you_mean, split_key
from engine.records.constants import read_constants
from engine.session import Record, Session
from engine.snapshots import Environment
from engine.source import SourceDoc, SourceTree
from engine.store.database import Database
from engine.store.platform.approvals import PENDING
from engine.store.tx import Tx

T = TypeVar("T")
Step = Mapping[str, object]
_ACTIONS = ("create", "update", "delete", "expect", "submit", "approve", "reject")
_NOTHING: Step = MappingProxyType({})


def play(
    environment: Environment, tree: SourceTree, model: Model, doc: SourceDoc, clock: Clock
) -> Outcome:
    """Play a test and undo whatever it did."""
    start = perf_counter()
    stopped: Stopped | None = None
    with _undone(environment.database) as tx:
        cast = Cast(environment, tx, model, clock.now())
        playing = _Playing(tree, model, cast, new_filler(tree, cast), _group(doc.data, "as"))
        steps = doc.data.get("steps")
        cast.gather(_actors(doc.data, steps))
        try:
            playing.through(steps)
        except Stopped as found:
            stopped = found
    name = split_key(doc.key)[1][0]
    return outcome_of(doc, "test", name, stopped, "", perf_counter() - start)


class _Undo(Exception):
    """Ends a transaction without keeping it; no error."""


@contextmanager
def _undone(database: Database) -> Iterator[Tx]:
    """Open a transaction of which nothing stays."""
    with suppress(_Undo), database.write() as tx:
        yield tx
        raise _Undo


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A record that an earlier step made under a name."""

    name: ObjectName  # of its object
    id: int
    owner: object


@dataclass(slots=True)
class _Playing:
    """One test while it runs: who acts, and the records that its steps have named."""

    tree: SourceTree
    model: Model
    cast: Cast
    filler: Filler
    actor: Step
    records: dict[str, _Known] = field(default_factory=dict)

    def through(self, steps: object) -> None:
        """Play all steps. Raises: Stopped, with the place of the step that ended the test."""
        for place, step in enumerate(steps if isinstance(steps, list | tuple) else ()):
            try:
                self._step(step)
            except Stopped as stopped:
                stopped.pointer = f"/steps/{place}"
                raise

    def _step(self, step: Step) -> None:
        action = next(name for name in _ACTIONS if name in step)
        known = None if action == "create" else self._known(str(step[action]))
        name = ObjectName(str(step["create"])) if known is None else known.name
        reason = waits_for(self.tree, name, step)
        if reason is not None:
            raise Stopped(State.WAITS, found=reason)
        session = self.cast.session(_group(step, "by") or self.actor)
        if known is None:
            self._create(session, name, step)
            return
        play = {
            "update": self._update,
            "delete": self._delete,
            "expect": self._expect,
            "submit": self._submit,
            "approve": self._decide,
            "reject": self._decide,
        }[action]
        play(session, known, step)

    def _create(self, session: Session, name: ObjectName, step: Step) -> None:
        values = self._values(session, name, step)
        saved = self._try(step, lambda: session.create(name, values))
        if saved is not None and "as" in step:
            self._remember(str(step["as"]), name, saved)

    def _update(self, session: Session, known: _Known, step: Step) -> None:
        values = self._values(session, known.name, step, known.id)
        self._try(step, lambda: session.update(known.name, known.id, values))

    def _delete(self, session: Session, known: _Known, step: Step) -> None:
        self._try(step, lambda: session.delete(known.name, known.id))

    def _submit(self, session: Session, known: _Known, step: Step) -> None:
        approval = None if "approval" not in step else str(step["approval"])

        def submit() -> None:
            session.approvals.submit(session.compiled(known.name), known.id, approval)

        self._try(step, submit)

    def _decide(self, session: Session, known: _Known, step: Step) -> None:
        approval = None if "approval" not in step else str(step["approval"])
        answer = "approved" if "approve" in step else "rejected"
        comment = str(step.get("comment", ""))

        def decide() -> None:
            compiled = session.compiled(known.name)
            session.approvals.decide(compiled, known.id, answer, approval, comment)

        self._try(step, decide)

    def _expect(self, session: Session, known: _Known, step: Step) -> None:
        record = self._seen(session, known, is_visible=step.get("visible") is not False)
        if record is None:
            return
        self._compare_approvals(known, step)
        wanted = {
            path: self._known(name).id if (name := self._named(known.name, path, value)) else value
            for path, value in _group(step, "values").items()
        }
        paths = [path for path in wanted if "." in path]
        if paths:
            record |= self._read(lambda: session.get(known.name, known.id, paths))
        context = session.unit.caller.context
        compare(self.model, known.name, wanted, record, context)

    def _compare_approvals(self, known: _Known, step: Step) -> None:
        """Compare the state of requests, and whether the record is locked."""
        wanted = _group(step, "approval")
        if not wanted and "locked" not in step:
            return
        system = self.cast.system
        told = system.approvals.of_record(system.compiled(known.name), known.id)
        newest = {one.request.approval: one.request.status for one in reversed(told)}
        for name, state in wanted.items():
            found = newest.get(name, "none")
            if found != state:
                expected = f"approval {name} = {state}"
                raise Stopped(State.FAILED, expected=expected, found=f"approval {name} = {found}")
        is_locked = any(one.request.locks and one.request.status == PENDING for one in told)
        if "locked" in step and step["locked"] is not is_locked:
            said = {True: "the record is locked", False: "the record is not locked"}
            expected, found = said[bool(step["locked"])], said[is_locked]
            raise Stopped(State.FAILED, expected=expected, found=found)

    def _seen(self, session: Session, known: _Known, *, is_visible: bool) -> Record | None:
        """Give the record as somebody sees it, None when it must be hidden and is."""
        try:
            record = session.get(known.name, known.id)
        except NotFound as absent:
            if not is_visible:
                return None
            found = "there is no such record, or this user may not see it"
            raise Stopped(State.FAILED, expected="the record is visible", found=found) from absent
        if not is_visible:
            expected = "the record is hidden from this user"
            raise Stopped(State.FAILED, expected=expected, found="this user sees it")
        return record

    def _read(self, read: Callable[[], T]) -> T:
        """Read what a step needs; a refusal fails the test."""
        try:
            return read()
        except PatronError as error:
            found = say_refusal(error)
            raise Stopped(State.FAILED, expected="it can be read", found=found) from error

    def _try(self, step: Step, work: Callable[[], Record | None]) -> Record | None:
        """Do what a step says; give the record, or None when it was refused as it must be."""
        wanted = str(step.get("fails_with", ""))
        expected = f"refused by {wanted}" if wanted else "accepted"
        try:
            with self.cast.tx.savepoint():
                saved = work()
        except PatronError as error:
            if wanted and wanted in _names(error):
                return None
            raise Stopped(State.FAILED, expected=expected, found=say_refusal(error)) from error
        if wanted:
            raise Stopped(State.FAILED, expected=expected, found="it was accepted")
        return saved

    def _values(
        self, session: Session, name: ObjectName, step: Step, number: int | None = None
    ) -> Mapping[str, object]:
        """Give the values of a step as a client would send them: ids, and computed expressions.

        `number` is the record that the expressions read beside the values, if there is one.
        """
        given = _group(step, "values")
        sent = {path: self._sent(session, name, path, value) for path, value in given.items()}
        if all(formula_of(value) is None for value in sent.values()):
            return sent
        before = {} if number is None else self._read(lambda: self.cast.system.get(name, number))
        context = session.unit.caller.context
        return self._read(lambda: read_constants(self.model, name, sent, context, over=before))

    def _sent(self, session: Session, name: ObjectName, path: str, value: object) -> object:
        compiled = self.model.objects[name]
        if value == ANY and path in compiled.fields:
            return self.filler.value(compiled, path, session)
        named = self._named(name, path, value)
        return value if named is None else self._known(named).id

    def _named(self, name: ObjectName, path: str, value: object) -> str | None:
        """Give the name of the record that a lookup's constant means: `$deal` of `deal`."""
        declared = self.model.objects[name].fields.get(path)  # type: ignore[call-overload]  # plain text
        is_lookup = declared is not None and bool(declared.decl.targets)
        if is_lookup and isinstance(value, str) and value.startswith("$") and value != ANY:
            return value.removeprefix("$")
        return None

    def _known(self, name: str) -> _Known:
        if name not in self.records:
            hint = did_you_mean(name, self.records)
            found = f'no step before made a record "{name}"' + (f"; {hint}" if hint else "")
            raise Stopped(State.FAILED, expected=f'a record "{name}"', found=found)
        return self.records[name]

    def _remember(self, alias: str, name: ObjectName, saved: Record) -> None:
        number = int(str(saved["id"]))
        owner = self.cast.system.get(name, number, ["owner"])["owner"]
        self.records[alias] = _Known(name=name, id=number, owner=owner)


def _actors(data: Step, steps: object) -> list[Step]:
    """Name everybody who acts in a test, in order."""
    listed = (
        [step for step in steps if isinstance(step, Mapping)]
        if isinstance(steps, list | tuple)
        else []
    )
    return [_group(data, "as"), *(_group(step, "by") for step in listed if "by" in step)]


def _names(error: PatronError) -> frozenset[str]:
    """Give all that `fails_with` may name of a refusal: rules, codes and fields."""
    found = errors_of(error)
    return frozenset({error.code, *(e.code for e in found), *(e.field for e in found)})


def _group(data: Mapping[str, object], key: str) -> Step:
    value = data.get(key)
    return value if isinstance(value, Mapping) else _NOTHING
