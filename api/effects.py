"""The routes of notifications, one's own, and of the outbox, for who manages it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, request

from api.calls import Calls, Outcome
from api.queries import MAX_ID, read_id, read_query, read_truth, read_whole
from engine.delivery.outgoing import Outgoing, effect_shape
from engine.errors import NotFound, RequestInvalid
from engine.names import did_you_mean
from engine.session import Session
from engine.store.platform import notifications
from engine.store.platform.notifications import Told
from engine.store.platform.outbox_shelf import STATES

View = Callable[..., Response]
MOST_UNREAD = 1000  # that are counted exactly


def effect_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that is about effects."""
    told, outbox = NotificationRoutes(calls), OutboxRoutes(calls)
    return (
        ("GET", "/notifications", told.list, "read"),
        ("POST", "/notifications/read", told.read_all, "read"),
        ("POST", "/notifications/<id>/read", told.read_one, "read"),
        ("GET", "/outbox", outbox.list, "metadata"),
        ("POST", "/outbox/replay", outbox.replay_all, "deploy"),
        ("GET", "/outbox/<id>", outbox.read, "metadata"),
        ("POST", "/outbox/<id>/replay", outbox.replay, "deploy"),
        ("POST", "/outbox/<id>/discard", outbox.discard, "deploy"),
    )


@dataclass(frozen=True, slots=True)
class NotificationRoutes:
    """Views of /notifications: everybody's own."""

    calls: Calls

    def list(self, environment: str) -> Response:
        """List the caller's notifications, newest first, with the number of unread ones."""
        given = _query("limit", "before", "unread")
        limit, before = _limit(given), _before(given)
        only_unread = read_truth(given, "unread")

        def work(session: Session) -> Outcome:
            unit = session.unit
            found = notifications.list_notifications(
                unit.tx, unit.me, limit=limit, before=before, only_unread=only_unread
            )
            unread = notifications.count_unread(unit.tx, unit.me, most=MOST_UNREAD)
            rows = [_told(one) for one in found]
            following = found[-1].id if len(found) == limit else None
            return Outcome(value={"notifications": rows, "unread": unread, "next": following})

        return self.calls.read(environment, work)

    def read_one(self, environment: str, id: str) -> Response:
        """Note that the caller has read a notification; 204, also when it was read before."""
        _query()
        number = read_id(id)

        def work(session: Session) -> Outcome:
            unit = session.unit
            if not notifications.is_told(unit.tx, unit.me, number):
                raise NotFound
            notifications.mark_read(unit.tx, unit.me, number, at=unit.now)
            return Outcome(status=204)

        return self.calls.write(environment, work)

    def read_all(self, environment: str) -> Response:
        """Note that the caller has read all of them; 204."""
        _query()

        def work(session: Session) -> Outcome:
            unit = session.unit
            notifications.mark_read(unit.tx, unit.me, None, at=unit.now)
            return Outcome(status=204)

        return self.calls.write(environment, work)


@dataclass(frozen=True, slots=True)
class OutboxRoutes:
    """Views of /outbox."""

    calls: Calls

    def list(self, environment: str) -> Response:
        """List effects in a state, newest first, with the number in every state."""
        given = _query("state", "limit", "before")
        state = _state(given.get("state") or "dead")
        limit, before = _limit(given), _before(given)

        def work(session: Session) -> Outcome:
            outgoing = Outgoing(session)
            found = outgoing.list(state, limit=limit, before=before)
            rows = [effect_shape(one) for one in found]
            following = found[-1].id if len(found) == limit else None
            counts = outgoing.counts()
            return Outcome(value={"effects": rows, "counts": counts, "next": following})

        return self.calls.read(environment, work)

    def read(self, environment: str, id: str) -> Response:
        """Give one effect with what it carries."""
        _query()
        number = read_id(id)

        def work(session: Session) -> Outcome:
            found = Outgoing(session).get(number)
            return Outcome(value={**effect_shape(found), "payload": found.payload})

        return self.calls.read(environment, work)

    def replay(self, environment: str, id: str) -> Response:
        """Let a dead effect be tried again."""
        return self._change(environment, lambda outgoing: outgoing.replay([read_id(id)]))

    def replay_all(self, environment: str) -> Response:
        """Let every dead effect be tried again."""
        return self._change(environment, lambda outgoing: outgoing.replay(None))

    def discard(self, environment: str, id: str) -> Response:
        """Give a dead effect up for good."""
        return self._change(environment, lambda outgoing: outgoing.discard([read_id(id)]))

    def _change(self, environment: str, change: Callable[[Outgoing], int]) -> Response:
        _query()

        def work(session: Session) -> Outcome:
            return Outcome(value={"changed": change(Outgoing(session))})

        return self.calls.write(environment, work)


def _told(one: Told) -> dict[str, object]:
    return {
        "id": one.id,
        "text": one.text,
        "object": one.object,
        "record": one.record,
        "at": one.at,
        "read": one.is_read,
    }


def _query(*known: str) -> dict[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)


def _limit(given: dict[str, str]) -> int:
    return read_whole(given, "limit", default=50, least=1, most=1000)


def _before(given: dict[str, str]) -> int:
    return read_whole(given, "before", default=MAX_ID, least=1, most=MAX_ID)


def _state(text: str) -> str:
    if text in STATES:
        return text
    hint = did_you_mean(text, STATES) or f"one of {', '.join(STATES)}"
    message = "An effect is in no such state."
    raise RequestInvalid(message, code="Q205", hint=hint)
