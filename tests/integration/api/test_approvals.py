"""Approvals over REST: the shape of a request, who is answered what, and two who decide at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.integration.conftest import installed, on_both
from tests.support.approving import DISCOUNT, PEOPLE, REVIEW, texts
from tests.support.houses import Caller, House, Reply


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with two approvals and its people."""
    files = texts(DISCOUNT, REVIEW)
    with installed(request, files) as made:
        admin = made.caller()
        ids = {}
        for who, about in PEOPLE.items():
            made.admit(who, *about["permission_sets"])
            found = admin.get("/records/user", where=f'email = "{who}@example.test"').json
            ids[who] = found["records"][0]["id"]
            admin.patch(f"/records/user/{ids[who]}", {"role": about["role"]})
        admin.patch(f"/records/user/{ids['rep']}", {"manager": ids["boss"]})
        yield made


def make(house: House, **values: object) -> str:
    """Create a deal as the rep; give its address."""
    made = house.caller("rep").create("deal", name="Licence", amount=1000, **values)
    return f"/records/deal/{made['id']}"


def send(house: House, who: str, address: str, deed: str, body: object = None) -> Reply:
    """Submit, approve, reject or recall as somebody."""
    return house.caller(who).send("POST", f"{address}/{deed}", body)


def test_the_state_of_a_request(house: House) -> None:
    """Submitting by a save, approving: what is answered is the request as it is now."""
    address = make(house, discount=0.2)

    done = send(house, "boss", address, "approve", {"comment": "Fine", "approval": "discount"})

    assert done.status == 200
    told = done.json
    assert {key: told[key] for key in ("object", "approval", "label", "status", "locked")} == {
        "object": "deal",
        "approval": "discount",
        "label": "Discount approval",
        "status": "approved",
        "locked": False,
    }
    assert told["steps"] == [
        {"step": "manager", "label": "Sales manager"},
        {"step": "finance", "label": "Finance"},
    ]
    (asked,) = told["asked"]
    assert (asked["name"], asked["answer"], asked["comment"]) == ("Boss", "approved", "Fine")
    assert told["may"] == []


def test_statuses(house: House) -> None:
    """403 who is not asked, 404 hidden, 409 nothing pending, 422 not fitting, 423 locked."""
    address, free = make(house, discount=0.2), make(house)

    assert send(house, "clerk", address, "approve").status == 403
    assert send(house, "blind", address, "approve").status == 404
    assert send(house, "boss", free, "approve").status == 409
    assert send(house, "rep", free, "submit", {"approval": "discount"}).status == 422
    assert send(house, "rep", free, "submit", {"approvel": "discount"}).status == 422
    assert send(house, "rep", free, "submit", {"comment": 7}).json["code"] == "Q111"
    locked = house.caller("rep").patch(address, {"note": "x"})
    assert (locked.status, locked.json["code"]) == (423, "W160")
    assert house.caller("rep").send("DELETE", address).status == 423
    assert send(house, "rep", address, "transfer", {"owner": 1}).status == 423


def test_submit_and_recall(house: House) -> None:
    """A body may be left out; a recalled record is free."""
    address = make(house)

    asked = send(house, "rep", address, "submit", {"approval": "review", "comment": "Please"})
    back = send(house, "rep", address, "recall")

    assert (asked.status, asked.json["status"], asked.json["comment"]) == (200, "pending", "Please")
    assert (back.status, back.json["status"]) == (200, "recalled")
    assert asked.json["may"] == ["recall"]


def test_the_history_of_a_record(house: House) -> None:
    """Every request of a record, the newest first, for whoever sees the record."""
    address = make(house, discount=0.2)
    send(house, "boss", address, "reject", {"comment": "No"})
    send(house, "rep", address, "submit", {"approval": "discount"})

    found = house.caller("other").get(f"{address}/approvals").json["approvals"]

    assert [one["status"] for one in found] == ["pending", "rejected"]
    assert found[1]["asked"][0]["comment"] == "No"
    assert house.caller("blind").get(f"{address}/approvals").status == 404


def test_what_waits_for_whom(house: House) -> None:
    """What one is to decide, and what one has submitted; each with the record's name."""
    address = make(house, discount=0.2)
    record = int(address.rpartition("/")[2])

    def ids(who: str, part: str) -> list[int]:
        return [one["record"] for one in house.caller(who).get("/approvals").json[part]]

    assert record in ids("boss", "to_decide")
    assert record in ids("rep", "submitted")
    assert record not in ids("clerk", "to_decide")
    waiting = house.caller("boss").get("/approvals").json["to_decide"]
    assert {one["record_name"] for one in waiting if one["record"] == record} == {"Licence"}


def test_the_same_key_decides_once(house: House) -> None:
    """A request that comes again under its Idempotency-Key is answered as the first time."""
    address = make(house, discount=0.2)
    caller = house.caller("boss")

    first = caller.post(f"{address}/approve", {}, Idempotency_Key="k1")
    again = caller.post(f"{address}/approve", {}, Idempotency_Key="k1")

    assert (first.status, again.status) == (200, 200)
    assert again.json == first.json


def at_once(*deeds: Callable[[], Reply]) -> list[Reply]:
    """Do several things at the same moment; give their answers in order."""
    gate, found = threading.Barrier(len(deeds)), [None] * len(deeds)
    answers: list[Any] = list(found)

    def run(place: int) -> None:
        gate.wait()
        answers[place] = deeds[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def caller(house: House, who: str) -> Caller:
    """Give somebody a client of their own, as another browser would be."""
    return Caller(house.client.application.test_client(), house.tokens[who])


def test_two_who_decide_at_once_decide_once(house: House) -> None:
    """Of two clerks and a double click, exactly one answer counts; the others hear of it."""
    for _ in range(4):
        address = make(house, discount=0.3)
        send(house, "boss", address, "approve")
        deeds = [
            partial(caller(house, who).post, f"{address}/{deed}", {})
            for who, deed in (("clerk", "approve"), ("clerk2", "reject"), ("clerk", "approve"))
        ]

        replies = at_once(*deeds)

        assert sorted(reply.status for reply in replies) == [200, 409, 409]
        (told,) = house.caller("rep").get(f"{address}/approvals").json["approvals"]
        assert [one["answer"] for one in told["asked"] if one["step"] == "finance"].count(None) == 1


def test_all_who_agree_at_once_are_all_counted(house: House) -> None:
    """Where everybody must agree, no answer is lost, and the last one ends it."""
    for _ in range(3):
        address = make(house)
        send(house, "rep", address, "submit", {"approval": "review"})
        people = ("boss", "clerk", "clerk2")

        replies = at_once(
            *(partial(caller(house, who).post, f"{address}/approve", {}) for who in people)
        )

        assert [reply.status for reply in replies] == [200, 200, 200]
        (told,) = house.caller("rep").get(f"{address}/approvals").json["approvals"]
        assert told["status"] == "approved"


def test_a_change_beside_a_submission_never_passes_the_lock(house: House) -> None:
    """Submitted while somebody changes the record: one is first, and the record stays as it was."""
    for _ in range(4):
        address = make(house, discount=0.2)
        send(house, "rep", address, "recall")
        version = house.caller("rep").get(address).json["version"]

        submitted, changed = at_once(
            partial(caller(house, "rep").post, f"{address}/submit", {"approval": "discount"}),
            partial(caller(house, "rep").patch, address, {"note": "beside"}),
        )

        assert submitted.status == 200
        after = house.caller("rep").get(address).json
        assert changed.status in (200, 409, 423)
        assert (after["version"] == version + 1) == (changed.status == 200)
