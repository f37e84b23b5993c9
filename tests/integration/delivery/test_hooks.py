"""Incoming webhooks: who knows the secret makes a record, once; a stranger learns nothing."""

from __future__ import annotations

import itertools
from datetime import timedelta

import orjson
import pytest

from engine.clock import SystemClock
from engine.delivery import incoming
from engine.delivery.signing import sign
from tests.integration.delivery.conftest import SECRET
from tests.support.houses import House, Reply
from tests.support.worlds import compile_texts, texts_of

COUNTER = itertools.count()


def fresh() -> dict[str, object]:
    """Give a body that no other test has sent within the same second."""
    body = {"person": {"name": "Ann"}, "amount": 12, "hot": True, "source": "web"}
    return {**body, "n": next(COUNTER)}


def send(
    house: House,
    body: object = None,
    *,
    endpoint: str = "form",
    base: str = "",
    secret: str = SECRET,
    ago: timedelta = timedelta(),
    raw: bytes | None = None,
    **headers: str,
) -> Reply:
    """Send a signed request; keywords are further headers, `_` for `-`."""
    data = orjson.dumps(fresh() if body is None else body) if raw is None else raw
    signed_as = headers.pop("signed_as", headers.get("Idempotency_Key", ""))
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if secret:
        at = SystemClock().now() - ago
        sent["Patron-Signature"] = sign(secret, data, at=at, key=signed_as)
    answer = house.client.post(
        f"{base}/hooks/{endpoint}", data=data, headers={"Content-Type": "application/json", **sent}
    )
    return Reply(answer.status_code, dict(answer.headers), answer.data)


def lead(house: House, number: int) -> dict[str, object]:
    """Read a lead as the administrator."""
    found: dict[str, object] = house.caller().get(f"/records/lead/{number}").json
    return found


def test_a_signed_request_makes_a_record(office: House) -> None:
    """Parts of the body keep their types, expressions read them as text, words are values."""
    reply = send(office)

    assert reply.status == 201, reply.raw
    made = lead(office, reply.json["id"])
    shown = {name: made[name] for name in ("name", "amount", "is_hot", "stage", "note")}
    assert shown == {
        "name": "Ann",
        "amount": 12,
        "is_hot": True,
        "stage": "new",
        "note": "From web",
    }


def test_a_request_starts_the_workflows_of_webhooks(office: House) -> None:
    """Those of the object whose criteria hold; a record that somebody types starts none."""
    big = send(office, {**fresh(), "amount": 101})
    typed = office.caller().create("lead", name="Bob", amount=500)

    assert lead(office, big.json["id"])["note"] == "Big: Ann"
    assert lead(office, int(str(typed["id"])))["note"] is None


def test_the_secret_alone_opens_too(office: House) -> None:
    """Systems that cannot sign send it as a bearer token."""
    good = send(office, secret="", Authorization=f"Bearer {SECRET}")
    wrong = send(office, secret="", Authorization="Bearer wrong")

    assert (good.status, wrong.status, wrong.json["code"]) == (201, 401, "W152")


def test_a_stranger_learns_nothing(office: House) -> None:
    """No signature, a wrong one, an endpoint or environment that is not there: the same answer."""
    answers = [
        send(office, secret=""),
        send(office, secret="some other secret of this length"),
        send(office, endpoint="nowhere"),
        send(office, endpoint="erp"),  # one that sends
        send(office, endpoint="open", secret="x" * 32),  # its variable has no value
        send(office, endpoint="short", secret="short"),  # a secret that anybody guesses
        send(office, base="/e/nowhere"),
    ]

    assert {(one.status, one.json["code"], one.json["message"]) for one in answers} == {
        (401, "W152", "This endpoint takes requests that are signed with its secret.")
    }


def test_an_old_signature_is_refused(office: House) -> None:
    """What somebody has overheard cannot be sent again tomorrow."""
    reply = send(office, ago=timedelta(minutes=6))

    assert (reply.status, reply.json["code"]) == (401, "W153")


def test_the_same_delivery_is_one_record(office: House) -> None:
    """By the sender's id, signed anew; another id is another delivery, whatever it holds."""
    body = fresh()
    first = send(office, body, Idempotency_Key="d-1")
    again = send(office, body, Idempotency_Key="d-1", ago=timedelta(seconds=30))
    other = send(office, body, Idempotency_Key="d-2")

    assert (first.status, again.status, other.status) == (201, 200, 201)
    assert again.json == first.json
    assert other.json != first.json


def test_what_was_overheard_makes_no_second_record(office: House) -> None:
    """Without an id the signature tells a delivery; an id that was not signed opens nothing."""
    body = fresh()
    first, again = send(office, body), send(office, body)
    renamed = send(office, body, Idempotency_Key="d-9", signed_as="")

    assert (first.status, again.status, renamed.status) == (201, 200, 401)
    assert again.json == first.json


def test_an_environment_is_named_in_the_address(office: House) -> None:
    """Production answers under its name as well."""
    assert send(office, base="/e/production").status == 201


def test_values_are_judged_as_everywhere(office: House) -> None:
    """Too long and missing: 422 at the field, and nothing is written."""
    long = send(office, {"person": {"name": "x" * 21}})
    missing = send(office, {"amount": 1})

    assert [(one.status, one.json["errors"][0]["field"]) for one in (long, missing)] == [
        (422, "name"),
        (422, "name"),
    ]


def test_a_body_is_json_of_bounded_size(office: House) -> None:
    """What is too large, no JSON, or another kind is refused before anything is looked up."""
    large = send(office, raw=b'{"a": "' + b"x" * 300_000 + b'"}')
    broken = send(office, raw=b"{")
    form = send(office, raw=b"a=1", Content_Type="application/x-www-form-urlencoded")
    bad_id = send(office, Idempotency_Key="x" * 300)

    assert [one.status for one in (large, broken, form, bad_id)] == [413, 400, 415, 400]


def test_an_endpoint_takes_so_many_a_minute(office: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that runs wild waits a minute, and is told so."""
    monkeypatch.setattr(incoming, "MOST_PER_MINUTE", 0)

    reply = send(office, Idempotency_Key="wild")

    assert (reply.status, reply.json["code"], reply.headers["Retry-After"]) == (429, "W155", "60")


def test_the_secret_stands_nowhere(office: House) -> None:
    """Neither with the delivery nor in the history of the record."""
    reply = send(office)

    with office.environments.open("production").database.read() as tx:
        rows = tx.rows("SELECT delivery FROM patron_delivery")
    assert reply.status == 201
    assert SECRET not in str(rows)


def test_an_incoming_endpoint_needs_object_and_secret() -> None:
    """M350: otherwise anybody could write; M351: a signature needs a secret."""
    lead_ = {"lead": "object: lead\nfields: {name: {type: text}}\n"}

    with pytest.raises(AssertionError, match="M350 An incoming endpoint needs `object` and"):
        compile_texts(texts_of(lead_, endpoints="endpoints: {a: {incoming: true}}\n"))
    with pytest.raises(AssertionError, match="M351 It signs with a secret"):
        compile_texts(
            texts_of(lead_, endpoints="endpoints: {a: {url: 'https://h/', sign: hmac}}\n")
        )


def test_a_value_that_cannot_be_computed_is_said_at_its_field(office: House) -> None:
    """W154, with the reason; nothing is written."""
    reply = send(office, {**fresh(), "share": "0"}, endpoint="divides")

    assert reply.status == 422
    (error,) = reply.json["errors"]
    assert (error["field"], error["code"]) == ("amount", "W154")
    assert "zero" in error["message"]
