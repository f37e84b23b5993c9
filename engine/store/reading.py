"""Read plans executed: one statement a plan, compiled once, then text and parameters only.

Rows are assembled in one pass: fetched columns decoded, formulas evaluated over their inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.access import ObjectAccess, RowPolicy
from engine.compiled import Snapshot
from engine.expr import EvalContext, ExprFailed
from engine.locale import in_language
from engine.model.fields.base import StorageKind, Value
from engine.names import FieldName, ObjectName
from engine.query import ReadPlan
from engine.store.columns import codec
from engine.store.keyset import Cursor, after_clause, ensure_fits, order_columns
from engine.store.locks import locking_request, pending_request
from engine.store.memo import Memo
from engine.store.narrowing import Narrowing, is_narrow
from engine.store.selecting import Column, Selecting
from engine.store.sharing import group_params
from engine.store.statements import Statement, compile_statement
from engine.store.tx import Tx
from engine.store.ways import Way, Ways

Row = dict[str, Value]
COUNT_UP_TO = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """For whom a statement runs: who they are in policies, and the context of expressions.

    `groups`: every group they belong to, as sharing rules and shares name them. `given`: values
    that a condition is given by name, as the database takes them.
    """

    me: int
    context: EvalContext
    role: str = ""
    groups: tuple[str, ...] = ()
    given: Mapping[str, object] = field(default_factory=dict)

    def params(self) -> dict[str, object]:
        """Give the parameters that every statement may ask for."""
        own = group_params(self.me, self.role, self.groups)
        return {**own, **self.context.sql_params(), **self.given}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A plan lowered for one dialect: its text, constants and how to read its rows."""

    statement: Statement
    constants: Mapping[str, object]
    decoders: tuple[tuple[int, Callable[[Any], Value]], ...]
    checkboxes: tuple[int, ...]  # blank in the database is false: a checkbox is never blank
    fetched: int  # columns of the record; keys of the order and flags follow


_PREPARED: Memo[tuple[object, ...], _Prepared] = Memo(4096)
WAYS = Ways(4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Narrow:
    """A list of somebody who does not see everything."""

    size: int  # rows of the window, and one more
    caller: Hashable  # whose part of the object
    way: Way | None  # that led to it last time

    @classmethod
    def of(cls, snapshot: Snapshot, plan: ReadPlan, caller: Caller, limit: int) -> _Narrow:
        me = (caller.me, caller.role, caller.groups)
        part = (snapshot.token, plan.object, plan.is_bin, bool(plan.order), plan.policy, *me)
        return cls(size=limit + 1, caller=part, way=WAYS.known(part))

    def learn(self, found: list[Any]) -> list[Any]:
        """Take off what rows say of the way to them, and keep it for the next list."""
        if self.way is not None or not found:
            return found
        WAYS.note(self.caller, Way(found[0][-1]))
        return [raw[:-1] for raw in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window of a list, and the cursors of the pages before and after; None at the ends."""

    rows: list[Row]
    previous: Cursor | None
    next: Cursor | None


def fetch_rows(
    tx: Tx,
    snapshot: Snapshot,
    plan: ReadPlan,
    caller: Caller,
    *,
    limit: int,
    after: Cursor | None = None,
    for_update: bool = False,
) -> tuple[list[Row], Cursor | None]:
    """Read one window of a list, and the cursor of what follows (None at the end).

    `for_update` locks what is read, in the order of the plan: who waited for a record that changed
    meanwhile gets it as it is now, and not at all when it does not fit any more.
    """
    window = fetch_window(
        tx, snapshot, plan, caller, limit=limit, after=after, for_update=for_update
    )
    return window.rows, window.next


def fetch_window(
    tx: Tx,
    snapshot: Snapshot,
    plan: ReadPlan,
    caller: Caller,
    *,
    limit: int,
    after: Cursor | None = None,
    for_update: bool = False,
) -> Window:
    """Read one window of a list: what comes after a cursor, or before one that leads back.

    `for_update` locks what it reads, in lists without a narrowing policy.
    One statement; one row more than the limit is asked for, to know whether there is more.
    Raises: RequestInvalid Q103 for a cursor whose keys no column can hold.
    """
    if after is not None:
        ensure_fits(after, plan, snapshot.model, tx.dialect)
    narrow = _Narrow.of(snapshot, plan, caller, limit) if is_narrow(plan.policy) else None
    holds = for_update and tx.dialect == "postgresql"
    part = narrow and (narrow.size, narrow.way)
    shape = ("list", None if after is None else after.shape, part, holds)
    prepared = _prepare(
        tx,
        snapshot,
        plan,
        shape,
        lambda: _window(snapshot, tx.dialect, plan, after, narrow, holds=holds),
    )
    params = {**caller.params(), **prepared.constants, "limit": limit + 1}
    if after is not None:
        params.update(after.params())
    found = tx.rows(prepared.statement.text, prepared.statement.args(params))
    if narrow is not None:
        found = narrow.learn(found)
    is_more, found = len(found) > limit, found[:limit]
    is_back = after is not None and after.is_back
    if is_back:
        found.reverse()
    has_before = is_more if is_back else after is not None
    has_after = bool(found) if is_back else is_more
    keys = prepared.fetched
    return Window(
        rows=[_assemble(prepared, plan, raw, caller.context) for raw in found],
        previous=Cursor.of(plan, found[0][keys:], is_back=True) if has_before and found else None,
        next=Cursor.of(plan, found[-1][keys:]) if has_after else None,
    )


def fetch_by_ids(
    tx: Tx,
    snapshot: Snapshot,
    plan: ReadPlan,
    caller: Caller,
    ids: Sequence[int],
    *,
    edit_policy: RowPolicy | None = None,
    for_update: bool = False,
) -> dict[int, tuple[Row, bool]]:
    """Read records by id in one statement: id -> (record, whether `edit_policy` reaches it).

    Absent and hidden records are both left out. `for_update` locks them in order of id.
    """
    if not ids:
        return {}
    prepared, answered = _read_by_ids(
        tx, snapshot, plan, caller, ids, edit_policy=edit_policy, for_update=for_update
    )
    found = {}
    for raw in answered:
        may_edit = bool(raw[prepared.fetched]) if edit_policy is not None else True
        row = _assemble(prepared, plan, raw, caller.context)
        found[int(row["id"])] = (row, may_edit)  # type: ignore[arg-type]  # ids are integers
    return found


def _read_by_ids(
    tx: Tx,
    snapshot: Snapshot,
    plan: ReadPlan,
    caller: Caller,
    ids: Sequence[int],
    *,
    edit_policy: RowPolicy | None,
    for_update: bool,
    with_lock: bool = False,
) -> tuple[_Prepared, list[tuple[Any, ...]]]:
    """Give the statement for some ids, at least one, and its rows as they came."""
    wanted = padded(ids)
    prepared = _prepare(
        tx,
        snapshot,
        plan,
        ("ids", len(wanted), edit_policy, for_update, with_lock),
        lambda: _by_ids(
            snapshot,
            tx.dialect,
            plan,
            len(wanted),
            edit_policy,
            for_update=for_update,
            with_lock=with_lock,
        ),
    )
    params = {**caller.params(), **prepared.constants}
    params.update(id_values(wanted))
    return prepared, tx.rows(prepared.statement.text, prepared.statement.args(params))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A record as somebody reaches it: may they change it, and which request locks it, if any.

    `waits`: a request for approval waits on it, locking or not.
    """

    row: Row
    may_edit: bool
    lock: int | None
    waits: bool


def fetch_to_change(
    tx: Tx,
    snapshot: Snapshot,
    plan: ReadPlan,
    caller: Caller,
    ids: Sequence[int],
    *,
    edit_policy: RowPolicy,
    for_update: bool = True,
) -> dict[int, Reached]:
    """Read records as `fetch_by_ids`, with the request for approval that locks each.

    It is the same statement: a record that nobody locks costs one look into an index.
    """
    if not ids:
        return {}
    prepared, answered = _read_by_ids(
        tx,
        snapshot,
        plan,
        caller,
        ids,
        edit_policy=edit_policy,
        for_update=for_update,
        with_lock=True,
    )
    found = {}
    for raw in answered:
        row = _assemble(prepared, plan, raw, caller.context)
        lock = raw[prepared.fetched + 1]
        found[int(row["id"])] = Reached(  # type: ignore[arg-type]  # ids are integers
            row=row,
            may_edit=bool(raw[prepared.fetched]),
            lock=None if lock is None else int(lock),
            waits=raw[prepared.fetched + 2] is not None,
        )
    return found


def padded(ids: Sequence[int]) -> list[int]:
    """Repeat the last id up to a power of two, so that few shapes of statement serve all lists."""
    size = 1
    while size < len(ids):
        size *= 2
    return [*ids, *[ids[-1]] * (size - len(ids))]


def id_params(many: int) -> list[sa.BindParameter[int]]:
    """Give the parameters of an IN list: id_0, id_1 and so on."""
    return [sa.bindparam(f"id_{place}", type_=sa.BigInteger) for place in range(many)]


def id_values(ids: Iterable[int]) -> dict[str, object]:
    """Give the values of the parameters of an IN list."""
    return {f"id_{place}": record for place, record in enumerate(ids)}


def find_ids(
    tx: Tx,
    snapshot: Snapshot,
    object_name: ObjectName,
    field: FieldName,
    value: Value,
    *,
    access: ObjectAccess,
    caller: Caller,
) -> list[int]:
    """Find live records by the value of one stored field (an external id, a lookup)."""
    places = digests(snapshot, access.objects)
    shapes = tuple(sorted(snapshot.model.objects[name].digest for name in access.objects))
    key = ("find", object_name, field, access.read_policy, shapes, places, tx.dialect)

    def make() -> tuple[Statement, Mapping[str, object]]:
        selecting = Selecting(snapshot, tx.dialect, object_name, {})
        root = selecting.root
        clause = (
            sa.select(root.raw(FieldName("id")))
            .select_from(selecting.from_clause)
            .where(
                root.raw(field) == sa.bindparam("value", type_=root.raw(field).type),
                selecting.live(root),
                selecting.policy(access.read_policy, root),
            )
        )
        return compile_statement(clause, tx.dialect), selecting.params

    statement, constants = _FOUND.get_or_make(key, make)
    compiled = snapshot.model.objects[object_name].fields[field]
    encode = codec(compiled.type.storage(compiled.decl), tx.dialect).encode
    bound = encode(value) if encode is not None and value is not None else value
    params = {**caller.params(), **constants, "value": bound}
    return [int(row[0]) for row in tx.rows(statement.text, statement.args(params))]


_FOUND: Memo[tuple[object, ...], tuple[Statement, Mapping[str, object]]] = Memo(1024)


def count(tx: Tx, snapshot: Snapshot, plan: ReadPlan, caller: Caller) -> tuple[int, bool]:
    """Count the records of a plan, exactly up to 10,000; beyond, True says "at least"."""
    prepared = _prepare(
        tx, snapshot, plan, ("count",), lambda: _counting(snapshot, tx.dialect, plan)
    )
    params = {**caller.params(), **prepared.constants, "limit": COUNT_UP_TO + 1}
    row = tx.row(prepared.statement.text, prepared.statement.args(params))
    found = int(row[0]) if row else 0
    return min(found, COUNT_UP_TO), found > COUNT_UP_TO


def _prepare(
    tx: Tx,
    snapshot: Snapshot,
    plan: ReadPlan,
    shape: tuple[object, ...],
    make: Callable[[], _Prepared],
) -> _Prepared:
    key = (shape, plan.key, tx.dialect, digests(snapshot, plan.objects))
    return _PREPARED.get_or_make(key, make)


def digests(snapshot: Snapshot, names: Iterable[ObjectName]) -> tuple[str, ...]:
    """Give the digests of the tables of some objects: what a kept statement depends on."""
    return tuple(snapshot.physical[name].digest for name in sorted(names))


def _base(selecting: Selecting, plan: ReadPlan, extra: Sequence[Column]) -> sa.Select[Any]:
    """Put together columns, joins and predicates; joins come last because columns make them."""
    columns = [selecting.fetch(want) for want in plan.fetches]
    where = [selecting.live(selecting.root, is_bin=plan.is_bin)]
    where.append(selecting.policy(plan.policy, selecting.root))
    where += [selecting.condition(e, selecting.root, is_secured=True) for e in plan.where]
    chosen = [*columns, *extra] or [sa.literal_column("1")]
    return sa.select(*chosen).select_from(selecting.from_clause).where(*where)


def _window(
    snapshot: Snapshot,
    dialect: str,
    plan: ReadPlan,
    after: Cursor | None,
    narrow: _Narrow | None,
    *,
    holds: bool,
) -> _Prepared:
    selecting = Selecting(snapshot, dialect, plan.object, dict(plan.secured))
    if narrow is not None:
        clause = Narrowing(selecting, plan).window(after, narrow.size, narrow.way)
        return _prepared(selecting, plan, clause)
    keys = order_columns(selecting, plan)
    clause = _base(selecting, plan, [key.column for key in keys])
    if after is not None:
        clause = clause.where(after_clause(keys, after))
    is_back = after is not None and after.is_back
    order = (key.ordering(is_back=is_back) for key in keys)
    clause = clause.order_by(*order).limit(sa.bindparam("limit"))
    if holds:
        clause = clause.with_for_update(of=selecting.root.table)
    return _prepared(selecting, plan, clause)


def _by_ids(
    snapshot: Snapshot,
    dialect: str,
    plan: ReadPlan,
    many: int,
    edit_policy: RowPolicy | None,
    *,
    for_update: bool,
    with_lock: bool = False,
) -> _Prepared:
    selecting = Selecting(snapshot, dialect, plan.object, dict(plan.secured))
    root = selecting.root
    key = root.raw(FieldName("id"))
    flags: list[Column] = []
    if edit_policy is not None:
        flags.append(selecting.policy(edit_policy, root).label("may_edit"))
    if with_lock:
        flags += [locking_request(key).label("lock"), pending_request(key).label("waits")]
    clause = _base(selecting, plan, flags)
    clause = clause.where(key == id_params(1)[0] if many == 1 else key.in_(id_params(many)))
    if many > 1:
        clause = clause.order_by(key)
    if for_update and dialect == "postgresql":
        clause = clause.with_for_update(of=root.table)
    return _prepared(selecting, plan, clause)


def _counting(snapshot: Snapshot, dialect: str, plan: ReadPlan) -> _Prepared:
    selecting = Selecting(snapshot, dialect, plan.object, dict(plan.secured))
    if is_narrow(plan.policy):
        clause = Narrowing(selecting, plan).count(sa.bindparam("limit"))
        return _prepared(selecting, plan, clause, fetched=0)
    where = [selecting.live(selecting.root, is_bin=plan.is_bin)]
    where.append(selecting.policy(plan.policy, selecting.root))
    where += [selecting.condition(e, selecting.root, is_secured=True) for e in plan.where]
    inner = (
        sa.select(sa.literal_column("1"))
        .select_from(selecting.from_clause)
        .where(*where)
        .limit(sa.bindparam("limit"))
        .subquery()
    )
    clause = sa.select(sa.func.count()).select_from(inner)
    return _prepared(selecting, plan, clause, fetched=0)


def _prepared(
    selecting: Selecting,
    plan: ReadPlan,
    clause: sa.Select[Any],
    fetched: int | None = None,
) -> _Prepared:
    decoders = []
    checkboxes = []
    for slot, want in enumerate(plan.fetches):
        field = selecting.snapshot.model.objects[want.object].fields[want.field]
        if field.type.storage(field.decl).kind is StorageKind.BOOLEAN:
            checkboxes.append(slot)
        decode = codec(field.type.storage(field.decl), selecting.dialect).decode
        if decode is not None:
            decoders.append((slot, decode))
    return _Prepared(
        statement=compile_statement(clause, selecting.dialect),
        constants=selecting.params,
        decoders=tuple(decoders),
        checkboxes=tuple(checkboxes),
        fetched=len(plan.fetches) if fetched is None else fetched,
    )


def _assemble(prepared: _Prepared, plan: ReadPlan, raw: Sequence[Any], context: EvalContext) -> Row:
    """Make a record of a raw row: decode, compute, name; `_errors` says which formulas failed."""
    row: list[Value] = list(raw[: prepared.fetched])
    for slot, decode in prepared.decoders:
        if row[slot] is not None:
            row[slot] = decode(row[slot])
    for slot in prepared.checkboxes:
        if row[slot] is None:
            row[slot] = False
    errors = _compute(plan, row, context) if plan.computed else None
    record: Row = {name: row[slot] for name, slot in plan.outputs}
    if errors:
        record["_errors"] = errors
    return record


def _compute(plan: ReadPlan, row: list[Value], context: EvalContext) -> dict[str, str]:
    """Evaluate the formulas of a row into their slots; give the reasons of those that failed."""
    errors: dict[str, str] = {}
    language = str(context.user.get("language") or "")
    row.extend([None] * (1 + max(c.slot for c in plan.computed) - len(row)))
    for computed in plan.computed:
        if computed.reason_only and row[computed.slot] is not None:
            continue
        values = {path: row[slot] for path, slot in computed.inputs}
        try:
            row[computed.slot] = computed.expression.evaluate(values, context)
        except ExprFailed as failed:
            if computed.output:
                errors[computed.output] = in_language(failed.reason, language)
    return errors
