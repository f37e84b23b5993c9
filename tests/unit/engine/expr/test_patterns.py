"""REGEX: what patterns mean, what is refused, and that none can hang."""

from __future__ import annotations

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expr import ExprFailed
from engine.expr.patterns import BadPattern, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("abc", "abc", "abcd"),
        ("[a-z]+", "xyz", "x1"),
        ("[^a-z]", "1", "a"),
        (r"\d{3}-\d{4}", "555-1234", "5555-123"),
        ("^FY\\d{2}$", "FY24", "xFY24"),
        ("a|bc|", "", "b"),
        ("(ab)*c?", "ababc", "aba"),
        ("(?:a|b){2,}", "abab", "a"),
        ("a.c", "a-c", "a\nc"),
        (r"[\w.+-]+@[\w-]+\.\w{2,}", "a.b@example.test", "a@b"),
        (r"\(\S+\)\s", "(x) ", "(x)"),
        ("a*?b+?", "aab", "aa"),
        ("[]a-]+", "]-a", "b"),
        (r"[^\s\S]?", "", "a"),
        ("x$|^y", "y", "xy"),
    ],
)
def test_the_whole_text_must_fit(pattern, fitting, other):
    """The usual signs mean the usual things."""
    compiled = compile_pattern(pattern)

    assert compiled.matches(fitting)
    assert not compiled.matches(other)


@pytest.mark.parametrize(
    ("pattern", "at"),
    [
        ("(a", 0),
        ("a)", 1),
        ("[a", 0),
        ("*a", 0),
        ("a{2", 1),
        ("a{3,2}", 1),
        ("a{1000}", 1),
        ("(?=a)", 0),
        (r"\1", 0),
        ("a\\", 1),
        ("[z-a]", 2),
        ("^*", 1),
        ("a" * 1001, 1000),
        ("(" * 60 + ")" * 60, 50),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_place(pattern, at):
    """Each refusal says where; nothing falls back to another meaning."""
    with pytest.raises(BadPattern) as bad:
        compile_pattern(pattern)

    assert bad.value.at == at


@pytest.mark.parametrize("pattern", ["(a{255}){255}", "((x{0}){255}){255}", "(a|b|c|d){200}{200}"])
def test_counts_that_multiply_are_refused(pattern):
    """A short pattern cannot become a program without end."""
    with pytest.raises(BadPattern, match="too large"):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+b", "a" * 30_000),
        ("(a*)*b", "a" * 30_000),
        ("(a|a)*b", "a" * 30_000),
        ("(.*)(.*)(.*)x", "a" * 30_000),
        ("(a|b)*a(a|b){200}", "ab" * 15_000),
    ],
)
def test_patterns_that_hang_elsewhere_are_quick(pattern, text):
    """Time grows with the text; what would take longer fails with a reason."""
    compiled = compile_pattern(pattern)
    start = time.perf_counter()

    with suppress(ExprFailed):
        compiled.matches(text)

    assert time.perf_counter() - start < 0.5  # 0.05 s on a quiet machine


_LETTERS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", "(?:a|b)", "(?:ab|a)"])
_PATTERNS = st.lists(
    st.tuples(_LETTERS, st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}"])), max_size=5
).map(lambda parts: "".join(letter + count for letter, count in parts))


@settings(deadline=None)
@given(pattern=_PATTERNS, text=st.text("ab1\n", max_size=8))
def test_patterns_mean_what_pythons_own_mean(pattern, text):
    """Law: on what both take, the answer is that of `re.fullmatch`."""
    assert compile_pattern(pattern).matches(text) is bool(re.fullmatch(pattern, text))
