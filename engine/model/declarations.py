"""Frozen declarations: what the files of a configuration say, as values.

Separate from `engine.compiled`, because a declaration is what an author wrote (one per component)
and a compiled object is what runs (one per object, resolved and ordered). Built by `engine.compile`
from checked JSON; never built on the request path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from types import MappingProxyType

from engine.names import FieldName, ObjectName

NOTHING: Mapping[str, object] = MappingProxyType({})


def _nothing() -> Mapping[str, object]:
    return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class PicklistValue:
    """One value of a picklist: API name, label and attributes (`closed`, `probability`)."""

    name: str
    label: str
    color: str = ""
    active: bool = True
    attributes: Mapping[str, object] = dataclass_field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field as declared, with the defaults of its type filled in.

    `default` is a constant as parsed by the type, or None; `default_formula` the text of
    `{formula: …}`. `options` holds the keys of its type (length, decimals, min, max, to, on_delete,
    where, tree, format, formula, returns, blank, from, via, measure, of), and the rare common ones
    (encrypted, depends_on, description).
    """

    name: FieldName
    type: str
    label: str
    help: str = ""
    required: bool = False
    required_if: str = ""  # expression; empty: never
    unique: bool = False
    external_id: bool = False
    index: bool = False
    history: bool = False
    pii: str = ""  # none | personal | sensitive | "" (the type's default)
    read_only_after_create: bool = False
    default: object = None
    default_formula: str = ""
    aka: tuple[str, ...] = ()
    active: bool = True
    values: Mapping[str, PicklistValue] = dataclass_field(
        default_factory=lambda: MappingProxyType({})
    )
    options: Mapping[str, object] = dataclass_field(default_factory=_nothing)

    def option(self, key: str, default: object = None) -> object:
        """Give one key of the type, or the default."""
        return self.options.get(key, default)

    @property
    def targets(self) -> tuple[ObjectName, ...]:
        """Objects that a lookup or master-detail may point at, in the order declared."""
        to = self.options.get("to", ())
        if isinstance(to, str):
            return (ObjectName(to),)
        return tuple(ObjectName(str(name)) for name in to) if isinstance(to, tuple) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDeclaration:
    """A validation rule as declared."""

    name: str
    invalid_if: str
    message: str
    field: FieldName | None = None
    active: bool = True
    examples: Mapping[str, object] = dataclass_field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDeclaration:
    """An index: names of fields, "-name" for descending, and whether it is unique."""

    fields: tuple[str, ...]
    unique: bool = False
