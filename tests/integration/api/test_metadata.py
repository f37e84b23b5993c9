"""What the API tells about the configuration: objects, OpenAPI, versions, trees."""

from __future__ import annotations

import pytest

from tests.support.houses import ADMIN, Caller, House
from tests.support.openapi import faults, operations


def test_objects_are_those_one_may_read(admin: Caller, rep: Caller) -> None:
    """The administrator sees every object, the rep only what a permission set gives."""
    everything = {found["object"] for found in admin.get("/objects").json["objects"]}
    some = {found["object"] for found in rep.get("/objects").json["objects"]}

    assert everything >= {"account", "deal", "secret", "user"}
    assert "secret" not in some
    assert some >= {"account", "deal", "user"}


def test_describe_tells_what_a_form_needs(admin: Caller, rep: Caller) -> None:
    """Type, label, required, editable and the values of a picklist, as the caller may see them."""
    whole = admin.get("/objects/deal").json
    part = rep.get("/objects/deal").json

    assert (whole["object"], whole["label"], whole["plural"]) == ("deal", "Deal", "Deals")
    assert whole["fields"]["name"]["required"] is True
    assert whole["fields"]["amount"]["type"] == "currency"
    assert list(whole["fields"]["stage"]["values"]) == ["open", "won"]
    assert whole["fields"]["expected"]["editable"] is False
    assert "margin" in whole["fields"]
    assert "margin" not in part["fields"]
    assert part["fields"]["share"]["editable"] is False
    assert rep.get("/objects/secret").status == 404


def test_descriptions_are_kept_per_language(house: House, admin: Caller) -> None:
    """Two people with the same rights and other languages never get each other's answer."""
    house.admit("chloe", ADMIN, language="fr")
    french = house.caller("chloe")

    answers = [caller.get("/objects/deal").json["label"] for caller in (admin, french, admin)]

    assert answers == ["Deal", "Affaire", "Deal"]


@pytest.mark.parametrize("path", ["/objects", "/objects/deal", "/openapi.json"])
def test_what_was_not_changed_is_not_sent_again(admin: Caller, rep: Caller, path: str) -> None:
    """The ETag is good for the same rights: 304 to its owner, a whole answer to others."""
    first = admin.get(path)
    etag = {"If-None-Match": first.headers["ETag"]}

    again = admin.send("GET", path, headers=etag)
    other = rep.send("GET", path, headers=etag)

    assert (again.status, again.raw) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert other.status == 200
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert admin.get("/records/deal", limit=1).headers["Cache-Control"] == "no-store"
    assert first.headers["X-Content-Type-Options"] == "nosniff"


def test_openapi_is_valid_and_as_the_caller_may_see(admin: Caller, rep: Caller) -> None:
    """Both documents are without fault; the rep's names nothing that is hidden from them."""
    whole, part = admin.get("/openapi.json"), rep.get("/openapi.json")

    assert faults(whole.json) == faults(part.json) == []
    assert {"create_secret", "create_account"} <= {
        o["operationId"] for *_, o in operations(whole.json)
    }
    assert b"secret" not in part.raw
    assert b"margin" not in part.raw
    assert "create_account" not in {o["operationId"] for *_, o in operations(part.json)}
    assert whole.json["servers"] == [{"url": "/api/v1"}]


def test_openapi_of_an_environment_leads_to_that_environment(house: House) -> None:
    """The document below /e/production/api/v1 names that base."""
    caller = house.caller("admin", "/e/production/api/v1")

    assert caller.get("/openapi.json").json["servers"] == [{"url": "/e/production/api/v1"}]


def test_versions_and_the_tree_need_a_permission(admin: Caller, rep: Caller) -> None:
    """Whoever may deploy or customize sees them; others are refused by reason."""
    versions = admin.get("/environments/production/versions").json["versions"]
    tree = admin.get("/environments/production/tree").json

    assert [version["version"] for version in versions] == [1]
    assert versions[0]["digest"] == tree["digest"]
    assert tree["version"] == 1
    assert len(tree["components"]["field:deal.amount"]) == 64
    for path in ("versions", "tree"):
        refused = rep.get(f"/environments/production/{path}")
        assert (refused.status, refused.json["code"]) == (403, "A100")


def test_versions_are_paged(admin: Caller) -> None:
    """`before` goes on with older ones; before the first there is nothing."""
    reply = admin.get("/environments/production/versions", limit=1, before=1)

    assert reply.json["versions"] == []


def test_environments_are_those_that_admit_the_caller(rep: Caller) -> None:
    """Production, with its version; an unknown one is not there."""
    assert rep.get("/environments").json["environments"] == [
        {"name": "production", "kind": "production", "parent": None, "version": 1}
    ]
    assert rep.get("/environments/nowhere/tree").status == 404
