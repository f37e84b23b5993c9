"""Change sets of a sandbox: components under a name, with a reason and what was decided for them.

Kept in the sandbox's own environment, beside the changes that they choose from, and gone with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.store.instants import instant_of, milliseconds
from engine.store.text import native
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A named choice. `components` are patterns of component keys.

    `treatments`: component -> what happens to records; `choices`: conflict -> the side that stands.
    """

    name: str
    reason: str
    components: tuple[str, ...]
    treatments: Mapping[str, str]
    choices: Mapping[str, str]
    actor: str
    at: datetime


_COLUMNS = "name, reason, components, treatments, choices, actor, at"
_PUT = f"""
INSERT INTO patron_change_set ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET reason = excluded.reason, components = excluded.components,
    treatments = excluded.treatments, choices = excluded.choices, actor = excluded.actor,
    at = excluded.at
"""


def put_change_set(tx: Tx, one: ChangeSet) -> None:
    """Keep a change set, in place of one of the same name."""
    texts = (
        json.dumps(list(one.components)),
        json.dumps(dict(one.treatments)),
        json.dumps(dict(one.choices)),
    )
    row = (one.name, one.reason, *texts, one.actor, milliseconds(one.at))
    tx.run(native(tx, _PUT), row)


def list_change_sets(tx: Tx) -> list[ChangeSet]:
    """Give all change sets, by name."""
    return [
        _read(row) for row in tx.rows(f"SELECT {_COLUMNS} FROM patron_change_set ORDER BY name")
    ]


def find_change_set(tx: Tx, name: str) -> ChangeSet | None:
    """Give a change set by name; None when there is none."""
    sql = native(tx, f"SELECT {_COLUMNS} FROM patron_change_set WHERE name = ?")
    row = tx.row(sql, (name,))
    return None if row is None else _read(row)


def delete_change_set(tx: Tx, name: str) -> bool:
    """Drop a change set; tell whether there was one."""
    return tx.run(native(tx, "DELETE FROM patron_change_set WHERE name = ?"), (name,)) == 1


def _read(row: tuple[object, ...]) -> ChangeSet:
    name, reason, components, treatments, choices, actor, at = row
    return ChangeSet(
        name=str(name),
        reason=str(reason),
        components=tuple(json.loads(str(components))),
        treatments=json.loads(str(treatments)),
        choices=json.loads(str(choices)),
        actor=str(actor),
        at=instant_of(int(str(at))),
    )
