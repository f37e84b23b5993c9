"""Whatever is typed into an expression: a value, a problem or a reason, soon, and nothing else.

Texts are random: words of the language in any order, well-formed expressions with letters changed,
and characters at random. The seed is fixed, so that a failure can be run again.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa

from engine.expr import ExprFailed, ExprInvalid, Kind, compile_expression
from engine.expr.functions import FUNCTIONS
from engine.expr.tree import walk
from engine.store.lower import NoSqlForm, lower
from tests.support.expressions import ANYTHING, FIELDS, GENERAL, SHAPES, FieldScope
from tests.support.proof import proof_length
from tests.unit.engine.expr.conftest import CONTEXT

pytestmark = pytest.mark.slow

INPUTS = proof_length(short=3_000, long=200_000)
LONGEST = 0.05  # seconds for one text: compile, evaluate, lower to both databases
MAX_SQL = 200_000  # characters: SQL must not grow faster than the text
_SIGNS = "( ) , + - * / % ^ & = <> < > <= >= ! AND OR NOT IN TRUE FALSE NULL . ; [ ] { } @ # ~ \\"
_CONSTANTS = '0 1 2.5 .5 999999999999999999 "a" \'b\' "" "(a+)+" " /* */ $user.id stage.closed'
_TRIED = "__import__ __class__ eval( lambda os.system( 9**9**9 9^9^9^9 é 漢 \x00 \ud800 \n /* ''"
_WORDS = (
    *FIELDS,
    *(f"{name}(" for name in FUNCTIONS),
    *_SIGNS.split(" "),
    *_CONSTANTS.split(" "),
    *_TRIED.split(" "),
)
_LEAVES = {
    Kind.NUMBER: ("amount", "share", "0", "7", "-2.5", "999999999999", "LEN(name)"),
    Kind.TEXT: ("name", "note", '"abc"', '""', "TEXT(stage)", "LPAD(name, 30000)"),
    Kind.DATE: ("day", "TODAY()", "DATE(9999, 12, 31)", "DATE(1, 1, 1)"),
    Kind.DATETIME: ("seen", "NOW()", "DATETIMEVALUE(DATE(1, 1, 1))"),
    Kind.TIME: ("opens", 'TIMEVALUE("23:59:59.999")'),
    Kind.CHECKBOX: ("done", "TRUE", 'stage = "won"', "stage.closed"),
}
RECORD = {
    "amount": Decimal("12.50"),
    "share": Decimal("0.3333"),
    "name": "Élan vital",
    "note": "(a+)+" * 50,
    "day": CONTEXT.now.date(),
    "seen": CONTEXT.now,
    "stage": "hot",
    "tags": ("hot", "won"),
}


def grown(chance: random.Random, kind: Kind, depth: int) -> str:
    """Give a well-formed expression of a kind."""
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(_LEAVES[kind])
    template, kinds = chance.choice(SHAPES[kind] if chance.random() < 0.8 else GENERAL)
    inner = (kind if wanted == ANYTHING else Kind(wanted) for wanted in kinds)
    return template.format(*(grown(chance, wanted, depth - 1) for wanted in inner))


def changed(chance: random.Random, text: str) -> str:
    """Change a few places of a text."""
    letters = list(text)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(letters) + 1)
        letters[place : place + chance.randint(0, 3)] = chance.choice(_WORDS)
    return "".join(letters)


def deep(chance: random.Random) -> str:
    """Nest one shape in itself: what makes careless lowering grow without bound."""
    kind = chance.choice(list(_LEAVES))
    text = chance.choice(_LEAVES[kind])
    shapes = [(t, ks) for t, ks in (*SHAPES[kind], *GENERAL) if kind in ks or ANYTHING in ks]
    for _ in range(chance.randint(5, 60)):
        template, kinds = chance.choice(shapes)
        at = next(p for p, k in enumerate(kinds) if k in (kind, ANYTHING))
        filled = [chance.choice(_LEAVES[kind if k == ANYTHING else Kind(k)]) for k in kinds]
        filled[at] = text
        text = template.format(*filled)
        if len(text) > 5_000:
            break
    return text


def inputs(count: int) -> Iterator[str]:
    """Give texts of every sort, always the same ones."""
    chance = random.Random(20_240_229)  # noqa: S311  # a test's dice, always the same
    for number in range(count):
        sort = number % 5
        if sort == 0:
            yield " ".join(chance.choices(_WORDS, k=chance.randint(1, 40)))
        elif sort == 1:
            yield "".join(chance.choices(_WORDS, k=chance.randint(1, 400)))
        elif sort == 2:
            yield grown(chance, chance.choice(list(_LEAVES)), 4)
        elif sort == 3:
            yield changed(chance, grown(chance, chance.choice(list(_LEAVES)), 4))
        else:
            yield deep(chance)


def run(text: str) -> str:
    """Do everything that is ever done with a text; give what became of it."""
    try:
        expression = compile_expression(text, FieldScope())
    except ExprInvalid as invalid:
        return "problem" if all(p.message and p.line and p.col for p in invalid.problems) else ""
    assert len(list(walk(expression.tree))) <= 2_000
    for dialect in ("sqlite", "postgresql"):
        lowered(expression, dialect)
    try:
        value = expression.evaluate(RECORD, CONTEXT)
    except ExprFailed as failed:
        return "reason" if str(failed) else ""
    assert not isinstance(value, str) or 0 < len(value) <= 30_000
    return "value"


def lowered(expression, dialect: str) -> None:
    """Lower to one database; the text stays in proportion."""
    params: dict[str, object] = {}
    try:
        clause = lower(expression, dialect, sa.column, params)
    except NoSqlForm:
        assert expression.sql_problem(dialect) is not None
        return
    assert sum(map(len, clause.texts)) <= MAX_SQL


def seconds(text: str) -> float:
    """Measure one text in processor time, without other processes and the tracer of coverage."""
    tracer = sys.gettrace()
    sys.settrace(None)
    start = time.process_time()
    try:
        run(text)
        return time.process_time() - start
    finally:
        sys.settrace(tracer)


def test_nothing_crashes_hangs_or_escapes(figure):
    """Every text ends in a value, a problem or a reason within 50 ms."""
    slow, ends = [], {"value": 0, "problem": 0, "reason": 0}
    longest = 0.0

    for text in inputs(INPUTS):
        start = time.process_time()
        ends[run(text)] += 1
        spent = time.process_time() - start
        if spent > LONGEST / 2:  # a collection of garbage may have fallen into it: measure again
            spent = min(seconds(text) for _ in range(3))
        longest = max(longest, spent)
        if spent > LONGEST:
            slow.append(text[:200])

    assert slow == []
    assert min(ends.values()) > INPUTS // 100
    figure(
        f"texts typed at random, {ends}", f"longest {longest * 1000:.0f} ms", "≤ 50 ms, no crash"
    )


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x')",
        "().__class__.__bases__",
        "name.__class__",
        "name.upper()",
        '"{0.__class__}".format(1)',
        "f'{amount}'",
        "lambda: 1",
        "[x for x in name]",
        "{1: 2}",
        "(" * 400 + "1" + ")" * 400,
        "9 ** 9 ** 9",
        "9^9^9^9",
        "1 if done else 2",
        "amount; amount",
        "amount := 1",
        "`amount`",
        "eval(name)",
    ],
)
def test_what_people_try_is_a_problem_at_once(text):
    """Nothing of Python can be reached; each attempt is a problem, quickly."""
    start = time.process_time()

    assert run(text) == "problem"
    assert time.process_time() - start < 10 * LONGEST


@pytest.mark.parametrize(
    "text",
    [
        "name" + " & name" * 200,
        'SUBSTITUTE(LPAD("a", 30000, "a"), "a", LPAD("b", 30000, "b"))',
        "LPAD(name, 999999999)",
        "amount" + " * amount" * 200,
        "amount" + "^ 1000" * 40,
        'VALUE("1e99")^99',
        'VALUE("' + "9" * 60 + '")' + " * 9999999999999" * 100,
        "DATE(9999, 12, 31) + 1",
        "ADDMONTHS(DATE(1, 1, 1), -1)",
        "FROMUNIXTIME(999999999999999999)",
        "EXP(EXP(EXP(amount)))",
        "TEXT(1/3)" + " & TEXT(1/3)" * 60,
    ],
)
def test_results_cannot_grow_without_bound(text):
    """Long texts and large numbers end with a reason, not with the machine."""
    assert seconds(text) < 10 * LONGEST
    assert run(text) in ("reason", "problem", "value")
