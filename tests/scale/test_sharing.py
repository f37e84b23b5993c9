"""A changed object is compiled; the others stay the very same Python objects."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.compile import compile_model
from engine.compiled import Model
from engine.source import tree_from_texts
from tests.support.synthetic import configuration, object_name

pytestmark = pytest.mark.slow

OBJECTS = 1000


def compiled(texts: dict[str, str], previous: Model | None = None) -> Model:
    """Compile a configuration that must be right."""
    tree, found = tree_from_texts(texts)
    model, problems = compile_model(tree, previous)
    assert model is not None, [*found, *problems][:3]
    return model


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Give the files of 1000 objects."""
    return configuration(OBJECTS)


@pytest.fixture(scope="module")
def before(texts: dict[str, str]) -> Model:
    """Give them compiled; models are immutable, so all tests may share one."""
    return compiled(texts)


def shared(before: Model, after: Model) -> int:
    """Count the objects that two models share by identity."""
    platform = {name for name, each in after.objects.items() if each.is_platform}
    return sum(
        after.objects[name] is each for name, each in before.objects.items() if name not in platform
    )


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("a label", "label: Thing 500", "label: Another"),
        ("a formula", "formula: amount * quantity", "formula: amount * quantity * 2"),
        ("a rule", "message: A won thing", "message: Every won thing"),
        ("a new field", "fields:\n", "fields:\n  extra: {type: text}\n"),
    ],
)
def test_a_change_of_one_object_in_1000_shares_the_other_999(
    what: str,
    old: str,
    new: str,
    texts: dict[str, str],
    before: Model,
    figure: Callable[[str, str, str], None],
) -> None:
    """What other objects cannot see of a change costs them nothing."""
    file = f"objects/{object_name(500)}.yaml"
    assert old in texts[file]

    after = compiled({**texts, file: texts[file].replace(old, new)}, before)

    figure(f"objects shared after a change of {what}", f"{shared(before, after)}", "999 of 1000")
    assert shared(before, after) == OBJECTS - 1


def test_a_changed_field_is_seen_by_those_who_read_it() -> None:
    """A formula over the parent is compiled again when the type of what it reads changes."""
    texts = configuration(10)
    file = f"objects/{object_name(1)}.yaml"
    before = compiled(texts)
    changed = texts[file].replace(
        "amount: {type: currency,", "amount: {type: currency, decimals: 4,"
    )

    after = compiled({**texts, file: changed}, before)

    children = {object_name(1), object_name(3), object_name(4)}
    again = {name for name, each in before.objects.items() if after.objects[name] is not each}
    assert again >= children
    assert again & {object_name(5), object_name(9)} == set()
