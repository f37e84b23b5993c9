"""What leaves a record's transaction: mails, notifications, calls of other systems, as rows.

Separate from delivery: here nothing waits for a network. A mail is written now, in each receiver's
language, with the values of this moment; the rows commit or vanish with the record. Keys name an
effect: the same key twice is one effect, so a step that is retried tells nobody a second time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from engine.compiled import CompiledObject, MailTemplate
from engine.errors import AutomationFailed
from engine.expr import EvalContext
from engine.locale import say
from engine.model.fields.base import Value
from engine.saving.completing import completed
from engine.saving.people import Person
from engine.saving.unit import Unit
from engine.store.platform.notifications import Notification, put_notifications
from engine.store.platform.outbox import Effect, put

MAIL, WEBHOOK = "mail", "webhook"  # kinds of effects
MOST_SUBJECT = 500  # characters
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def send_mail(
    unit: Unit,
    compiled: CompiledObject,
    template: str,
    values: Mapping[str, Value],
    context: EvalContext,
    to: Sequence[Person],
    key: str,
) -> int:
    """Write a mail for each person in their language. Gives how many there are.

    Args: `template` is the name of an e-mail of the configuration; paths that it reads and `values`
    lack are read with full rights; `key` names the effect, an address is added for each person.
    Raises: AutomationFailed W141 when the configuration has no such e-mail.
    """
    mail = unit.snapshot.model.mails.get(template)
    if mail is None:
        message = say('The configuration has no e-mail "{name}".', name=template)
        raise AutomationFailed(message, code="W141")
    texts = {language: mail.in_language(language) for language in {one.language for one in to}}
    reads = (path for text in texts.values() for path in text.reads)
    whole = completed(unit, compiled, values, reads)
    written = {language: _written(mail, language, whole, context) for language in texts}
    effects = [
        Effect(
            kind=MAIL,
            payload={
                "to": one.address,
                "name": one.name,
                "language": one.language,
                "template": template,
                "object": compiled.name,
                "record": values.get("id"),
                **written[one.language],
            },
            key=f"{key}:{one.address.lower()}",
        )
        for one in to
    ]
    _put(unit, effects)
    return len(effects)


def notify(
    unit: Unit,
    compiled: CompiledObject | None,
    record_id: int | None,
    to: Sequence[Person],
    text: str,
    key: str,
) -> int:
    """Tell users something in their notifications; people outside have none. Gives how many."""
    rows = [
        Notification(
            user=one.user,
            object=None if compiled is None else compiled.name,
            record=record_id,
            text=one_line(text),
            key=f"{key}:{one.user}",
        )
        for one in to
        if one.user is not None
    ]
    put_notifications(unit.tx, rows, at=unit.now)
    return len(rows)


def call_endpoint(
    unit: Unit, endpoint: str, body: Mapping[str, object], record_id: int | None, key: str
) -> None:
    """Write a call of another system. Its address and its secrets are looked up when it is made.

    Raises: AutomationFailed W142 when the configuration has no such endpoint to send to.
    """
    declared = unit.snapshot.model.declared.get("endpoint", {}).get(endpoint)
    if declared is None or "url" not in declared:
        message = say('The configuration has no endpoint "{name}" to send to.', name=endpoint)
        raise AutomationFailed(message, code="W142")
    payload = {"endpoint": endpoint, "record": record_id, "body": dict(body)}
    lane = f"{WEBHOOK}:{endpoint}"  # a target that hangs holds up no other
    _put(unit, [Effect(kind=WEBHOOK, payload=payload, key=key, lane=lane)])


def one_line(text: str) -> str:
    """Give a text without line ends and other controls: nothing in it can begin a new header."""
    return _CONTROLS.sub(" ", text).strip()


def _put(unit: Unit, effects: Sequence[Effect]) -> None:
    put(unit.tx, effects, at=unit.now)
    if effects:
        unit.tx.after_commit(unit.wake)


def _written(
    mail: MailTemplate, language: str, values: Mapping[str, Value], context: EvalContext
) -> dict[str, str]:
    """Write subject and body; in HTML what comes from the record is text and never markup."""
    text = mail.in_language(language)
    subject = one_line(text.subject.render(values, context))[:MOST_SUBJECT]
    if mail.is_html:
        return {"subject": subject, "html": text.body.render(values, context, escape=html.escape)}
    return {"subject": subject, "text": text.body.render(values, context)}
