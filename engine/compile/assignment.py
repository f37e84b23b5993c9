"""Assignments made ready: for each entry its condition, and whom it gives a record to.

Separate from `expressions`, which checks conditions and paths: by now each is compiled and lies in
`Work.ready`. Here is said what no schema can: how a member is chosen needs members, and a queue
takes records of its objects only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.compile.work import Work
from engine.compiled import Assignment, AssignmentEntry
from engine.names import ObjectName
from engine.source import SourceDoc

GROUPS = ("role", "queue", "team")  # have members
SORTS = (*GROUPS, "user")
ROUND_ROBIN, LOAD = "round_robin", "load"
HINT = "leave `by` out, or name a role, queue or team"


def compile_assignments(work: Work) -> None:
    """Fill `assignments` with those that are switched on and without problems."""
    for name, doc in work.named("assignment").items():
        owner = ObjectName(str(doc.data.get("object", "")))
        for place, entry in _entries(doc):
            _check(work, doc, f"/entries/{place}", owner, entry)
        if doc.key in work.broken or doc.data.get("active") is False:
            continue
        entries = tuple(_entry(work, doc, place, entry) for place, entry in _entries(doc))
        work.assignments[name] = Assignment(
            name=name,
            label=str(doc.data.get("label") or name),
            object=owner,
            entries=entries,
            reads=frozenset(path for entry in entries for path in _reads(entry)),
        )


def entry_of(given: Mapping[str, object], name: str = "") -> AssignmentEntry:
    """Read `{role: sales, by: load}`; one of a group's members gets it in turns unless said so.

    A queue takes records itself, unless `by` asks for one of its members.
    """
    sort = next(one for one in SORTS if one in given)
    default = "" if sort in ("queue", "user") else ROUND_ROBIN
    by = str(given.get("by") or default)
    return AssignmentEntry(name=name, group=f"{sort}:{given[sort]}", by=by)


def check_assignee(
    work: Work, doc: SourceDoc, at: str, given: Mapping[str, object], owner: ObjectName
) -> None:
    """Report a queue that does not take records of an object, and a choice among nobody."""
    if sum(sort in given for sort in SORTS) != 1:
        message = f"A record goes to one of {', '.join(SORTS)}: name exactly one."
        work.report(doc, "M340", message, pointer=at)
    elif given.get("by") and "user" in given:
        message = "`by` chooses one of several members; this is one person."
        work.report(doc, "M340", message, pointer=at, hint=HINT)
    queue = work.named("queue").get(str(given.get("queue", "")))
    taken = queue.data.get("objects") if queue is not None and not given.get("by") else None
    if isinstance(taken, list | tuple) and taken and owner not in taken:
        message = f'The queue "{given["queue"]}" does not take records of `{owner}`.'
        hint = "add the object to `objects` of the queue, or choose one of its members by `by`"
        work.report(doc, "M341", message, pointer=f"{at}/queue", hint=hint)


def _entries(doc: SourceDoc) -> Iterator[tuple[int, Mapping[str, object]]]:
    entries = doc.data.get("entries")
    for place, entry in enumerate(entries if isinstance(entries, list | tuple) else ()):
        if isinstance(entry, Mapping):
            yield place, entry


def _check(
    work: Work, doc: SourceDoc, at: str, owner: ObjectName, entry: Mapping[str, object]
) -> None:
    to, by = entry.get("to"), entry.get("by")
    if isinstance(to, Mapping):
        check_assignee(work, doc, f"{at}/to", {**to, "by": by}, owner)
    elif by and doc.key not in work.broken:
        message = "`by` chooses one of several members; this is one person."
        work.report(doc, "M340", message, pointer=f"{at}/by", hint=HINT)


def _entry(work: Work, doc: SourceDoc, place: int, entry: Mapping[str, object]) -> AssignmentEntry:
    at, to = f"/entries/{place}", entry.get("to")
    name = str(entry.get("name") or place + 1)
    condition = work.ready.get((doc.key, f"{at}/if"))
    if isinstance(to, Mapping):
        read = entry_of({**to, "by": entry.get("by")}, name)
        return AssignmentEntry(name=name, condition=condition, group=read.group, by=read.by)
    return AssignmentEntry(name=name, condition=condition, path=work.ready[doc.key, f"{at}/to"])


def _reads(entry: AssignmentEntry) -> Iterator[str]:
    for expression in (entry.condition, entry.path):
        if expression is not None:
            yield from expression.reads


__all__ = ["LOAD", "ROUND_ROBIN", "check_assignee", "compile_assignments", "entry_of"]
