"""The row policy: which records of an object a caller reaches, as a small tree with reasons.

A tree and not a function, because two consumers read it: the store (SQL) and people (why).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.names import FieldName


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
    """Records whose owner is the caller. The caller's id is a parameter, never part of the tree."""

    why: str = "you own it"


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


RowPolicy = Everything | Nothing | OwnedBy | Through | AnyOf


def any_of(*branches: RowPolicy) -> RowPolicy:
    """Join branches, with the simplest tree that says the same."""
    useful = [branch for branch in branches if not isinstance(branch, Nothing)]
    for branch in useful:
        if isinstance(branch, Everything):
            return branch
    if not useful:
        return branches[0] if branches else Nothing("nothing opens it")
    return useful[0] if len(useful) == 1 else AnyOf(tuple(useful))
