"""Templates with expressions in braces, and what editors are offered."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.expr import ExprInvalid
from engine.expr.completion import completions
from engine.expr.templates import compile_template
from tests.unit.engine.expr.conftest import CONTEXT


def test_a_template_writes_its_holes(scope):
    """Text stays as it is; numbers keep their decimals, blank is nothing."""
    text = (
        'Deal {{ name }}: {{amount}} ({{ IF(done, "}}", "open") }}) {{ note }}{{ tags }}{{done}}.'
    )
    template = compile_template(text, scope)

    written = template.render(
        {"name": "Castor", "amount": Decimal("12.50"), "tags": ("hot", "won")}, CONTEXT
    )

    assert written == "Deal Castor: 12.50 (open) hot, wonfalse."
    assert template.reads == {"name", "amount", "done", "note", "tags"}
    assert template.uses == frozenset()


def test_what_fails_in_a_template_is_shown(scope):
    """An e-mail goes out with #ERROR rather than not at all."""
    template = compile_template("{{ 1 / amount }}", scope)

    assert template.render({"amount": Decimal(0)}, CONTEXT) == "#ERROR"


def test_problems_of_a_template_stand_in_the_whole_text(scope):
    """Line and column are those of the e-mail, all problems at once."""
    with pytest.raises(ExprInvalid) as invalid:
        compile_template("Hello {{ nme }}\n{{ amount +\n  stage }}", scope)

    places = [(p.code, p.line, p.col) for p in invalid.value.problems]
    assert places == [("M301", 1, 10), ("M304", 2, 11)]


def test_braces_that_are_never_closed_are_found(scope):
    """A forgotten }} is a problem at the opening braces."""
    with pytest.raises(ExprInvalid) as invalid:
        compile_template("Hello {{ name", scope)

    assert (invalid.value.problems[0].code, invalid.value.problems[0].col) == ("M300", 7)


def _inserts(scope, text):
    return [found.insert for found in completions(scope, text, len(text))]


def test_names_that_begin_so_are_offered(scope):
    """Fields first, then functions with their call, then words of the language."""
    found = completions(scope, "amount > 1 AND na", 17)

    assert [(f.insert, f.kind, f.start) for f in found] == [("name", "field", 15)]
    assert _inserts(scope, "do") == ["done"]
    assert "NOT" in _inserts(scope, "n")
    assert "ROUND(" in _inserts(scope, "rou")
    (function,) = [f for f in completions(scope, "ADDM", 4) if f.kind == "function"]
    assert function.detail == "ADDMONTHS(date, months)"
    assert function.doc


def test_after_a_dot_stands_what_the_name_has(scope):
    """Attributes of a picklist, facts of the user; nothing inside quotes."""
    assert _inserts(scope, "stage.") == ["stage.closed", "stage.note", "stage.probability"]
    assert "$user.email" in _inserts(scope, "owner = $user.em")
    assert _inserts(scope, 'name = "am') == []
