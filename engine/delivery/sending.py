"""What goes out for each kind of effect: prepared inside a transaction, sent outside of it.

Addresses and secrets are read at the last moment, so that they stand in no row of the outbox, and
a key that was changed is used at once. One table says which function serves a kind.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import partial

from engine.delivery.calling import Call, send_call
from engine.delivery.failing import DeliveryFailed
from engine.delivery.signing import HEADER, sign
from engine.errors import PatronError
from engine.people.mail import Mail, MailFailed, send_mail
from engine.saving.runs.effects import MAIL, WEBHOOK
from engine.session import Session
from engine.settings import Settings
from engine.store.jsontext import to_json
from engine.store.platform.outbox import Taken
from engine.store.platform.values import load_values, read_value

Send = Callable[[], None]  # raises DeliveryFailed
Data = Mapping[str, object]
MOST_SECONDS, USUAL_SECONDS = 60, 10  # of one call
_UNITS = {"second": 1, "minute": 60}
_VARIABLE = re.compile(r"\$\{env\.([A-Za-z0-9_]+)\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")  # a header's name
_MOST_KEY = 255  # characters of an Idempotency-Key


def prepare(session: Session, settings: Settings, effect: Taken) -> Send:
    """Make an effect ready to go. Raises: DeliveryFailed when it cannot go as things are."""
    return _KINDS.get(effect.kind, _unknown)(session, settings, effect)


def _unknown(_session: Session, _settings: Settings, effect: Taken) -> Send:
    message = f'This version of Patron does not deliver "{effect.kind}".'
    raise DeliveryFailed(message, code="W144")


# --- mail ----------------------------------------------------------------------------------------


def _mail(_session: Session, settings: Settings, effect: Taken) -> Send:
    if not settings.smtp_url:
        message = "No mail server is configured, so the mail waits."
        raise DeliveryFailed(message, code="W144", hint="set PATRON_SMTP_URL", lacks_setup=True)
    text = {name: str(value or "") for name, value in effect.payload.items()}
    mail = Mail(
        to=text.get("to", ""),
        name=text.get("name", ""),
        subject=text.get("subject", ""),
        text=text.get("text", ""),
        html=text.get("html", ""),
        mark=f"patron.{hashlib.sha256(effect.key.encode()).hexdigest()[:40]}",
    )
    return partial(_send_mail, settings, mail)


def _send_mail(settings: Settings, mail: Mail) -> None:
    try:
        send_mail(settings.smtp_url, mail, sender=settings.mail_from)
    except PatronError as error:
        is_final = isinstance(error, MailFailed) and error.is_final
        raise DeliveryFailed(
            error.message, code=error.code, hint=error.hint, is_final=is_final
        ) from error


# --- webhooks ------------------------------------------------------------------------------------


def _webhook(session: Session, settings: Settings, effect: Taken) -> Send:
    name = str(effect.payload.get("endpoint"))
    declared = session.snapshot.model.declared.get("endpoint", {}).get(name)
    if declared is None or "url" not in declared or declared.get("active") is False:
        message = f'The configuration has no endpoint "{name}" that is active.'
        raise DeliveryFailed(message, code="W142", is_final=True)
    body = to_json(effect.payload.get("body") or {}).encode()
    key = _header_key(effect.key)
    call = Call(
        endpoint=name,
        url=_filled(session, str(declared["url"])),
        headers={
            "Content-Type": "application/json",
            "User-Agent": "Patron",
            "Idempotency-Key": key,
            **_identity(session, declared),
            **_signature(session, declared, key, body),
        },
        body=body,
        seconds=seconds_of(declared.get("timeout")),
    )
    return partial(send_call, call, settings.webhook_allow)


def seconds_of(text: object) -> float:
    """Read a timeout (`10 seconds`): at least one second, and at most a minute."""
    number, _, unit = str(text or "").partition(" ")
    if not number.isdigit():
        return USUAL_SECONDS
    return min(max(int(number) * _UNITS.get(unit.removesuffix("s"), 3600), 1), MOST_SECONDS)


def _filled(session: Session, url: str) -> str:
    """Put variables into an address. Raises: DeliveryFailed W151 for one without a value."""
    return _VARIABLE.sub(lambda found: _secret(session, found[1]), url)


def _secret(session: Session, name: object) -> str:
    """Give a variable's value, secrets too. Raises: DeliveryFailed W151 when it has none."""
    value = read_value(session.unit.tx, str(name))
    if value is None or value == "":
        message = f"The variable {name} has no value in this environment."
        hint = f"patron env values {session.snapshot.environment} {name}=…"
        raise DeliveryFailed(message, code="W151", hint=hint, lacks_setup=True)
    return str(value)


def _identity(session: Session, declared: Data) -> Mapping[str, str]:
    """Give the header by which the other side knows us."""
    auth = declared.get("auth")
    if not isinstance(auth, Mapping):
        return {}
    secret = _secret(session, auth.get("secret"))
    if auth.get("type") == "basic":
        pair = f"{auth.get('user', '')}:{secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    name = str(auth.get("name", "")) if auth.get("type") == "header" else "Authorization"
    value = secret if auth.get("type") == "header" else f"Bearer {secret}"
    if not _TOKEN.match(name) or not (value.isascii() and value.isprintable()):
        message = "The header that identifies Patron has signs that no header may have."
        raise DeliveryFailed(message, code="W151", is_final=True)
    return {name: value}


def _signature(session: Session, declared: Data, key: str, body: bytes) -> Mapping[str, str]:
    if declared.get("sign") != "hmac":
        return {}
    auth = declared.get("auth")
    of_auth = auth.get("secret") if isinstance(auth, Mapping) else None
    secret = _secret(session, declared.get("secret") or of_auth)
    return {HEADER: sign(secret, body, at=session.unit.now, key=key)}


def _header_key(key: str) -> str:
    """Give a key as a header can hold it, the same on every attempt."""
    is_plain = key.isascii() and key.isprintable() and len(key) <= _MOST_KEY
    return key if is_plain else hashlib.sha256(key.encode()).hexdigest()


_KINDS: Mapping[str, Callable[[Session, Settings, Taken], Send]] = {
    MAIL: _mail,
    WEBHOOK: _webhook,
}


def shown_url(session: Session, url: str) -> str:
    """Give an address for people: open variables filled in, those that are secret as written."""
    known = load_values(session.unit.tx)
    return _VARIABLE.sub(lambda found: str(known.get(found[1]) or found[0]), url)
