"""The planner: reads what somebody typed under their rights and makes plans.

A field that the caller may not read is refused in the words of an unknown one, wherever it stands:
columns, filter, order, groups and measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from engine.access import Access, Everything, RowPolicy
from engine.compiled import CompiledField, CompiledObject, Model
from engine.errors import FieldError, NotFound, RequestInvalid
from engine.expr import (
    Expression,
    ExprInvalid,
    ExprType,
    Kind,
    compile_expression,
    rename_paths,
)
from engine.locale import say
from engine.names import ObjectName, did_you_mean
from engine.query.columns import ColumnSet, Fetch, present_path, walk
from engine.query.measures import ensure_names, measure
from engine.query.plan import AggregatePlan, Order, ReadPlan
from engine.query.scope import ReadableScope, is_readable

MAX_LIMIT = 1000
# Former names that a request used; the answer tells them. (`list` is a method of the planner.)
Former = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """A list as somebody asks for it; every text is theirs and unchecked."""

    object: str
    where: str | None = None
    fields: tuple[str, ...] | None = None
    sort: tuple[str, ...] = ()
    limit: int = 50
    after: str | None = None
    count: bool = False
    view: str | None = None
    bin: bool = False


def _refused(place: str, invalid: ExprInvalid) -> RequestInvalid:
    """Say what is wrong with a typed expression, every problem with its line and column."""
    errors = tuple(
        FieldError(
            field=place,
            code=found.code,
            message=f"{found.message} (line {found.line}, column {found.col})",
            hint=found.hint,
        )
        for found in invalid.problems
    )
    message = f"The expression in `{place}` cannot be used: {errors[0].message}"
    return RequestInvalid(message, code="Q101", errors=errors)


class Planner:
    """Plans for one caller over one model. Cheap to make; holds nothing of its own."""

    def __init__(self, model: Model, access: Access) -> None:
        self._model, self._access = model, access

    def object(self, name: str) -> CompiledObject:
        """Resolve an object that the caller may read; others do not exist for them.

        A former name leads to the object too; then its `name` is another than the one given.
        """
        present = self._model.aka.get(name, ObjectName(name))
        compiled = self._model.objects.get(present)
        if compiled is None or not self._access.of(compiled.name).may("read"):
            known = [o for o in self._model.objects if self._access.of(o).may("read")]
            hint = did_you_mean(name, known)
            raise NotFound(
                say('There is no object "{name}", or you may not see it.', name=name), hint=hint
            )
        return compiled

    def follow(
        self, start: ObjectName, path: str
    ) -> tuple[tuple[CompiledField, ...], CompiledObject, CompiledField] | None:
        """Follow a path that somebody may read: its lookups, then the owner and field at its end.

        None for a path that leads nowhere or through a field that the caller may not read.
        """
        if not is_readable(self._model, self._access, start, path):
            return None
        found = walk(self._model, start, path, is_secured=True)
        if found is None:
            return None
        lookups, here = [], start
        for hop in found[0]:
            lookups.append(self._model.objects[here].fields[hop.lookup])
            here = hop.target
        return tuple(lookups), self._model.objects[found[1]], found[2]

    def list(self, request: ListRequest) -> ReadPlan:
        """Plan a list: the view first, what was typed on top of it."""
        compiled = self.object(request.object)
        former = [] if request.object == compiled.name else [request.object]
        where, fields, sort = self._from_view(compiled, request)
        if request.where:
            typed = self.expression(compiled.name, request.where, "where", former)
            where = (*where, typed)
        order = self._order(compiled, request.sort or sort, former)
        return self.read(
            compiled, fields=fields, where=where, order=order, is_bin=request.bin, former=former
        )

    def read(
        self,
        compiled: CompiledObject,
        *,
        fields: tuple[str, ...] | None = None,
        where: tuple[Expression, ...] = (),
        order: tuple[Order, ...] = (),
        is_bin: bool = False,
        policy: RowPolicy | None = None,
        former: Sequence[str] = (),
    ) -> ReadPlan:
        """Plan a read of named fields; None means every field that the caller may read.

        `former`: former names that the rest of the request used.
        """
        used = [*former]
        columns = ColumnSet(self._model, compiled.name)
        outputs = self._outputs(compiled, columns, fields, used)
        slots, computed = columns.finish(outputs)
        access = self._access.of(compiled.name)
        chosen = policy if policy is not None else access.read_policy
        typed = [*outputs, *(o.path for o in order)]
        for expression in where:
            typed.extend(expression.reads)
        secured = self._secured(compiled.name, typed)
        touched = access.objects.union(fetch.object for fetch in columns.fetches)
        touched |= self._touched(compiled.name, typed) | self._guarding(secured)
        digests = self._digests(touched)
        texts = tuple(e.text for e in where)
        key = (compiled.name, digests, tuple(outputs), texts, order, chosen, secured, is_bin)
        return ReadPlan(
            key=key,
            object=compiled.name,
            objects=touched,
            fetches=tuple(columns.fetches),
            computed=computed,
            outputs=tuple(slots.items()),
            where=where,
            policy=chosen,
            secured=secured,
            order=order,
            is_bin=is_bin,
            former=tuple(used),
        )

    def aggregate(
        self,
        name: str,
        *,
        where: str | None,
        group: Iterable[str],
        measures: Mapping[str, str],
    ) -> AggregatePlan:
        """Plan groups and measures; each is an expression over readable fields."""
        group = tuple(group)
        ensure_names(group, measures)
        compiled = self.object(name)
        former = [] if name == compiled.name else [name]
        grouped = [self.expression(compiled.name, text, "group", former) for text in group]
        groups = tuple((expression.text, expression) for expression in grouped)
        wanted = tuple(
            measure(key, text, partial(self.expression, compiled.name, former=former))
            for key, text in measures.items()
        )
        filters = (self.expression(compiled.name, where, "where", former),) if where else ()
        access = self._access.of(compiled.name)
        expressions = [e for _, e in groups] + [e for _, _, e in wanted if e] + list(filters)
        typed = [path for e in expressions for path in e.reads]
        secured = self._secured(compiled.name, typed)
        touched = access.objects | self._touched(compiled.name, typed) | self._guarding(secured)
        digests = self._digests(touched)
        shape = (group, tuple(measures.items()), where)
        return AggregatePlan(
            key=("aggregate", compiled.name, digests, shape, access.read_policy, secured),
            object=compiled.name,
            objects=touched,
            group=groups,
            measures=wanted,
            where=filters,
            policy=access.read_policy,
            secured=secured,
            former=tuple(former),
        )

    def expression(self, start: ObjectName, text: str, place: str, former: Former) -> Expression:
        """Compile what somebody typed, under their rights; former names are added to `former`.

        Raises: RequestInvalid Q101.
        """
        expect = ExprType(kind=Kind.CHECKBOX) if place == "where" else None
        scope = ReadableScope(self._model, self._access, start)
        try:
            return compile_expression(text, scope, expect=expect)
        except ExprInvalid as invalid:
            # No former name is a present one, so only a text that is refused can hold any.
            used: Former = []
            present = rename_paths(text, lambda path: self._present(start, path, used))
            if not used:
                raise _refused(place, invalid) from invalid
        try:
            compiled = compile_expression(present, scope, expect=expect)
        except ExprInvalid as invalid:
            raise _refused(place, invalid) from invalid
        former.extend(used)
        return compiled

    def load(
        self, compiled: CompiledObject, paths: Iterable[str] = (), *, is_bin: bool = False
    ) -> ReadPlan:
        """Plan what a save loads with full rights: stored fields and the paths expressions read.

        The caller's row policy still decides whether the record is there at all.
        """
        stored = [str(name) for name, field in compiled.fields.items() if field.is_stored]
        return self.load_paths(compiled, (*stored, *sorted(paths)), is_bin=is_bin)

    def load_all(self, compiled: CompiledObject, *, only_id: bool = False) -> ReadPlan:
        """Plan a load whatever the caller may see: for what a change does to other records."""
        stored = () if only_id else (n for n, f in compiled.fields.items() if f.is_stored)
        return self.load_paths(compiled, stored, policy=Everything("the engine reads it"))

    def load_paths(
        self,
        compiled: CompiledObject,
        paths: Iterable[str],
        *,
        is_bin: bool = False,
        policy: RowPolicy | None = None,
    ) -> ReadPlan:
        """Plan a load of the id and the given paths, with full rights over their targets."""
        columns = ColumnSet(self._model, compiled.name)
        outputs: dict[str, Fetch] = {}
        for path in ("id", *paths):
            wanted = columns.add(path, is_secured=False)
            if wanted is not None:
                outputs[path] = wanted
        slots, computed = columns.finish(outputs)
        access = self._access.of(compiled.name)
        touched = access.objects.union(fetch.object for fetch in columns.fetches)
        digests = self._digests(touched)
        policy = policy or access.read_policy
        return ReadPlan(
            key=("load", compiled.name, digests, tuple(outputs), policy, is_bin),
            object=compiled.name,
            objects=touched,
            fetches=tuple(columns.fetches),
            computed=computed,
            outputs=tuple(slots.items()),
            policy=policy,
            is_bin=is_bin,
        )

    def _from_view(
        self, compiled: CompiledObject, request: ListRequest
    ) -> tuple[tuple[Expression, ...], tuple[str, ...] | None, tuple[str, ...]]:
        if request.view is None:
            return (), request.fields, ()
        view = self._model.views.get(compiled.name, {}).get(request.view)
        if view is None:
            hint = did_you_mean(request.view, self._model.views.get(compiled.name, {}))
            raise NotFound(
                say('"{object}" has no view "{name}".', object=compiled.name, name=request.view),
                hint=hint,
            )
        reads = set() if view.where is None else set(view.where.reads)
        reads |= {path.lstrip("-") for path in view.sort}
        for path in sorted(reads):
            if not self._may_read(compiled.name, path):
                raise RequestInvalid(
                    say(
                        'The view "{name}" filters or sorts by a field that you may not read.',
                        name=view.name,
                    ),
                    code="Q105",
                    status=403,
                )
        columns = tuple(p for p in view.fields if self._may_read(compiled.name, p))
        where = () if view.where is None else (view.where,)
        return where, request.fields or columns, view.sort

    def _may_read(self, start: ObjectName, path: str) -> bool:
        """Tell whether a path may be read; attributes of a picklist are read with their field."""
        return is_readable(self._model, self._access, start, path)

    def _outputs(
        self,
        compiled: CompiledObject,
        columns: ColumnSet,
        fields: tuple[str, ...] | None,
        former: Former,
    ) -> dict[str, Fetch]:
        if fields is None:
            readable = self._access.of(compiled.name).readable
            fields = tuple(n for n, f in compiled.fields.items() if readable & f.bit)
        outputs: dict[str, Fetch] = {}
        errors: list[FieldError] = []
        for path in ("id", "version", *fields):
            shown = self._present(compiled.name, path, former)
            wanted = None
            if is_readable(self._model, self._access, compiled.name, shown):
                wanted = columns.add(shown, is_secured=True)
            if wanted is None:
                errors.append(self._unknown(compiled, path))
            else:
                outputs[shown] = wanted
        if errors:
            raise RequestInvalid(errors[0].message, code="Q102", errors=tuple(errors))
        return outputs

    def _present(self, start: ObjectName, path: str, former: Former) -> str:
        """Put present names for former ones; a path that held any is added to `former`."""
        present = present_path(self._model, start, path)
        if present != path:
            former.append(path)
        return present

    def _unknown(self, compiled: CompiledObject, path: str) -> FieldError:
        readable = self._access.of(compiled.name).readable
        known = [n for n, f in compiled.fields.items() if readable & f.bit]
        return FieldError(
            field=path,
            code="Q102",
            message=say('"{object}" has no field "{name}".', object=compiled.name, name=path),
            hint=did_you_mean(path, known),
        )

    def _order(
        self, compiled: CompiledObject, sort: tuple[str, ...], former: Former
    ) -> tuple[Order, ...]:
        order: list[Order] = []
        errors: list[FieldError] = []
        for text in sort:
            path = self._present(compiled.name, text.removeprefix("-"), former)
            if is_readable(self._model, self._access, compiled.name, path):
                order.append(Order(path, text.startswith("-")))
            else:
                errors.append(self._unknown(compiled, path))
        if errors:
            raise RequestInvalid(errors[0].message, code="Q102", errors=tuple(errors))
        return tuple(order)

    def _touched(self, start: ObjectName, paths: Iterable[str]) -> set[ObjectName]:
        """Name the objects whose shape a statement depends on, through hops and formulas."""
        touched: set[ObjectName] = set()
        todo = [(start, path) for path in paths]
        seen: set[tuple[ObjectName, str]] = set()
        while todo:
            item = todo.pop()
            found = None if item in seen else walk(self._model, *item, is_secured=True)
            seen.add(item)
            if found is None:
                continue
            hops, owner, field = found
            touched |= {owner, *(hop.target for hop in hops)}
            if field.formula is not None and not field.is_stored:
                todo.extend((owner, path) for path in field.formula.reads)
        return touched

    def _guarding(self, secured: tuple[tuple[ObjectName, RowPolicy], ...]) -> frozenset[ObjectName]:
        """Name the objects that the policies of typed paths look at."""
        return frozenset().union(*(self._access.of(name).objects for name, _ in secured))

    def _digests(self, names: Iterable[ObjectName]) -> tuple[str, ...]:
        return tuple(sorted(self._model.objects[name].digest for name in names))

    def _secured(
        self, start: ObjectName, paths: Iterable[str]
    ) -> tuple[tuple[ObjectName, RowPolicy], ...]:
        """Give the row policies of objects that typed paths lead through, where one is needed."""
        targets: set[ObjectName] = set()
        for path in paths:
            found = walk(self._model, start, path, is_secured=True) if "." in path else None
            if found is not None:
                targets |= {hop.target for hop in found[0]}
        policies = ((name, self._access.of(name).read_policy) for name in sorted(targets))
        return tuple((n, p) for n, p in policies if not isinstance(p, Everything))
