"""Answers have one shape; our own mistakes show a number and nothing else."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType

import orjson
import pytest
from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest

from api.answers import encode, install_errors
from engine.errors import (
    AccessDenied,
    Conflict,
    FieldError,
    NotFound,
    PatronError,
    RecordInvalid,
    SignInRequired,
)


@pytest.fixture
def app():
    """Make an application with one route that raises what it is told to."""
    made = Flask("test", static_folder=None)
    made.config["raises"] = None
    install_errors(made)

    @made.post("/raise")
    def fail():
        """Raise."""
        raise made.config["raises"]

    @made.post("/read")
    def read():
        """Read a body of at most four bytes."""
        request.max_content_length = 4
        return Response(request.get_data())

    return made


def test_values_are_written_exactly():
    """Decimals with their digits, datetimes in UTC with Z, dates, times and read-only mappings."""
    value = {
        "amount": Decimal("19.90"),
        "at": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        "on": date(2026, 1, 2),
        "time": time(9, 30),
        "names": ("a", "b"),
        "map": MappingProxyType({"x": Decimal(-1)}),
        "set": frozenset({"b", "a"}),
        "none": None,
    }

    assert encode(value) == (
        b'{"amount":19.90,"at":"2026-01-02T03:04:05.678000Z","on":"2026-01-02",'
        b'"time":"09:30:00","names":["a","b"],"map":{"x":-1},"set":["a","b"],"none":null}'
    )


def test_what_has_no_json_form_is_our_mistake():
    """An object that nobody taught us to write raises; it is never turned into its repr."""
    with pytest.raises(TypeError):
        encode({"x": object()})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AccessDenied("No."), 403),
        (NotFound(), 404),
        (RecordInvalid(errors=(FieldError(field="a", code="R105", message="Needed."),)), 422),
        (Conflict("Stale.", current={"id": 1, "amount": Decimal("1.50")}), 409),
    ],
)
def test_refusals_keep_their_shape(app, error, status):
    """Code, message, errors by field and status; a conflict shows the record as it is now."""
    app.config["raises"] = error

    answer = app.test_client().post("/raise")

    shown = orjson.loads(answer.data)
    assert answer.status_code == shown["status"] == status
    assert shown["code"] == error.code
    assert shown["errors"] == [e.as_json() for e in getattr(error, "errors", ())]
    assert "hint" not in shown
    if isinstance(error, Conflict):
        assert b'"amount":1.50' in answer.data


def test_a_missing_token_is_challenged(app):
    """401 says how to sign in, and calls a token that was sent invalid."""
    app.config["raises"] = SignInRequired()
    client = app.test_client()

    without = client.post("/raise").headers["WWW-Authenticate"]
    with_one = client.post("/raise", headers={"Authorization": "Bearer x"}).headers[
        "WWW-Authenticate"
    ]

    assert without == 'Bearer realm="patron"'
    assert with_one == 'Bearer realm="patron", error="invalid_token"'


def test_a_crash_shows_a_number_and_the_log_the_rest(app, caplog):
    """An exception nobody foresaw: 500, no detail of it; the log has it under the same number."""
    app.config["raises"] = KeyError("SELECT secret FROM /var/patron")

    with caplog.at_level(logging.ERROR, logger="patron.api"):
        answer = app.test_client().post("/raise")

    shown = orjson.loads(answer.data)
    number = shown["message"].rsplit(" ", 1)[1].rstrip(".")
    assert answer.status_code == 500
    assert shown["code"] == "P100"
    assert b"SELECT" not in answer.data
    assert b"/var" not in answer.data
    assert number in caplog.text
    assert "SELECT secret" in caplog.text


def test_an_error_of_the_store_shows_no_details(app, caplog):
    """A failed statement is ours too, whatever its class says."""
    app.config["raises"] = PatronError(message="near SELECT: syntax error", code="S100")

    with caplog.at_level(logging.ERROR, logger="patron.api"):
        answer = app.test_client().post("/raise")

    assert answer.status_code == 500
    assert b"SELECT" not in answer.data


def test_a_busy_database_says_when_to_come_again(app, caplog):
    """503 carries Retry-After and keeps its own sentence."""
    app.config["raises"] = PatronError(message="The database is busy.", code="S102", status=503)

    with caplog.at_level(logging.ERROR, logger="patron.api"):
        answer = app.test_client().post("/raise")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert orjson.loads(answer.data)["code"] == "S102"


@pytest.mark.parametrize(
    ("method", "path", "data", "status", "code"),
    [
        ("GET", "/nowhere", b"", 404, "N110"),
        ("PUT", "/raise", b"", 405, "Q211"),
        ("POST", "/read", b"12345", 413, "Q203"),
    ],
)
def test_what_flask_refuses_has_the_shape_too(app, method, path, data, status, code):
    """An unknown address, a wrong method, a large body."""
    answer = app.test_client().open(path, method=method, data=data)

    shown = orjson.loads(answer.data)
    assert answer.status_code == shown["status"] == status
    assert shown["code"] == code
    assert shown["message"]
    if status == 405:
        assert "POST" in answer.headers["Allow"]


def test_what_werkzeug_cannot_read_is_told(app):
    """A bad request that no rule of ours foresaw still has the shape."""
    app.config["raises"] = BadRequest()

    answer = app.test_client().post("/raise")

    assert (answer.status_code, orjson.loads(answer.data)["code"]) == (400, "Q200")


def test_redirects_pass(app):
    """An answer below 400 is none of our errors."""
    app.add_url_rule("/moved/", view_func=lambda: "here", endpoint="moved")

    answer = app.test_client().get("/moved")

    assert answer.status_code == 308
