"""Members: persons who may enter an environment, with their permission sets there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from engine.errors import Conflict, NotFound
from engine.locale import say
from engine.model.fields.base import Storage, StorageKind
from engine.model.permissions import ADMINISTRATOR
from engine.store.columns import codec
from engine.store.instants import milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """A member: `user` is a record of the object `user`, `person` is in the control database."""

    user: int
    person: int
    email: str
    name: str
    permission_sets: frozenset[str]
    is_active: bool
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """The values of a new user record."""

    id: int
    email: str
    name: str
    role: str | None = None
    language: str | None = None
    time_zone: str | None = None


_INSERT_USER = """
INSERT INTO patron_user (id, owner, created_at, created_by, updated_at, updated_by, version,
                         name, email, role, active, language, time_zone)
VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)
"""
_INSERT_MEMBER = """
INSERT INTO patron_member (user_id, person_id, permission_sets, signature, active, created_at)
VALUES (?, ?, ?, ?, ?, ?)
"""
_LIST = """
SELECT m.user_id, m.person_id, u.email, u.name, m.permission_sets, m.active, u.role
FROM patron_member m JOIN patron_user u ON u.id = m.user_id WHERE u.deleted_at IS NULL
"""
_ADMINISTRATOR = f"""
SELECT 1 FROM patron_member m JOIN patron_user u ON u.id = m.user_id
WHERE m.active AND u.active AND u.deleted_at IS NULL
      AND replace(m.permission_sets, '"{ADMINISTRATOR}"', '') <> m.permission_sets LIMIT 1
"""
_TURN = "SELECT pg_advisory_xact_lock(20579, 'patron_member'::regclass::oid::int)"
_SET_SETS = "UPDATE patron_member SET permission_sets = ?, signature = ? WHERE user_id = ?"
_SET_ACTIVE = "UPDATE patron_member SET active = ? WHERE {} = ?"


def insert_user(tx: Tx, user: NewUser, *, by: int, at: datetime) -> None:
    """Write a user record. Raises: UniqueViolated S101 for an e-mail in use."""
    when = codec(Storage(StorageKind.DATETIME), tx.dialect).encode
    stamp = when(at) if when else at
    platform = (user.id, user.id, stamp, by, stamp, by)
    own = (user.name, user.email, user.role, _flag(tx, value=True), user.language, user.time_zone)
    tx.run(native(tx, _INSERT_USER), (*platform, *own))


def find_user(tx: Tx, email: str) -> int | None:
    """Give the id of the live user record with an e-mail in small letters, member or not."""
    sql = "SELECT id FROM patron_user WHERE email = ? AND deleted_at IS NULL"
    row = tx.row(native(tx, sql), (email,))
    return None if row is None else int(row[0])


def insert_member(
    tx: Tx, *, user: int, person: int, permission_sets: Iterable[str], at: datetime
) -> None:
    """Let a user in. Raises: UniqueViolated S101 when the person is a member already."""
    text, mark = _sets(permission_sets)
    row = (user, person, text, mark, _flag(tx, value=True), milliseconds(at))
    tx.run(native(tx, _INSERT_MEMBER), row)


def find_member(tx: Tx, *, email: str | None = None, person: int | None = None) -> MemberRow | None:
    """Give a member by e-mail or by person, active or not; None when there is none."""
    column, value = ("u.email", email) if person is None else ("m.person_id", person)
    row = tx.row(native(tx, f"{_LIST} AND {column} = ?"), (value,))
    return None if row is None else _read(row)


def find_member_of_user(tx: Tx, user: int) -> MemberRow | None:
    """Give the member whose user record has this id; None when there is none."""
    row = tx.row(native(tx, f"{_LIST} AND m.user_id = ?"), (user,))
    return None if row is None else _read(row)


def list_members(tx: Tx) -> list[MemberRow]:
    """Give all members, active or not, by e-mail."""
    return [_read(row) for row in tx.rows(f"{_LIST} ORDER BY u.email")]


def set_permission_sets(tx: Tx, user: int, permission_sets: Iterable[str]) -> None:
    """Give a member other permission sets; they count from the next transaction on.

    Raises: NotFound N103 when the user is no member.
    """
    _ensure_one(tx.run(native(tx, _SET_SETS), (*_sets(permission_sets), user)))


def set_member_active(tx: Tx, user: int, *, active: bool) -> None:
    """Let a member in, or keep them out from the next transaction on. Raises: NotFound N103."""
    sql = native(tx, _SET_ACTIVE.format("user_id"))
    _ensure_one(tx.run(sql, (_flag(tx, value=active), user)))


def set_person_active(tx: Tx, person: int, *, active: bool) -> bool:
    """Do the same by person; give False when the person is no member here."""
    sql = native(tx, _SET_ACTIVE.format("person_id"))
    return tx.run(sql, (_flag(tx, value=active), person)) == 1


@contextmanager
def keeping_administrator(tx: Tx) -> Iterator[None]:
    """Refuse at the end of the block when it took the last active administrator away.

    Two such blocks at once take turns, so that two administrators cannot remove each other.
    Raises: Conflict C122.
    """
    if tx.dialect == "postgresql":
        tx.run(_TURN)
    had = tx.row(_ADMINISTRATOR) is not None
    yield
    if had and tx.row(_ADMINISTRATOR) is None:
        message = say(
            "This is the last active administrator of this environment; nothing was changed."
        )
        hint = say("make somebody else an administrator first")
        raise Conflict(message, code="C122", hint=hint)


def _ensure_one(count: int) -> None:
    if count != 1:
        raise NotFound("There is no such member in this environment.", code="N103")


def _sets(names: Iterable[str]) -> tuple[str, str]:
    """Give permission sets as stored, and their signature."""
    text = json.dumps(sorted(set(names)))
    return text, hashlib.sha256(text.encode()).hexdigest()[:16]


def _flag(tx: Tx, *, value: bool) -> object:
    return value if tx.dialect == "postgresql" else int(value)


def _read(row: tuple[object, ...]) -> MemberRow:
    user, person, email, name, sets, active, role = row
    return MemberRow(
        user=int(str(user)),
        person=int(str(person)),
        email=str(email),
        name=str(name or ""),
        permission_sets=frozenset(json.loads(str(sets))),
        is_active=bool(active),
        role=str(role or ""),
    )
