"""Approvals made ready to run: who may submit, who is asked at which step, what is watched.

Separate from `automation`: an approval is no list of steps to be carried out, but people who decide
one after the other; only what follows from a decision is a program, laid out with the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from engine.compile.work import Work, name_of
from engine.compiled import (
    Approval,
    ApprovalStep,
    Automation,
    CompiledObject,
    Members,
    People,
)
from engine.errors import Severity
from engine.expr import Expression
from engine.names import FieldName, ObjectName, component_key, label_from
from engine.source import SourceDoc

DEEDS = ("submit", "approve", "reject", "recall")
FIRST, ALL, VOTES = "first", "all", "votes"
_NOBODY = Members()
_DAYS = {"day": 1, "week": 7, "month": 30}
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


def compile_approvals(work: Work) -> None:
    """Fill `approvals` with those of each object that are switched on, by their API names.

    Nothing is made ready while there are problems: such a configuration is not published.
    """
    if work.tree.broken or any(p.severity is Severity.ERROR for p in work.problems):
        return
    found: dict[ObjectName, list[Approval]] = {}
    for _, doc in sorted(work.named("approval").items()):
        if doc.data.get("active") is not False:
            name = ObjectName(str(doc.data["object"]))
            found.setdefault(name, []).append(_Approval(work, doc, work.compiled[name]).ready())
    for name, approvals in found.items():
        work.approvals[name] = tuple(approvals)
        _let_saves_read(work, name, [one for one in approvals if one.is_automatic])


def _let_saves_read(work: Work, name: ObjectName, approvals: list[Approval]) -> None:
    """Let a save load what decides whether a record is submitted, and who is asked first."""
    if not approvals:
        return
    compiled = work.compiled[name]
    read = frozenset(path for one in approvals for path in one.reads if "." in path)
    known = work.automation.get(name) or Automation(before_save=(), paths=compiled.paths)
    work.automation[name] = replace(known, paths=known.paths | read)


class _Approval:
    """One approval on the bench. An approval with problems never comes here."""

    def __init__(self, work: Work, doc: SourceDoc, compiled: CompiledObject) -> None:
        self._work, self._doc, self._compiled = work, doc, compiled
        self._read: set[str] = set()

    def ready(self) -> Approval:
        """Make the whole approval ready."""
        data, name = self._doc.data, name_of(self._doc.key)
        submit = data.get("submit")
        submit = submit if isinstance(submit, Mapping) else {}
        condition = self._expression("/enter_if")
        by = submit.get("by")
        submitters = None if by is None else self._people("/submit/by", by)
        steps = tuple(self._steps())
        return Approval(
            name=name,
            label=str(data.get("label") or label_from(name)),
            object=self._compiled.name,
            key=self._doc.key,
            digest=self._doc.digest,
            condition=condition,
            watch=_watch(self._compiled, condition),
            submitters=submitters,
            is_automatic=submit.get("automatic") is True,
            locks=data.get("lock") is not False,
            steps=steps,
            reads=frozenset(self._read),
            translations=MappingProxyType(dict(self._translations(name))),
            programs=MappingProxyType(
                {
                    deed: self._work.programs[self._doc.key, f"/on_{deed}"]
                    for deed in DEEDS
                    if (self._doc.key, f"/on_{deed}") in self._work.programs
                }
            ),
        )

    def _steps(self) -> Iterator[ApprovalStep]:
        data = self._doc.data
        listed = data.get("steps")
        for place, step in enumerate(listed if isinstance(listed, list | tuple) else ()):
            at, name = f"/steps/{place}", str(step["name"])
            decide, votes = _decide(step.get("decide"))
            after = step.get("remind_after", data.get("remind_after"))
            yield ApprovalStep(
                name=name,
                label=str(step.get("label") or label_from(name)),
                condition=self._expression(f"{at}/if"),
                approvers=self._people(f"{at}/approvers", step["approvers"]),
                decide=decide,
                votes=votes,
                goes_back=step.get("on_reject") == "previous",
                remind_after=None if after is None else duration(str(after)),
            )

    def _people(self, pointer: str, who: object) -> People:
        """Take apart whom a place names: one, or a list of them."""
        several = isinstance(who, list | tuple)
        listed = list(who) if isinstance(who, list | tuple) else [who]
        expressions: list[Expression] = []
        roles: set[str] = set()
        users: set[str] = set()
        for place, one in enumerate(listed):
            if isinstance(one, Mapping):
                members = self._members(one)
                roles |= members.roles
                users |= members.users
                continue
            found = self._expression(f"{pointer}/{place}" if several else pointer)
            if found is not None:
                expressions.append(found)
        return People(
            expressions=tuple(expressions),
            roles=frozenset(self._with_former(roles)),
            users=frozenset(users),
        )

    def _members(self, someone: Mapping[str, object]) -> Members:
        roles = {str(someone["role"])} if "role" in someone else set()
        users = {str(someone["user"]).lower()} if "user" in someone else set()
        for sort in ("queue", "team"):
            if sort in someone:
                members = self._work.groups.get(f"{sort}:{someone[sort]}", _NOBODY)
                roles |= members.roles
                users |= members.users
        return Members(roles=frozenset(roles), users=frozenset(users))

    def _with_former(self, roles: set[str]) -> Iterator[str]:
        """Give roles and the names that they had."""
        for role in roles:
            yield role
            doc = self._work.named("role").get(role)
            former = None if doc is None else doc.data.get("aka")
            yield from map(str, former if isinstance(former, list | tuple) else ())

    def _translations(self, name: str) -> Iterator[tuple[str, Mapping[str, object]]]:
        for language in self._languages():
            doc = self._work.tree.docs.get(component_key("translation", language, "approvals"))
            texts = None if doc is None else doc.data.get(name)
            if isinstance(texts, Mapping):
                yield language, texts

    def _languages(self) -> tuple[str, ...]:
        project = self._work.tree.docs.get(component_key("project", "project"))
        listed = None if project is None else project.data.get("languages")
        return tuple(map(str, listed)) if isinstance(listed, list | tuple) else ()

    def _expression(self, pointer: str) -> Expression | None:
        found = self._work.ready.get((self._doc.key, pointer))
        if found is not None:
            self._read.update(found.reads)
        return found


def duration(text: str) -> timedelta:
    """Read a length of time as the format writes it: `24 hours`. A month has 30 days."""
    number, unit = text.split()
    unit = unit.removesuffix("s")
    if unit in _DAYS:
        return timedelta(days=int(number) * _DAYS[unit])
    return timedelta(seconds=int(number) * _SECONDS[unit])


def _decide(given: object) -> tuple[str, int]:
    if isinstance(given, Mapping):
        return VOTES, int(str(given["votes"]))
    return (ALL if given == ALL else FIRST), 1


def _watch(compiled: CompiledObject, condition: Expression | None) -> int:
    """Give the mask of stored fields whose change may make a condition hold.

    A path over a lookup watches the lookup; a formula watches what it reads.
    """
    mask, todo = 0, list(() if condition is None else condition.reads)
    seen: set[str] = set()
    while todo:
        name = todo.pop().partition(".")[0]
        field = compiled.fields.get(FieldName(name))
        if field is None or name in seen:
            continue
        seen.add(name)
        mask |= field.bit
        if field.formula is not None:
            todo.extend(field.formula.reads)
    return mask
