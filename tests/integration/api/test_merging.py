"""Converting and merging over REST: bodies, answers, keys, versions."""

from __future__ import annotations

import pytest

from tests.support.houses import Caller


def test_records_are_merged_once_under_a_key(admin: Caller) -> None:
    """The answer is the kept record; the same request again is answered and not done again."""
    kept = admin.create("account", name="Castor")["id"]
    other = admin.create("account", name="Castor Ltd")
    body = {"with": [{"id": other["id"], "version": 1}], "from": {"name": other["id"]}}
    path, key = f"/records/account/{kept}/merge", {"Idempotency-Key": "once", "If-Match": "1"}

    done = admin.send("POST", path, body, headers=key)
    again = admin.send("POST", path, body, headers=key)

    assert (done.status, done.json["name"], done.json["id"]) == (200, "Castor Ltd", kept)
    assert (again.status, again.json) == (200, done.json)
    assert admin.get(f"/records/account/{other['id']}").status == 404
    stale = admin.send("POST", path, {"with": [7]}, headers={"If-Match": "1"})
    assert stale.status == 422  # the other one is looked for first
    gone = admin.post(path, {"with": [other["id"]]})
    assert [(e["field"], e["code"]) for e in gone.json["errors"]] == [("with", "R106")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "with"),
        ({"with": 7}, "with"),
        ({"with": [7, 7]}, "with"),
        ({"with": ["7"]}, "with"),
        ({"with": [{"id": 7, "version": "1"}]}, "with"),
        ({"with": [{"number": 7}]}, "with"),
        ({"with": [True]}, "with"),
        ({"with": [7], "values": []}, "values"),
        ({"with": [7], "from": {"name": "7"}}, "from.name"),
    ],
)
def test_a_merge_that_cannot_be_read_is_refused_by_field(
    admin: Caller, body: object, field: str
) -> None:
    """422 with the field and what it takes."""
    account = admin.create("account", name="Castor")["id"]
    reply = admin.post(f"/records/account/{account}/merge", body)
    assert (reply.status, reply.json["code"]) == (422, "Q114")
    assert [e["field"] for e in reply.json["errors"]] == [field]


def test_what_no_conversion_is_declared_for_is_not_converted(admin: Caller) -> None:
    """422 in a sentence; a key that means nothing is refused before."""
    account = admin.create("account", name="Castor")["id"]
    path = f"/records/account/{account}/convert"
    assert [admin.post(path, body).json["code"] for body in ({}, {"too": 1}, {"to": 1})] == [
        *("Q113", "Q113", "Q113")
    ]
    assert admin.post("/records/account/987654321/convert", {}).status == 422
