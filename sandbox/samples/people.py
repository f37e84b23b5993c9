"""The people of the sample data: who works here, in which role, under whom, with which rights.

Their rows are the keys that `owner` columns name. Those with a login can sign in; the others own
records, so that roles and sharing can be seen.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.people import NewMember, create_user
from engine.session import Session, run
from engine.snapshots import Environment, Environments
from engine.store.platform.enter import SystemCredential

FILE = Path(__file__).with_name("people.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One line of people.csv. `login`: what the demo calls them; "" for who cannot sign in."""

    key: str
    email: str
    name: str
    role: str
    manager: str
    permission_sets: frozenset[str]
    language: str
    time_zone: str
    login: str


def read_people(file: Path = FILE) -> tuple[Person, ...]:
    """Give the people in the order of the file: managers before those they manage."""
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(_person(row) for row in csv.DictReader(lines, strict=True))


def _person(row: Mapping[str, str]) -> Person:
    sets = frozenset(row["permission_sets"].split())
    others = {name: text for name, text in row.items() if name != "permission_sets"}
    return Person(permission_sets=sets, **others)


def admit(
    environments: Environments,
    environment: Environment,
    people: Sequence[Person],
    passwords: Mapping[str, str],
    *,
    at: datetime,
) -> dict[str, int]:
    """Make the people members of an environment; give their users by key.

    `passwords` by e-mail; who has none cannot sign in. Raises: Conflict C120 for a member.
    """
    users: dict[str, int] = {}
    for person in people:
        new = NewMember(
            email=person.email,
            name=person.name,
            role=person.role or None,
            permission_sets=person.permission_sets,
            language=person.language,
            time_zone=person.time_zone,
            password=passwords.get(person.email, ""),
        )
        made = create_user(environments.control, environment.database, new, at=at, actor="system")
        users[person.key] = made.user
    _set_managers(environment, people, users)
    return users


def _set_managers(
    environment: Environment, people: Sequence[Person], users: Mapping[str, int]
) -> None:
    rows = [
        {"id": users[person.key], "manager": users[person.manager]}
        for person in people
        if person.manager in users
    ]

    def work(session: Session) -> None:
        for result in session.bulk("user", "update", rows, atomic=True):
            if result.error is not None:
                raise result.error

    run(environment, SystemCredential(), work, write=True, source="import")
