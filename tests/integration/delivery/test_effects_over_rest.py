"""Notifications and the outbox over REST: everybody's own, and for who manages it."""

from __future__ import annotations

import pytest

from engine.clock import SystemClock
from engine.store.platform import outbox
from engine.store.platform.notifications import Notification, put_notifications
from tests.support.houses import PRODUCTION, House


def tell(house: House, who: str, *texts: str) -> None:
    """Give somebody notifications."""
    user = house.caller().get(f"/people/{who}@example.test").json["user"]
    rows = [
        Notification(user=user, object=None, record=None, text=t, key=f"{who}:{t}") for t in texts
    ]
    with house.environments.open(PRODUCTION).database.write() as tx:
        put_notifications(tx, rows, at=SystemClock().now())


def kill(house: House, key: str) -> int:
    """Put an effect into the outbox that was given up; give its id."""
    now = SystemClock().now()
    payload = {"endpoint": "erp", "body": {"a": 1}, "record": 7}
    with house.environments.open(PRODUCTION).database.write() as tx:
        outbox.put(tx, [outbox.Effect(kind="webhook", payload=payload, key=key)], at=now)
        (taken,) = outbox.take(tx, at=now, until=now)
        outbox.fail(tx, taken, error="W148 no", at=now, is_final=True)
    return taken.id


def test_everybody_reads_their_own_notifications(office: House) -> None:
    """Newest first, in pages, unread ones counted; those of others are not there."""
    tell(office, "rep", "one", "two", "three")
    tell(office, "marie", "secret")
    rep, marie = office.caller("rep"), office.caller("marie")

    page = rep.get("/notifications", limit=2).json
    rest = rep.get("/notifications", limit=2, before=page["next"]).json
    theirs = marie.get("/notifications").json["notifications"][0]["id"]
    foreign = rep.post(f"/notifications/{theirs}/read", {})
    rep.post(f"/notifications/{page['notifications'][0]['id']}/read", {})
    left = rep.get("/notifications", unread="true").json
    rep.post("/notifications/read", {})

    assert [one["text"] for one in page["notifications"]] == ["three", "two"]
    assert [one["text"] for one in rest["notifications"]] == ["one"]
    assert (page["unread"], foreign.status, left["unread"]) == (3, 404, 2)
    assert [one["text"] for one in left["notifications"]] == ["two", "one"]
    assert rep.get("/notifications").json["unread"] == 0
    assert marie.get("/notifications").json["unread"] == 1


def test_dead_letters_are_listed_replayed_and_discarded(office: House) -> None:
    """An administrator acts on one or on all; each deed is in the audit."""
    first, second, third = (kill(office, f"dead:{number}") for number in range(3))
    admin = office.caller()

    listed = admin.get("/outbox", state="dead").json
    one = admin.get(f"/outbox/{first}").json
    discarded = admin.post(f"/outbox/{third}/discard", {}).json
    replayed = admin.post(f"/outbox/{first}/replay", {}).json
    again = admin.post(f"/outbox/{first}/replay", {})
    rest = admin.post("/outbox/replay", {}).json
    actions = [entry["action"] for entry in admin.get("/audit").json["lines"]]

    assert [entry["id"] for entry in listed["effects"]] == [third, second, first]
    assert listed["counts"]["dead"] == 3
    assert (one["payload"]["body"], one["error"]) == ({"a": 1}, "W148 no")
    assert (discarded, replayed, rest) == ({"changed": 1}, {"changed": 1}, {"changed": 1})
    assert (again.status, again.json["code"]) == (409, "W156")
    assert admin.get(f"/outbox/{first}").json["state"] == "waiting"
    assert actions.count("outbox.replay") == 2
    assert "outbox.discard" in actions


@pytest.mark.parametrize("path", ["/outbox", "/outbox/1"])
def test_the_outbox_is_not_everybodys(office: House, path: str) -> None:
    """What mails say was written with full rights: a permission of its own opens it."""
    reply = office.caller("rep").get(path)

    assert (reply.status, reply.json["code"]) == (403, "A100")
    assert "manage_outbox" in reply.json["hint"]


def test_an_unknown_state_is_said(office: House) -> None:
    """Q205, with what there is."""
    reply = office.caller().get("/outbox", state="ded")

    assert (reply.status, reply.json["code"]) == (422, "Q205")
    assert 'did you mean "dead"?' in reply.json["hint"]
