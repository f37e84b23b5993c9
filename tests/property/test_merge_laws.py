"""The laws of the three-way merge, over random configurations."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.diff import apply_operations, merge_components
from tests.support.configurations import configurations, valid

pytestmark = pytest.mark.slow

LAW = settings(deadline=None, max_examples=150)


@st.composite
def _edited(draw, base):
    """Change a few components of a configuration, or take another one altogether."""
    other = draw(configurations())
    if draw(st.booleans()):
        return other
    kept = {key: data for key, data in base.items() if draw(st.booleans()) or key not in other}
    changed = {key: other[key] for key in kept if key in other and draw(st.booleans())}
    return valid({**kept, **changed})


TRIPLES = configurations().flatmap(
    lambda base: st.tuples(st.just(base), _edited(base), _edited(base))
)
PAIRS = configurations().flatmap(lambda base: st.tuples(st.just(base), _edited(base)))


@LAW
@given(pair=PAIRS)
def test_nothing_came_in(pair):
    """Law: merge(b, t, b) = t."""
    base, target = pair

    merge = merge_components(base, target, base)

    assert _full(merge.components) == _full(target)
    assert merge.conflicts == ()


@LAW
@given(pair=PAIRS)
def test_nothing_happened_on_the_target(pair):
    """Law: merge(b, b, o) = o."""
    base, incoming = pair

    merge = merge_components(base, base, incoming)

    assert _full(merge.components) == _full(incoming)
    assert merge.conflicts == ()


@LAW
@given(pair=PAIRS)
def test_both_sides_did_the_same(pair):
    """Law: merge(b, t, t) = t."""
    base, target = pair

    merge = merge_components(base, target, target)

    assert _full(merge.components) == _full(target)
    assert merge.conflicts == ()


@LAW
@given(triple=TRIPLES)
def test_conflicts_are_symmetric(triple):
    """Law: whoever is called the target, the same properties are in conflict."""
    base, target, incoming = triple

    there = merge_components(base, target, incoming).conflicts
    here = merge_components(base, incoming, target).conflicts

    assert {(c.component, c.property) for c in there} == {(c.component, c.property) for c in here}


@LAW
@given(triple=TRIPLES)
def test_merging_the_same_change_again_does_nothing(triple):
    """Law: merge(b, merge(b, t, o), o) = merge(b, t, o) where nothing was in conflict."""
    base, target, incoming = triple
    once = merge_components(base, target, incoming)
    assume(not once.conflicts)

    again = merge_components(base, once.components, incoming)

    assert _full(again.components) == _full(once.components)
    assert again.conflicts == ()


def _full(components):
    """Write every object with the full order of its children, so that equal means equal."""
    return apply_operations(components, ())
