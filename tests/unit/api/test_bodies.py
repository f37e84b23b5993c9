"""Bodies are read strictly: what two readers could read differently is refused."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest

from api.answers import encode
from api.bodies import MAX_DEPTH, MAX_ROWS, read_object, read_rows
from engine.errors import RequestInvalid


def refused(raw: bytes) -> str:
    """Read a body that must be refused as unreadable; give the sentence."""
    with pytest.raises(RequestInvalid) as caught:
        read_object(raw)
    assert (caught.value.code, caught.value.status) == ("Q201", 400)
    return caught.value.message


def test_numbers_keep_their_digits():
    """Numbers with a point become Decimals, whole ones integers; nothing goes through a double."""
    read = read_object(b'{"amount": 1234567890123456.78, "count": 7, "big": 12345678901234567890}')

    assert read["amount"] == Decimal("1234567890123456.78")
    assert isinstance(read["amount"], Decimal)
    assert read["count"] == 7
    assert isinstance(read["count"], int)
    assert encode(read) == (b'{"amount":1234567890123456.78,"count":7,"big":12345678901234567890}')


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "not JSON"),
        (b"{", "line 1, column 2"),
        (b'{"a": 1,\n "b": }', "line 2, column 7"),
        (b'{"a": 1} {"b": 2}', "Extra data"),
        (b"[1]", "not a list"),
        (b'"text"', "not a text"),
        (b"null", "not null"),
        (b"true", "not true or false"),
        (b"5", "not a number"),
        (b'{"a": 1, "b": 2, "a": 3}', '"a" comes twice'),
        (b'{"a": {"x": 1, "x": 1}}', '"x" comes twice'),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1e400}', "too large or too small"),
        (b'{"a": 1e99999999999999999999}', "too large or too small"),
        (b'{"a": 0e999999999}', "too large or too small"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too large or too small"),
        (b'{"a": "\xff"}', "not UTF-8 (byte 8)"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\uDC00": 1}', "surrogate"),
        (b'{"a": "tab\there"}', "not JSON"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deep"),
        (b'{"a": ' + b'{"b": ' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH + b"}", "deep"),
    ],
)
def test_unreadable_bodies_are_refused_with_the_place(raw, says):
    """Broken, doubled, infinite, foreign or endless: 400 with a sentence that says what."""
    assert says in refused(raw)


def test_a_byte_order_mark_is_passed_over():
    """Some editors and shells put one in front of UTF-8."""
    assert read_object(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_nesting_up_to_the_limit_is_read():
    """A JSON field may nest; 32 levels are read."""
    deep = b'{"b": ' * (MAX_DEPTH - 1) + b"1" + b"}" * (MAX_DEPTH - 1)

    assert read_object(b'{"a": ' + deep + b"}")["a"]


def test_pairs_of_surrogates_are_one_character():
    """An emoji written with escapes is read like the emoji itself."""
    assert read_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_rows_of_an_array_and_of_lines_are_the_same():
    """Bulk reads a JSON array and one object per line alike; blank lines are nothing."""
    array = read_rows(b'[{"a": 1}, {"a": 2.50}]', is_lines=False)
    lines = read_rows(b'{"a": 1}\r\n\n{"a": 2.50}\n', is_lines=True)

    assert array == lines == [{"a": 1}, {"a": Decimal("2.50")}]


def test_a_broken_line_is_told_by_its_number():
    """The third line is broken: the sentence says line 3."""
    with pytest.raises(RequestInvalid, match=r"line 3, column 7"):
        read_rows(b'{"a": 1}\n\n{"a": }\n', is_lines=True)


@pytest.mark.parametrize(
    ("raw", "is_lines", "says"),
    [
        (b'{"a": 1}', False, "must be a JSON array, not an object"),
        (b'[{"a": 1}, 5]', False, "Row 1 must be a JSON object, not a number"),
        (b'{"a": 1}\n[2]\n', True, "Row 1 must be a JSON object, not a list"),
    ],
)
def test_rows_must_be_objects(raw, is_lines, says):
    """Whatever else comes is refused, with its index."""
    with pytest.raises(RequestInvalid, match=says) as caught:
        read_rows(raw, is_lines=is_lines)

    assert caught.value.status == 400


@pytest.mark.parametrize("is_lines", [True, False])
def test_too_many_rows_are_refused(is_lines):
    """10,001 rows are one too many, in either form."""
    rows = [b"{}"] * (MAX_ROWS + 1)
    raw = b"\n".join(rows) if is_lines else b"[" + b",".join(rows) + b"]"

    with pytest.raises(RequestInvalid) as caught:
        read_rows(raw, is_lines=is_lines)

    assert (caught.value.code, caught.value.status) == ("Q210", 422)


def test_what_is_written_can_be_read_back():
    """Exact numbers survive a round trip through both directions."""
    value = {"a": Decimal("0.10"), "b": Decimal("1E+3"), "c": Decimal("-0.000001")}

    written = encode(value)

    assert written == b'{"a":0.10,"b":1000,"c":-0.000001}'
    assert orjson.loads(written).keys() == read_object(written).keys()
    assert read_object(written)["a"] == Decimal("0.10")
