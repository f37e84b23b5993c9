"""People, tokens, sessions and the audit over REST: shapes, limits on giving, narrowed tokens."""

from __future__ import annotations

import uuid

import pytest

from engine.clock import SystemClock
from engine.people import create_token
from tests.support.houses import ADMIN, PRODUCTION, Caller, House
from tests.support.visitors import visitor_of


def name() -> str:
    """Give a name that nobody in the house has."""
    return f"p{uuid.uuid4().hex[:10]}"


def email(who: str) -> str:
    """Give somebody's e-mail."""
    return f"{who}@example.test"


def caller_with(house: House, *sets: str) -> tuple[Caller, str]:
    """Let somebody new in with some sets; give their client and e-mail."""
    who = name()
    house.admit(who, *sets)
    return house.caller(who), email(who)


def narrowed(house: House, *scopes: str, who: str = "admin") -> Caller:
    """Give a client with a narrowed token of somebody."""
    database = house.environments.open(PRODUCTION).database
    at = SystemClock().now()
    return Caller(house.client, create_token(database, email(who), at=at, actor="t", scopes=scopes))


def test_a_person_is_let_in_seen_and_changed(admin: Caller):
    """The member answers in one shape, from the first day to the last."""
    who = email(name())

    made = admin.post("/people", {"email": who, "name": "Ann", "permission_sets": ["rep"]})
    changed = admin.patch(f"/people/{who}", {"permission_sets": [], "active": False})
    seen = admin.get(f"/people/{who}")

    assert made.status == 201
    assert {**made.json, "user": 0} == {
        "email": who,
        "name": "Ann",
        "user": 0,
        "role": None,
        "permission_sets": ["rep"],
        "active": True,
        "service": False,
    }
    assert changed.json == seen.json
    assert (seen.json["permission_sets"], seen.json["active"]) == ([], False)


def test_people_come_a_page_at_a_time(admin: Caller):
    """In order of the e-mail, without gaps."""
    found, after = [], ""
    while after is not None:
        page = admin.get("/people", limit=2, after=after).json
        found += [person["email"] for person in page["people"]]
        after = page["next"]

    assert found == sorted(found)
    assert {"admin@example.test", "rep@example.test"} <= set(found)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "email", "R105"),
        ({"email": 5}, "email", "R110"),
        ({"email": "x" * 600}, "email", "R111"),
        ({"email": "a@b.test", "nmae": "A"}, "nmae", "R102"),
        ({"email": "a@b.test", "service": "yes"}, "service", "R140"),
        ({"email": "a@b.test", "permission_sets": "rep"}, "permission_sets", "R170"),
        ({"email": "a@b.test", "permission_sets": ["repp"]}, "permission_sets", "R194"),
        ({"email": "a@b.test", "role": "nobody"}, "role", "R194"),
        ({"email": "no address"}, "email", "R191"),
    ],
)
def test_wrong_input_is_named_by_its_field(
    admin: Caller, body: dict[str, object], field: str, code: str
):
    """422 with the field, and nothing is made."""
    answer = admin.post("/people", body)

    assert answer.status == 422
    assert (field, code) in {(e["field"], e["code"]) for e in answer.json["errors"]}
    assert admin.get("/people/a@b.test").status == 404


def test_managing_needs_its_permission(rep: Caller):
    """Whoever has none learns nothing about anybody."""
    answers = [
        rep.get("/people"),
        rep.get("/people/admin@example.test"),
        rep.get("/people/nobody@example.test"),
        rep.post("/people", {"email": "x@example.test"}),
        rep.patch("/people/admin@example.test", {"active": False}),
        rep.get("/tokens", email="admin@example.test"),
        rep.get("/tokens", email="nobody@example.test"),
        rep.get("/audit"),
        rep.get("/audit", log="sign_ins"),
    ]

    assert [answer.status for answer in answers] == [403] * len(answers)


def test_nobody_gives_more_than_they_hold(house: House, admin: Caller):
    """A helper cannot raise themselves or a friend, nor touch an administrator."""
    helper, mine = caller_with(house, "helper")
    friend = email(name())
    admin.post("/people", {"email": friend})

    raised = [
        helper.patch(f"/people/{mine}", {"permission_sets": ["helper", "rep"]}),
        helper.patch(f"/people/{friend}", {"permission_sets": [ADMIN]}),
        helper.patch(f"/people/{friend}", {"permission_sets": ["auditor"]}),
        helper.post("/people", {"email": email(name()), "permission_sets": [ADMIN]}),
        helper.patch("/people/admin@example.test", {"active": False}),
        helper.patch("/people/admin@example.test", {"permission_sets": []}),
    ]
    given = helper.patch(f"/people/{friend}", {"permission_sets": ["rep", "helper"]})

    assert [(answer.status, answer.json["code"]) for answer in raised] == [(403, "A103")] * 6
    assert "view_audit" in raised[2].json["message"]
    assert given.json["permission_sets"] == ["helper", "rep"]


def test_the_last_administrator_stays(admin: Caller):
    """C122 on every path: sets, activity, the user record's own fields and its deletion."""
    for person in admin.get("/people").json["people"]:
        if ADMIN in person["permission_sets"] and person["email"] != "admin@example.test":
            admin.patch(f"/people/{person['email']}", {"active": False})
    user = admin.get("/people/admin@example.test").json["user"]

    answers = [
        admin.patch("/people/admin@example.test", {"active": False}),
        admin.patch("/people/admin@example.test", {"permission_sets": ["rep"]}),
        admin.patch(f"/records/user/{user}", {"active": False}),
        admin.send("DELETE", f"/records/user/{user}"),
    ]
    bulk = admin.post("/records/user/bulk?operation=delete&atomic=true", [{"id": user}])

    assert [answer.json["code"] for answer in answers] == ["C122"] * 4
    assert "C122" in bulk.raw.decode()
    assert admin.get("/people").status == 200


def test_one_of_two_administrators_may_go(house: House, admin: Caller):
    """The rule is about the last one only."""
    who = name()
    house.admit(who, ADMIN)

    answer = admin.patch(f"/people/{email(who)}", {"active": False})

    assert answer.status == 200


def test_a_token_is_shown_once_listed_and_ended(house: House, admin: Caller):
    """Its text works until it is revoked; the list tells when it was used last."""
    made = admin.post("/tokens", {"label": "laptop", "days": 5, "scopes": ["read"]})
    client = Caller(house.client, made.json["token"])

    used = client.get("/objects")
    listed = [t for t in admin.get("/tokens").json["tokens"] if t["id"] == made.json["id"]]
    ended = admin.send("DELETE", f"/tokens/{made.json['id']}")
    again = admin.send("DELETE", f"/tokens/{made.json['id']}")

    assert (made.status, used.status, ended.status, again.status) == (201, 200, 204, 404)
    assert made.json["token"] not in str(listed)
    assert (listed[0]["label"], listed[0]["scopes"]) == ("laptop", ["read"])
    assert listed[0]["last_used_at"] is not None
    assert client.get("/objects").status == 401


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"scopes": ["raed"]}, "scopes", "R193"),
        ({"days": 0}, "days", "R124"),
        ({"days": 4000}, "days", "R124"),
        ({"days": 1.5}, "days", "R120"),
        ({"lable": ""}, "lable", "R102"),
    ],
)
def test_a_token_that_cannot_be_made_says_why(
    admin: Caller, body: dict[str, object], field: str, code: str
):
    """With the field and what there is instead."""
    answer = admin.post("/tokens", body)

    assert answer.status == 422
    assert (answer.json["errors"][0]["field"], answer.json["errors"][0]["code"]) == (field, code)


def test_tokens_of_others_are_nobodys_business(house: House, admin: Caller, rep: Caller) -> None:
    """Neither listed nor ended: the number of one is answered like one that is not there."""
    (mine,) = [one for one in admin.get("/tokens").json["tokens"] if one["label"] == ""][:1]

    ended, absent = (rep.send("DELETE", f"/tokens/{one}") for one in (mine["id"], 999_999))
    listed = rep.get("/tokens", email="admin@example.test")

    assert (ended.status, ended.raw) == (absent.status, absent.raw) == (404, absent.raw)
    assert (listed.status, listed.json["code"]) == (403, "A100")
    assert house.caller().get("/objects").status == 200
    (after,) = [one for one in admin.get("/tokens").json["tokens"] if one["id"] == mine["id"]]
    assert after["revoked_at"] is None


def test_scopes_only_take_away(house: House):
    """A narrowed token reaches what its scopes say, and never more than its member may."""
    reading, writing = narrowed(house, "read"), narrowed(house, "records")
    settings, people = narrowed(house, "metadata"), narrowed(house, "people")
    poor = narrowed(house, "people", who="rep")

    def reached(client: Caller) -> list[int]:
        return [
            client.get("/objects").status,
            client.post("/records/nothing", {}).status,
            client.get("/environments/production/tree").status,
            client.get("/people").status,
        ]

    assert reached(reading) == [200, 403, 403, 403]
    assert reached(writing) == [200, 404, 403, 403]
    assert reached(settings) == [403, 403, 200, 403]
    assert reached(people) == [403, 403, 403, 200]
    assert reached(poor) == [403, 403, 403, 403]
    refused = reading.get("/people").json
    assert (refused["code"], refused["status"]) == ("A102", 403)
    assert "people" in refused["hint"]


def test_a_narrowed_token_makes_no_tokens(house: House):
    """Else it could make a wider one."""
    answer = narrowed(house, "people").post("/tokens", {})

    assert (answer.status, answer.json["code"]) == (403, "A102")


def test_tokens_for_others_are_for_services(house: House, admin: Caller):
    """A helper makes one for a service whose sets they hold, and for no person."""
    helper, _ = caller_with(house, "helper")
    robot, strong = email(name()), email(name())
    helper.post("/people", {"email": robot, "service": True, "permission_sets": ["helper"]})
    admin.post("/people", {"email": strong, "service": True, "permission_sets": ["rep"]})

    made = helper.post("/tokens", {"email": robot})
    refused = [
        helper.post("/tokens", {"email": "rep@example.test"}),
        helper.post("/tokens", {"email": strong}),
        admin.post("/tokens", {"email": "rep@example.test"}),
    ]

    assert made.status == 201
    assert Caller(house.client, made.json["token"]).get("/people").status == 200
    assert [(answer.status, answer.json["code"]) for answer in refused] == [(403, "A103")] * 3


def test_one_sees_and_ends_ones_own_browsers(house: House):
    """And nobody else's: another's number is not found."""
    visitor = visitor_of(house, "rep")
    rep, admin = house.caller("rep"), house.caller()
    (session,) = rep.get("/sessions").json["sessions"]

    foreign = admin.send("DELETE", f"/sessions/{session['id']}")
    ended = rep.send("DELETE", f"/sessions/{session['id']}")

    assert session["address"] == "192.0.2.1"
    assert (foreign.status, foreign.json["code"]) == (404, "N106")
    assert ended.status == 204
    assert visitor.get("/e/production/").headers["Location"].startswith("/sign-in")
    assert rep.send("DELETE", "/sessions").json == {"ended": 0}


def test_the_audit_tells_who_did_what(house: House, admin: Caller):
    """Tokens, members and permissions; an auditor reads it, and the sign-ins with it."""
    auditor, _ = caller_with(house, "auditor")
    who = email(name())
    user = admin.post("/people", {"email": who}).json["user"]
    admin.patch(f"/people/{who}", {"permission_sets": ["rep"]})
    visitor_of(house, "rep").sign_in("rep", "a wrong one")

    own = auditor.get("/audit", action="member.*", target=f"user {user}").json
    signs = auditor.get("/audit", log="sign_ins", action="sign_in.failed", limit=1).json
    before = auditor.get("/audit", until="2020-01-01").json
    wrong = auditor.get("/audit", since="yesterday")

    assert [line["action"] for line in own["lines"]] == ["member.permission_sets", "member.add"]
    assert own["lines"][0]["actor"] == "admin@example.test"
    assert own["lines"][0]["detail"] == {"before": [], "after": ["rep"]}
    assert own["next"] is None
    assert signs["lines"][0]["actor"] == "rep@example.test"
    assert before["lines"] == []
    assert (wrong.status, wrong.json["code"]) == (422, "Q206")
