"""What can be written, how tightly operators bind, and where a problem stands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from engine.expr import compile_expression
from engine.store.lower import lower
from tests.unit.engine.expr.conftest import CONTEXT


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2 + 3 * 4", "14"),
        ("2 * 3 ^ 2", "18"),
        ("2 ^ 3 ^ 2", "64"),
        ("-2 ^ 2", "4"),
        ("10 - 4 - 3", "3"),
        ("7 % 4 * 2", "6"),
        ("+ 5", "5"),
        (".5 + 1.", "1.5"),
        ("/* a remark */ 1 /* and\n another */ + 1", "2"),
        ("len('it\\'s') + LEN(\"a\\\"b\")", "7"),
        ('LEN("a\\n\\t\\\\")', "4"),
    ],
)
def test_numbers_come_out_as_spreadsheets_have_them(value, text, wanted):
    """Signs bind tighter than powers, powers go from left to right, remarks fall away."""
    assert value(text) == Decimal(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("TRUE OR FALSE AND FALSE", True),
        ("NOT 1 = 2", True),
        ("NOT TRUE OR TRUE", True),
        ("!(1 = 2) && true", True),
        ("FALSE || !FALSE", True),
        ("1 == 1 and 2 != 3 And 2 <> 3", True),
        ('"a" & "b" = "ab"', True),
        ("1 + 1 IN (1, 2)", True),
        ("AND(TRUE, OR(FALSE, TRUE))", True),
        ("NOT(TRUE) AND FALSE", False),
    ],
)
def test_conditions_bind_from_or_down_to_comparisons(value, text, wanted):
    """OR is loosest, then AND, NOT, comparisons, `&`; words in any case."""
    assert value(text) is wanted


@pytest.mark.parametrize(
    ("text", "code", "col", "words"),
    [
        ("", "M300", 1, "The expression is empty."),
        ("1 +", "M300", 4, "After `+` something is missing."),
        ("1 2", "M300", 3, "`2` is not expected here."),
        ("(1", "M300", 1, "This `(` is never closed."),
        ("1)", "M300", 2, "This `)` closes nothing."),
        ('"open', "M300", 1, 'The text that begins with " has no end.'),
        ("1 /* open", "M300", 3, "The comment that begins with /* has no end."),
        (r'"a\d"', "M300", 3, r"`\d` means nothing in a text."),
        ("1 = 1 = TRUE", "M300", 7, "`=` is not expected here."),
        ("9 ** 9 ** 9", "M300", 4, "After `*` a value is expected, not `*`."),
        ('"a".upper()', "M300", 4, "`.` cannot stand in an expression."),
        ("amount = “x”", "M300", 10, "`“` cannot stand in an expression."),
        ("MAX(1; 2)", "M300", 6, "`;` cannot stand in an expression."),
        ("1 IN 2", "M300", 3, "IN needs a list in parentheses."),
        ("1 IN ()", "M300", 3, "IN needs at least one value between its parentheses."),
        ("= 1", "M300", 1, "An expression cannot begin with `=`."),
        ("amont + 1", "M301", 1, "There is no field `amont`."),
        ("account.nme", "M301", 1, "There is no field `nme` of account."),
        ("today", "M301", 1, "There is no field `today`."),
        ("stage.colour", "M301", 7, "No value of stage has an attribute `colour`."),
        ("$user.shoe", "M301", 1, "There is no `$user.shoe`."),
        ("a.b.c.d.e.f.g.h", "M301", 1, "A path follows at most 5 lookups."),
        ("UPPR(name)", "M302", 1, "There is no function UPPR."),
        ('__import__("os")', "M302", 1, "There is no function __import__."),
        ("IF(TRUE, 1)", "M303", 1, "IF(condition, then, else) is given 2 arguments."),
        ("TODAY(1)", "M303", 1, "TODAY takes nothing between its parentheses."),
        (
            "CASE(1, 2, 3, 4, 5)",
            "M303",
            1,
            "CASE(value, when, then, else, …) is given 5 arguments.",
        ),
        ("LEFT(amount, 2)", "M304", 6, "LEFT needs a text as its text: amount is a currency."),
        ("IF(NULL, 1, 2)", "M304", 4, "IF needs a condition as its condition: NULL is blank."),
        ("NOT amount", "M304", 1, "amount is a currency: NOT turns a condition around."),
        (
            "day < seen",
            "M304",
            5,
            (
                "day is a date and seen a date with time: "
                "`<` compares two numbers, two dates or two texts."
            ),
        ),
        (
            "done < TRUE",
            "M304",
            6,
            "done and TRUE are each a checkbox: `<` compares two numbers, two dates or two texts.",
        ),
        (
            "account = name",
            "M304",
            9,
            "account is a lookup and name a text: `=` compares two values of the same type.",
        ),
        ("MAX(1, TRUE)", "M304", 8, "MAX needs a number as its number: TRUE is a checkbox."),
        (
            'IF(TRUE, 1, "a")',
            "M304",
            13,
            'IF needs values of one type: 1 is a number and "a" a text.',
        ),
        ('stage = "wonn"', "M307", 9, '"wonn" is no value of stage.'),
        ('INCLUDES(tags, "hott")', "M307", 16, '"hott" is no value of tags.'),
        ('HAS_PERMISSION("vipp")', "M308", 16, 'There is no permission "vipp".'),
        ("$env.NOWHERE", "M308", 1, "There is no environment value `NOWHERE`."),
        ("1/0", "M309", 2, "This can never be computed: division by zero."),
        ("9^9^9^9", "M309", 6, "This can never be computed: the number is too large."),
        ('REGEX(name, "(a")', "M310", 13, "The pattern cannot be used: This ( is never closed."),
        ("ISCHANGED(1)", "M312", 11, "ISCHANGED needs a field of the record itself."),
        ("HAS_ROLE(name)", "M312", 10, "HAS_ROLE needs a name in quotes here."),
        ("LABEL(PRIORVALUE(stage))", "M312", 7, "LABEL needs a picklist field."),
    ],
)
def test_a_problem_stands_under_its_character(problems, text, code, col, words):
    """One sentence, in an admin's words, at the place it is about."""
    (found,) = problems(text)

    assert (found.code, found.line, found.col, found.message) == (code, 1, col, words)


def test_the_words_of_the_issue(problems):
    """A currency and a picklist: said as an admin would say it."""
    (found,) = problems("amount + stage")

    assert found.message == (
        "amount is a currency and stage a picklist: `+` joins two texts or adds two numbers."
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("amont", 'did you mean "amount"?'),
        ("UPPR(name)", 'did you mean "UPPER"?'),
        ("today", "TODAY is a function: write TODAY(…)"),
        ('stage = "wonn"', 'did you mean "won"?'),
        ("stage.closd", 'did you mean "closed"?'),
        ("name & amount", "write TEXT(amount)"),
        ('stage & "x"', "write TEXT(stage) for its name, LABEL(stage) for its label"),
        ("1 ** 2", "a power is written ^"),
        ("amount × 2", "write *"),
        ('tags = "hot"', 'ask INCLUDES(field, "value")'),
        ("day = seen", "make both the same with DATEVALUE(…) or DATETIMEVALUE(…)"),
    ],
)
def test_a_problem_says_what_to_do(problems, text, hint):
    """Near misses are named, and the usual way out is shown."""
    assert problems(text)[0].hint == hint


def test_problems_of_later_lines_have_their_line(problems):
    """Line and column are those of the text, from 1."""
    (found,) = problems("amount > 1\nAND\n  amont > 2")

    assert (found.line, found.col) == (3, 3)


def test_every_problem_is_reported_at_once(problems):
    """Independent mistakes come together; what follows from one is not repeated."""
    found = problems('IF(amont > 1, UPPR("a"), nme & "x")')

    assert [problem.code for problem in found] == ["M301", "M302", "M301"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 400 + "1" + ")" * 400,
        "NOT " * 60 + "TRUE",
        "-" * 60 + "1",
        "+".join(["1"] * 300),
        "1 +" * 2000 + "1",
        "IF(TRUE," * 60 + "1" + ",2)" * 60,
    ],
    ids=["parentheses", "not", "minus", "parts", "characters", "calls"],
)
def test_limits_are_problems(problems, text):
    """5,000 characters, 50 levels, 500 parts: more is a problem, quickly."""
    assert problems(text)[0].code == "M306"


def test_limits_leave_room_for_what_people_write(value):
    """250 summands and 49 levels are taken."""
    assert value("+".join(["1"] * 250)) == 250
    assert value("(" * 49 + "1" + ")" * 49) == 1


def test_dates_are_written_by_functions(value):
    """There is no literal for a date; DATE and DATEVALUE make them."""
    assert value("DATE(2024, 2, 28) + 1") == date(2024, 2, 29)


def test_limits_hold_however_deep_the_caller_stands(scope):
    """50 levels, 250 summands and 120 quotients fit into the stack that a server leaves."""
    texts = (
        "(" * 49 + "amount" + ")" * 49,
        "IF(done," * 48 + "1" + ",2)" * 48,
        "NOT " * 48 + "done",
        "+".join(["amount"] * 250),
        "/".join(["amount"] * 120),
        "-".join(["day", *["1"] * 120]),
        " & ".join(["name"] * 250),
        " AND ".join(["done"] * 250),
    )

    def from_deep(frames: int) -> None:
        if frames:
            from_deep(frames - 1)
            return
        for text in texts:
            expression = compile_expression(text, scope)
            expression.settle({"amount": Decimal(2), "day": date(2024, 1, 1)}, CONTEXT)
            for dialect in ("sqlite", "postgresql"):
                str(lower(expression, dialect, sa.column, {}).compile())

    from_deep(300)
