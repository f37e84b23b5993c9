"""Requests to systems that are not trusted: nowhere private, never longer than allowed."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import replace

import pytest

from engine.delivery.addresses import may_connect
from engine.delivery.calling import Call, send_call
from engine.delivery.failing import DeliveryFailed
from engine.errors import PatronError
from engine.settings import Settings
from tests.support.receiver import Behave, answer, drip, flood, hang, open_receiver
from tests.support.servers import free_port

HERE = (ipaddress.ip_network("127.0.0.1/32"),)
CALL = Call(endpoint="erp", url="", headers={"Idempotency-Key": "k1"}, body=b'{"a":1}', seconds=5)


def failure(url: str, *, seconds: float = 5, allowed: bool = True) -> DeliveryFailed:
    """Make a call that must fail."""
    call = replace(CALL, url=url, seconds=seconds)
    with pytest.raises(DeliveryFailed) as failed:
        send_call(call, HERE if allowed else ())
    return failed.value


def test_a_call_arrives_as_it_was_prepared() -> None:
    """Method, path with query, headers and body; nothing is added that was not meant."""
    with open_receiver() as receiver:
        send_call(replace(CALL, url=f"{receiver.url}/orders?x=1 2".replace(" ", "%20")), HERE)

    (request,) = receiver.requests
    assert (request.path, request.body) == ("/orders?x=1%202", b'{"a":1}')
    assert request.headers["idempotency-key"] == "k1"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104  # never bound
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "::127.0.0.1",
        "2002:7f00:1::1",
    ],
)
def test_no_special_address_is_public(address: str) -> None:
    """However an address is written, nothing inside the operator's network is reached."""
    assert not may_connect(address, ())


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_public_addresses_are_reached(address: str) -> None:
    """The internet is what endpoints are for."""
    assert may_connect(address, ())


def test_an_allowed_network_opens_itself_only() -> None:
    """One network that the operator names, in either way of writing; no other."""
    allowed = (ipaddress.ip_network("10.1.0.0/16"),)

    assert may_connect("10.1.2.3", allowed)
    assert may_connect("::ffff:10.1.2.3", allowed)
    assert not may_connect("10.2.0.1", allowed)
    assert not may_connect("::1", allowed)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1"])
def test_a_private_host_is_refused_for_good(host: str) -> None:
    """A name or a number that leads to this machine: nothing is sent, nothing is tried again."""
    with open_receiver() as receiver:
        failed = failure(f"http://{host}:{receiver.port}/", allowed=False)

    assert (failed.code, failed.is_final, receiver.requests) == ("W145", True, [])
    assert "PATRON_WEBHOOK_ALLOW" in failed.hint


def test_a_redirect_is_not_followed() -> None:
    """A target that points at the metadata service of a cloud gets nobody there."""
    with open_receiver() as other:
        behave = answer(302, Location=f"{other.url}/latest/meta-data/")
        with open_receiver(behave) as receiver:
            failed = failure(receiver.url)

    assert (failed.code, failed.is_final, other.requests) == ("W148", True, [])
    assert "302" in failed.message


@pytest.mark.parametrize("behave", [hang(), drip])
def test_a_slow_target_is_left_at_the_deadline(behave: Behave) -> None:
    """Silence and a drip of bytes alike: the deadline is of the whole call."""
    begun = time.monotonic()
    with open_receiver(behave) as receiver:
        failed = failure(receiver.url, seconds=1)

    assert (failed.code, failed.is_final) == ("W147", False)
    assert time.monotonic() - begun < 30  # generous: a drip would have lasted a minute


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    """The answer's status is what counts; we hang up on the rest."""
    with open_receiver(flood) as receiver:
        send_call(replace(CALL, url=receiver.url), HERE)

    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("status", "is_final"),
    [(500, False), (503, False), (429, False), (408, False), (400, True), (404, True), (410, True)],
)
def test_the_status_says_whether_it_is_tried_again(status: int, is_final: bool) -> None:
    """Errors of the server and "later" may pass; a refusal stays one."""
    with open_receiver(answer(status)) as receiver:
        failed = failure(receiver.url)

    assert (failed.code, failed.is_final) == ("W148", is_final)
    assert str(status) in failed.message


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    """What the target asks for is respected; nonsense asks for nothing."""
    waits = []
    for value in ("120", "Wed, 21 Oct 2099 07:28:00 GMT", "soon"):
        with open_receiver(answer(429, Retry_After=value)) as receiver:
            waits.append(failure(receiver.url).retry_after.total_seconds())

    assert waits[0] == 120
    assert waits[1] > 10**8
    assert waits[2] == 0


def test_nobody_there_is_said_and_tried_again() -> None:
    """A closed port and an unknown name are no answer."""
    closed = failure(f"http://127.0.0.1:{free_port()}/")
    unknown = failure("http://nowhere.invalid/")

    assert [(one.code, one.is_final) for one in (closed, unknown)] == [("W146", False)] * 2


@pytest.mark.parametrize(
    "url",
    ["", "shop", "ftp://h/", "file:///etc/passwd", "http://u:p@h/", "http:///x", "http://h\r\n/"],
)
def test_what_is_no_url_is_said_without_repeating_it(url: str) -> None:
    """The address may hold a secret, so the sentence names the endpoint only."""
    failed = failure(url)

    assert (failed.code, failed.is_final) == ("W149", True)
    assert '"erp"' in failed.message
    assert not url or url not in str(failed)


def test_a_call_never_shows_what_it_carries() -> None:
    """Printed or logged, a call says which endpoint it is for and nothing else."""
    call = replace(CALL, url="http://h/secret", headers={"Authorization": "Bearer secret"})

    assert "secret" not in repr(call)


def test_networks_are_read_from_the_settings() -> None:
    """Parted by commas; W150 for what is none."""
    read = Settings.from_env({"PATRON_WEBHOOK_ALLOW": "127.0.0.1/32, fd00::/8"})

    assert [str(one) for one in read.webhook_allow] == ["127.0.0.1/32", "fd00::/8"]
    with pytest.raises(PatronError) as caught:
        Settings.from_env({"PATRON_WEBHOOK_ALLOW": "localhost"})
    assert caught.value.code == "W150"
