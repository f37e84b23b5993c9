"""The routes of approvals: submitting, deciding, recalling; what waits for whom; the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request

from api.access import read_instant
from api.bodies import read_object
from api.calls import Calls, Outcome
from api.headers import body_is_lines, read_body
from api.queries import read_id, read_query
from engine.errors import FieldError, RequestInvalid
from engine.names import did_you_mean
from engine.session import Absence, Asked, Session, Told, Waiting

KEYS, ABSENCE_KEYS = ("comment", "approval"), ("delegate", "since", "until")
RECORD = "/records/<object>/<id>"
View = Callable[..., Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a body says: which approval is meant, if any, and a comment."""

    approval: str | None
    comment: str


def approval_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that is about approvals."""
    approvals = ApprovalRoutes(calls)
    return (
        ("POST", f"{RECORD}/submit", approvals.submit, "records"),
        ("POST", f"{RECORD}/approve", approvals.approve, "records"),
        ("POST", f"{RECORD}/reject", approvals.reject, "records"),
        ("POST", f"{RECORD}/recall", approvals.recall, "records"),
        ("GET", f"{RECORD}/approvals", approvals.of_record, "read"),
        ("GET", "/approvals", approvals.mine, "read"),
        ("GET", "/absence", approvals.absence, "read"),
        ("PUT", "/absence", approvals.go_away, "records"),
        ("DELETE", "/absence", approvals.come_back, "records"),
    )


@dataclass(frozen=True, slots=True)
class ApprovalRoutes:
    """Views of /records/{object}/{id}/submit|approve|reject|recall|approvals and /approvals."""

    calls: Calls

    def submit(self, environment: str, object: str, id: str) -> Response:
        """Submit a record; answers with the request."""
        wish, record = _wish(), read_id(id)
        return self._do(
            environment,
            lambda s: s.approvals.submit(s.compiled(object), record, wish.approval, wish.comment),
        )

    def approve(self, environment: str, object: str, id: str) -> Response:
        """Agree; answers with the request."""
        return self._decide(environment, object, id, "approved")

    def reject(self, environment: str, object: str, id: str) -> Response:
        """Refuse; answers with the request."""
        return self._decide(environment, object, id, "rejected")

    def recall(self, environment: str, object: str, id: str) -> Response:
        """Take the request back; answers with it."""
        wish, record = _wish(), read_id(id)
        return self._do(
            environment,
            lambda s: s.approvals.recall(s.compiled(object), record, wish.approval, wish.comment),
        )

    def of_record(self, environment: str, object: str, id: str) -> Response:
        """Give the requests of a record, newest first, with everybody who was asked."""
        _no_query()
        record = read_id(id)

        def work(session: Session) -> Outcome:
            found = session.approvals.of_record(session.compiled(object), record)
            language = session.unit.language
            return Outcome(value={"approvals": [shown(told, language) for told in found]})

        return self.calls.read(environment, work)

    def mine(self, environment: str) -> Response:
        """Give what the caller is to decide, and what they have submitted."""
        _no_query()

        def work(session: Session) -> Outcome:
            approvals, language = session.approvals, session.unit.language
            to_decide = [_waiting(one, language) for one in approvals.waiting()]
            submitted = [_waiting(one, language) for one in approvals.submitted()]
            return Outcome(value={"to_decide": to_decide, "submitted": submitted})

        return self.calls.read(environment, work)

    def absence(self, environment: str) -> Response:
        """Say whether the caller is away, and who decides in their place."""
        _no_query()
        return self.calls.read(
            environment, lambda s: Outcome(value=_absence(s.approvals.absence(), s.unit.now))
        )

    def go_away(self, environment: str) -> Response:
        """Note that the caller is away; answers as `absence`."""
        body = _body(ABSENCE_KEYS)
        since, until = (read_instant(body.get(name), name) for name in ("since", "until"))
        delegate = _delegate(body.get("delegate"))

        def work(session: Session) -> Outcome:
            noted = session.approvals.go_away(delegate, since, until)
            return Outcome(value=_absence(noted, session.unit.now))

        return self.calls.write(environment, work)

    def come_back(self, environment: str) -> Response:
        """Note that the caller is there again; answers as `absence`."""
        _no_query()
        return self.calls.write(
            environment, lambda s: Outcome(value=_absence(s.approvals.come_back(), s.unit.now))
        )

    def _decide(self, environment: str, object: str, id: str, answer: str) -> Response:
        wish, record = _wish(), read_id(id)
        return self._do(
            environment,
            lambda s: s.approvals.decide(
                s.compiled(object), record, answer, wish.approval, wish.comment
            ),
        )

    def _do(self, environment: str, work: Callable[[Session], Told]) -> Response:
        return self.calls.write_once(
            environment, lambda s: Outcome(value=shown(work(s), s.unit.language))
        )


def shown(told: Told, language: str) -> dict[str, object]:
    """Give a request as callers read it; every name of a step with its label."""
    request = told.request
    return {
        "id": request.id,
        "object": request.object,
        "record": request.record,
        "approval": request.approval,
        "label": told.title,
        "status": request.status,
        "step": request.step or None,
        "locked": request.locks and request.status == "pending",
        "submitted_by": request.submitted_by,
        "helper": request.helper,
        "submitted_at": request.submitted_at,
        "comment": request.comment,
        "ended_by": request.ended_by,
        "ended_at": request.ended_at,
        "ended_comment": request.ended_comment,
        "steps": [{"step": name, "label": label} for name, label in told.steps(language).items()],
        "asked": [_asked(one) for one in told.asked],
        "may": [*(["approve", "reject"] if told.mine else []), *(["recall"] * told.may_recall)],
    }


def _asked(asked: Asked) -> dict[str, object]:
    return {
        "user": asked.user,
        "name": asked.name,
        "step": asked.step,
        "round": asked.round,
        "why": asked.why,
        "asked_at": asked.asked_at,
        "answer": asked.answer,
        "answered_by": asked.actor,
        "answered_at": asked.answered_at,
        "comment": asked.comment,
    }


def _waiting(waiting: Waiting, language: str) -> dict[str, object]:
    """Give a request of a list with the name of its record, as the caller may read it."""
    return {**shown(waiting.told, language), "record_name": waiting.name}


def _no_query() -> None:
    read_query(request.environ.get("QUERY_STRING", ""), ())


def _wish() -> Wish:
    """Read what a call wants. Raises: RequestInvalid Q111 with every problem."""
    body = _body(KEYS)
    errors = [
        FieldError(field=name, code="Q111", message=f"`{name}` is a text.")
        for name in KEYS
        if not isinstance(body.get(name), str | None)
    ]
    if errors:
        raise RequestInvalid(errors[0].message, code="Q111", errors=tuple(errors))
    approval, comment = body.get("approval"), body.get("comment")
    return Wish(approval=None if approval is None else str(approval), comment=str(comment or ""))


def _body(known: Sequence[str]) -> Mapping[str, object]:
    """Read a body, which may be left out. Raises: RequestInvalid Q111 for unknown keys."""
    _no_query()
    raw = b"" if not request.content_length else read_body()
    if not raw:
        return {}
    body_is_lines()
    body = read_object(raw)
    errors = [_unknown(name, known) for name in body if name not in known]
    if errors:
        raise RequestInvalid(errors[0].message, code="Q111", errors=tuple(errors))
    return body


def _delegate(given: object) -> int | str | None:
    """Read a person: an id or an e-mail. Raises: RequestInvalid Q111."""
    if given is None or (isinstance(given, int | str) and not isinstance(given, bool)):
        return given
    message = "`delegate` is the id of a user, or an e-mail."
    error = FieldError(field="delegate", code="Q111", message=message)
    raise RequestInvalid(message, code="Q111", errors=(error,))


def _absence(absence: Absence, now: datetime) -> dict[str, object]:
    return {
        "away": absence.is_now(now),
        "since": absence.since,
        "until": absence.until,
        "delegate": absence.delegate,
        "delegate_name": absence.delegate_name,
    }


def _unknown(name: str, known: Sequence[str]) -> FieldError:
    hint = did_you_mean(name, known) or f"it takes {', '.join(known)}"
    return FieldError(field=name, code="Q111", message=f'There is no "{name}" here.', hint=hint)
