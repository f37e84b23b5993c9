"""Pages of effects: the bell, notifications, the outbox of Setup, the inbox of a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from engine.clock import SystemClock
from engine.delivery import deliver_environment
from engine.saving.runs.effects import call_endpoint, send_mail
from engine.saving.runs.people import Person
from engine.session import Session, run
from engine.store.platform.enter import SystemCredential
from engine.store.platform.outbox_shelf import list_effects
from tests.integration.delivery.test_effects_over_rest import kill, tell
from tests.support.houses import PRODUCTION, House
from tests.support.visitors import visitor_of

ANN = Person(user=None, address="ann@example.test", name="Ann", language="en")


@contextmanager
def as_sandbox(house: House) -> Iterator[None]:
    """Let production's environment say that it is a sandbox."""
    _call_it(house, "sandbox")
    try:
        yield
    finally:
        _call_it(house, PRODUCTION)


def _call_it(house: House, kind: str) -> None:
    with house.environments.control.write() as tx:
        tx.run(f"UPDATE patron_environment SET kind = '{kind}' WHERE name = 'production'")
    for environments in (house.environments, house.client.application.extensions["patron"]):
        environment = environments.open(PRODUCTION)
        environment.row = replace(environment.row, kind=kind)


@pytest.fixture
def captured(house_of_mails: House) -> Iterator[House]:
    """Give a sandbox that has captured a mail and a call."""
    with as_sandbox(house_of_mails):
        environment = house_of_mails.environments.open(PRODUCTION)

        def work(session: Session) -> None:
            record = session.create("lead", {"name": "<Eve>"})
            compiled, context = session.compiled("lead"), session.unit.caller.context
            send_mail(session.unit, compiled, "hello", record, context, [ANN], "m:1")
            call_endpoint(session.unit, "erp", {"deal": "Big"}, None, "c:1")

        run(environment, SystemCredential(), work, write=True)
        deliver_environment(environment, house_of_mails.settings, SystemClock())
        yield house_of_mails


@pytest.fixture
def house_of_mails(office: House) -> House:
    """Give the installation with an empty outbox."""
    with office.environments.open(PRODUCTION).database.write() as tx:
        tx.run("DELETE FROM patron_outbox")
    return office


def test_the_bell_tells_how_many_are_unread(office: House) -> None:
    """Asked for by the page after it stands; nothing where nothing is new."""
    visitor = visitor_of(office, "rep")
    page = visitor.get("/e/production/").text
    before = visitor.get("/e/production/notifications/count").text
    tell(office, "rep", "bell one", "bell two")
    after = visitor.get("/e/production/notifications/count").text

    assert 'hx-get="/e/production/notifications/count"' in page
    assert before.strip() == ""
    assert ">2<" in after


def test_notifications_are_opened_and_read(office: House) -> None:
    """Opening one leads on and reads it; those of others are not there; one click reads all."""
    tell(office, "rep", "page one", "page two")
    tell(office, "marie", "not for the rep")
    visitor, place = visitor_of(office, "rep"), "/e/production/notifications"
    rows = office.caller("rep").get("/notifications", unread="true").json["notifications"]
    foreign = office.caller("marie").get("/notifications").json["notifications"][0]["id"]

    text = visitor.get(place).text
    opened = visitor.send(place, place, open=str(rows[0]["id"]))
    hidden = visitor.send(place, place, open=str(foreign))
    left = office.caller("rep").get("/notifications", unread="true").json["unread"]
    visitor.send(place, place, all="1")

    assert "page one" in text
    assert "not for the rep" not in text
    assert (opened.status_code, hidden.status_code) == (303, 404)
    assert left == rows.__len__() - 1
    assert office.caller("rep").get("/notifications").json["unread"] == 0


def test_notifications_speak_french(office: House) -> None:
    """The page in the language of its visitor."""
    text = visitor_of(office, "marie").get("/e/production/notifications").text

    assert "<title>Notifications" in text
    assert "Rien pour l" in text or "nouveau" in text


def test_an_administrator_sends_dead_letters_again(house_of_mails: House) -> None:
    """Chosen ones or all of them, or discards them; the page says how many."""
    first, second, third = (kill(house_of_mails, f"page:{number}") for number in range(3))
    visitor, place = visitor_of(house_of_mails, "admin"), "/e/production/setup/outbox"

    listed = visitor.get(place).text
    detail = visitor.get(f"{place}/{first}").text
    discarded = visitor.send(place, place, deed="discard", pick=str(third))
    chosen = visitor.send(place, place, deed="replay", pick=str(first))
    rest = visitor.send(place, place, deed="all")
    after = visitor.get(rest.headers["Location"]).text

    assert "W148 no" in listed
    assert "Send again" in detail
    assert {one.status_code for one in (discarded, chosen, rest)} == {303}
    assert "1 was changed." in after
    with house_of_mails.environments.open(PRODUCTION).database.read() as tx:
        waiting = {one.id for one in list_effects(tx, "waiting", limit=10)}
    assert waiting == {first, second}


def test_the_outbox_opens_where_something_is(house_of_mails: House) -> None:
    """On what was given up; where nothing was, on what waits."""
    effect, place = kill(house_of_mails, "page:open"), "/e/production/setup/outbox"
    visitor = visitor_of(house_of_mails, "admin")

    listed = visitor.get(place).text
    visitor.send(place, place, deed="discard", pick=str(effect))
    after = visitor.get(place).text

    assert 'state=dead" aria-current="page"' in listed
    assert 'state=waiting" aria-current="page"' in after


def test_nobody_else_sees_the_outbox(office: House) -> None:
    """It holds what mails say: 403 for a rep, in production and everywhere."""
    visitor = visitor_of(office, "rep")

    for path in ("outbox", "inbox", "outbox/1", "outbox/1/mail"):
        assert visitor.get(f"/e/production/setup/{path}").status_code == 403, path


def test_a_sandbox_shows_what_it_did_not_send(captured: House) -> None:
    """The mail as its reader would see it, in a frame that runs nothing; the call with its body."""
    visitor, place = visitor_of(captured, "admin"), "/e/production/setup/inbox"
    with captured.environments.open(PRODUCTION).database.read() as tx:
        call, mail = list_effects(tx, "captured", limit=10)

    listed = visitor.get(place).text
    page = visitor.get(f"{place}/{mail.id}").text
    framed = visitor.get(f"/e/production/setup/outbox/{mail.id}/mail")
    other = visitor.get(f"{place}/{call.id}").text
    rest = captured.caller().get("/outbox", state="captured").json

    assert "Hello &lt;Eve&gt;" in listed
    assert 'sandbox="" title="The mail as its reader sees it"' in page
    assert f'src="/e/production/setup/outbox/{mail.id}/mail"' in page
    assert "<p>Dear &lt;Eve&gt;</p>" in framed.text
    policy = framed.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "script-src" not in policy
    assert "${env.ERP_URL}/o" in other
    assert "Big" in other
    assert [one["kind"] for one in rest["effects"]] == ["webhook", "mail"]
    assert rest["counts"] == {"captured": 2}
