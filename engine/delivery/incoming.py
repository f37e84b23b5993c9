"""What comes in from other systems: a request that knows the secret makes a record, once.

Separate from the face that reads the request, so that who may write and what is written is decided
in one place. Checking reads only; writing is a transaction of its own, so that strangers cannot
make writers wait. A wrong secret and an endpoint that is not there have the same answer.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from engine.clock import Clock
from engine.compiled import Incoming
from engine.delivery.signing import is_fresh, is_signed
from engine.errors import FieldError, RecordInvalid, SignInRequired, Throttled
from engine.expr import EvalContext, ExprFailed
from engine.model.fields.base import Value
from engine.programs import Setting
from engine.saving.runs.triggering import WEBHOOK
from engine.session import Session, run
from engine.snapshots import Environment
from engine.store.failures import UniqueViolated
from engine.store.jsontext import to_json
from engine.store.platform.enter import SystemCredential
from engine.store.platform.incoming import count_deliveries, find_delivery, keep_delivery
from engine.store.platform.values import read_value

LEAST_SECRET = 16  # characters; what is shorter is guessed, and opens nothing
MOST_PER_MINUTE = 600  # deliveries to one endpoint
_MINUTE = timedelta(minutes=1)
_BODY = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came. `delivery` is the sender's own id of it, "" for none."""

    endpoint: str
    raw: bytes = field(repr=False)
    body: Mapping[str, object] = field(repr=False)
    signature: str = field(repr=False)
    bearer: str = field(repr=False)
    delivery: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The record that a request made; `is_new` is false for one that came before."""

    record: int
    is_new: bool


def ensure_known(environment: Environment, request: Request, clock: Clock) -> None:
    """Make sure that a request knows the endpoint's secret.

    Raises: SignInRequired W152 when it does not, W153 when it was signed at another time.
    """

    def work(session: Session) -> str:
        incoming = session.snapshot.model.incoming.get(request.endpoint)
        if incoming is None or not incoming.is_active:
            return ""
        return str(read_value(session.unit.tx, incoming.secret) or "")

    secret = run(environment, SystemCredential(), work, write=False, clock=clock)
    if len(secret) < LEAST_SECRET or not _knows(request, secret):
        raise not_signed()
    if request.signature and not is_fresh(request.signature, at=clock.now()):
        message = "The request was signed too long ago, or in the future."
        raise SignInRequired(message, code="W153", hint="sign it when it is sent; check the clock")


def not_signed() -> SignInRequired:
    """Give the one answer for a wrong secret, and for what is not there at all."""
    message = "This endpoint takes requests that are signed with its secret."
    return SignInRequired(message, code="W152", hint="see docs/how-to/webhooks.md")


def receive(environment: Environment, request: Request, clock: Clock) -> Taken:
    """Make the record of a request; one that came before, by its id or its signature, is the same.

    Raises: SignInRequired W152, W153; Throttled W155; RecordInvalid R100 with W154 at the field.
    """
    ensure_known(environment, request, clock)

    def work(session: Session) -> Taken:
        return _receive(session, request)

    try:
        return run(environment, SystemCredential(), work, write=True, clock=clock, source=WEBHOOK)
    except UniqueViolated:  # the same delivery ran beside us; now there is an answer to find
        return run(environment, SystemCredential(), work, write=True, clock=clock, source=WEBHOOK)


def _knows(request: Request, secret: str) -> bool:
    if request.signature:
        return is_signed(secret, request.raw, request.signature, key=request.delivery)
    return hmac.compare_digest(request.bearer.encode(), secret.encode())


def _receive(session: Session, request: Request) -> Taken:
    unit, mark = session.unit, _mark(request)
    known = find_delivery(unit.tx, request.endpoint, mark)
    if known is not None:
        return Taken(record=known, is_new=False)
    if count_deliveries(unit.tx, request.endpoint, since=unit.now - _MINUTE) >= MOST_PER_MINUTE:
        message = "This endpoint takes no more requests for a minute."
        raise Throttled(message, code="W155", retry_after=60)
    incoming = session.snapshot.model.incoming[request.endpoint]
    record = session.create(incoming.object, _values(session, incoming, request.body))
    number = int(str(record["id"]))
    keep_delivery(unit.tx, request.endpoint, mark, number, at=unit.now)
    return Taken(record=number, is_new=True)


def _mark(request: Request) -> str:
    """Give what tells a delivery from another: the sender's id, else a signature used once."""
    if request.delivery:
        return f"id:{request.delivery}"
    if request.signature:
        return f"signature:{hashlib.sha256(request.signature.encode()).hexdigest()}"
    return f"none:{secrets.token_hex(16)}"


def _values(session: Session, incoming: Incoming, body: Mapping[str, object]) -> dict[str, object]:
    context = session.unit.caller.context
    values: dict[str, object] = {}
    errors: list[FieldError] = []
    for setting in incoming.settings:
        try:
            values[setting.field] = _value(setting, body, context)
        except ExprFailed as failed:
            reason = f"The endpoint cannot compute this value: {failed.reason}."
            errors.append(FieldError(field=setting.field, code="W154", message=reason))
    if errors:
        raise RecordInvalid(errors=tuple(errors))
    return values


def _value(setting: Setting, body: Mapping[str, object], context: EvalContext) -> object:
    """Compute a value; a part of the body that is taken as it is keeps its JSON type."""
    expression = setting.expression
    if expression is None:
        return setting.constant
    path = expression.text.strip()
    if path in expression.reads:
        return _part(body, path)
    return expression.evaluate(
        {read: _text(_part(body, read)) for read in expression.reads}, context
    )


def _part(body: Mapping[str, object], path: str) -> object:
    """Follow a path into the body; None where it leads nowhere."""
    found: object = {_BODY: body}
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _text(value: object) -> Value:
    """Give a part of a body as expressions read it: as text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return to_json(value)
