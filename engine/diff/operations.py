"""The operations of a difference: frozen values that know their class, their inverse, their words.

`Add`, `Change`, `Rename`, `Retire` and `Restore` are all there is. Every operation holds both
states it leads between, so that it can be turned round, shown, counted and carried out without the
trees it came from. Nothing here touches a database: `engine.store.ddl` reads
models, not operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from engine.diff.explain import (
    explain_add,
    explain_change,
    explain_rename,
    explain_restore,
    explain_retire,
)
from engine.diff.facets import Data, PropertyChange, property_changes
from engine.diff.risk import Risk, risk_of_add, risk_of_change, risk_of_retire
from engine.names import ComponentKey, split_key

# One sort of children -> their order before and after, survivors only.
Reorder = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
NO_REORDER: Reorder = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """A component that was not there. `after` names the sibling before it, "" for the first."""

    op: ClassVar[str] = "add"
    component: ComponentKey
    data: Data
    after: str = ""
    parent_is_new: bool = False

    @property
    def cls(self) -> Risk:
        """Additive, unless records that exist already cannot have what it asks for."""
        return risk_of_add(_kind(self.component), self.data, parent_is_new=self.parent_is_new)

    def explain(self) -> str:
        """Say what comes: `date, optional`."""
        return explain_add(_kind(self.component), self.data)

    def reverse(self) -> Retire:
        """Give the operation that takes it away again."""
        return Retire(
            component=self.component,
            data=self.data,
            after=self.after,
            parent_is_new=self.parent_is_new,
            was_added=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """A component that is no longer there: hidden, its values kept."""

    op: ClassVar[str] = "retire"
    component: ComponentKey
    data: Data
    after: str = ""
    parent_is_new: bool = False
    was_added: bool = False  # this is an Add turned round, so that turning twice is no turn

    @property
    def cls(self) -> Risk:
        """Reversible, or narrowing where somebody loses access."""
        return risk_of_retire(_kind(self.component))

    def explain(self) -> str:
        """Say what goes and that its values stay."""
        return explain_retire(_kind(self.component))

    def reverse(self) -> Add | Restore:
        """Give the operation that brings it back."""
        if self.was_added:
            return Add(
                component=self.component,
                data=self.data,
                after=self.after,
                parent_is_new=self.parent_is_new,
            )
        return Restore(component=self.component, data=self.data, after=self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """A retired component that comes back under its name, with its values."""

    op: ClassVar[str] = "restore"
    component: ComponentKey
    data: Data
    after: str = ""

    @property
    def cls(self) -> Risk:
        """Bringing back takes nothing away."""
        return Risk.ADDITIVE

    def explain(self) -> str:
        """Say that the values come back too."""
        return explain_restore(_kind(self.component), self.data)

    def reverse(self) -> Retire:
        """Give the operation that retires it again."""
        return Retire(component=self.component, data=self.data, after=self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A component that stays and says something else; `reorder` holds its children's new order."""

    op: ClassVar[str] = "change"
    component: ComponentKey
    before: Data
    after: Data
    reorder: Reorder = field(default_factory=lambda: NO_REORDER)

    @property
    def changes(self) -> tuple[PropertyChange, ...]:
        """Every changed property, deep ones by path."""
        return property_changes(self.before, self.after)

    @property
    def cls(self) -> Risk:
        """The class of the most dangerous property."""
        return _worst(self.component, self.before, self.after)

    def explain(self) -> str:
        """Say what becomes what: `optional → required`."""
        return explain_change(self.changes, self.reorder)

    def reverse(self) -> Change:
        """Give the operation that changes everything back."""
        turned = {name: (after, before) for name, (before, after) in self.reorder.items()}
        return Change(
            component=self.component, before=self.after, after=self.before, reorder=turned
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """A component that goes on under another name (`aka`); no data moves."""

    op: ClassVar[str] = "rename"
    component: ComponentKey  # the new name
    former: ComponentKey
    before: Data
    after: Data

    @property
    def changes(self) -> tuple[PropertyChange, ...]:
        """What changed beside the name."""
        found = property_changes(self.before, self.after)
        return tuple(change for change in found if change.name != "aka")

    @property
    def cls(self) -> Risk:
        """Reversible, unless a property changed that is worse."""
        return max(Risk.REVERSIBLE, _worst(self.component, self.before, self.after))

    def explain(self) -> str:
        """Say what it was called, and what else changed."""
        former = split_key(self.former)[1][-1]
        return explain_rename(former, self.changes)

    def reverse(self) -> Rename:
        """Give the operation that renames it back."""
        return Rename(
            component=self.former, former=self.component, before=self.after, after=self.before
        )


Operation = Add | Change | Rename | Retire | Restore


def _kind(component: ComponentKey) -> str:
    return split_key(component)[0]


def _worst(component: ComponentKey, before: Data, after: Data) -> Risk:
    kind = _kind(component)
    found = (risk_of_change(kind, c, after) for c in property_changes(before, after))
    return max(found, default=Risk.ADDITIVE)
