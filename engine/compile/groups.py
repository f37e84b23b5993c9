"""Who belongs to the teams and queues, and whether the tree of roles is one.

Members may be groups themselves; here they are taken apart once per version, so that nobody walks
them while a request waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.compile.work import Work
from engine.compiled import Members
from engine.source import SourceDoc

KINDS = ("team", "queue")


def check_roles(work: Work) -> None:
    """Report roles that stand above themselves: nobody could say who sees whom."""
    parents = {name: _parent(doc) for name, doc in work.named("role").items()}
    reported: set[str] = set()
    for name, doc in work.named("role").items():
        path = _circle(name, parents)
        if path and reported.isdisjoint(path):
            reported.update(path)
            said = " → ".join([*path, path[0]])
            work.report(doc, "M205", f"These roles stand above each other: {said}.", "/parent")


def members_of_groups(work: Work) -> dict[str, Members]:
    """Give who belongs to each team and queue, "team:desk" -> members. Circles add nothing."""
    direct = {
        f"{kind}:{name}": list(_members(doc))
        for kind in KINDS
        for name, doc in work.named(kind).items()
        if doc.data.get("active") is not False
    }
    parents = {name: _parent(doc) for name, doc in work.named("role").items()}
    return {name: _flat(name, direct, parents) for name in direct}


def below(role: str, parents: Mapping[str, str | None]) -> frozenset[str]:
    """Give a role and every role below it. Cost: O(roles)."""
    found = {role}
    while more := {name for name, parent in parents.items() if parent in found} - found:
        found |= more
    return frozenset(found)


def _flat(
    start: str, direct: Mapping[str, list[tuple[str, str]]], parents: Mapping[str, str | None]
) -> Members:
    roles: set[str] = set()
    users: set[str] = set()
    todo, seen = [start], {start}
    while todo:
        for sort, name in direct.get(todo.pop(), ()):
            if sort == "user":
                users.add(name.lower())
            elif sort == "role":
                roles.add(name)
            elif sort == "role_and_below":
                roles |= below(name, parents)
            elif f"{sort}:{name}" not in seen:
                seen.add(f"{sort}:{name}")
                todo.append(f"{sort}:{name}")
    return Members(roles=frozenset(roles), users=frozenset(users))


def _members(doc: SourceDoc) -> Iterator[tuple[str, str]]:
    listed = doc.data.get("members")
    for member in listed if isinstance(listed, list | tuple) else ():
        if isinstance(member, Mapping):
            yield from ((str(sort), str(name)) for sort, name in member.items())


def _parent(doc: SourceDoc) -> str | None:
    return str(doc.data["parent"]) if doc.data.get("parent") else None


def _circle(start: str, parents: Mapping[str, str | None]) -> list[str]:
    """Give the roles of a circle that a role is part of, else nothing."""
    path = [start]
    here = parents.get(start)
    while here is not None and here not in path:
        path.append(here)
        here = parents.get(here)
    return path if here == start else []
