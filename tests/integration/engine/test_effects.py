"""Effects as rows: who is meant, what is written for whom, and that a key is one effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from engine.compile import PASSES
from engine.compile.recipients import compile_recipients
from engine.compile.work import Work
from engine.errors import AutomationFailed
from engine.model.fields.base import Value
from engine.names import ObjectName
from engine.programs import Group, Recipient
from engine.saving.runs.effects import call_endpoint, notify, send_mail
from engine.saving.runs.people import Person, resolve_people
from engine.session import Session
from engine.source import tree_from_texts
from engine.store.database import Database
from engine.store.jsontext import from_json
from engine.store.platform.members import set_member_active
from engine.store.platform.notifications import list_notifications
from tests.support.worlds import World, build_world, compile_texts, texts_of

ACCOUNT = """\
object: account
fields:
  name: {type: text}
  email: {type: email}
"""
DEAL = """\
object: deal
fields:
  name: {type: text}
  note: {type: long_text}
  account: {type: lookup, to: account}
  amount: {type: currency}
  zero: {type: number}
"""
FLOW = """\
workflow: tell
object: deal
when: saved
steps:
  - name: all
    email: hot
    to: [owner, owner.manager, account.email, {role: sales}, {queue: finance}, {team: desk},
         {user: admin@example.test}]
  - {name: broken, email: hot, to: ['TEXT(1 / zero)']}
"""
MAILS = """\
email: hot
object: deal
subject: 'Hot: {{ note }}'
body: |
  {{ account.name }}: {{ amount }}
---
email: page
object: deal
format: html
subject: 'Page {{ name }}'
body: '<p>{{ account.name }}</p>'
"""
FRENCH = """\
translations: fr
emails:
  hot: {subject: 'Affaire : {{ note }}'}
"""
ENDPOINTS = """\
endpoints:
  erp: {url: 'https://erp.example.test/orders'}
  form: {incoming: true, object: deal, values: {name: body.name}, secret: KEY}
"""
ACCESS = {
    "access__roles": "roles: {head: {label: Head}, sales: {label: Sales, parent: head}}\n",
    "access__queues": "queues: {finance: {label: F, members: [{user: marie@example.test}]}}\n",
    "access__teams": "teams: {desk: {label: Desk, members: [{role: head}]}}\n",
    "access__permission_sets__rep": (
        "permission_set: rep\nobjects: {deal: {create: true, read: true}, account: {read: true}}\n"
    ),
}
TEXTS = texts_of(
    {"account": ACCOUNT, "deal": DEAL},
    workflows__tell=FLOW,
    emails__all=MAILS,
    translations__fr=FRENCH,
    endpoints=ENDPOINTS,
    env_vars="env_vars: {KEY: {type: text, secret: true}}\n",
    **ACCESS,
)
PEOPLE: Mapping[str, Mapping[str, object]] = {
    "sofia": {"role": "sales", "permission_sets": ["rep"]},
    "marie": {"language": "fr"},
    "hugo": {"role": "head"},
}


@dataclass
class Deal:
    """A world with one deal in it, and its recipients as they were compiled."""

    world: World
    id: int
    who: tuple[Recipient, ...]
    broken: tuple[Recipient, ...]

    @property
    def values(self) -> Mapping[str, Value]:
        """What a save knows of the deal: its own fields."""
        return self.world.run(lambda s: s.get("deal", self.id), write=False)

    def people(self, who: tuple[Recipient, ...] | None = None) -> tuple[Person, ...]:
        """Say who is meant."""

        def work(session: Session) -> tuple[Person, ...]:
            compiled = session.compiled("deal")
            context = session.unit.caller.context
            meant = self.who if who is None else who
            return resolve_people(session.unit, compiled, meant, values, context)

        values = self.values
        return self.world.run(work, write=False)


@pytest.fixture
def deal(database: Database) -> Deal:
    """Make a deal of Sofia's with an account that has an address."""
    world = build_world(database, TEXTS, PEOPLE)

    def work(session: Session) -> int:
        account = session.create("account", {"name": "<Castor> & Co", "email": "info@castor.test"})
        made = session.create(
            "deal",
            {
                "name": "Big",
                "note": "Big\r\nBcc: spy@example.test",
                "account": account["id"],
                "amount": "12.50",
                "zero": 0,
                "owner": world.people["sofia"],
            },
        )
        return int(str(made["id"]))

    record = world.run(work)
    tree, _ = tree_from_texts(dict(TEXTS))
    bench = Work(tree, None)
    for step in PASSES:
        step(bench)
    doc = bench.named("workflow")["tell"]
    who, broken = (
        compile_recipients(bench, doc, f"/steps/{place}/to", doc.data["steps"][place]["to"])  # type: ignore[index]
        for place in (0, 1)
    )
    return Deal(world, record, (*who, Group(sort="permission_set", name="rep")), broken)


def _rows(world: World) -> list[tuple[str, Mapping[str, object], str]]:
    with world.environment.database.read() as tx:
        rows = tx.rows("SELECT kind, payload, key FROM patron_outbox ORDER BY id")
    return [(row[0], from_json(row[1]), row[2]) for row in rows]  # type: ignore[misc]


def test_everybody_meant_is_found_once(deal: Deal) -> None:
    """A path, an address, a role, queue, team, set and user: each person once, in order."""
    found = deal.people()

    assert [one.address for one in found] == [
        "sofia@example.test",  # owner, role and permission set
        "info@castor.test",
        "marie@example.test",
        "hugo@example.test",
        "admin@example.test",
    ]
    assert [one.language for one in found] == ["en", "en", "fr", "en", "en"]
    assert [one.user is None for one in found] == [False, True, False, False, False]


def test_who_may_not_enter_is_told_nothing(deal: Deal) -> None:
    """A member who was switched off is nobody, by role and by address alike."""
    world = deal.world
    with world.environment.database.write() as tx:
        set_member_active(tx, world.people["marie"], active=False)
        set_member_active(tx, world.people["hugo"], active=False)

    found = deal.people()

    assert [one.address for one in found] == [
        "sofia@example.test",
        "info@castor.test",
        "admin@example.test",
    ]


def test_an_owner_that_is_a_queue_means_its_members(deal: Deal) -> None:
    """A record that waits in a queue tells those who work on the queue."""
    world = deal.world

    def give(session: Session) -> None:
        rows = session.unit.tx.rows("SELECT id FROM patron_queue WHERE api_name = 'finance'")
        session.update("deal", deal.id, {"owner": rows[0][0]})

    world.run(give)

    assert [one.address for one in deal.people(deal.who[:1])] == ["marie@example.test"]


def test_recipients_that_cannot_be_computed_are_refused(deal: Deal) -> None:
    """Nobody is told by mistake: the step fails, and says which expression."""
    with pytest.raises(AutomationFailed) as refused:
        deal.people(deal.broken)

    assert refused.value.code == "W140"
    assert "TEXT(1 / zero)" in refused.value.message


def _send(deal: Deal, template: str, key: str, to: tuple[Person, ...]) -> int:
    values = deal.values

    def work(session: Session) -> int:
        compiled = session.compiled("deal")
        context = session.unit.caller.context
        return send_mail(session.unit, compiled, template, values, context, to, key)

    return deal.world.run(work)


def test_mails_are_written_in_the_language_of_each(deal: Deal) -> None:
    """One row for each person, rendered; a line end in a value begins no header."""
    to = tuple(one for one in deal.people() if one.name in {"Sofia", "Marie"})

    sent = _send(deal, "hot", "run:1", to)

    assert sent == 2
    kinds, payloads, keys = zip(*_rows(deal.world), strict=True)
    assert kinds == ("mail", "mail")
    assert [one["subject"] for one in payloads] == [
        "Hot: Big Bcc: spy@example.test",
        "Affaire : Big Bcc: spy@example.test",
    ]
    assert payloads[1]["text"] == "<Castor> & Co: 12.50\n"
    assert keys == ("run:1:sofia@example.test", "run:1:marie@example.test")


def test_html_mails_take_values_as_text(deal: Deal) -> None:
    """What somebody wrote into a record is never markup of a mail."""
    _send(deal, "page", "run:1", deal.people()[:1])

    (_, payload, _) = _rows(deal.world)[0]
    assert payload["html"] == "<p>&lt;Castor&gt; &amp; Co</p>"
    assert "text" not in payload


def test_the_same_key_is_one_effect(deal: Deal) -> None:
    """A step that is carried out again tells nobody a second time."""
    for _ in range(2):
        _send(deal, "hot", "run:1:step:tell", deal.people()[:1])

    assert len(_rows(deal.world)) == 1


def test_what_is_not_declared_cannot_be_sent(deal: Deal) -> None:
    """A mail or an endpoint that is gone, or only takes requests, is named in the error."""
    with pytest.raises(AutomationFailed) as no_mail:
        _send(deal, "gone", "run:1", deal.people()[:1])
    with pytest.raises(AutomationFailed) as no_endpoint:
        deal.world.run(lambda s: call_endpoint(s.unit, "form", {}, deal.id, "run:2"))

    assert (no_mail.value.code, no_endpoint.value.code) == ("W141", "W142")
    assert '"gone"' in no_mail.value.message


def test_a_call_is_a_row_with_exact_numbers(deal: Deal) -> None:
    """The outbox keeps the body's digits and the endpoint's name, and no secret."""
    amount = deal.values["amount"]

    deal.world.run(
        lambda s: call_endpoint(s.unit, "erp", {"amount": amount, "deal": "Big"}, deal.id, "r:1")
    )

    kind, payload, key = _rows(deal.world)[0]
    assert (kind, key) == ("webhook", "r:1")
    assert payload["body"] == {"amount": amount, "deal": "Big"}
    assert str(payload["body"]["amount"]) == "12.50"  # type: ignore[index]


def test_notifications_are_rows_of_the_users_told(deal: Deal) -> None:
    """Users are told once under a key; people outside have no notifications."""
    to = deal.people()[:3]

    def work(session: Session) -> int:
        compiled = session.compiled("deal")
        return notify(session.unit, compiled, deal.id, to, "Hot:\nBig", "run:1")

    assert (deal.world.run(work), deal.world.run(work)) == (2, 2)
    with deal.world.environment.database.read() as tx:
        told = list_notifications(tx, deal.world.people["sofia"], limit=10)
    assert [(one.text, one.object, one.record) for one in told] == [
        ("Hot: Big", ObjectName("deal"), deal.id)
    ]


def test_a_rolled_back_record_leaves_no_effect_and_wakes_nobody(deal: Deal) -> None:
    """Effects commit with the record or not at all."""
    woken: list[int] = []
    deal.world.environment.wake = lambda: woken.append(1)

    def work(session: Session) -> None:
        call_endpoint(session.unit, "erp", {}, deal.id, "r:1")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        deal.world.run(work)
    assert (_rows(deal.world), woken) == ([], [])
    deal.world.run(lambda s: call_endpoint(s.unit, "erp", {}, deal.id, "r:1"))
    assert woken == [1]


def test_a_translated_mail_that_names_no_field_is_a_problem() -> None:
    """A text in another language is checked as the own one is, under its character."""
    wrong = {**TEXTS, "translations/fr.yaml": FRENCH.replace("{{ note }}", "{{ nom }}")}

    with pytest.raises(AssertionError, match=r"translations/fr\.yaml:3:\d+ M301"):
        compile_texts(wrong)
