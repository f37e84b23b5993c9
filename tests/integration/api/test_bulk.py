"""Many records in one request: an answer per row, and all or nothing where that is asked for."""

from __future__ import annotations

import uuid

import orjson
import pytest

from tests.support.houses import Caller

LINES = {"Content-Type": "application/x-ndjson"}


def mark() -> str:
    """Give a name that nothing else has."""
    return uuid.uuid4().hex[:20]


def names(caller: Caller, name: str) -> list[str]:
    """Give the codes of the deals of a name, in order."""
    reply = caller.get("/records/deal", where=f'name = "{name}"', sort="code", limit=1000)
    return [record["code"] for record in reply.json["records"]]


def test_rows_are_created_and_answered_in_order(admin: Caller) -> None:
    """An array of two: two results with index, status 201 and id."""
    name = mark()

    reply = admin.post(
        "/records/deal/bulk?operation=create",
        [{"name": name, "code": f"{name}-1"}, {"name": name, "code": f"{name}-2"}],
    )

    assert reply.status == 200
    assert [(r["index"], r["status"]) for r in reply.json["results"]] == [(0, 201), (1, 201)]
    assert names(admin, name) == [f"{name}-1", f"{name}-2"]
    assert len({r["id"] for r in reply.json["results"]}) == 2


def test_lines_are_read_too(admin: Caller) -> None:
    """The same as one JSON object per line."""
    name = mark()
    raw = b"\n".join(orjson.dumps({"name": name, "code": f"{name}-{n}"}) for n in range(3))

    reply = admin.send("POST", "/records/deal/bulk?operation=create", raw=raw, headers=LINES)

    assert reply.status == 200
    assert len(names(admin, name)) == 3


@pytest.mark.parametrize("atomic", ["false", "true"])
def test_a_bad_row_spoils_only_itself_unless_all_or_nothing_is_asked_for(
    admin: Caller, atomic: str
) -> None:
    """Three rows, the second wrong: it names its field; the others stay, or go with it."""
    name = mark()
    rows = [
        {"name": name, "code": f"{name}-1"},
        {"name": name, "amount": "much", "code": f"{name}-2"},
        {"name": name, "code": f"{name}-3"},
    ]

    reply = admin.post(f"/records/deal/bulk?operation=create&atomic={atomic}", rows)

    results = reply.json["results"]
    assert reply.status == 200
    assert results[1]["status"] == 422
    assert [error["field"] for error in results[1]["errors"]] == ["amount"]
    if atomic == "true":
        assert names(admin, name) == []
        assert [result["status"] for result in results] == [409, 422, 409]
        assert [results[n]["errors"][0]["code"] for n in (0, 2)] == ["Q109", "Q109"]
    else:
        assert names(admin, name) == [f"{name}-1", f"{name}-3"]
        assert [result["status"] for result in results] == [201, 422, 201]


@pytest.mark.parametrize("atomic", ["false", "true"])
def test_a_value_that_is_taken_inside_the_same_request_is_found(admin: Caller, atomic: str) -> None:
    """Two rows with one unique value: the second is refused by field."""
    name = mark()
    rows = [{"name": name, "code": name}, {"name": name, "code": name}]

    reply = admin.post(f"/records/deal/bulk?operation=create&atomic={atomic}", rows)

    assert reply.status == 200
    assert reply.json["results"][1]["status"] == 409
    assert names(admin, name) == ([] if atomic == "true" else [name])


def test_updates_check_versions_row_by_row(admin: Caller) -> None:
    """A stale version and an unknown id are answered each in their row."""
    name = mark()
    one, two = (admin.create("deal", name=name, code=f"{name}-{n}") for n in (1, 2))

    reply = admin.post(
        "/records/deal/bulk?operation=update",
        [
            {"id": one["id"], "version": 1, "amount": 5},
            {"id": two["id"], "version": 9, "amount": 5},
            {"id": 999_999_999, "amount": 5},
            {"amount": 5},
        ],
    )

    assert [r["status"] for r in reply.json["results"]] == [200, 409, 404, 404]
    assert admin.get(f"/records/deal/{one['id']}").json["amount"] == 5
    assert admin.get(f"/records/deal/{two['id']}").json["amount"] is None


def test_upserts_match_by_an_external_id(admin: Caller) -> None:
    """A known code is changed, a new one created, a missing one refused."""
    name = mark()
    made = admin.create("deal", name="before", code=f"{name}-1")

    reply = admin.post(
        "/records/deal/bulk?operation=upsert&match=code",
        [{"code": f"{name}-1", "name": name}, {"code": f"{name}-2", "name": name}, {"name": name}],
    )

    results = reply.json["results"]
    assert [result["status"] for result in results][:2] == [200, 201]
    assert results[0]["id"] == made["id"]
    assert results[2]["status"] == 422
    assert names(admin, name) == [f"{name}-1", f"{name}-2"]


def test_deletes_go_to_the_bin(admin: Caller) -> None:
    """Two ids and one unknown: 204, 204, 404."""
    name = mark()
    ids = [admin.create("deal", name=name)["id"] for _ in range(2)]

    reply = admin.post(
        "/records/deal/bulk?operation=delete", [{"id": i} for i in (*ids, 999_999_999)]
    )

    assert [result["status"] for result in reply.json["results"]] == [204, 204, 404]
    assert names(admin, name) == []


@pytest.mark.parametrize(
    ("query", "raw", "status", "code"),
    [
        ("", b"[]", 422, "Q206"),
        ("operation=drop", b"[]", 422, "Q206"),
        ("operation=create&atomic=perhaps", b"[]", 422, "Q206"),
        ("operation=upsert", b'[{"name": "x"}]', 422, "Q108"),
        ("operation=create", b"{}", 400, "Q201"),
        ("operation=create", b"[1]", 400, "Q201"),
        ("operation=create", b"[" + b",".join([b"{}"] * 10_001) + b"]", 422, "Q210"),
    ],
)
def test_wrong_bulk_requests_are_refused(
    admin: Caller, query: str, raw: bytes, status: int, code: str
) -> None:
    """No operation, an unknown one, no match for an upsert, wrong rows, too many rows."""
    reply = admin.send(
        "POST",
        f"/records/deal/bulk?{query}",
        raw=raw,
        headers={"Content-Type": "application/json"},
    )

    assert (reply.status, reply.json["code"]) == (status, code)


def test_an_empty_request_has_no_results(admin: Caller) -> None:
    """Nothing to do is done."""
    reply = admin.post("/records/deal/bulk?operation=create", [])

    assert (reply.status, reply.json) == (200, {"results": []})


def test_a_bulk_request_is_done_once_under_its_key(admin: Caller) -> None:
    """The same rows under the same key: the same results, and no second set of records."""
    name = mark()
    rows = [{"name": name, "code": f"{name}-{n}"} for n in range(3)]
    headers = {"Idempotency_Key": mark()}

    first = admin.post("/records/deal/bulk?operation=create", rows, **headers)
    second = admin.post("/records/deal/bulk?operation=create", rows, **headers)
    other = admin.post("/records/deal/bulk?operation=create&atomic=true", rows, **headers)

    assert second.raw == first.raw
    assert len(names(admin, name)) == 3
    assert other.status == 409


def test_ten_thousand_rows_go_in_one_request(admin: Caller) -> None:
    """The largest request there may be: every row answered, every record there."""
    name = mark()
    raw = b"\n".join(orjson.dumps({"name": name, "amount": n}) for n in range(10_000))

    reply = admin.send(
        "POST", "/records/deal/bulk?operation=create&atomic=true", raw=raw, headers=LINES
    )

    counted = admin.get("/records/deal", where=f'name = "{name}"', limit=1, count="true").json
    assert {result["status"] for result in reply.json["results"]} == {201}
    assert counted["count"] == 10_000


def test_whoever_may_not_create_may_not_do_it_in_bulk(rep: Caller) -> None:
    """The right is missing for the whole request: 403, or for each row."""
    reply = rep.post("/records/account/bulk?operation=create", [{"name": "x"}])

    refused = reply.status == 403 or {r["status"] for r in reply.json["results"]} == {403}
    assert refused, reply.raw


def test_in_an_atomic_request_only_the_row_at_fault_is_blamed(admin: Caller) -> None:
    """A value that is used already stands at its row; the other rows say why they are gone."""
    name = mark()
    admin.post("/records/deal", {"name": name, "code": f"{name}-1"})
    rows = [{"name": name, "code": f"{name}-{n}"} for n in (0, 1, 2)]

    reply = admin.post("/records/deal/bulk?operation=create&atomic=true", rows)

    results = reply.json["results"]
    assert [(r["status"], r["errors"][0]["code"]) for r in results] == [
        (409, "Q109"),
        (409, "C101"),
        (409, "Q109"),
    ]
    assert names(admin, name) == [f"{name}-1"]
