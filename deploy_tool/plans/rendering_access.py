"""Who sees and may do what afterwards, in the words of people: the part of a plan about access.

Separate from the rest of the text, because many lines are summed up here: one per group and object.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from engine.access import AccessChange
from engine.impact import Seen

SHOWN = 20  # lines; JSON has them all
_NAMES = 6  # rights and fields in one line
_WAYS = {"more": "+", "less": "-", "other": "~"}


def visibility_lines(visibility: Sequence[Seen]) -> Iterator[str]:
    """Say how many records come into sight of each role, and how many go out of it."""
    if not visibility:
        return
    yield ""
    yield "Visibility (records that a member of the role at least gains or loses)"
    for seen in visibility[:SHOWN]:
        who = f"role {seen.role}" if seen.role else "members without a role"
        members = "1 member" if seen.members == 1 else f"{seen.members:,} members"
        yield f"  {who}, {members}: {seen.object} {gain(seen)}"
    yield from _rest(visibility)


def gain(seen: Seen) -> str:
    """Say `+12 records -3 records`."""
    more = [f"+{seen.more:,}"] if seen.more else []
    less = [f"-{seen.less:,}"] if seen.less else []
    return " ".join([*more, *less])


def access_lines(access: Sequence[AccessChange]) -> Iterator[str]:
    """Say what people may do more, less or otherwise, one line for each group and object."""
    if not access:
        return
    yield ""
    yield "Access"
    lines = list(_access_lines(access))
    yield from lines[:SHOWN]
    yield from _rest(lines)


def _access_lines(access: Sequence[AccessChange]) -> Iterator[str]:
    def group(change: AccessChange) -> tuple[str, str, str]:
        return (change.who, change.object, change.way)

    for (who, target, way), changes in groupby(sorted(access, key=group), key=group):
        said = [_said(change) for change in changes]
        shown = said[:_NAMES]
        if len(said) > len(shown):
            shown.append(f"{len(said) - len(shown)} more")
        where = f" {target}:" if target else ":"
        yield f"  {_WAYS[way]} {who}{where} {', '.join(shown)}"


def _said(change: AccessChange) -> str:
    if {change.before, change.after} <= {"", "given"}:
        return change.what
    return f"{change.what} {change.before or 'none'} → {change.after or 'none'}"


def _rest(lines: Sequence[object]) -> Iterator[str]:
    if len(lines) > SHOWN:
        yield f"  and {len(lines) - SHOWN} more (--json names them all)"
