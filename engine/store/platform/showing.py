"""The platform's own tables as pages of rows, for those who run an installation. Read only.

Separate from the rooms that write them: here is only what may be looked at. No secret, no hash of
one, and no plan is among the columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.store.instants import instant_of
from engine.store.text import native
from engine.store.tx import Tx

INSTANTS = "at"  # the end of the names of columns that hold an instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One table: its rows, newest first unless sorted otherwise.

    `columns` map names to SQL; `id` is the first of them. `searched` are columns that hold text.
    `is_central`: it lies in the control database.
    """

    name: str
    source: str
    columns: Mapping[str, str]
    searched: tuple[str, ...]
    is_central: bool = False


def _plain(*names: str, **computed: str) -> Mapping[str, str]:
    return {**{name: name for name in names}, **computed}


_USER = "JOIN patron_user u ON u.id ="
LISTINGS: Mapping[str, Listing] = {
    listing.name: listing
    for listing in (
        Listing(
            name="people",
            source="patron_person",
            columns=_plain("id", "email", "name", "active", "service", "totp_at", "created_at"),
            searched=("email", "name"),
            is_central=True,
        ),
        Listing(
            name="sessions",
            source="patron_session s JOIN patron_person p ON p.id = s.person_id",
            columns={
                "id": "s.id",
                "email": "p.email",
                "device": "s.device",
                "address": "s.address",
                "created_at": "s.created_at",
                "seen_at": "s.seen_at",
                "expires_at": "s.expires_at",
                "ended_at": "s.ended_at",
                "person": "s.person_id",
            },
            searched=("email", "device", "address"),
            is_central=True,
        ),
        Listing(
            name="members",
            source=f"patron_member m {_USER} m.user_id",
            columns={
                "id": "m.user_id",
                "email": "u.email",
                "name": "u.name",
                "role": "u.role",
                "permission_sets": "m.permission_sets",
                "active": "m.active",
                "created_at": "m.created_at",
            },
            searched=("email", "name", "role", "permission_sets"),
        ),
        Listing(
            name="tokens",
            source=f"patron_token t {_USER} t.user_id",
            columns={
                "id": "t.id",
                "email": "u.email",
                "label": "t.label",
                "scopes": "t.scopes",
                "created_at": "t.created_at",
                "expires_at": "t.expires_at",
                "revoked_at": "t.revoked_at",
            },
            searched=("email", "label"),
        ),
        Listing(
            name="versions",
            source="patron_version",
            columns=_plain("number", "at", "actor", "source", "reason", "deployment"),
            searched=("actor", "source", "reason"),
        ),
        Listing(
            name="deployments",
            source="patron_deployment",
            columns=_plain(
                "id",
                "state",
                "base_version",
                "version",
                "actor",
                "started_at",
                "finished_at",
                "digest",
                "error",
            ),
            searched=("state", "actor", "digest"),
        ),
        Listing(
            name="jobs",
            source="patron_outbox",
            columns=_plain("id", "kind", "state", "attempts", "due_at", "created_at", "error"),
            searched=("kind", "state", "error"),
        ),
        Listing(
            name="audit",
            source="patron_audit",
            columns=_plain("id", "at", "actor", "action", "target", "detail", "seal"),
            searched=("actor", "action", "target"),
        ),
    )
}


def load_page(
    tx: Tx,
    listing: Listing,
    *,
    search: str = "",
    sort: str = "",
    descending: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[dict[str, object]]]:
    """Give how many rows there are, and one page of them. `sort` is a column, else the first."""
    first = next(iter(listing.columns))
    order = listing.columns.get(sort, listing.columns[first])
    where, params = _where(listing, search)
    found = tx.row(native(tx, f"SELECT count(*) FROM {listing.source}{where}"), params)
    wanted = ", ".join(listing.columns.values())
    direction = "DESC" if descending else "ASC"
    sql = (
        f"SELECT {wanted} FROM {listing.source}{where} ORDER BY {order} {direction},"
        f" {listing.columns[first]} DESC LIMIT ? OFFSET ?"
    )
    rows = tx.rows(native(tx, sql), (*params, limit, offset))
    return int(found[0]) if found else 0, [_read(listing, row) for row in rows]


def load_one(tx: Tx, listing: Listing, number: int) -> dict[str, object] | None:
    """Give one row by its first column."""
    first = next(iter(listing.columns.values()))
    wanted = ", ".join(listing.columns.values())
    sql = native(tx, f"SELECT {wanted} FROM {listing.source} WHERE {first} = ?")
    row = tx.row(sql, (number,))
    return None if row is None else _read(listing, row)


def _where(listing: Listing, search: str) -> tuple[str, list[object]]:
    if not search:
        return "", []
    escaped = search.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    conditions = [f"lower({listing.columns[name]}) LIKE ? ESCAPE '!'" for name in listing.searched]
    return f" WHERE ({' OR '.join(conditions)})", [f"%{escaped}%"] * len(conditions)


def _read(listing: Listing, row: tuple[object, ...]) -> dict[str, object]:
    values = dict(zip(listing.columns, row, strict=True))
    for name, value in values.items():
        if (name == INSTANTS or name.endswith(f"_{INSTANTS}")) and value is not None:
            values[name] = instant_of(int(str(value)))
        elif name in {"active", "service"} and value is not None:
            values[name] = bool(value)
    return values
