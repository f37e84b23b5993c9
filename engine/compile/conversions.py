"""Conversions: one record becomes several, whose values may name each other (`$account`).

Their order is that of need, not of the file: what another one names is made before it. First they
are checked, with all other expressions; `compile_conversions` then lays out what is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.compile.component import Component
from engine.compile.meetings import TwoRecords, WithNew
from engine.compile.objects import scope_of
from engine.compile.work import Work
from engine.expr import Expression, ExprType, Kind
from engine.expr.constants import parse_constant
from engine.expr.tree import ContextRead, walk
from engine.names import FieldName, ObjectName, split_key
from engine.programs import Choice, ConversionPart, RecordConversion, Setting
from engine.source import SourceDoc

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
            component.chosen(f"{at}/match", TwoRecords(scope.of(target), scope))
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


# --- what is made ---------------------------------------------------------------------------------


def compile_conversions(work: Work) -> None:
    """Fill `conversions` with those that are switched on and without problems."""
    for doc in work.named("conversion").values():
        owner = ObjectName(split_key(doc.key)[1][0])
        to = doc.data.get("to")
        named = map(ObjectName, to) if isinstance(to, Mapping) else ()
        is_whole = doc.key not in work.broken and all(n in work.declared for n in (owner, *named))
        if is_whole and doc.data.get("active") is not False:
            work.conversions[owner] = _conversion(work, doc, owner)


def _conversion(work: Work, doc: SourceDoc, owner: ObjectName) -> RecordConversion:
    to = doc.data["to"]
    assert isinstance(to, Mapping)  # the schema saw to it
    parts = {ObjectName(name): _part(work, doc, owner, name, part) for name, part in to.items()}
    settings = tuple(_settings(work, doc, "/set", doc.data.get("set"), owner))
    return RecordConversion(
        object=owner,
        key=doc.key,
        parts=tuple(_in_order(parts)),
        settings=settings,
        reads=frozenset(
            path
            for part in parts.values()
            for path in (*_reads(part.settings), *(_reads_of(part.match)))
        ).union(_reads(settings)),
    )


def _part(
    work: Work, doc: SourceDoc, owner: ObjectName, name: str, data: Mapping[str, object]
) -> ConversionPart:
    target, at = ObjectName(name), f"/to/{name}"
    match = work.ready.get((doc.key, f"{at}/match"))
    settings = tuple(_settings(work, doc, f"{at}/values", data.get("values"), target))
    expressions = (one.expression for one in settings if one.expression is not None)
    return ConversionPart(
        object=target,
        is_optional=data.get("optional") is True,
        match=None if match is None else _choice(work, owner, target, match),
        settings=settings,
        needs=frozenset(ObjectName(used) for one in expressions for used in _made(one)),
    )


def _choice(work: Work, owner: ObjectName, target: ObjectName, match: Expression) -> Choice:
    """Take what the converted record says out of the condition; what is left looks at others."""
    scope = scope_of(work, owner)
    own, given = TwoRecords(scope.of(target), scope).part(match)
    return Choice(object=target, condition=own, given=given)


def _settings(
    work: Work, doc: SourceDoc, pointer: str, values: object, target: ObjectName
) -> Iterator[Setting]:
    for name, value in values.items() if isinstance(values, Mapping) else ():
        field = work.declared[target].get(FieldName(name))
        if field is None:
            continue  # reported as a dangling reference
        expression = work.ready.get((doc.key, f"{pointer}/{name}"))
        constant = None if expression is not None else parse_constant(field, value)
        yield Setting(field=field.name, expression=expression, constant=constant)


def _reads(settings: Iterable[Setting]) -> Iterator[str]:
    for setting in settings:
        if setting.expression is not None:
            yield from setting.expression.reads


def _reads_of(match: Choice | None) -> Iterator[str]:
    for given in () if match is None else match.given:
        yield from given.value.reads


def _in_order(parts: Mapping[ObjectName, ConversionPart]) -> Iterator[ConversionPart]:
    """Give the parts so that each comes after those it needs; none needs itself, as was checked."""
    done: set[ObjectName] = set()
    while len(done) < len(parts):
        ready = [p for n, p in parts.items() if n not in done and p.needs & parts.keys() <= done]
        for part in ready:
            done.add(part.object)
            yield part
        if not ready:
            return
