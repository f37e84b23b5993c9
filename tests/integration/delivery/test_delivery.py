"""Effects delivered: real mail server, real web server, both databases, sandboxes, dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from engine.clock import FixedClock, SystemClock
from engine.delivery import deliver_environment, lanes_to_deliver
from engine.delivery.signing import is_signed
from engine.saving.runs.effects import call_endpoint, send_mail
from engine.saving.runs.people import Person
from engine.session import Session
from engine.settings import Settings
from engine.store.database import Database
from engine.store.platform import outbox
from engine.store.platform.control import EnvironmentRow
from engine.store.platform.outbox_shelf import Kept, list_effects, replay
from engine.store.platform.values import put_value
from tests.support.mailbox import Mailbox, open_mailbox
from tests.support.receiver import Receiver, answer, open_receiver
from tests.support.worlds import World, build_world, texts_of

LEAD = "object: lead\nfields:\n  name: {type: text}\n"
MAILS = """\
email: hello
object: lead
subject: 'Hello {{ name }}'
body: 'Dear {{ name }}'
---
email: page
object: lead
format: html
subject: 'Page'
body: '<h1>Dear</h1><p>{{ name }} <a href="https://x.test/">here</a></p>'
"""
ENDPOINTS = """\
endpoints:
  erp:
    url: '${env.ERP_URL}/orders'
    auth: {type: bearer, secret: ERP_KEY}
    sign: hmac
    timeout: 5 seconds
  named: {url: '${env.ERP_URL}/n', auth: {type: header, name: X-Key, secret: ERP_KEY}}
  basic: {url: '${env.ERP_URL}/b', auth: {type: basic, user: crm, secret: ERP_KEY}}
  other: {url: '${env.OTHER_URL}/o'}
"""
VARIABLES = """\
env_vars:
  ERP_URL: {type: url}
  OTHER_URL: {type: url}
  ERP_KEY: {type: text, secret: true}
"""
TEXTS = texts_of({"lead": LEAD}, emails__all=MAILS, endpoints=ENDPOINTS, env_vars=VARIABLES)
SECRET = "k3y-that-nobody-may-see"  # of this test alone
ANN = Person(user=None, address="ann@example.test", name="Ann", language="en")


class Post:
    """A world with a mail server and a web server to deliver to."""

    def __init__(self, world: World, home: Path, mailbox: Mailbox, receiver: Receiver) -> None:
        self.world, self.mailbox, self.receiver = world, mailbox, receiver
        here = (ip_network("127.0.0.1/32"),)
        self.settings = Settings(home=home, smtp_url=mailbox.url, webhook_allow=here)
        self.set(ERP_URL=receiver.url, ERP_KEY=SECRET)

    def set(self, **values: str) -> None:
        """Give variables values in the environment."""
        with self.world.environment.database.write() as tx:
            for name, value in values.items():
                put_value(tx, name, value, is_secret=name.endswith("KEY"))

    def call(
        self, key: str, endpoint: str = "erp", body: Mapping[str, object] | None = None
    ) -> None:
        """Put a call into the outbox."""
        given = {"deal": "Big"} if body is None else body
        self.world.run(lambda session: call_endpoint(session.unit, endpoint, given, None, key))

    def mail(self, key: str, to: Person = ANN, template: str = "hello") -> None:
        """Put a mail into the outbox."""

        def work(session: Session) -> None:
            record = session.create("lead", {"name": "Café"})
            compiled, context = session.compiled("lead"), session.unit.caller.context
            send_mail(session.unit, compiled, template, record, context, [to], key)

        self.world.run(work)

    def deliver(self, *, after: timedelta = timedelta()) -> None:
        """Deliver what is due now, or some time later."""
        clock = FixedClock(SystemClock().now() + after)
        deliver_environment(self.world.environment, self.settings, clock)

    def shelf(self, state: str) -> list[Kept]:
        """Give the effects in a state."""
        with self.world.environment.database.read() as tx:
            return list_effects(tx, state, limit=100)


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Iterator[Post]:
    """Open the world and its servers."""
    world = build_world(database, TEXTS, {})
    with open_mailbox() as mailbox, open_receiver() as receiver:
        yield Post(world, tmp_path, mailbox, receiver)


@contextmanager
def as_sandbox(world: World) -> Iterator[None]:
    """Let the environment be a sandbox for a while."""
    row = world.environment.row
    world.environment.row = EnvironmentRow(name="dev", kind="sandbox", url=row.url)
    try:
        yield
    finally:
        world.environment.row = row


def test_a_mail_arrives_once_with_an_id_of_its_key(post: Post) -> None:
    """Delivered, done, and not sent again; the same key has the same Message-ID."""
    post.mail("run:1")
    post.deliver()
    post.deliver(after=timedelta(days=1))

    (mail,) = post.mailbox.wait()
    assert (mail["To"], mail["Subject"]) == ("Ann <ann@example.test>", "Hello Café")
    assert mail.get_content().strip() == "Dear Café"
    assert mail["Message-ID"].startswith("<patron.")
    assert [one.state for one in post.shelf("done")] == ["done"]


def test_an_html_mail_has_its_text_beside_it(post: Post) -> None:
    """Who reads no HTML reads the same, with the address of a link."""
    post.mail("run:1", template="page")
    post.deliver()

    (mail,) = post.mailbox.wait()
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().split() == ["Dear", "Café", "here", "(https://x.test/)"]
    assert "<p>Café" in rich.get_content()


def test_a_crash_between_sending_and_noting_repeats_with_the_same_key(post: Post) -> None:
    """The second mail can be dropped by its Message-ID, the second call by its key."""
    post.mail("run:1")
    post.call("run:2")
    with post.world.environment.database.write() as tx:  # as a worker that dies would leave them
        held = outbox.take(tx, at=SystemClock().now(), until=SystemClock().now())
    assert len(held) == 2
    for _ in range(2):
        post.deliver(after=timedelta(minutes=5))
        with post.world.environment.database.write() as tx:
            tx.run("UPDATE patron_outbox SET state = 'running', due_at = 0")

    first, second = post.mailbox.wait(2)
    assert first["Message-ID"] == second["Message-ID"]
    assert post.receiver.keys() == {"run:2": 2}


def test_a_call_identifies_itself_and_is_signed(post: Post) -> None:
    """Bearer token, signature over the body, key: as the endpoint declares."""
    post.call("run:1")
    post.call("run:2", "named")
    post.call("run:3", "basic")
    post.deliver()

    erp, named, basic = sorted(
        post.receiver.requests, key=lambda one: one.headers["idempotency-key"]
    )
    assert (erp.path, erp.body) == ("/orders", b'{"deal":"Big"}')
    assert erp.headers["authorization"] == f"Bearer {SECRET}"
    assert is_signed(SECRET, erp.body, erp.headers["patron-signature"], key="run:1")
    assert named.headers["x-key"] == SECRET
    assert basic.headers["authorization"].startswith("Basic ")
    assert "patron-signature" not in basic.headers


def test_what_fails_is_tried_again_later_and_then_delivered(post: Post) -> None:
    """A target that is down for a minute loses nothing; Retry-After is waited for."""
    post.receiver.behave = answer(503, Retry_After="600")
    post.call("run:1")
    post.deliver()
    post.receiver.behave = None
    post.deliver(after=timedelta(seconds=590))
    early = post.receiver.keys()["run:1"]
    post.deliver(after=timedelta(seconds=610))

    assert (early, post.receiver.keys()["run:1"]) == (1, 2)
    assert [one.attempts for one in post.shelf("done")] == [2]


def test_what_is_refused_is_dead_at_once_and_can_be_replayed(post: Post) -> None:
    """A 4xx is not asked again and again; an admin replays it when the cause is gone."""
    post.receiver.behave = answer(422)
    post.call("run:1")
    post.deliver()
    (dead,) = post.shelf("dead")
    assert dead.error.startswith("W148 ")

    post.receiver.behave = None
    with post.world.environment.database.write() as tx:
        assert replay(tx, [dead.id], at=SystemClock().now()) == 1
    post.deliver()

    assert [one.key for one in post.shelf("done")] == ["run:1"]


def test_after_the_last_attempt_it_is_dead(post: Post) -> None:
    """Eight attempts, later and later; then it waits for somebody."""
    post.receiver.behave = answer(500)
    post.call("run:1")
    for day in range(outbox.MOST_ATTEMPTS + 1):
        post.deliver(after=timedelta(days=day))

    (dead,) = post.shelf("dead")
    assert dead.attempts == post.receiver.keys()["run:1"] == outbox.MOST_ATTEMPTS


def test_no_secret_stands_in_a_row_an_error_or_the_log(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither what was sent nor what failed tells the key, nor the address with its variables."""
    post.receiver.behave = answer(500)
    post.call("run:1")
    post.set(OTHER_URL=f"http://127.0.0.1:1/{SECRET}")
    post.call("run:2", "other")
    post.deliver()

    with post.world.environment.database.read() as tx:
        rows = tx.rows("SELECT payload, error, key, lane FROM patron_outbox")
    assert len(rows) == 2
    assert all(row[1] for row in rows)
    assert SECRET not in f"{rows} {caplog.text}"


def test_a_variable_without_a_value_is_named(post: Post) -> None:
    """The admin reads which one, and how to set it."""
    post.call("run:1", "other")
    post.deliver()

    (waiting,) = post.shelf("waiting")
    assert waiting.error.startswith("W151 The variable OTHER_URL has no value")
    assert "patron env values" in waiting.error


def test_a_lane_that_fails_holds_up_no_other(post: Post) -> None:
    """Each endpoint and the mails wait in lines of their own."""
    post.set(OTHER_URL="http://127.0.0.1:1")
    post.call("run:1", "other")
    post.mail("run:2")
    post.call("run:3")

    assert lanes_to_deliver(post.world.environment, SystemClock()) == [
        "mail",
        "webhook:erp",
        "webhook:other",
    ]
    post.deliver()
    assert {one.key for one in post.shelf("done")} == {"run:2:ann@example.test", "run:3"}


def test_without_a_mail_server_mails_wait_and_say_why(post: Post) -> None:
    """Nothing is lost while PATRON_SMTP_URL is not set, however long it is."""
    complete = post.settings
    post.settings = replace(post.settings, smtp_url="")
    post.mail("run:1")
    post.mail("run:2")
    for day in range(outbox.MOST_ATTEMPTS + 1):
        post.deliver(after=timedelta(days=day))

    waiting = post.shelf("waiting")
    assert [one.attempts for one in waiting] == [0, 0]
    assert all(one.error.startswith("W144 ") for one in waiting)
    assert all("PATRON_SMTP_URL" in one.error for one in waiting)

    post.settings = complete
    post.deliver(after=timedelta(days=outbox.MOST_ATTEMPTS, minutes=2))
    post.mailbox.wait(2)
    assert [one.attempts for one in post.shelf("done")] == [1, 1]


def test_what_is_lacking_is_logged_once(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """A log that says the same of every mail, every minute, is read by nobody."""
    post.settings = replace(post.settings, smtp_url="")
    for number in range(5):
        post.mail(f"run:{number}")
    for minutes in range(0, 20, 2):
        post.deliver(after=timedelta(minutes=minutes))

    assert caplog.text.count("No mail server is configured") == 1


@pytest.mark.parametrize(
    "address", ["nobody", "a@x.test, b@x.test", "a@x.test\nBcc: b@x.test", "@"]
)
def test_an_address_that_is_none_is_dead_at_once(post: Post, address: str) -> None:
    """One address or none: a value cannot add a second receiver."""
    post.mail("run:1", replace(ANN, address=address))
    post.deliver()

    (dead,) = post.shelf("dead")
    assert dead.error.startswith("W143 ")
    assert post.mailbox.mails == []


def test_a_sandbox_sends_nothing(post: Post) -> None:
    """Mails and calls of a sandbox are captured, whoever runs the worker."""
    post.mail("run:1")
    post.call("run:2")
    with as_sandbox(post.world):
        post.deliver()

    assert sorted(one.kind for one in post.shelf("captured")) == ["mail", "webhook"]
    assert (post.mailbox.mails, post.receiver.requests) == ([], [])


def test_what_a_slow_worker_says_late_counts_for_nothing(post: Post) -> None:
    """Who held an effect too long has lost it; its end is told by who took it over."""
    post.call("run:1")
    now = SystemClock().now()
    with post.world.environment.database.write() as tx:
        (slow,) = outbox.take(tx, at=now, until=now)
        outbox.free_stuck(tx, at=now)
        outbox.take(tx, at=now, until=now + timedelta(minutes=1))
        outbox.fail(tx, slow, error="late", at=now, is_final=True)

    assert [one.error for one in post.shelf("running")] == [""]
