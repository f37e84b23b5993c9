"""Sixth pass: no formula and no roll-up may depend on itself, through any number of objects."""

from __future__ import annotations

from engine.compile.work import Work
from engine.compiled import CompiledField
from engine.names import FieldName, ObjectName

Node = tuple[ObjectName, FieldName]


def check_cycles(work: Work) -> None:
    """Report every cycle once, with the path that closes it. Cost: O(formulas and their reads)."""
    done: set[Node] = set()
    for name, compiled in work.compiled.items():
        for field in compiled.fields.values():
            if field.formula is not None or field.roll_up is not None:
                _visit(work, (name, field.name), [], done)


def _visit(work: Work, node: Node, above: list[Node], done: set[Node]) -> None:
    if node in above:
        _report(work, [*above[above.index(node) :], node])
        return
    if node in done:
        return
    above.append(node)
    for below in _reads(work, node):
        _visit(work, below, above, done)
    above.pop()
    done.add(node)


def _reads(work: Work, node: Node) -> list[Node]:
    """Give the computed fields that a computed field reads."""
    field = _computed(work, node)
    if field is None:
        return []
    found: list[Node] = []
    if field.formula is not None:
        for path in sorted(field.formula.reads):
            end = _end(work, node[0], path)
            if end is not None:
                found.append(end)
    if field.roll_up is not None:
        child = field.roll_up.child
        names = {field.roll_up.of} if field.roll_up.of else set()
        if field.roll_up.where is not None:
            names |= {FieldName(path) for path in field.roll_up.where.reads}
        found.extend((child, name) for name in sorted(names) if name)
    return [node for node in found if _computed(work, node) is not None]


def _computed(work: Work, node: Node) -> CompiledField | None:
    compiled = work.compiled.get(node[0])
    field = compiled.fields.get(node[1]) if compiled else None
    is_computed = field is not None and (field.formula is not None or field.roll_up is not None)
    return field if is_computed else None


def _end(work: Work, start: ObjectName, path: str) -> Node | None:
    """Follow a path to the object and field where it ends."""
    *lookups, last = path.split(".")
    here = start
    for step in lookups:
        compiled = work.compiled.get(here)
        field = compiled.fields.get(FieldName(step)) if compiled else None
        if field is None or not field.decl.targets:
            return None
        here = field.decl.targets[0]
    return (here, FieldName(last))


def _report(work: Work, cycle: list[Node]) -> None:
    owner, name = cycle[0]
    doc = work.parts[owner].fields.get(name)
    if doc is None:
        return
    path = " → ".join(f"{owner}.{field}" for owner, field in cycle)
    pointer = "/formula" if "formula" in doc.data else "/of"
    work.report(doc, "M204", f"This field depends on itself: {path}.", pointer=pointer)
