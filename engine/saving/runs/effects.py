"""What leaves a record's transaction: mails, notifications, calls of other systems, as rows.

Separate from delivery: here nothing waits for a network. A mail is written now, in each receiver's
language, with the values of this moment; the rows commit or vanish with the record. Keys name an
effect: the same key twice is one effect, so a step that is retried tells nobody a second time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.compiled import CompiledObject, MailTemplate
from engine.errors import AutomationFailed
from engine.expr import EvalContext
from engine.locale import say
from engine.model.fields.base import Value
from engine.saving.completing import completed
from engine.saving.runs.people import Person
from engine.saving.unit import Unit
from engine.store.platform.notifications import Notification, put_notifications
from engine.store.platform.outbox import Effect, put

MAIL, WEBHOOK = "mail", "webhook"  # kinds of effects
MOST_SUBJECT = 500  # characters
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail of a template about one record. `key` names the effect; an address is added to it."""

    values: Mapping[str, Value]
    context: EvalContext
    to: Sequence[Person]
    key: str


def send_mail(
    unit: Unit,
    compiled: CompiledObject,
    template: str,
    values: Mapping[str, Value],
    context: EvalContext,
    to: Sequence[Person],
    key: str,
) -> int:
    """Write a mail about one record: see `send_mails`."""
    letter = Letter(values=values, context=context, to=to, key=key)
    return send_mails(unit, compiled, template, [letter])


def send_mails(
    unit: Unit, compiled: CompiledObject, template: str, letters: Sequence[Letter]
) -> int:
    """Write a mail for each person of each letter in their language. Gives how many there are.

    Args: `template` is the name of an e-mail of the configuration; paths that it reads and the
    values lack are read with full rights. One statement for all that are written.
    Raises: AutomationFailed W141 when the configuration has no such e-mail.
    """
    mail = unit.snapshot.model.mails.get(template)
    if mail is None:
        message = say('The configuration has no e-mail "{name}".', name=template)
        raise AutomationFailed(message, code="W141")
    languages = {person.language for letter in letters for person in letter.to}
    reads = {path for language in languages for path in mail.in_language(language).reads}
    wholes = completed(unit, compiled, [letter.values for letter in letters], reads)
    effects: list[Effect] = []
    for letter, values in zip(letters, wholes, strict=True):
        about = {"template": template, "object": compiled.name, "record": values.get("id")}
        effects += _effects(mail, letter, values, about)
    put_effects(unit, effects)
    return len(effects)


def _effects(
    mail: MailTemplate, letter: Letter, values: Mapping[str, Value], about: Mapping[str, object]
) -> list[Effect]:
    """Give the mails of one letter, each written once a language."""
    languages = {person.language for person in letter.to}
    written = {one: _written(mail, one, values, letter.context) for one in languages}
    return [
        Effect(
            kind=MAIL,
            payload={
                "to": one.address,
                "name": one.name,
                "language": one.language,
                **about,
                **written[one.language],
            },
            key=f"{letter.key}:{one.address.lower()}",
        )
        for one in letter.to
    ]


def notify(
    unit: Unit,
    compiled: CompiledObject | None,
    record_id: int | None,
    to: Sequence[Person],
    text: str,
    key: str,
) -> int:
    """Tell users something in their notifications; people outside have none. Gives how many."""
    rows = notifications(compiled, record_id, to, text, key)
    put_notifications(unit.tx, rows, at=unit.now)
    return len(rows)


def notifications(
    compiled: CompiledObject | None,
    record_id: int | None,
    to: Sequence[Person],
    text: str,
    key: str,
) -> list[Notification]:
    """Give what tells users something, to be put down with others."""
    return [
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


def call_endpoint(
    unit: Unit, endpoint: str, body: Mapping[str, object], record_id: int | None, key: str
) -> None:
    """Write a call of another system. Its address and its secrets are looked up when it is made.

    Raises: AutomationFailed W142 when the configuration has no such endpoint to send to.
    """
    put_effects(unit, [call_of(unit, endpoint, body, record_id, key)])


def call_of(
    unit: Unit, endpoint: str, body: Mapping[str, object], record_id: int | None, key: str
) -> Effect:
    """Give a call, to be put down with others. Raises: AutomationFailed W142."""
    declared = unit.snapshot.model.declared.get("endpoint", {}).get(endpoint)
    if declared is None or "url" not in declared:
        message = say('The configuration has no endpoint "{name}" to send to.', name=endpoint)
        raise AutomationFailed(message, code="W142")
    payload = {"endpoint": endpoint, "record": record_id, "body": dict(body)}
    lane = f"{WEBHOOK}:{endpoint}"  # a target that hangs holds up no other
    return Effect(kind=WEBHOOK, payload=payload, key=key, lane=lane)


def one_line(text: str) -> str:
    """Give a text without line ends and other controls: nothing in it can begin a new header."""
    return _CONTROLS.sub(" ", text).strip()


def put_effects(unit: Unit, effects: Sequence[Effect]) -> None:
    """Put effects down in one statement, and let a worker know after the commit."""
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
