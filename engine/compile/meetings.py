"""Scopes where more than one thing may be named: two records that meet, new ones, a request.

Separate from `scopes`, which knows one object. The rule for two records is told here alone, and
those who run such expressions ask `is_of_first`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from engine.compile.scopes import ObjectScope
from engine.expr import Expression, ExprType, Given, Scope, part
from engine.expr.types import JSON, TEXT
from engine.names import PLATFORM_FIELDS

RECORD = "$record"
BODY = "body"


@dataclass(frozen=True, slots=True)
class TwoRecords:
    """A record among others that is looked at, and the one on whose behalf: `opportunity = id`.

    A name is a declared field of the first if it has one, else of the second; `$record.name` always
    means the second. Hence `id`, `owner` and their like are the second's. Implements `Scope`.
    """

    first: ObjectScope
    second: ObjectScope

    def resolve(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the type at the end of a path, or None for an unknown name."""
        if path[0] == RECORD:
            return self.second.resolve(path[1:]) if path[1:] else None
        if path[0].startswith("$"):
            return self.second.resolve(path)
        return (self.first if self.is_of_first(path[0]) else self.second).resolve(path)

    def names(self, prefix: tuple[str, ...]) -> Iterable[str]:
        """Give what may follow a prefix."""
        if prefix and prefix[0] == RECORD:
            return self.second.names(prefix[1:])
        if not prefix:
            return chain(self.first.names(()), self.second.names(()), (RECORD,))
        return (self.first if self.is_of_first(prefix[0]) else self.second).names(prefix)

    def elsewhere(self, object: str, field: str) -> ExprType | None:
        """Give the type of a kept field of any object."""
        return self.second.elsewhere(object, field)

    def knows(self, kind: str, name: str) -> bool:
        """Tell whether a permission, role, environment value or object is declared."""
        return self.second.knows(kind, name)

    def is_of_first(self, step: str) -> bool:
        """Tell whether a name is the first record's."""
        return step not in PLATFORM_FIELDS and self.first.find((step,)) is not None

    def part(
        self, expression: Expression, *, start: int = 0
    ) -> tuple[Expression, tuple[Given, ...]]:
        """Take out what the second record says: what is left reads the first alone."""
        return part(
            expression,
            lambda path: not self.is_of_first(path.split(".")[0]),
            lambda path: path.removeprefix(f"{RECORD}."),
            start=start,
        )


@dataclass(frozen=True, slots=True)
class WithNew:
    """A record, and records that are made beside it: `$account`. Implements `Scope`."""

    record: Scope
    made: Mapping[str, ExprType]  # by name, the sign before it included

    def resolve(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the type at the end of a path, or None for an unknown name."""
        if path[0] in self.made:
            return self.made[path[0]] if len(path) == 1 else None
        return self.record.resolve(path)

    def names(self, prefix: tuple[str, ...]) -> Iterable[str]:
        """Give what may follow a prefix."""
        return self.record.names(prefix) if prefix else chain(self.record.names(()), self.made)

    def elsewhere(self, object: str, field: str) -> ExprType | None:
        """Give the type of a kept field of any object."""
        return self.record.elsewhere(object, field)

    def knows(self, kind: str, name: str) -> bool:
        """Tell whether a permission, role, environment value or object is declared."""
        return self.record.knows(kind, name)


@dataclass(frozen=True, slots=True)
class Request:
    """What comes in by a webhook: `body`, whose parts are read as text. Implements `Scope`."""

    known: Mapping[str, frozenset[str]]

    def resolve(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the type at the end of a path, or None for an unknown name."""
        if path[0] != BODY:
            return None
        return TEXT if path[1:] else JSON

    def names(self, prefix: tuple[str, ...]) -> Iterable[str]:
        """Give what may follow a prefix: nobody knows what a body holds."""
        return () if prefix else (BODY,)

    def elsewhere(self, object: str, field: str) -> ExprType | None:  # the protocol's
        """Read no other records: what comes in is checked when it is saved."""
        return None

    def knows(self, kind: str, name: str) -> bool:
        """Tell whether a permission, role or environment value is declared."""
        return name in self.known.get(kind, frozenset())
