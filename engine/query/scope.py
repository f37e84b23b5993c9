"""What a caller may name: fields they may read, and paths through those.

Separate from the planner, because whoever compiles an expression on somebody's behalf needs it.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.access import Access
from engine.compiled import Model
from engine.expr import ExprType, expr_type
from engine.names import FieldName, ObjectName
from engine.query.columns import walk


class ReadableScope:
    """What a caller may name in an expression: fields they may read, paths through those."""

    def __init__(self, model: Model, access: Access, start: ObjectName) -> None:
        self._model, self._access, self._start = model, access, start

    def resolve(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the type at the end of a readable path."""
        if path[0].startswith("$"):
            return None  # the language knows them, or asks `knows`
        if not is_readable(self._model, self._access, self._start, ".".join(path)):
            return None
        found = walk(self._model, self._start, ".".join(path), is_secured=True)
        return None if found is None else expr_type(found[2].decl)

    def names(self, prefix: tuple[str, ...]) -> Iterable[str]:
        """Give the readable names after `prefix`."""
        start = self._start
        if prefix:
            found = walk(self._model, start, ".".join(prefix), is_secured=True)
            if found is None or not found[2].decl.targets:
                return ()
            start = found[2].decl.targets[0]
        readable = self._access.of(start).readable
        return [n for n, f in self._model.objects[start].fields.items() if readable & f.bit]

    def elsewhere(self, object: str, field: str) -> ExprType | None:
        """Give the type of a kept field of an object that the caller may read."""
        name = ObjectName(object)
        if name not in self._model.objects or not is_readable(
            self._model, self._access, name, field
        ):
            return None
        found = self._model.objects[name].fields.get(FieldName(field))
        return expr_type(found.decl) if found is not None and found.formula is None else None

    def knows(self, kind: str, name: str) -> bool:
        """Tell whether a permission, role or environment value exists."""
        if kind == "permission":
            return name in self._model.permissions
        if kind == "object":
            return self._access.of(ObjectName(name)).may("read")
        if kind == "role":
            return name in self._model.roles
        return name in self._model.declared.get("env_var", {})


def is_readable(model: Model, access: Access, start: ObjectName, path: str) -> bool:
    """Tell whether every step of a path may be read by the caller."""
    here = start
    found = walk(model, start, path, is_secured=True)
    if found is None:
        return False
    for hop in found[0]:
        if not access.of(here).readable & model.objects[here].fields[hop.lookup].bit:
            return False
        here = hop.target
    return bool(access.of(here).readable & found[2].bit)
