"""Finding the people behind users, queues, roles and addresses, in one statement.

Only those who may enter the environment are people here: a member who was switched off, or whose
user record lies in the bin, is told nothing any more.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom to find. `users` may hold ids that are none; `emails` in small letters."""

    users: frozenset[int] = frozenset()
    roles: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    permission_sets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A user record, whether it may enter, what it holds, and its language, "" for none."""

    user: int
    email: str
    name: str
    language: str
    role: str
    permission_sets: frozenset[str]
    is_active: bool


_FIND = """
SELECT u.id, u.email, u.name, u.language, u.role, m.permission_sets,
       coalesce(m.active AND u.active, {no})
FROM patron_user u LEFT JOIN patron_member m ON m.user_id = u.id
WHERE u.deleted_at IS NULL AND ({{}}) ORDER BY u.id
"""
_QUEUES = "SELECT id, api_name FROM patron_queue WHERE deleted_at IS NULL AND id IN ({})"


def find_people(tx: Tx, wanted: Wanted) -> list[Found]:
    """Find people by any of what is wanted, in order of id, each once. One statement, or none."""
    conditions: list[str] = []
    params: list[object] = []
    for column, values in (
        ("u.id", wanted.users),
        ("u.role", wanted.roles),
        ("u.email", wanted.emails),
    ):
        if values:
            conditions.append(f"{column} IN ({_marks(values)})")
            params += sorted(values, key=str)
    for name in sorted(wanted.permission_sets):
        conditions.append("replace(m.permission_sets, ?, '') <> m.permission_sets")
        params.append(f'"{name}"')
    if not conditions:
        return []
    no = "FALSE" if tx.dialect == "postgresql" else "0"
    sql = _FIND.format(no=no).format(" OR ".join(conditions))
    return [
        Found(
            user=int(row[0]),
            email=str(row[1] or ""),
            name=str(row[2] or ""),
            language=str(row[3] or ""),
            role=str(row[4] or ""),
            permission_sets=frozenset(json.loads(row[5] or "[]")),
            is_active=bool(row[6]),
        )
        for row in tx.rows(native(tx, sql), params)
    ]


def queue_names(tx: Tx, ids: Collection[int]) -> dict[int, str]:
    """Give the API names of the queues among ids. One statement, or none."""
    if not ids:
        return {}
    sql = native(tx, _QUEUES.format(_marks(ids)))
    return {int(row[0]): str(row[1]) for row in tx.rows(sql, sorted(ids))}


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
