"""The row policy: which records of an object a caller reaches, as a small tree with reasons.

A tree and not a function, because two consumers read it: the store (SQL) and people (why). Facts
that differ from caller to caller (their id, role, groups) are parameters of the statement and never
part of the tree, so that callers with the same rights share statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.locale import later, say
from engine.names import FieldName, ObjectName


@dataclass(frozen=True, slots=True)
class Everything:
    """All records; the reason says which right or default opens them."""

    why: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """No record."""

    why: str


@dataclass(frozen=True, slots=True)
class OwnedBy:
    """Records whose owner is the caller."""

    why: str = later("owns it")


@dataclass(frozen=True, slots=True)
class OwnedBelow:
    """Records whose owner has a role below the caller's."""

    why: str = later("its owner has a role below")


@dataclass(frozen=True, slots=True)
class InQueues:
    """Records that wait in one of these queues, by API name."""

    queues: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """Records that a sharing rule of the object opens; `digest` stands for what the rule says."""

    object: ObjectName
    rule: str
    digest: str
    why: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """Records that somebody has shared with the caller or a group of theirs.

    `levels`: which sorts of share count, "read" and "edit" or "edit" alone. `size`: how many groups
    the statement asks for.
    """

    levels: tuple[str, ...]
    size: int
    why: str = later("shared by hand")


@dataclass(frozen=True, slots=True)
class Through:
    """Records whose parent (over one lookup) the caller reaches: sharing `parent`."""

    lookup: FieldName
    policy: RowPolicy
    why: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Records that one branch at least opens. There is no deny."""

    branches: tuple[RowPolicy, ...]


Branch = OwnedBy | OwnedBelow | InQueues | Ruled | ByHand | Through
RowPolicy = Everything | Nothing | Branch | AnyOf


def any_of(*branches: RowPolicy) -> RowPolicy:
    """Join branches, with the simplest tree that says the same."""
    useful = [branch for branch in branches if not isinstance(branch, Nothing)]
    for branch in useful:
        if isinstance(branch, Everything):
            return branch
    if not useful:
        return branches[0] if branches else Nothing(later("nothing opens it"))
    return useful[0] if len(useful) == 1 else AnyOf(tuple(useful))


def leaves(policy: RowPolicy) -> Iterator[Everything | Nothing | Branch]:
    """Give the branches of a policy, nested ones taken apart; those of a parent stay inside."""
    if isinstance(policy, AnyOf):
        for branch in policy.branches:
            yield from leaves(branch)
    else:
        yield policy


def reasons(policy: RowPolicy) -> Iterator[Everything | Nothing | Branch]:
    """Give one branch for each reason: what a parent opens by several is several here."""
    for leaf in leaves(policy):
        if isinstance(leaf, Through):
            for inner in reasons(leaf.policy):
                why = say("{outer}: {inner}", outer=leaf.why, inner=inner.why)
                yield Through(leaf.lookup, inner, why)
        else:
            yield leaf
