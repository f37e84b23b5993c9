"""One text for one meaning: what digests are taken of."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.source import canonical, digest_of
from engine.source.canonical import plain_number, same


def test_keys_are_sorted_except_under_values() -> None:
    """The order of picklist values means something, the order of other keys does not."""
    data = {"z": 1, "values": {"b": {"y": 1, "x": 2}, "a": {}}, "a": [2, 1]}

    assert canonical(data) == '{"a":[2,1],"values":{"b":{"x":2,"y":1},"a":{}},"z":1}'


def test_texts_stay_readable() -> None:
    """UTF-8, not escapes; only what JSON must escape is escaped."""
    assert canonical({"a": 'é"\n', "b": None, "c": True, "d": False}) == (
        '{"a":"é\\"\\n","b":null,"c":true,"d":false}'
    )


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.10", "0.1"),
        ("1.0", "1"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1E-3", "0.001"),
        ("-0.0", "0"),
        ("-2.50", "-2.5"),
        ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
    ],
)
def test_numbers_are_plain_decimals(number: str, text: str) -> None:
    """No exponents and no zeros that say nothing, whatever the author wrote."""
    assert plain_number(Decimal(number)) == text


def test_equal_meaning_has_an_equal_digest() -> None:
    """0.10 is 0.1, and 1.0 is 1."""
    assert digest_of({"a": Decimal("0.10"), "b": Decimal("1.0")}) == digest_of(
        {"b": 1, "a": Decimal("0.1")}
    )


def test_true_is_not_one() -> None:
    """JSON tells them apart, so the comparison does."""
    assert not same({"a": True}, {"a": 1})
    assert same({"a": 1}, {"a": Decimal("1.00")})


def test_order_counts_under_values_only() -> None:
    """The comparison agrees with the canonical text."""
    assert same({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}})
    assert not same({"values": {"x": 1, "y": 2}}, {"values": {"y": 2, "x": 1}})
    assert not same([1, 2], [2, 1])


def test_what_is_no_json_is_refused() -> None:
    """Floats and dates have no place in metadata: nothing is rounded on the way to a digest."""
    with pytest.raises(TypeError, match="float"):
        canonical({"a": 0.1})
