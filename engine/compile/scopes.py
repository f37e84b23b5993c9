"""What an expression may name: the fields of its object, and paths over lookups.

A scope notes what it took from other objects, so that a recompile can tell whether it still holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from engine.expr import ExprType, expr_type
from engine.expr.types import CHECKBOX, DATE, DATETIME, LOOKUP, NUMBER, TEXT
from engine.model.declarations import Field
from engine.names import MAX_PATH, ComponentKey, FieldName, ObjectName, component_key
from engine.source.canonical import plain_number

Declared = Mapping[ObjectName, Mapping[FieldName, Field]]
Foreign = dict[tuple[str, str], str]
NO_ENV: Mapping[str, str] = MappingProxyType({})
# Types that an environment value may be declared with, and what they are in expressions.
ENV_TYPES: Mapping[str, ExprType] = {
    "number": NUMBER,
    "currency": NUMBER,
    "percent": NUMBER,
    "checkbox": CHECKBOX,
    "date": DATE,
    "datetime": DATETIME,
}


class ObjectScope:
    """Scope of one object. Implements `engine.expr.Scope`.

    `known` answers whether a permission, role or environment value exists.
    """

    def __init__(
        self,
        name: ObjectName,
        declared: Declared,
        known: Mapping[str, frozenset[str]],
        foreign: Foreign | None = None,
        home: ObjectName | None = None,
        env: Mapping[str, str] = NO_ENV,
    ) -> None:
        self._env = env  # environment values and their declared types
        self._name, self._declared, self._known = name, declared, known
        self._foreign: Foreign = {} if foreign is None else foreign
        self._home = home or name  # whose dependencies are noted

    def of(self, other: ObjectName) -> ObjectScope:
        """Give the scope of another object (the child of a roll-up) that notes into this one."""
        return ObjectScope(other, self._declared, self._known, self._foreign, self._home, self._env)

    def resolve(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the type at the end of a path, or None for an unknown name."""
        if path[0] == "$env":
            return self._env_type(path)
        found = self.find(path)
        if found is None:
            return None
        if path[-1] == "id":
            return replace(LOOKUP, targets=self._owners(path[:-1]))
        return expr_type(found)

    def _owners(self, path: tuple[str, ...]) -> tuple[ObjectName, ...]:
        """Give the objects that the end of a path over lookups may be of."""
        lookup = self.find(path) if path else None
        return (self._name,) if lookup is None else lookup.targets

    def names(self, prefix: tuple[str, ...]) -> Iterable[str]:
        """Give what may follow `prefix`: for completion and near misses."""
        if not prefix:
            return self._declared[self._name]
        field = self.find(prefix)
        targets = () if field is None else field.targets
        return [name for target in targets for name in self._declared.get(target, ())]

    def elsewhere(self, object: str, field: str) -> ExprType | None:
        """Give the type of a kept field of any object; a change of it is seen."""
        found = self._field(ObjectName(object), field)
        return None if found is None or found.type == "formula" else expr_type(found)

    def knows(self, kind: str, name: str) -> bool:
        """Tell whether a permission, role or environment value is declared."""
        is_known = name in self._known.get(kind, frozenset())
        self._foreign[(kind, name)] = str(is_known)
        return is_known

    def _env_type(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the declared type of an environment value; changes of it are noted."""
        declared = self._env.get(path[-1])
        self._foreign[("env_type", path[-1])] = declared or ""
        return None if declared is None else ENV_TYPES.get(declared, TEXT)

    def find(self, path: tuple[str, ...]) -> Field | None:
        """Give the field at the end of a path over lookups, or None."""
        if len(path) > MAX_PATH + 1:
            return None
        field = self._field(self._name, path[0])
        for step in path[1:]:
            if field is None:
                return None
            field = self._follow(field, step)
        return field

    def trail(self, path: tuple[str, ...]) -> list[ComponentKey]:
        """Give the fields that a path passes: `account.region` reads two."""
        found: list[ComponentKey] = []
        owners: tuple[ObjectName, ...] = (self._name,)
        for step in path:
            name = FieldName(step)
            owner = next((o for o in owners if name in self._declared.get(o, {})), None)
            if owner is None:
                break  # an attribute of a picklist, or a field of the platform
            found.append(component_key("field", owner, name))
            owners = self._declared[owner][name].targets
        return found

    def _follow(self, lookup: Field, step: str) -> Field | None:
        """Take the first target that has the field: lookups to several objects share names."""
        found = (self._field(target, step) for target in lookup.targets)
        return next((field for field in found if field is not None), None)

    def _field(self, owner: ObjectName, name: str) -> Field | None:
        field = self._declared.get(owner, {}).get(FieldName(name))
        if owner != self._home:
            self._foreign[("field", f"{owner}.{name}")] = signature(field)
        return field


def signature(field: Field | None) -> str:
    """Sum up what others see of a field: a change of it recompiles whoever reads it."""
    if field is None:
        return ""
    returns = field.option("returns", "")
    values = [
        (value.name, sorted((k, _told(v)) for k, v in value.attributes.items()))
        for value in field.values.values()
    ]
    return f"{field.type} {returns} {field.option('decimals', '')} {field.targets} {values}"


def _told(attribute: object) -> str:
    """Write an attribute down: 0.10 in a file and 0.1 in a table are the same number."""
    return plain_number(attribute) if isinstance(attribute, Decimal) else str(attribute)
