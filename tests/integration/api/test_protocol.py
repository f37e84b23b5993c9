"""Around the records: tokens, environments, unreadable requests, repeated requests."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.people import create_token, revoke_token, set_member_active
from engine.settings import Settings
from engine.store.platform.tokens import list_tokens
from tests.support.houses import PRODUCTION, Caller, House, Reply
from wsgi import create_app

GUARDED = (
    ("GET", "/objects"),
    ("GET", "/objects/deal"),
    ("GET", "/records/deal"),
    ("POST", "/records/deal"),
    ("GET", "/records/deal/1"),
    ("PATCH", "/records/deal/1"),
    ("DELETE", "/records/deal/1"),
    ("POST", "/records/deal/1/restore"),
    ("PUT", "/records/deal/by/code/x"),
    ("POST", "/records/deal/bulk?operation=create"),
    ("POST", "/aggregate/deal"),
    ("GET", "/environments"),
    ("GET", "/environments/production/versions"),
    ("GET", "/environments/production/tree"),
    ("GET", "/openapi.json"),
)


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc", "Bearer é"])
def test_every_address_needs_a_token(
    house: House, method: str, path: str, header: str | None
) -> None:
    """Without a good token every route answers 401 and how to sign in, and nothing more."""
    headers = {} if header is None else {"Authorization": header}
    body = {"json": {"measures": {}}} if method in {"POST", "PATCH", "PUT"} else {}

    answer = house.client.open(f"/api/v1{path}", method=method, headers=headers, **body)

    assert answer.status_code == 401
    assert answer.json["code"] == "A200"
    assert answer.json["status"] == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_environment_nobody_made_answers_like_one_without_the_token(house: House) -> None:
    """Whoever has no token of an environment does not learn whether it exists."""
    unknown = house.caller("admin", "/e/nowhere/api/v1").get("/objects")
    known = Caller(house.client, "not a token", "/e/production/api/v1").get("/objects")

    assert (unknown.status, known.status) == (401, 401)
    assert unknown.json["code"] == known.json["code"] == "A200"


def test_production_is_an_environment_too(house: House) -> None:
    """The same record under /api/v1 and under /e/production/api/v1."""
    made = house.caller().create("deal", name="Both")

    read = house.caller("admin", "/e/production/api/v1").get(f"/records/deal/{made['id']}")

    assert read.json == made


def test_a_token_ends_when_it_is_told_to(house: House) -> None:
    """Expired, revoked, or its member shut out: 401 from the next request on."""
    house.admit("leaver", "rep")
    at = SystemClock().now()
    database = house.environments.open(PRODUCTION).database
    email = "leaver@example.test"
    past = create_token(database, email, at=at, actor="t", expires=at - timedelta(seconds=1))
    caller = house.caller("leaver")
    before = caller.get("/objects").status
    with database.read() as tx:
        (member,) = tx.rows("SELECT id FROM patron_user WHERE email = 'leaver@example.test'")
        first = list_tokens(tx, member[0])[0]
    revoke_token(database, first.id, at=at, actor="t")
    revoked = caller.get("/objects").status
    fresh = Caller(house.client, create_token(database, email, at=at, actor="t"))
    admitted = fresh.get("/objects").status
    set_member_active(database, email, active=False, at=at, actor="t")

    assert Caller(house.client, past).get("/objects").status == 401
    assert (before, revoked, admitted) == (200, 401, 200)
    assert fresh.get("/objects").status == 401


@pytest.mark.parametrize(
    ("raw", "headers", "status", "code"),
    [
        (b"{", {}, 400, "Q201"),
        (b"[]", {}, 400, "Q201"),
        (b'{"name": "a", "name": "b"}', {}, 400, "Q201"),
        (b'{"name": NaN}', {}, 400, "Q201"),
        (b'{"name": "\xff"}', {}, 400, "Q201"),
        (b'{"name": ' + b"[" * 5000, {}, 400, "Q201"),
        (b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "Q204"),
        (b"{}", {"Content-Encoding": "gzip"}, 415, "Q204"),
        (b'{"name": "' + b"x" * 2_100_000 + b'"}', {}, 413, "Q203"),
        (b'{"name": "a"}', {"Idempotency-Key": "x" * 256}, 400, "Q209"),
    ],
)
def test_unreadable_requests_are_refused(
    admin: Caller, raw: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    """What cannot be read is answered 400, 413 or 415 in the one shape, and stores nothing."""
    count = admin.get("/records/deal", count="true", limit=1).json["count"]
    reply = admin.send(
        "POST", "/records/deal", raw=raw, headers={"Content-Type": "application/json", **headers}
    )

    assert (reply.status, reply.json["code"]) == (status, code)
    assert set(reply.json) - {"hint"} == {"code", "message", "errors", "status"}
    assert admin.get("/records/deal", count="true", limit=1).json["count"] == count


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"limit": "0"}, 422, "Q206"),
        ({"limit": "1001"}, 422, "Q206"),
        ({"limit": "ten"}, 422, "Q206"),
        ({"count": "maybe"}, 422, "Q206"),
        ({"limt": "5"}, 422, "Q205"),
        ({"fields": "name,,x"}, 422, "Q206"),
        ({"fields": "nmae"}, 422, "Q102"),
        ({"sort": "nmae"}, 422, "Q102"),
        ({"where": "amount >"}, 422, "Q101"),
        ({"where": "name"}, 422, "Q101"),
        ({"where": "__import__('os')"}, 422, "Q101"),
        ({"where": "(" * 400 + "1" + ")" * 400}, 422, "Q101"),
        ({"where": "9 ^ 9 ^ 9 > 1"}, 200, ""),
        ({"after": "!!!"}, 400, "Q103"),
        ({"after": "WyJhbW91bnQiLDFd"}, 400, "Q103"),
        ({"after": "é"}, 400, "Q103"),
    ],
)
def test_wrong_queries_are_refused(
    admin: Caller, query: dict[str, str], status: int, code: str
) -> None:
    """Each unknown or impossible parameter is named; nothing is guessed or ignored."""
    reply = admin.get("/records/deal", **query)

    assert reply.status == status, reply.raw
    if code:
        assert reply.json["code"] == code


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "N110"),
        ("GET", "/records", 404, "N110"),
        ("POST", "/records/deal/5/merge_all", 404, "N110"),
        ("POST", "/recipes", 404, "N110"),
        ("DELETE", "/records/deal", 405, "Q211"),
        ("POST", "/records/deal/5", 405, "Q211"),
        ("GET", "/aggregate/deal", 405, "Q211"),
        ("GET", "/objects/deal%00", 400, "Q202"),
    ],
)
def test_unknown_addresses_and_methods_have_the_shape_too(
    admin: Caller, method: str, path: str, status: int, code: str
) -> None:
    """404, 405 and unreadable addresses answer like everything else."""
    reply = admin.send(method, path)

    assert (reply.status, reply.json["code"]) == (status, code)
    assert reply.headers["Content-Type"] == "application/json"


def test_health_is_open_to_everybody(house: House) -> None:
    """Load balancers carry no token."""
    answer = house.client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ready", "version": 1})


def test_before_production_is_made_nothing_is_ready(tmp_path: Path) -> None:
    """503 with what to do, for load balancers and for callers alike."""
    app = create_app(Settings(home=tmp_path))
    client = app.test_client()

    health = client.get("/healthz")
    called = client.get("/api/v1/objects", headers={"Authorization": "Bearer x"})
    app.extensions["patron"].close()

    for answer in (health, called):
        assert (answer.status_code, answer.json["code"]) == (503, "P101")
        assert "patron init" in answer.json["hint"]


def test_the_same_request_under_the_same_key_is_done_once(admin: Caller) -> None:
    """The second answer is the first one, byte for byte, and says that it was replayed."""
    key, body = uuid.uuid4().hex, {"name": "Once", "amount": "1.10"}

    first = admin.post("/records/deal", body, Idempotency_Key=key)
    second = admin.post("/records/deal", body, Idempotency_Key=key)

    assert (first.status, second.status) == (201, 201)
    assert second.raw == first.raw
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def test_another_request_under_the_same_key_is_refused(admin: Caller) -> None:
    """A key belongs to one body and one address; another of them is a conflict."""
    key = uuid.uuid4().hex
    admin.post("/records/deal", {"name": "One"}, Idempotency_Key=key)

    other_body = admin.post("/records/deal", {"name": "Two"}, Idempotency_Key=key)
    other_address = admin.post("/records/account", {"name": "One"}, Idempotency_Key=key)

    for reply in (other_body, other_address):
        assert (reply.status, reply.json["code"]) == (409, "C103")


def test_keys_of_two_people_do_not_meet(admin: Caller, rep: Caller) -> None:
    """Two callers may choose the same key; each gets their own record."""
    key = uuid.uuid4().hex

    mine = admin.post("/records/deal", {"name": "Same"}, Idempotency_Key=key)
    theirs = rep.post("/records/deal", {"name": "Same"}, Idempotency_Key=key)

    assert theirs.status == 201
    assert mine.json["id"] != theirs.json["id"]


def test_a_refused_request_may_be_sent_again_under_its_key(admin: Caller) -> None:
    """Nothing was done, so nothing is remembered: what was wrong can be put right."""
    key = uuid.uuid4().hex
    refused = admin.post("/records/deal", {"amount": 1}, Idempotency_Key=key)

    again = admin.post("/records/deal", {"name": "Right", "amount": 1}, Idempotency_Key=key)

    assert (refused.status, again.status) == (422, 201)


def test_equal_requests_at_the_same_time_are_done_once(house: House) -> None:
    """Eight threads send one request under one key: one record, eight equal answers."""
    key, name = uuid.uuid4().hex, uuid.uuid4().hex
    replies: list[Reply] = []
    start = threading.Barrier(8)

    def send() -> None:
        caller = Caller(house.client.application.test_client(), house.tokens["admin"])
        start.wait()
        replies.append(caller.post("/records/deal", {"name": name}, Idempotency_Key=key))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = house.caller().get("/records/deal", where=f'name = "{name}"').json["records"]

    assert {reply.status for reply in replies} == {201}
    assert len({reply.raw for reply in replies}) == 1
    assert len(found) == 1
