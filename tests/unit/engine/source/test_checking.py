"""Our check and the standard's: both accept and refuse the same data."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, validators
from jsonschema.protocols import Validator

from engine.model.kinds import KINDS, complete_schema
from engine.names import split_key
from engine.source import SourceTree, load_tree
from engine.source.checking import check_component

ROOT = Path(__file__).parents[4]
# What a slip of the pen makes of a value.
SLIPS: tuple[Callable[[object], object], ...] = (
    lambda value: [value],
    lambda value: {"name": value},
    lambda value: f"{value} x",
    lambda value: value is not True,
    *((lambda _, new=new: new) for new in (None, "", 99_999_999, Decimal("1.5"), [], {})),
)
EXAMPLES, SLIPS_EACH = 4, 120  # for each kind; the standard's validator is slow


def standard(kind: str) -> Validator:
    """Make the standard's validator, which counts decimals as numbers."""
    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "number",
        lambda _, value: isinstance(value, int | Decimal) and not isinstance(value, bool),
    )
    extended = validators.extend(Draft202012Validator, type_checker=checker)
    return extended(complete_schema(KINDS[kind].schema))


@pytest.fixture(scope="module")
def tree() -> SourceTree:
    """Read the shipped application, in which every kind occurs."""
    shipped, _ = load_tree(ROOT / "metadata")
    return shipped


def slips(data: object) -> Iterator[object]:
    """Give copies of a component, each with one thing wrong, or not."""
    for place in _places(data):
        for slip in SLIPS:
            yield _changed(data, place, slip)
        yield _without(data, place)
    if isinstance(data, dict):
        yield {**data, "unknown": 1}


def _places(data: object, above: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    entries = data.items() if isinstance(data, dict) else enumerate(data)  # type: ignore[arg-type]  # a list
    for key, value in entries:
        yield (*above, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*above, key))


def _changed(data: object, place: tuple[object, ...], slip: Callable[[object], object]) -> object:
    changed = copy.deepcopy(data)
    holder = _holder(changed, place)
    holder[place[-1]] = slip(holder[place[-1]])
    return changed


def _without(data: object, place: tuple[object, ...]) -> object:
    changed = copy.deepcopy(data)
    del _holder(changed, place)[place[-1]]
    return changed


def _holder(data: object, place: tuple[object, ...]):
    for key in place[:-1]:
        data = data[key]  # type: ignore[index]  # followed as it was found
    return data


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_check_agrees_with_the_standard(kind: str, tree: SourceTree) -> None:
    """For every component of the shipped application and thousands of slips of each kind."""
    validator = standard(kind)
    components = [doc.data for key, doc in tree.docs.items() if split_key(key)[0] == kind]
    assert components

    for data in components[:: -(-len(components) // EXAMPLES)]:
        assert check_component(kind, data) == []
        assert validator.is_valid(data)
        wrongs = list(slips(data))
        for wrong in wrongs[:: -(-len(wrongs) // SLIPS_EACH)]:
            assert isinstance(wrong, dict)
            assert (check_component(kind, wrong) == []) == validator.is_valid(wrong), wrong


def test_every_flaw_points_at_something() -> None:
    """Pointers lead to the value, or with `#` to the key."""
    flaws = check_component("field", {"type": "text", "lengths": 3, "length": "x"})

    assert [flaw.pointer for flaw in flaws] == ["/lengths#", "/length"]
