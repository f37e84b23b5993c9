"""Sharing, handing over and "who sees what, and why" over REST, on both databases."""

from __future__ import annotations

import pytest

from tests.support.houses import Caller


@pytest.fixture
def rep_id(rep: Caller) -> int:
    """Give the id of the rep's user record."""
    told = rep.get("/objects/deal/access").json
    return int(told["user"]["id"])


def test_a_share_is_made_listed_replaced_and_ended(admin: Caller, rep_id: int) -> None:
    """POST answers with the share, GET lists it, DELETE ends it once."""
    account = admin.create("account", name="Castor")["id"]
    body = {"with": {"user": rep_id}, "access": "edit", "until": "2099-01-01T00:00:00+01:00"}

    made = admin.post(f"/records/account/{account}/share", body)
    again = admin.post(f"/records/account/{account}/share", {"with": {"user": rep_id}})
    listed = admin.get(f"/records/account/{account}/shares")

    assert made.status == 200
    assert made.json["with"] == {"user": rep_id}
    assert (made.json["access"], made.json["until"]) == ("edit", "2098-12-31T23:00:00Z")
    assert again.json["id"] == made.json["id"]
    assert [(s["id"], s["access"], s["until"]) for s in listed.json["shares"]] == [
        (made.json["id"], "read", None)
    ]
    ended = f"/records/account/{account}/shares/{made.json['id']}"
    assert admin.send("DELETE", ended).status == 204
    gone = admin.send("DELETE", ended)
    assert (gone.status, gone.json["code"]) == (404, "N108")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "with"),
        ({"with": {"role": "nobody"}}, "with"),
        ({"with": "rep"}, "with"),
        ({"with": {"user": 1}, "until": "tomorrow"}, "until"),
        ({"with": {"user": 1}, "until": "2099-01-01T00:00:00"}, "until"),
        ({"with": {"user": 1}, "access": "own"}, "access"),
    ],
)
def test_a_share_that_cannot_be_read_is_refused_by_field(
    admin: Caller, body: object, field: str
) -> None:
    """422 with the field and what it takes."""
    account = admin.create("account", name="Castor")["id"]

    reply = admin.post(f"/records/account/{account}/share", body)

    assert reply.status == 422
    assert [(e["field"], e["code"]) for e in reply.json["errors"]] == [(field, "Q111")]


def test_sharing_and_handing_over_take_their_rights(
    admin: Caller, rep: Caller, rep_id: int
) -> None:
    """A rep without the rights sees the deal and is told what they may not do."""
    deal = admin.create("deal", name="Licence")["id"]

    shared = rep.post(f"/records/deal/{deal}/share", {"with": {"user": rep_id}})
    moved = rep.post(f"/records/deal/{deal}/transfer", {"owner": rep_id})

    assert (shared.status, shared.json["code"]) == (403, "A100")
    assert moved.status == 422
    assert [(e["field"], e["code"]) for e in moved.json["errors"]] == [("owner", "A101")]
    unknown = admin.post(f"/records/deal/{deal}/transfer", {"ownr": rep_id})
    assert (unknown.status, unknown.json["code"]) == (422, "Q111")
    done = admin.post(f"/records/deal/{deal}/transfer", {"owner": rep_id})
    assert (done.status, done.json["owner"], done.json["version"]) == (200, rep_id, 2)
    stale = admin.send(
        "POST", f"/records/deal/{deal}/transfer", {"owner": rep_id}, headers={"If-Match": "1"}
    )
    assert stale.status == 409
    assert rep.post("/records/deal/999999/transfer", {"owner": rep_id}).status == 404


def test_reasons_are_told_for_a_record_and_an_object(
    admin: Caller, rep: Caller, rep_id: int
) -> None:
    """An administrator asks about the rep by e-mail or id; the rep about nobody but themselves."""
    deal = admin.create("deal", name="Licence")["id"]

    told = admin.get(f"/records/deal/{deal}/access", user="rep@example.test").json
    may = admin.get("/objects/deal/access", user=rep_id).json

    assert (told["sees"], told["edits"], told["deletes"]) == (True, True, False)
    assert told["why"]["read"] == ['the object is open to all: sharing "read_write"']
    assert told["fields"]["margin"]["access"] == "none"
    assert may["rights"]["create"] == ["permission set Rep"]
    assert may["user"]["email"] == "rep@example.test"
    assert rep.get(f"/records/deal/{deal}/access").json["sees"] is True
    refused = rep.get("/objects/deal/access", user="admin@example.test")
    assert (refused.status, refused.json["code"]) == (403, "A100")
    assert admin.get("/objects/deal/access", user="x@example.test").json["code"] == "N103"
    assert rep.get("/records/secret/1/access").status == 404
