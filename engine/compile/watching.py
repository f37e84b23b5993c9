"""Which changes a condition waits for: `ISCHANGED(stage) AND …` cannot hold unless stage changed.

Told once per version as masks, so that a save passes by most conditions without evaluating them.
"""

from __future__ import annotations

from engine.compiled import CompiledObject
from engine.expr import Expression
from engine.expr.tree import Call, FieldRead, Node
from engine.names import FieldName

Gate = tuple[int, ...]


def gate_of(compiled: CompiledObject, condition: Expression | None) -> Gate:
    """Give masks each of which must meet a change, or the condition cannot hold; () says nothing.

    Only what follows from AND, OR and ISCHANGED is told. Computed fields tell nothing: what they
    are is known after the workflows.
    """
    return () if condition is None else _gate(compiled, condition.tree)


def _gate(compiled: CompiledObject, node: Node) -> Gate:
    if not isinstance(node, Call):
        return ()
    if node.function.name == "ISCHANGED":
        return _changed(compiled, node.arguments[0])
    parts = [_gate(compiled, argument) for argument in node.arguments]
    if node.function.name == "AND":
        return tuple(dict.fromkeys(mask for part in parts for mask in part))
    if node.function.name == "OR" and parts and all(parts):
        union = 0
        for part in parts:
            union |= part[0]
        return (union,)
    return ()


def _changed(compiled: CompiledObject, node: Node) -> Gate:
    field = compiled.fields.get(FieldName(node.path)) if isinstance(node, FieldRead) else None
    if field is None or field.formula is not None or not field.is_stored:
        return ()
    return (field.bit,)
