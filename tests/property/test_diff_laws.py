"""The laws of differences, over random configurations."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from engine.diff import apply_operations, diff_trees
from engine.source import canonical, tree_from_stored
from tests.support.configurations import configurations

pytestmark = pytest.mark.slow

TREES = configurations().map(
    lambda components: tree_from_stored((k, canonical(d), "") for k, d in components.items())
)


def _data(tree):
    return {key: doc.data for key, doc in tree.docs.items()}


@settings(deadline=None, max_examples=150)
@given(before=TREES, after=TREES)
def test_diff_applied_gives_the_other_tree(before, after):
    """Law: apply(a, diff(a, b)) = b."""
    assert apply_operations(_data(before), diff_trees(before, after)) == _data(after)


@settings(deadline=None, max_examples=150)
@given(before=TREES, after=TREES)
def test_reversed_operations_lead_back(before, after):
    """Law: applying the inverses from the last to the first gives the first tree again."""
    operations = diff_trees(before, after)

    there = apply_operations(_data(before), operations)
    back = [operation.reverse() for operation in reversed(operations)]

    assert apply_operations(there, back) == _data(before)


@settings(deadline=None, max_examples=150)
@given(before=TREES, after=TREES)
def test_turning_an_operation_twice_is_no_turn(before, after):
    """Law: reverse(reverse(op)) = op."""
    for operation in diff_trees(before, after):
        assert operation.reverse().reverse() == operation


@settings(deadline=None, max_examples=100)
@given(tree=TREES)
def test_a_tree_does_not_differ_from_itself(tree):
    """Law: diff(a, a) is empty."""
    assert diff_trees(tree, tree) == ()


@settings(deadline=None, max_examples=150)
@given(before=TREES, after=TREES)
def test_every_operation_explains_itself(before, after):
    """Law: no operation without words, and a class below purge."""
    for operation in diff_trees(before, after):
        assert operation.explain()
        assert operation.cls < 3
