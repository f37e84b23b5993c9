from __future__ import annotations

import pytest

from engine.errors import RequestInvalid
from sandbox.naming import ensure_name, nearest_name


@pytest.mark.parametrize("name", ["discounts", "q3", "spring-2027", "new_prices", "a" * 40])
def test_good_name_is_taken(name: str) -> None:
    """Small letters, digits and single hyphens or underscores between make a name."""
    ensure_name(name)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Discounts", "discounts"),
        ("Été 2027", "ete-2027"),
        ("2027 prices", "prices"),
        ("a--b", "a-b"),
        ("x" * 60, "x" * 40),
        ("price/list", "price-list"),
        ("Ωμ", ""),
        ("", ""),
    ],
)
def test_bad_name_is_refused_with_a_near_one(name: str, near: str) -> None:
    """What cannot be a name is refused in words, with a name that could be, if there is one."""
    with pytest.raises(RequestInvalid) as refused:
        ensure_name(name)

    assert refused.value.code == "Q120"
    assert refused.value.hint == (f'"{near}" would do' if near else "")
    assert nearest_name(name) == near


@pytest.mark.parametrize("name", ["production", "control", "api"])
def test_name_with_a_meaning_is_refused(name: str) -> None:
    """Words that addresses and databases use already name no sandbox."""
    with pytest.raises(RequestInvalid) as refused:
        ensure_name(name)

    assert (refused.value.code, nearest_name(name)) == ("Q120", "")
