"""Tables that follow from the configuration: the closure of the tree of roles, and the queues.

Written in the transaction of the version that changes them, so no worker ever sees the one without
the other. What a table holds is decided by the head alone: deriving twice changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from engine.model.fields.base import Storage, StorageKind
from engine.names import ComponentKey, ObjectName, label_from
from engine.store.columns import codec
from engine.store.instants import milliseconds
from engine.store.platform.ids import Ids
from engine.store.text import native
from engine.store.tx import Tx

QUEUE = ObjectName("queue")
_SYSTEM = 1
_KINDS = ("role:", "queue:")
_COMPONENTS = """
SELECT c.component, r.data FROM patron_component c JOIN patron_revision r
ON r.component = c.component AND r.digest = c.digest WHERE c.component LIKE ? ORDER BY c.component
"""
_INSERT_QUEUE = """
INSERT INTO patron_queue (id, owner, created_at, created_by, updated_at, updated_by, version,
                          name, api_name) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)
"""
_CHANGE_QUEUE = """
UPDATE patron_queue SET name = ?, api_name = ?, deleted_at = ?, version = version + 1 WHERE id = ?
"""

Declared = Mapping[str, Mapping[str, object]]


def concerns_access(key: ComponentKey) -> bool:
    """Tell whether a change of this component changes a derived table."""
    return key.startswith(_KINDS)


def derive_access(tx: Tx, *, at: datetime) -> None:
    """Bring the derived tables to what the head declares."""
    _derive_roles(tx, _declared(tx, "role"))
    _derive_queues(tx, _declared(tx, "queue"), at)


def closure(roles: Declared) -> list[tuple[str, str, int]]:
    """Give (above, below, steps between) for every role, itself included.

    Former names stand beside the present ones: members may still hold them.
    """
    names = {name: [name, *_former(name, roles)] for name in roles}
    rows = []
    for below in roles:
        here: object = below
        path: list[str] = []
        while isinstance(here, str) and here in roles and here not in path:
            path.append(here)
            here = roles[here].get("parent")
        for depth, above in enumerate(path):
            rows += [(a, b, depth) for a in names[above] for b in names[below]]
    return sorted(set(rows))


def _former(name: str, roles: Declared) -> list[str]:
    aka = roles[name].get("aka")
    return [str(old) for old in aka if old not in roles] if isinstance(aka, list) else []


def _declared(tx: Tx, kind: str) -> dict[str, Mapping[str, object]]:
    rows = tx.rows(native(tx, _COMPONENTS), (f"{kind}:%",))
    return {str(key).partition(":")[2]: json.loads(data) for key, data in rows}


def _derive_roles(tx: Tx, roles: Declared) -> None:
    tx.run("DELETE FROM patron_role_tree")
    rows = closure(roles)
    sql = "INSERT INTO patron_role_tree (above, below, depth) VALUES (?, ?, ?)"
    if rows:
        tx.many(native(tx, sql), rows)


def _derive_queues(tx: Tx, queues: Declared, at: datetime) -> None:
    """Keep the record of a queue as long as its name or a former one is known; others rest."""
    sql = "SELECT api_name, id, name, deleted_at FROM patron_queue ORDER BY deleted_at IS NULL, id"
    there = {str(row[0]): row for row in tx.rows(sql)}
    kept: set[int] = set()
    for name, data in queues.items():
        label = str(data.get("label") or label_from(name))
        known = [old for old in (name, *_former(name, queues)) if old in there]
        if not known:
            _insert(tx, name, label, at)
            continue
        found = there[known[0]]
        kept.add(found[1])
        if (found[0], found[2], found[3]) != (name, label, None):
            tx.run(native(tx, _CHANGE_QUEUE), (label, name, None, found[1]))
    for api_name, number, label, deleted in there.values():
        if number not in kept and deleted is None:
            gone = (label, api_name, milliseconds(at), number)
            tx.run(native(tx, _CHANGE_QUEUE), gone)


def _insert(tx: Tx, name: str, label: str, at: datetime) -> None:
    (number,) = Ids().take(tx, QUEUE)
    encode = codec(Storage(StorageKind.DATETIME), tx.dialect).encode
    stamp = encode(at) if encode else at
    platform = (number, _SYSTEM, stamp, _SYSTEM, stamp, _SYSTEM)
    tx.run(native(tx, _INSERT_QUEUE), (*platform, label, name))
