"""The routes of sharing, handing over, and "what can they see and do here, and why"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request

from api.bodies import read_object
from api.calls import Calls, Outcome
from api.headers import body_is_lines, read_body, read_expected_version
from api.queries import read_id, read_query
from engine.errors import FieldError, RequestInvalid
from engine.session import Session, Share

SHARE_KEYS, TRANSFER_KEYS = ("with", "access", "until"), ("owner", "assignment")
NO_CONTENT = 204
RECORD = "/records/<object>/<id>"
View = Callable[..., Response]


def access_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that is about who sees what."""
    access = AccessRoutes(calls)
    return (
        ("POST", f"{RECORD}/share", access.share, "records"),
        ("GET", f"{RECORD}/shares", access.shares, "read"),
        ("DELETE", f"{RECORD}/shares/<share>", access.unshare, "records"),
        ("POST", f"{RECORD}/transfer", access.transfer, "records"),
        ("GET", f"{RECORD}/access", access.of_record, "read"),
        ("GET", "/objects/<object>/access", access.of_object, "read"),
    )


@dataclass(frozen=True, slots=True)
class AccessRoutes:
    """Views of /records/{object}/{id}/share|shares|transfer|access and /objects/{object}/access."""

    calls: Calls

    def share(self, environment: str, object: str, id: str) -> Response:
        """Share a record; answers with the share. An older one with the same group is replaced."""
        body, record = _body(SHARE_KEYS), read_id(id)
        group, until = _group(body.get("with")), read_instant(body.get("until"))
        access = str(body.get("access", "read"))

        def work(session: Session) -> Outcome:
            compiled = session.compiled(object)
            made = session.sharing.share(compiled, record, group, access, until)
            return Outcome(value=_share(made))

        return self.calls.write_once(environment, work)

    def shares(self, environment: str, object: str, id: str) -> Response:
        """List the shares of a record, those that have ended included."""
        _query()
        record = read_id(id)

        def work(session: Session) -> Outcome:
            found = session.sharing.shares(session.compiled(object), record)
            return Outcome(value={"shares": [_share(share) for share in found]})

        return self.calls.read(environment, work)

    def unshare(self, environment: str, object: str, id: str, share: str) -> Response:
        """End a share; 204."""
        _query()
        record, number = read_id(id), read_id(share)

        def work(session: Session) -> Outcome:
            session.sharing.unshare(session.compiled(object), record, number)
            return Outcome(status=NO_CONTENT)

        return self.calls.write(environment, work)

    def transfer(self, environment: str, object: str, id: str) -> Response:
        """Give a record another owner, named or chosen by an assignment of the configuration.

        Answers with the record, or the id of one now hidden.
        """
        body, expected, record = _body(TRANSFER_KEYS), read_expected_version(), read_id(id)

        def work(session: Session) -> Outcome:
            compiled = session.compiled(object)
            sharing, assignment = session.sharing, body.get("assignment")
            if assignment is not None and "owner" not in body:
                chosen = sharing.assign(compiled, record, str(assignment), expected)
                return Outcome(value=chosen)
            return Outcome(value=sharing.hand_over(compiled, record, body.get("owner"), expected))

        return self.calls.write_once(environment, work)

    def of_record(self, environment: str, object: str, id: str) -> Response:
        """Say whether a user sees and may change a record, and why."""
        who, record = _who(), read_id(id)
        return self.calls.read(
            environment,
            lambda s: Outcome(value=s.explaining.of_record(s.compiled(object), record, who)),
        )

    def of_object(self, environment: str, object: str) -> Response:
        """Say what a user may do with an object and its fields, and why."""
        who = _who()
        return self.calls.read(
            environment, lambda s: Outcome(value=s.explaining.of_object(s.compiled(object), who))
        )


def _query(*known: str) -> Mapping[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)


def _who() -> int | str | None:
    """Read `user`: an id or an e-mail; None for the caller."""
    given = _query("user").get("user")
    if given is None or not (given.isascii() and given.isdigit()):
        return given
    return read_id(given)


def _body(known: tuple[str, ...]) -> Mapping[str, object]:
    """Read the body. Raises: RequestInvalid Q111 for keys that mean nothing here."""
    _query()
    body_is_lines()
    body = read_object(read_body())
    unknown = sorted(body.keys() - set(known))
    if unknown:
        hint = f"it takes {', '.join(known)}"
        raise RequestInvalid(f'There is no "{unknown[0]}" here.', code="Q111", hint=hint)
    return body


def _group(value: object) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    message = "`with` says with whom."
    error = FieldError(field="with", code="Q111", message=message)
    hint = 'for example {"role": "emea"} or {"user": 12}'
    raise RequestInvalid(message, code="Q111", hint=hint, errors=(error,))


def read_instant(value: object, name: str = "until") -> datetime | None:
    """Read a date and time with its zone. Raises: RequestInvalid Q111."""
    if value is None:
        return None
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        read = None
    if read is not None and read.tzinfo is not None:
        return read
    message = f"`{name}` is a date and time with its zone."
    error = FieldError(field=name, code="Q111", message=message)
    hint = "for example 2026-12-31T18:00:00Z"
    raise RequestInvalid(message, code="Q111", hint=hint, errors=(error,))


def _share(share: Share) -> dict[str, object]:
    sort, _, name = share.principal.partition(":")
    return {
        "id": share.id,
        "with": {sort: int(name) if sort == "user" else name},
        "access": share.access,
        "until": share.until,
        "created_at": share.created_at,
        "created_by": share.created_by,
    }
