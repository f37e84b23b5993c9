"""Answers to "why, and why not" as values, and how conditions are told to somebody.

Separate from those who find the answers, one for each kind of component: all answer alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from engine.compiled import CompiledObject
from engine.expr import Expression
from engine.expr.watching import HOLDS, NOT_HELD, UNKNOWN
from engine.names import ComponentKey
from engine.saving.explaining.criteria import Part, explain, seen_by
from engine.saving.explaining.standing import Standing
from engine.saving.sight import Sight
from engine.saving.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """Somebody whom a component names, and what becomes of them.

    `by`: how they are named, `owner.manager`; "" for whom nothing names. `user`: None for nobody.
    """

    by: str
    user: int | None
    name: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One of the things that a component consists of: a step, a condition, an entry."""

    name: str
    label: str
    outcome: str
    criteria: Part | None
    people: tuple[Someone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What a component makes of a record, and upon what.

    `outcome`: the words of `engine.expr.watching`. `waits_for`: fields whose change it waits for.
    `points`: what it consists of. `state`: of the request, clock or choice there is, "" for none;
    `since` and `due_at` are its instants.
    """

    component: ComponentKey
    label: str
    trigger: str
    event: str
    outcome: str
    criteria: Part | None
    waits_for: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    state: str = ""
    since: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells one caller about one record: never what they may not read of it."""

    unit: Unit
    compiled: CompiledObject
    standing: Standing
    sight: Sight = field(init=False)

    def __post_init__(self) -> None:
        """Open the eyes of the caller."""
        object.__setattr__(self, "sight", Sight(self.unit))

    @property
    def record(self) -> int:
        """The record's id."""
        return int(self.standing.values["id"])  # type: ignore[arg-type]  # an integer

    def part(self, condition: Expression | None) -> Part | None:
        """Take a condition apart, as the caller may see it."""
        if condition is None:
            return None
        model, standing = self.unit.snapshot.model, self.standing
        whole = explain(model, self.compiled, condition, standing.values, standing.context)
        reads = partial(self.sight.reads, self.compiled.name, self.record)
        return seen_by(whole, reads, self.sight.may_ask)

    def holds(self, condition: Expression | None) -> bool:
        """Tell whether a condition holds; none always does."""
        standing = self.standing
        return condition is None or condition.holds(standing.values, standing.context)

    def outcome(self, condition: Expression | None) -> str:
        """Say whether a condition holds, if the caller may know."""
        held = HOLDS if self.holds(condition) else NOT_HELD
        return UNKNOWN if is_hidden(self.part(condition)) else held

    def may_follow(self, expression: Expression) -> bool:
        """Tell whether the caller may know what an expression gives for the record."""
        values = self.standing.values
        return self.sight.may_ask(expression.text) and all(
            self.sight.reads(self.compiled.name, self.record, path, values.get(path))
            for path in expression.reads
        )


def is_hidden(part: Part | None) -> bool:
    """Tell whether what a condition gives follows from what the viewer may not read."""
    return part is not None and part.held is None and not part.reason
