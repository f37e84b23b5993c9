"""Recipients made ready: whom a mail, a notification or an approval goes to, as a flat list.

Separate from the steps that name people, because workflows, approvals and deadlines all write them
in the same words. Called while programs are laid out; by then each expression is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.compile.work import Work
from engine.programs import Group, Recipient
from engine.source import SourceDoc

SORTS = ("user", "role", "queue", "team", "permission_set")


def compile_recipients(
    work: Work, doc: SourceDoc, pointer: str, who: object
) -> tuple[Recipient, ...]:
    """Give the recipients at a place: of a path, of `{role: NAME}` and its like, or of a list."""
    return tuple(_recipients(work, doc, pointer, who))


def _recipients(work: Work, doc: SourceDoc, pointer: str, who: object) -> Iterator[Recipient]:
    if isinstance(who, str):
        found = work.ready.get((doc.key, pointer))
        if found is not None:
            yield found
    elif isinstance(who, Mapping):
        yield from (Group(sort=sort, name=str(who[sort])) for sort in SORTS if sort in who)
    else:
        for place, one in enumerate(who if isinstance(who, list | tuple) else ()):
            yield from _recipients(work, doc, f"{pointer}/{place}", one)
