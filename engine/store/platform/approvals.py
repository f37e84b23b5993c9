"""Requests for approval: what is asked about which record, who is asked, what they answered.

A request is one row that carries its state; everybody asked is a row as well, one for each time a
step is entered (`round`). Together they are its history: nothing of it is ever deleted. Submitting
costs two statements, one for each of the two.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine.model.permissions import ADMINISTRATOR
from engine.names import ComponentKey, Digest, ObjectName
from engine.store.instants import instant_of, milliseconds
from engine.store.jsontext import from_json
from engine.store.text import native
from engine.store.tx import Row, Tx

PENDING, APPROVED, REJECTED, RECALLED = "pending", "approved", "rejected", "recalled"
# Why somebody is asked: as the step says, because it names nobody, or because others were silent.
APPROVER, NOBODY, ESCALATED = "approver", "nobody", "escalated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `revision` and `digest` say which version of the approval it goes by.

    `round` counts the steps that were entered; `version` its changes. `helper`: who worked as
    `submitted_by` when it was submitted, None where it was they themselves.
    """

    id: int
    record: int
    object: ObjectName
    approval: str
    revision: int
    digest: Digest
    status: str  # pending | approved | rejected | recalled
    step: str  # the one it stands at, or stood at last; "" when none applied
    round: int
    locks: bool
    record_version: int  # of the record when it was submitted
    submitted_by: int
    submitted_at: datetime
    comment: str
    ended_by: int | None
    ended_at: datetime | None
    ended_comment: str
    due_at: datetime | None
    reminders: int
    version: int
    helper: int | None = None

    @property
    def authors(self) -> frozenset[int]:
        """Those who do not decide about it: in whose name it was submitted, and who did."""
        return frozenset({self.submitted_by, self.helper or self.submitted_by})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody who was asked in one round of a request, and what they said. None: not yet."""

    id: int
    request: int
    round: int
    step: str
    user: int
    name: str
    why: str  # approver | nobody | escalated
    asked_at: datetime
    told_at: datetime | None
    answer: str | None  # approved | rejected
    actor: int | None
    comment: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A request that waits, as the page of its record shows it.

    `mine`: those of `asked`, by id, whom the caller is or stands in for. `changes`: what the save
    changed that it was submitted with, field -> (before, after), in the form of the history.
    `submitter` and `helper` are names, "" for none.
    """

    request: Request
    submitter: str
    helper: str
    asked: tuple[Asked, ...]
    mine: frozenset[int]
    changes: Mapping[str, Sequence[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """What is known of a request when it is made."""

    record: int
    object: ObjectName
    approval: str
    revision: int
    digest: Digest
    status: str
    step: str
    locks: bool
    record_version: int
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom to ask: users by id, by role and by e-mail; those of `but` are never among them."""

    ids: Collection[int] = ()
    roles: Collection[str] = ()
    emails: Collection[str] = ()
    but: Collection[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What people are asked: a request in one of its rounds, when, and why they are."""

    request: int
    round: int
    step: str
    at: datetime
    why: str = APPROVER


_COLUMNS = (
    "id, record, object, approval, revision, digest, status, step, round, locks, record_version,"
    " submitted_by, submitted_at, comment, ended_by, ended_at, ended_comment, due_at, reminders,"
    " version, helper"
)
_R = ", ".join(f"r.{name}" for name in _COLUMNS.split(", "))
_INSERT = """
INSERT INTO patron_approval_request (record, object, approval, revision, digest, status, step,
    round, locks, record_version, submitted_by, submitted_at, comment, ended_by, ended_at,
    ended_comment, due_at, reminders, version, helper)
VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, '', ?, 0, 1, ?)
ON CONFLICT (record, approval) WHERE status = 'pending' DO NOTHING RETURNING id
"""
_MEMBERS = """
FROM patron_user u JOIN patron_member m ON m.user_id = u.id
WHERE m.active AND u.active AND u.deleted_at IS NULL AND u.id NOT IN ({but})
"""
_ASK = f"""
INSERT INTO patron_approval_asked (request, round, step, user_id, why, asked_at, comment)
SELECT CAST(? AS bigint), CAST(? AS bigint), ?, u.id, ?, CAST(? AS bigint), ''
{_MEMBERS} AND ({{wanted}}) ORDER BY u.id
ON CONFLICT (request, round, user_id) DO NOTHING RETURNING user_id
"""
_IS_ADMINISTRATOR = f"""replace(m.permission_sets, '"{ADMINISTRATOR}"', '') <> m.permission_sets"""
_A = (
    "a.id, a.request, a.round, a.step, a.user_id, u.name, a.why, a.asked_at, a.told_at, a.answer,"
    " a.actor, a.comment, a.answered_at"
)
_AT = len(_A.split(","))  # where the columns of the request begin, beside those of who was asked
_ASKED = f"""
SELECT {_A} FROM patron_approval_asked a LEFT JOIN patron_user u ON u.id = a.user_id
"""
# The delegates of those who are away stand in for them.
_AWAY = """
SELECT u.id FROM patron_user u JOIN patron_absence x ON x.user_id = u.id
WHERE u.delegate = ? AND x.since <= ? AND (x.until IS NULL OR x.until > ?)
"""
_MOVE = """
UPDATE patron_approval_request SET status = ?, step = ?, round = ?, ended_by = ?, ended_at = ?,
    ended_comment = ?, due_at = ?, reminders = ?, version = version + 1
WHERE id = ? AND status = 'pending' AND version = ?
"""
_ANSWER = """
UPDATE patron_approval_asked SET answer = ?, actor = ?, comment = ?, answered_at = ?
WHERE id = ? AND answer IS NULL
"""


def insert(
    tx: Tx, new: NewRequest, *, by: int, helper: int | None = None, at: datetime
) -> int | None:
    """Write a request; None when the record waits for this approval already. One statement.

    Whoever is asked is told at once: it is due now.
    """
    when, is_pending = milliseconds(at), new.status == PENDING
    row = (
        *(new.record, new.object, new.approval, new.revision, new.digest, new.status, new.step),
        *(int(new.locks), new.record_version, by, when, new.comment),
        *(None if is_pending else by, None if is_pending else when, when if is_pending else None),
        helper,
    )
    made = tx.row(native(tx, _INSERT), row)
    return None if made is None else int(made[0])


def ask(tx: Tx, question: Question, wanted: Wanted) -> list[int]:
    """Ask members who are active; give those who were not asked in this round before.

    One statement, or none when nobody is wanted.
    """
    conditions: list[str] = []
    params: list[object] = []
    for column, values in (("id", wanted.ids), ("role", wanted.roles), ("email", wanted.emails)):
        if values:
            conditions.append(f"u.{column} IN ({', '.join('?' * len(values))})")
            params.extend(values)
    if not conditions:
        return []
    return _ask(tx, question, " OR ".join(conditions), params, but=wanted.but)


def ask_administrators(tx: Tx, question: Question, *, but: Collection[int]) -> list[int]:
    """Ask the administrators, because a step finds too few to ask; give those who are new."""
    return _ask(tx, replace(question, why=NOBODY), _IS_ADMINISTRATOR, (), but=but)


def _ask(
    tx: Tx, question: Question, condition: str, params: Sequence[object], *, but: Collection[int]
) -> list[int]:
    asked = (question.request, question.round, question.step, question.why)
    others = sorted(but) or [0]
    given = (*asked, milliseconds(question.at), *others, *params)
    sql = _ASK.format(but=", ".join("?" * len(others)), wanted=condition)
    return [int(row[0]) for row in tx.rows(native(tx, sql), given)]


def names_of_queues(tx: Tx, ids: Collection[int]) -> frozenset[str]:
    """Name the queues among some ids; costs nothing for none."""
    if not ids:
        return frozenset()
    marks = ", ".join("?" * len(ids))
    sql = f"SELECT api_name FROM patron_queue WHERE id IN ({marks})"
    return frozenset(str(row[0]) for row in tx.rows(native(tx, sql), tuple(ids)))


def find(tx: Tx, request: int, *, for_update: bool = False) -> Request | None:
    """Give a request by id. `for_update` keeps others from deciding meanwhile."""
    lock = " FOR UPDATE" if for_update and tx.dialect == "postgresql" else ""
    sql = f"SELECT {_COLUMNS} FROM patron_approval_request WHERE id = ?{lock}"
    row = tx.row(native(tx, sql), (request,))
    return None if row is None else _request(row)


def of_record(
    tx: Tx, record: int, *, pending: bool = False, for_update: bool = False
) -> list[Request]:
    """Give the requests of a record, newest first; only those that wait when `pending`."""
    only = " AND status = 'pending'" if pending else ""
    lock = " FOR UPDATE" if for_update and tx.dialect == "postgresql" else ""
    sql = (
        f"SELECT {_COLUMNS} FROM patron_approval_request WHERE record = ?{only}"
        f" ORDER BY id DESC{lock}"
    )
    return [_request(row) for row in tx.rows(native(tx, sql), (record,))]


def pending_of_records(tx: Tx, records: Collection[int]) -> list[Request]:
    """Give the requests that wait among records; costs nothing for none."""
    if not records:
        return []
    marks = ", ".join("?" * len(records))
    sql = (
        f"SELECT {_COLUMNS} FROM patron_approval_request"
        f" WHERE status = 'pending' AND record IN ({marks}) ORDER BY id"
    )
    return [_request(row) for row in tx.rows(native(tx, sql), tuple(records))]


def asked_of(tx: Tx, requests: Collection[int]) -> list[Asked]:
    """Give everybody who was asked in some requests, in order."""
    if not requests:
        return []
    marks = ", ".join("?" * len(requests))
    sql = f"{_ASKED} WHERE a.request IN ({marks}) ORDER BY a.request, a.round, a.id"
    return [_read_asked(row) for row in tx.rows(native(tx, sql), tuple(requests))]


def stands_in_for(tx: Tx, user: int, *, at: datetime) -> frozenset[int]:
    """Give those who are away now and have named this user as their delegate."""
    when = milliseconds(at)
    return frozenset(int(r[0]) for r in tx.rows(native(tx, _AWAY), (user, when, when)))


def answer(tx: Tx, asked: int, *, answer: str, actor: int, comment: str, at: datetime) -> bool:
    """Write an answer; False when there is one already."""
    row = (answer, actor, comment, milliseconds(at), asked)
    return tx.run(native(tx, _ANSWER), row) == 1


def enter_step(tx: Tx, request: Request, step: str, *, at: datetime) -> bool:
    """Move a request to a step, whose approvers are to be told at once.

    False when somebody else moved it since it was read.
    """
    row = (PENDING, step, request.round + 1, None, None, "", milliseconds(at), 0)
    return tx.run(native(tx, _MOVE), (*row, request.id, request.version)) == 1


def stay(tx: Tx, request: Request) -> bool:
    """Note that something of a request changed, without moving it; False as `enter_step`."""
    due = None if request.due_at is None else milliseconds(request.due_at)
    row = (PENDING, request.step, request.round, None, None, "", due, request.reminders)
    return tx.run(native(tx, _MOVE), (*row, request.id, request.version)) == 1


def end(tx: Tx, request: Request, status: str, *, by: int, comment: str = "", at: datetime) -> bool:
    """End a request. False when somebody else was faster."""
    row = (status, request.step, request.round, by, milliseconds(at), comment, None)
    given = (*row, request.reminders, request.id, request.version)
    return tx.run(native(tx, _MOVE), given) == 1


def card(tx: Tx, record: int, me: int, *, at: datetime) -> list[Card]:
    """Give what waits on a record, everybody who was asked, and what led to it: one statement."""
    when = milliseconds(at)
    sql = f"""
        SELECT {_A}, {_R}, s.name, w.name, (SELECT h.changes FROM patron_history h
                WHERE h.record = r.record AND h.version = r.record_version LIMIT 1),
            a.user_id = ? OR EXISTS (SELECT 1 FROM patron_absence x WHERE x.user_id = a.user_id
                AND u.delegate = ? AND x.since <= ? AND (x.until IS NULL OR x.until > ?))
        FROM patron_approval_request r
        LEFT JOIN patron_user s ON s.id = r.submitted_by
        LEFT JOIN patron_user w ON w.id = r.helper
        LEFT JOIN patron_approval_asked a ON a.request = r.id
        LEFT JOIN patron_user u ON u.id = a.user_id
        WHERE r.record = ? AND r.status = 'pending' ORDER BY r.id, a.round, a.id
    """
    rows = tx.rows(native(tx, sql), (me, me, when, when, record))
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(int(row[_AT]), []).append(row)
    return [_card(group) for group in found.values()]


def due(tx: Tx, *, at: datetime, limit: int = 100) -> list[int]:
    """Give the requests whose approvers are to be told or reminded, the longest due first."""
    sql = (
        "SELECT id FROM patron_approval_request WHERE status = 'pending' AND due_at <= ?"
        " ORDER BY due_at, id LIMIT ?"
    )
    return [int(row[0]) for row in tx.rows(native(tx, sql), (milliseconds(at), limit))]


def told(
    tx: Tx, request: Request, asked: Collection[int], *, next_at: datetime | None, at: datetime
) -> bool:
    """Note that people were told, and when they are reminded; False when somebody was faster."""
    due_at = None if next_at is None else milliseconds(next_at)
    row = (PENDING, request.step, request.round, None, None, "", due_at, request.reminders + 1)
    if tx.run(native(tx, _MOVE), (*row, request.id, request.version)) != 1:
        return False
    sql = "UPDATE patron_approval_asked SET told_at = ? WHERE id = ?"
    if asked:
        tx.many(native(tx, sql), [(milliseconds(at), one) for one in asked])
    return True


def managers_of(tx: Tx, users: Collection[int]) -> frozenset[int]:
    """Give the managers of some users; costs nothing for none."""
    if not users:
        return frozenset()
    marks = ", ".join("?" * len(users))
    sql = f"SELECT manager FROM patron_user WHERE manager IS NOT NULL AND id IN ({marks})"
    return frozenset(int(row[0]) for row in tx.rows(native(tx, sql), tuple(users)))


def delegates_of(tx: Tx, users: Collection[int], *, at: datetime) -> dict[int, int]:
    """Give the delegates of those among users who are away now: user -> delegate."""
    if not users:
        return {}
    marks, when = ", ".join("?" * len(users)), milliseconds(at)
    sql = f"""
        SELECT u.id, u.delegate FROM patron_user u JOIN patron_absence x ON x.user_id = u.id
        WHERE u.delegate IS NOT NULL AND x.since <= ? AND (x.until IS NULL OR x.until > ?)
            AND u.id IN ({marks})
    """
    return {int(row[0]): int(row[1]) for row in tx.rows(native(tx, sql), (when, when, *users))}


def to_decide(tx: Tx, user: int, *, at: datetime, limit: int = 200) -> list[tuple[Request, int]]:
    """Give the requests that wait for a user, oldest first, each with the person asked.

    That is the user, or somebody who is away and has named them.
    """
    when = milliseconds(at)
    sql = f"""
        SELECT {_R}, a.user_id FROM patron_approval_asked a
        JOIN patron_approval_request r ON r.id = a.request AND r.round = a.round
            AND r.status = 'pending'
        WHERE a.answer IS NULL AND (a.user_id = ? OR a.user_id IN ({_AWAY}))
            AND r.submitted_by <> ? AND coalesce(r.helper, 0) <> ?
        ORDER BY r.id, a.id LIMIT ?
    """
    rows = tx.rows(native(tx, sql), (user, user, when, when, user, user, limit))
    return [(_request(row[:-1]), int(row[-1])) for row in rows]


def submitted_by(tx: Tx, user: int, *, limit: int = 50) -> list[Request]:
    """Give what a user has submitted, newest first."""
    sql = (
        f"SELECT {_COLUMNS} FROM patron_approval_request WHERE submitted_by = ?"
        " ORDER BY id DESC LIMIT ?"
    )
    return [_request(row) for row in tx.rows(native(tx, sql), (user, limit))]


def asked_in(tx: Tx, user: int, requests: Collection[int]) -> frozenset[int]:
    """Give those requests whose present step asks a user."""
    if not requests:
        return frozenset()
    marks = ", ".join("?" * len(requests))
    sql = f"""
        SELECT r.id FROM patron_approval_request r JOIN patron_approval_asked a
            ON a.request = r.id AND a.round = r.round
        WHERE r.status = 'pending' AND a.user_id = ? AND r.id IN ({marks})
    """
    return frozenset(int(row[0]) for row in tx.rows(native(tx, sql), (user, *requests)))


def count_in_flight(tx: Tx, component: ComponentKey) -> int:
    """Count the requests of an approval that wait for a decision: for the plan of a deployment."""
    sql = "SELECT count(*) FROM patron_approval_request WHERE approval = ? AND status = 'pending'"
    row = tx.row(native(tx, sql), (component.partition(":")[2],))
    return 0 if row is None else int(row[0])


def _card(rows: Sequence[Row]) -> Card:
    first = rows[0]
    end = _AT + len(_COLUMNS.split(", "))
    asked = [(_read_asked(row[:_AT]), bool(row[-1])) for row in rows if row[0] is not None]
    submitter, helper, kept = first[end], first[end + 1], first[end + 2]
    changes = from_json(kept) if kept else {}
    return Card(
        request=_request(first[_AT:end]),
        submitter=submitter or "",
        helper=helper or "",
        asked=tuple(one for one, _ in asked),
        mine=frozenset(one.id for one, is_mine in asked if is_mine),
        changes=changes if isinstance(changes, dict) else {},
    )


def _request(row: Row) -> Request:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    for name in ("submitted_at", "ended_at", "due_at"):
        values[name] = None if values[name] is None else instant_of(int(values[name]))
    values["locks"] = bool(values["locks"])
    return Request(**values)


def _read_asked(row: Row) -> Asked:
    return Asked(
        id=row[0],
        request=row[1],
        round=row[2],
        step=row[3],
        user=row[4],
        name=row[5] or "",
        why=row[6],
        asked_at=instant_of(row[7]),
        told_at=None if row[8] is None else instant_of(row[8]),
        answer=row[9],
        actor=row[10],
        comment=row[11],
        answered_at=None if row[12] is None else instant_of(row[12]),
    )
