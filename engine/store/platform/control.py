"""The control database: persons who sign in, and the directory of environments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRow:
    """One environment of the installation. `kind`: production sandbox scratch.

    `baseline` is the digest of the parent's tree it was made from or last synchronised with.
    """

    name: str
    kind: str
    url: str
    schema: str | None = None
    parent: str | None = None
    baseline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person. An empty `password_hash` lets nobody sign in with a password.

    A service works by tokens and never signs in. `has_second_factor`: a code is asked for.
    """

    id: int
    email: str
    name: str
    password_hash: str
    is_active: bool
    is_service: bool = False
    has_second_factor: bool = False


_ENVIRONMENT = "SELECT name, kind, url, schema, parent, baseline FROM patron_environment"
_ADD_ENVIRONMENT = """
INSERT INTO patron_environment (name, kind, url, schema, parent, baseline, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_PERSON = """
SELECT id, email, name, password_hash, active, service, totp_at FROM patron_person
"""
_ADD_PERSON = """
INSERT INTO patron_person (email, email_key, name, password_hash, active, service, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
"""


def find_environment(tx: Tx, name: str) -> EnvironmentRow | None:
    """Give an environment of the directory by name."""
    if not (name.isascii() and name.isprintable()):
        return None  # no name is like that, and PostgreSQL would stumble over a NUL
    row = tx.row(native(tx, f"{_ENVIRONMENT} WHERE name = ?"), (name,))
    return None if row is None else _read_environment(row)


def list_environments(tx: Tx) -> list[EnvironmentRow]:
    """Give the directory: production first, then by name."""
    order = "ORDER BY CASE kind WHEN 'production' THEN 0 ELSE 1 END, name"
    return [_read_environment(row) for row in tx.rows(f"{_ENVIRONMENT} {order}")]


def add_environment(tx: Tx, environment: EnvironmentRow, *, at: datetime) -> None:
    """Enter an environment into the directory. Raises: UniqueViolated S101 for a name in use."""
    e = environment
    row = (e.name, e.kind, e.url, e.schema, e.parent, e.baseline, milliseconds(at))
    tx.run(native(tx, _ADD_ENVIRONMENT), row)


def set_baseline(tx: Tx, name: str, baseline: str) -> None:
    """Note with which tree of its parent an environment was synchronised."""
    sql = "UPDATE patron_environment SET baseline = ? WHERE name = ?"
    tx.run(native(tx, sql), (baseline, name))


def remove_environment(tx: Tx, name: str) -> bool:
    """Take an environment out of the directory; give whether it was there. Its data stay."""
    tx.run(native(tx, "DELETE FROM patron_audit_end WHERE environment = ?"), (name,))
    return tx.run(native(tx, "DELETE FROM patron_environment WHERE name = ?"), (name,)) == 1


def find_person(tx: Tx, email: str) -> PersonRow | None:
    """Give a person by e-mail, whatever its capitals; active or not."""
    row = tx.row(native(tx, f"{_PERSON} WHERE email_key = ?"), (email_key(email),))
    return None if row is None else _read_person(row)


def list_persons(tx: Tx) -> list[PersonRow]:
    """Give all persons, by e-mail."""
    return [_read_person(row) for row in tx.rows(f"{_PERSON} ORDER BY email_key")]


def find_person_by_id(tx: Tx, person: int) -> PersonRow | None:
    """Give a person by number; active or not."""
    row = tx.row(native(tx, f"{_PERSON} WHERE id = ?"), (person,))
    return None if row is None else _read_person(row)


def list_services(tx: Tx) -> frozenset[int]:
    """Give the numbers of the persons that are services."""
    flag = "service" if tx.dialect == "postgresql" else "service = 1"
    return frozenset(int(row[0]) for row in tx.rows(f"SELECT id FROM patron_person WHERE {flag}"))


def add_person(
    tx: Tx, *, email: str, name: str, password_hash: str, at: datetime, is_service: bool = False
) -> int:
    """Write a person; give the id. Raises: UniqueViolated S101 for an e-mail in use."""
    active, service = _flag(tx, value=True), _flag(tx, value=is_service)
    row = (email, email_key(email), name, password_hash, active, service, milliseconds(at))
    ((number,),) = tx.rows(native(tx, _ADD_PERSON), row)
    return int(number)


def set_password_hash(tx: Tx, person: int, password_hash: str) -> None:
    """Keep the hash of a new password."""
    sql = "UPDATE patron_person SET password_hash = ? WHERE id = ?"
    tx.run(native(tx, sql), (password_hash, person))


def set_active(tx: Tx, person: int, *, active: bool) -> None:
    """Let a person sign in, or not."""
    sql = native(tx, "UPDATE patron_person SET active = ? WHERE id = ?")
    tx.run(sql, (_flag(tx, value=active), person))


def email_key(email: str) -> str:
    """Give the form under which an e-mail is unique."""
    return email.strip().lower()


def _read_environment(row: tuple[object, ...]) -> EnvironmentRow:
    names = ("name", "kind", "url", "schema", "parent", "baseline")
    return EnvironmentRow(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]  # texts


def _read_person(row: tuple[object, ...]) -> PersonRow:
    number, email, name, password_hash, active, service, totp_at = row
    return PersonRow(
        id=int(str(number)),
        email=str(email),
        name=str(name),
        password_hash=str(password_hash),
        is_active=bool(active),
        is_service=bool(service),
        has_second_factor=totp_at is not None,
    )


def _flag(tx: Tx, *, value: bool) -> object:
    return value if tx.dialect == "postgresql" else int(value)
