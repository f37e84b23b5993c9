"""Conversions: one record becomes several, whose values may name each other (`$account`).

Their order is that of need, not of the file: what another one names is made before it.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.compile.component import Component
from engine.compile.meetings import TwoRecords, WithNew
from engine.compile.objects import scope_of
from engine.expr import Expression, ExprType, Kind
from engine.expr.tree import ContextRead, walk
from engine.names import ObjectName

Needs = dict[str, list[str]]  # made object -> the made objects that its values name


def check_conversion(component: Component, owner: ObjectName) -> None:
    """Check the values of every record that is made, what joins it, and what is set at the end."""
    work, data = component.work, component.doc.data
    scope = scope_of(work, owner)
    to = data.get("to")
    parts = to if isinstance(to, Mapping) else {}
    made = {f"${name}": ExprType(kind=Kind.LOOKUP, targets=(ObjectName(name),)) for name in parts}
    needs: Needs = {}
    for name, part in parts.items():
        target = ObjectName(name)
        if target not in work.declared or not isinstance(part, Mapping):
            continue  # reported as a dangling reference
        at, fields = f"/to/{name}", work.declared[target]
        if "match" in part:
            component.condition(f"{at}/match", TwoRecords(scope.of(target), scope))
        found = component.values(f"{at}/values", part.get("values"), fields, WithNew(scope, made))
        needs[name] = sorted({used for value in found.values() for used in _made(value)})
    component.values("/set", data.get("set"), work.declared[owner], WithNew(scope, made))
    _check_order(component, needs)


def _made(value: Expression) -> set[str]:
    """Give the records made beside it that an expression names."""
    given = (node for node in walk(value.tree) if isinstance(node, ContextRead))
    return {node.name.removeprefix("$") for node in given if node.source == "given"}


def _check_order(component: Component, needs: Needs) -> None:
    """Report records that need each other: none of them can be made first."""
    done: set[str] = set()
    for name in needs:
        cycle = _cycle(name, needs, [], done)
        if cycle:
            message = f"These records need each other: {' → '.join(cycle)}."
            pointer = f"/to/{cycle[0]}/values"
            component.work.report(component.doc, "M204", message, pointer=pointer)
            return


def _cycle(name: str, needs: Needs, above: list[str], done: set[str]) -> list[str]:
    if name in above:
        return [*above[above.index(name) :], name]
    if name in done:
        return []
    done.add(name)
    found = (_cycle(other, needs, [*above, name], done) for other in needs.get(name, ()))
    return next((cycle for cycle in found if cycle), [])
