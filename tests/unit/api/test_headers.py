"""Headers and bodies are read by one rule everywhere; what cannot be read says so."""

from __future__ import annotations

import io

import pytest
from flask import Flask, request

from api.headers import (
    body_is_lines,
    ensure_readable_address,
    read_body,
    read_credential,
    read_expected_version,
    read_idempotency_key,
    request_fingerprint,
)
from engine.errors import RequestInvalid, SignInRequired

APP = Flask("test")


def asked(**given):
    """Open a request that carries what is given."""
    return APP.test_request_context(**{"path": "/x", "method": "POST", **given})


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "Bearer   abc "])
def test_a_bearer_token_is_read(header):
    """The scheme's case and spaces around the token do not count."""
    with asked(headers={"Authorization": header}):
        assert read_credential().text == "abc"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc", "abc"])
def test_no_token_is_told_what_to_send(header):
    """Nothing, another scheme or an empty token: 401 with the header to send."""
    headers = {} if header is None else {"Authorization": header}
    with asked(headers=headers), pytest.raises(SignInRequired, match="token") as caught:
        read_credential()

    assert "Authorization: Bearer" in caught.value.hint


@pytest.mark.parametrize(
    ("header", "version"),
    [("3", 3), ('"3"', 3), (" 3 ", 3), ("*", None), ("", None), (None, None)],
)
def test_if_match_is_a_version(header, version):
    """Bare or quoted; a star and no header expect nothing."""
    headers = {} if header is None else {"If-Match": header}
    with asked(headers=headers):
        assert read_expected_version() == version


@pytest.mark.parametrize("header", ['W/"3"', "three", '"3', '3"', "-1", "1.0", "9" * 30, '"'])
def test_if_match_that_is_no_version_is_refused(header):
    """A version that cannot be one is never taken for any other."""
    with asked(headers={"If-Match": header}), pytest.raises(RequestInvalid) as caught:
        read_expected_version()

    assert (caught.value.code, caught.value.status) == ("Q208", 400)


def test_idempotency_keys_are_printable_and_short():
    """1 to 255 printable ASCII characters; no header means no key."""
    with asked():
        assert read_idempotency_key() is None
    with asked(headers={"Idempotency-Key": "a" * 255}):
        assert read_idempotency_key() == "a" * 255
    for bad in ("", "a" * 256, "clé", "a\tb"):
        with (
            asked(headers={"Idempotency-Key": bad}),
            pytest.raises(RequestInvalid, match="Idempotency-Key") as caught,
        ):
            read_idempotency_key()
        assert caught.value.code == "Q209"


def test_a_fingerprint_tells_requests_apart():
    """Method, address, query and body each make another request; headers do not."""
    given = [
        {"path": "/x", "method": "POST", "data": b"{}"},
        {"path": "/y", "method": "POST", "data": b"{}"},
        {"path": "/x", "method": "PUT", "data": b"{}"},
        {"path": "/x", "method": "POST", "data": b"{ }"},
        {"path": "/x", "method": "POST", "data": b"{}", "query_string": "a=1"},
    ]
    seen = set()
    for one in given:
        with APP.test_request_context(**one):
            seen.add(request_fingerprint())
    with APP.test_request_context(**given[0], headers={"User-Agent": "other"}):
        again = request_fingerprint()

    assert len(seen) == len(given)
    assert again in seen


def test_a_body_that_is_too_large_is_refused():
    """Whether its length is announced or only found out while reading."""
    with asked(data=b"x" * 10):
        assert read_body(10) == b"x" * 10
    for environ in ({}, {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}):
        with (
            asked(input_stream=io.BytesIO(b"x" * 11), environ_overrides=environ),
            pytest.raises(RequestInvalid, match="too large") as caught,
        ):
            request.environ.setdefault("CONTENT_LENGTH", "11")
            read_body(10)
        assert (caught.value.code, caught.value.status) == ("Q203", 413)


@pytest.mark.parametrize(
    ("kind", "is_lines"),
    [
        ("application/json", False),
        ("application/json; charset=UTF-8", False),
        ("application/merge-patch+json", False),
        ("", False),
        ("application/x-ndjson", True),
    ],
)
def test_kinds_of_bodies(kind, is_lines):
    """JSON in UTF-8, or JSON lines where many records may come; no kind means JSON."""
    with asked(headers={"Content-Type": kind} if kind else {}):
        assert body_is_lines(may_be_lines=True) is is_lines


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/x-ndjson"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_bodies_are_refused(headers):
    """Forms, foreign charsets, compressed bodies, and lines where one record is meant: 415."""
    with asked(headers=headers), pytest.raises(RequestInvalid) as caught:
        body_is_lines()

    assert (caught.value.code, caught.value.status) == ("Q204", 415)


@pytest.mark.parametrize("path", ["/caf\xe9", "/a\x00b"])
def test_unreadable_addresses_are_refused(path):
    """Bytes that are not UTF-8, and zero bytes, are refused instead of replaced."""
    with asked(environ_overrides={"PATH_INFO": path}), pytest.raises(RequestInvalid) as caught:
        ensure_readable_address()

    assert (caught.value.code, caught.value.status) == ("Q202", 400)


def test_addresses_in_utf8_are_read():
    """WSGI shows the bytes of é as two latin-1 characters."""
    with asked(environ_overrides={"PATH_INFO": "/caf\xc3\xa9"}):
        ensure_readable_address()
        assert request.path == "/café"
