"""The route of the audit: searched by actor, action, target and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, request

from api.answers import answer, encode
from api.calls import PRODUCTION, Calls
from api.managers import manager_of
from api.queries import read_choice, read_query, read_whole
from engine.errors import AccessDenied, FieldError, RequestInvalid
from engine.people.managing import ensure_permission
from engine.session import Session
from engine.snapshots import Environments
from engine.store.platform.audit import LAST, AuditLine, Search, search

DEFAULT_LINES, MOST_LINES = 100, 1000
PARAMETERS = ("action", "actor", "target", "since", "until", "log", "limit", "before")
OWN, SIGN_INS = "environment", "sign_ins"


@dataclass(frozen=True, slots=True)
class AuditRoutes:
    """Views of /audit."""

    calls: Calls
    environments: Environments

    def search(self, environment: str) -> Response:
        """List lines, newest first; `next` of one page is `before` of the next."""
        given = read_query(request.environ.get("QUERY_STRING", ""), PARAMETERS)
        log = read_choice(given, "log", (OWN, SIGN_INS)) or OWN
        wanted = _wanted(given)

        def work(session: Session) -> list[AuditLine]:
            ensure_permission(manager_of(session), "view_audit", "Reading the audit")
            return search(session.unit.tx, wanted) if log == OWN else []

        found = self.calls.enter(environment, work, write=False)
        if log == SIGN_INS:
            found = self._sign_ins(environment, wanted)
        following = found[-1].id if len(found) == wanted.limit else None
        return answer(encode({"lines": [_shape(line) for line in found], "next": following}))

    def _sign_ins(self, environment: str, wanted: Search) -> list[AuditLine]:
        """Search the installation's own audit: it tells of everybody, so production asks for it."""
        if environment != PRODUCTION:
            message = "Sign-ins are listed in production only."
            raise AccessDenied(message)
        with self.environments.control.read() as tx:
            return search(tx, wanted)


def _wanted(given: Mapping[str, str]) -> Search:
    return Search(
        actor=given.get("actor", ""),
        action=given.get("action", ""),
        target=given.get("target", ""),
        since=_instant(given, "since"),
        until=_instant(given, "until"),
        before=read_whole(given, "before", default=LAST, least=0, most=LAST),
        limit=read_whole(given, "limit", default=DEFAULT_LINES, least=1, most=MOST_LINES),
    )


def _instant(given: Mapping[str, str], name: str) -> datetime | None:
    """Read a date, or a date with time; without a zone it is UTC. Raises: RequestInvalid Q206."""
    if name not in given:
        return None
    try:
        found = datetime.fromisoformat(given[name].replace(" ", "+"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f'"{name}" is a date or a date with time, such as 2026-11-24T08:00:00Z.'
        wrong = FieldError(field=name, code="Q206", message=message)
        raise RequestInvalid(message, code="Q206", errors=(wrong,)) from error


def _shape(line: AuditLine) -> dict[str, object]:
    return {
        "id": line.id,
        "at": line.at,
        "actor": line.actor,
        "action": line.action,
        "target": line.target,
        "detail": line.detail,
        "sealed": line.seal is not None,
    }
