"""An expression over two records taken apart: what one of them says becomes a value that is given.

`opportunity = id` looks at quotes on behalf of an opportunity: `id` is computed once, over the
opportunity, and what is left reads quotes alone. In SQL a given value is a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from engine.expr.context import EvalContext
from engine.expr.expression import Expression, assembled
from engine.expr.functions.base import Values
from engine.expr.tree import Call, ContextRead, FieldRead, Node, ValueAttribute, walk
from engine.model.fields.base import Value

RECORD = "record"  # the source of such values


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One value that is computed over the other record, and the name it is given by."""

    name: str
    value: Expression

    def read(self, values: Values, context: EvalContext) -> Value:
        """Compute it; an error is blank, as it is in a condition."""
        return self.value.settle(values, context)


def part(
    expression: Expression,
    is_given: Callable[[str], bool],
    present: Callable[[str], str],
    *,
    start: int = 0,
) -> tuple[Expression, tuple[Given, ...]]:
    """Take an expression apart. Returns: what reads the first record alone, and what it is given.

    Args: `is_given` tells whether a path is the other record's, `present` how it is called there.
    Their names are numbered from `start`.
    """
    parting = _Parting(is_given, present, start)
    tree = parting.left(expression.tree)
    if not parting.given:
        return expression, ()
    types = ", ".join(f"{one.value.type.kind} {one.value.type.decimals}" for one in parting.given)
    text = f"{expression.text} /* {types} */"  # what a statement is kept under
    return assembled(text, tree, expression.type), tuple(parting.given)


class _Parting:
    """One expression while it is taken apart."""

    def __init__(
        self, is_given: Callable[[str], bool], present: Callable[[str], str], start: int
    ) -> None:
        self._is_given, self._present, self._start = is_given, present, start
        self.given: list[Given] = []

    def left(self, node: Node) -> Node:
        """Give a node with the parts that are the other record's taken out."""
        paths = list(_paths(node))
        if paths and all(map(self._is_given, paths)):
            return self._take(node)
        if isinstance(node, Call) and any(map(self._is_given, paths)):
            return replace(node, arguments=tuple(map(self.left, node.arguments)))
        return node

    def _take(self, node: Node) -> Node:
        name = f"given_{self._start + len(self.given)}"
        own = self._own(node)
        self.given.append(Given(name=name, value=assembled(name, own, own.type)))
        return ContextRead(RECORD, name, node.type, node.start)

    def _own(self, node: Node) -> Node:
        """Give a node with its paths as the other record calls them."""
        if isinstance(node, FieldRead):
            return replace(node, path=self._present(node.path))
        if isinstance(node, ContextRead) and node.source == "given":
            return FieldRead(self._present(node.name), node.type, start=node.start)
        if isinstance(node, ValueAttribute):
            return replace(node, of=replace(node.of, path=self._present(node.of.path)))
        if isinstance(node, Call):
            return replace(node, arguments=tuple(map(self._own, node.arguments)))
        return node


def _paths(node: Node) -> Iterator[str]:
    """Give what a node reads of either record: `$record.name` is said by name, as what is given."""
    for below in walk(node):
        if isinstance(below, FieldRead):
            yield below.path
        elif isinstance(below, ContextRead) and below.source == "given":
            yield below.name
