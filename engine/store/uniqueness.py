"""Values kept unique by the engine while their index is being built.

Looked at after the write, in the same transaction. Two saves at the very same moment can still both
pass; the build of the index finds those, and `patron doctor` names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.compiled import Snapshot
from engine.names import ObjectName
from engine.store.ddl.steps import quoted
from engine.store.failures import UniqueViolated
from engine.store.naming import unique_name
from engine.store.tables import column_name
from engine.store.text import native
from engine.store.tx import Tx


def ensure_unique(
    tx: Tx, snapshot: Snapshot, name: ObjectName, written: Iterable[str], ids: Sequence[int]
) -> None:
    """Refuse records that now share values with another. Nothing is asked where indexes do it.

    Args: `written` are the fields that were written; `ids` the records.
    Raises: UniqueViolated S101, as an index would.
    """
    physical = snapshot.physical[name]
    if not physical.unindexed:
        return
    changed = set(written)
    for group in physical.unindexed:
        if changed.isdisjoint(group):
            continue
        columns = [column_name(physical, field) for field in group]
        for record in ids:
            if tx.rows(native(tx, _twin(physical.table, columns)), (record,)):
                raise UniqueViolated(name=unique_name(physical.table, columns))


def _twin(table: str, columns: Sequence[str]) -> str:
    same = " AND ".join(f"a.{quoted(name)} = b.{quoted(name)}" for name in columns)
    return (
        f"SELECT 1 FROM {quoted(table)} a JOIN {quoted(table)} b ON {same} AND a.id <> b.id"
        " WHERE a.id = ? AND a.deleted_at IS NULL AND b.deleted_at IS NULL LIMIT 1"
    )
