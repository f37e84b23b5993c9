"""Names of records of several objects, by id, in one statement.

Separate from `reading`, because no plan of one object can say it: a lookup to several objects, a
history or a search answer names records of any of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.access import RowPolicy
from engine.compiled import Snapshot
from engine.names import FieldName, ObjectName
from engine.store.memo import Memo
from engine.store.reading import Caller, id_params, id_values, padded
from engine.store.selecting import Selecting
from engine.store.statements import Statement, compile_statement
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Named:
    """An object whose records are named: by which field ("" for none), under which policy."""

    object: ObjectName
    title: str
    policy: RowPolicy


_PREPARED: Memo[tuple[object, ...], tuple[Statement, Mapping[str, object]]] = Memo(1024)


def fetch_titles(
    tx: Tx, snapshot: Snapshot, wanted: Sequence[Named], caller: Caller, ids: Sequence[int]
) -> dict[int, tuple[ObjectName, str]]:
    """Name records: id -> (object, name). Absent, deleted and hidden ones are left out.

    One statement; none when there is nothing to ask.
    """
    if not ids or not wanted:
        return {}
    asked = padded(sorted(set(ids)))
    digests = tuple(snapshot.physical[one.object].digest for one in wanted)
    models = tuple(snapshot.model.objects[one.object].digest for one in wanted)
    key = (tuple(wanted), len(asked), tx.dialect, digests, models)
    statement, constants = _PREPARED.get_or_make(
        key, lambda: _prepare(tx.dialect, snapshot, wanted, len(asked))
    )
    params = {**caller.params(), **constants}
    params.update(id_values(asked))
    rows = tx.rows(statement.text, statement.args(params))
    return {int(row[0]): (wanted[int(row[1])].object, str(row[2] or "")) for row in rows}


def _prepare(
    dialect: str, snapshot: Snapshot, wanted: Sequence[Named], many: int
) -> tuple[Statement, Mapping[str, object]]:
    params: dict[str, object] = {}
    parts: list[sa.Select[Any, Any, Any]] = []
    for place, one in enumerate(wanted):
        selecting = Selecting(snapshot, dialect, one.object, {}, params)
        root = selecting.root
        key = root.raw(FieldName("id"))
        title = selecting.value(root, one.title, is_secured=True) if one.title else sa.null()
        parts.append(
            sa.select(key, sa.literal_column(str(place)), sa.cast(title, sa.Text))
            .select_from(selecting.from_clause)
            .where(
                key.in_(id_params(many)),
                selecting.live(root),
                selecting.policy(one.policy, root),
            )
        )
    return compile_statement(sa.union_all(*parts), dialect), params
