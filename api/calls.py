"""What every route does alike: read the headers, enter with a credential, work, answer.

Separate from the routes, which then say only what they ask of the `Session`. Bodies are read before
the transaction opens and answers are written after it has committed; only an answer that must be
remembered (`Idempotency-Key`) is written inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from flask import Response, g

from api.answers import JSON, encode
from api.headers import read_credential, read_idempotency_key, read_trace_name, request_fingerprint
from engine.clock import SystemClock
from engine.errors import NotFound, PatronError, SignInRequired
from engine.people.tokens import LastUses, ensure_reaches
from engine.session import TRIES, KeptAnswer, Session, run
from engine.snapshots import Environments

T = TypeVar("T")

PRODUCTION = "production"
DONE_MEANWHILE = "S101"  # a key that somebody else wrote first


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a route has to say, before it is bytes. `value` None: an answer without a body."""

    value: object = None
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An answer as it is sent, and remembered under an Idempotency-Key."""

    body: bytes
    status: int
    is_replayed: bool = False


class Tried(Exception):  # no error: undoes a transaction that was only tried
    """Ends the work of a trial with its outcome; nothing of it is kept."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("only tried")
        self.outcome = outcome


Work = Callable[[Session], Outcome]


class Calls:
    """Runs the work of a route in the right environment and answers with its outcome."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments
        self._uses = LastUses()

    def read(self, environment: str, work: Work) -> Response:
        """Answer with what a reader found."""
        return self._done(environment, work, write=False)

    def write(self, environment: str, work: Work) -> Response:
        """Answer with what a writer did, once it is committed."""
        return self._done(environment, work, write=True)

    def write_once(self, environment: str, work: Work) -> Response:
        """Like `write`, but a request that comes again under its Idempotency-Key is not done again.

        Raises: RequestInvalid Q209 for a key that cannot be used; Conflict C103 for one that came
            with another request.
        """
        try:
            return self._written_once(environment, work)
        except Tried as tried:
            return _response(_write(tried.outcome), [])

    def _written_once(self, environment: str, work: Work) -> Response:
        key = read_idempotency_key()
        if key is None:
            return self.write(environment, work)
        fingerprint = request_fingerprint()

        def once(session: Session) -> tuple[Written, list[str]]:
            kept = session.recall(key, fingerprint)
            if kept is not None:
                return Written(status=kept.status, body=kept.answer.encode(), is_replayed=True), []
            written = _write(work(session))
            answer = written.body.decode()
            session.remember(
                key, KeptAnswer(request=fingerprint, status=written.status, answer=answer)
            )
            return written, session.deprecations

        try:
            return _response(*self.enter(environment, once, write=True))
        except PatronError as error:
            if error.code != DONE_MEANWHILE:
                raise
            # The same request ran beside us and was faster; now there is an answer to recall.
            return _response(*self.enter(environment, once, write=True))

    def enter(self, environment: str, work: Callable[[Session], T], *, write: bool) -> T:
        """Run work in a session of the caller.

        Raises: SignInRequired A200; AccessDenied A102 for a token whose scopes do not reach the
            route; what the work raises.
        """
        credential, scope = read_credential(), str(g.get("scope", ""))
        trace = read_trace_name()  # before the environment: a wrong one tells nothing of it

        def within(session: Session) -> T:
            ensure_reaches(session.unit.scopes, scope)
            return work(session)

        try:
            opened = self._environments.open(environment)
        except NotFound as error:
            raise _not_admitted(environment) from error
        done = run(opened, credential, within, write=write, trace=trace, tries=TRIES)
        self._uses.note(self._environments.control, credential.text, at=SystemClock().now())
        return done

    def _done(self, environment: str, work: Work, *, write: bool) -> Response:
        def noted(session: Session) -> tuple[Outcome, list[str]]:
            return work(session), session.deprecations

        outcome, deprecated = self.enter(environment, noted, write=write)
        return _response(_write(outcome), deprecated)


def _write(outcome: Outcome) -> Written:
    body = b"" if outcome.value is None else encode(outcome.value)
    return Written(body=body, status=outcome.status)


def _response(written: Written, deprecated: list[str]) -> Response:
    """Give the response around what is written."""
    response = Response(written.body, written.status, mimetype=JSON)
    note_former(response, deprecated)
    if written.is_replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def note_former(response: Response, names: Collection[str]) -> None:
    """Tell in the headers which former names the caller used, if any."""
    if names:
        response.headers["Deprecation"] = "true"
        response.headers["Patron-Former-Names"] = ", ".join(sorted(set(names)))


def not_ready() -> PatronError:
    """Say that there is nothing to serve yet."""
    message = "There is no production environment yet."
    return PatronError(message=message, code="P101", status=503, hint="run `patron init`")


def _not_admitted(environment: str) -> PatronError:
    """Give the same answer for no such environment as for one that does not know the token."""
    if environment == PRODUCTION:
        return not_ready()
    return SignInRequired()
