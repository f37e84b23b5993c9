"""What a save has written, as those see it who follow: workflows, approvals, clocks.

Separate from `after`, which knows them all: whoever writes records imports this alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from engine.saving.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One record that was written. `old` is the record before, None for one that is new.

    `values` is the record as it is now; of one that went to the bin, as it went. `changed`: mask of
    stored fields that differ from `old`. `event`: created, updated, rolled_up, deleted, restored.
    """

    old: Mapping[str, Value] | None
    values: Mapping[str, Value]
    changed: int
    event: str

    @property
    def id(self) -> int:
        """The record's id."""
        return int(self.values["id"])  # type: ignore[arg-type]  # ids are integers


class Follow(Protocol):
    """What follows when records of one object were written, for the whole list at once."""

    def __call__(self, unit: Unit, compiled: CompiledObject, written: Sequence[Written], /) -> None:
        """Do it, in the transaction of the save."""
        ...


def follow(unit: Unit, compiled: CompiledObject, written: Sequence[Written]) -> None:
    """Let everything happen that follows; costs nothing where nothing does."""
    if written and unit.follow is not None:
        unit.follow(unit, compiled, written)
