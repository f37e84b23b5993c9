"""Write tests/golden/oracle/rows.jsonl: our own golden rows of the expression language.

Run it after a wanted change and read the difference: `python -m tools.golden_expressions`. The rows
stand where the reference engine's own cases cannot be had.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

from engine.expr import EvalContext, ExprFailed, ExprInvalid, ExprType, Kind, compile_expression
from engine.expr.functions import EVERY

FILE = Path(__file__).resolve().parents[1] / "tests/golden/oracle/rows.jsonl"
CONTEXT = EvalContext(now=datetime(2026, 3, 31, 12, 0, tzinfo=UTC), zone=UTC)

TYPES = {
    "n": ExprType(kind=Kind.NUMBER, decimals=4, flavour="number"),
    "m": ExprType(kind=Kind.NUMBER, decimals=2, flavour="number"),
    "t": ExprType(kind=Kind.TEXT),
    "u": ExprType(kind=Kind.TEXT),
    "d": ExprType(kind=Kind.DATE),
    "e": ExprType(kind=Kind.DATETIME),
    "b": ExprType(kind=Kind.CHECKBOX),
    "p": ExprType(kind=Kind.PICKLIST),
}
NUMBERS = (None, "0", "1", "-2.5", "12345.6789")
TEXTS = (None, "a", "Élan vital", " 12 ")
DATES = (None, "2024-02-29", "1999-12-31")
INSTANTS = (None, "2024-02-29T23:30:00+00:00")

OVER_NUMBERS = (
    *("n + 1", "n * m", "n / m", "n % m", "n ^ 2", "-n", "n = m", "n <> m", "n > m", "n <= 0"),
    *("NOT(n > m)", "NOT n = 5", "n = NULL", "ISBLANK(n)", "ISNULL(n)", "BLANKVALUE(n, 7)"),
    *("MAX(n, m)", "MIN(n, 3)", "ROUND(n, 1)", "FLOOR(n)", "CEILING(n)", "MFLOOR(n)", "ABS(n)"),
    *("TEXT(n)", 'IF(n > 0, "x", "y")', 'CASE(n, 0, "z", 1, "o", "n")', "n IN (0, 1)"),
    *("n > 0 AND m > 0", "n > 0 OR m > 0", "TRUNC(n, 2)", "MCEILING(n)", "MOD(n, 3)"),
)
OVER_TEXTS = (
    *("t & u", "t + u", 't = ""', 't <> "a"', "t < u", "ISBLANK(t)", "LEN(t)", "UPPER(t)"),
    *("LOWER(t)", "LEFT(t, 2)", "RIGHT(t, 2)", "MID(t, 2, 2)", "TRIM(t)", 'CONTAINS(t, "a")'),
    *('BEGINS(t, "É")', 'FIND("a", t)', 'SUBSTITUTE(t, "a", "")', "VALUE(TRIM(t))", "REVERSE(t)"),
    *('LPAD(t, 5, "xy")', "ISNUMBER(TRIM(t))", 'REGEX(t, "[a-z]*")', 't IN ("a", "")', "t = NULL"),
)
OVER_DATES = (
    *("d + 1", "d - 0.5", "d - DATE(2024, 1, 1)", "ADDMONTHS(d, 12)", "YEAR(d)", "WEEKDAY(d)"),
    *(
        "d > DATE(2000, 1, 1)",
        "d = NULL",
        "TEXT(d)",
        "ISOWEEK(d)",
        "DATETIMEVALUE(d)",
        "TODAY() - d",
    ),
)
OVER_INSTANTS = ("e + 0.25", "DATEVALUE(e)", "HOUR(e)", "TEXT(e)", "e < NOW()", "UNIXTIMESTAMP(e)")


def rows() -> list[dict[str, object]]:
    """Evaluate every expression over every input, in both blank modes."""
    made = [
        *((text, {}) for function in EVERY for text, _ in function.examples),
        *((text, {"n": n, "m": m}) for text in OVER_NUMBERS for n in NUMBERS for m in ("2", None)),
        *((text, {"t": t, "u": u}) for text in OVER_TEXTS for t in TEXTS for u in ("b", None)),
        *((text, {"d": d}) for text in OVER_DATES for d in DATES),
        *((text, {"e": e}) for text in OVER_INSTANTS for e in INSTANTS),
    ]
    return [evaluated(text, given, mode) for text, given in made for mode in (False, True)]


def evaluated(text: str, given: dict[str, str | None], blank_zero: bool) -> dict[str, object]:  # noqa: FBT001  # a mode of two
    """Give one row: expression, inputs, mode and value as text."""
    return {
        "expression": text,
        "inputs": given,
        "blank_zero": blank_zero,
        "value": value_of(text, given, blank_zero=blank_zero),
    }


def value_of(text: str, given: dict[str, str | None], *, blank_zero: bool) -> object:
    """Evaluate one row; errors are "#ERROR"."""
    values = {name: _read(name, written) for name, written in given.items()}
    try:
        expression = compile_expression(text, _Everything(), blank_zero=blank_zero)
        return _shown(expression.evaluate(values, CONTEXT))
    except (ExprFailed, ExprInvalid):
        return "#ERROR"


class _Everything:
    """The fields of the rows; every permission and role exists."""

    def resolve(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the type of a field."""
        return TYPES.get(".".join(path))

    def names(self, prefix: tuple[str, ...]) -> tuple[str, ...]:
        """Give the fields."""
        return tuple(TYPES)

    def elsewhere(self, object: str, field: str) -> ExprType | None:  # the protocol's
        """Take every field for a text."""
        return ExprType(kind=Kind.TEXT)

    def knows(self, kind: str, name: str) -> bool:
        """Take every name."""
        return True


def _read(name: str, written: str | None) -> object:
    if written is None:
        return None
    reads = {
        Kind.NUMBER: Decimal,
        Kind.DATE: date.fromisoformat,
        Kind.DATETIME: datetime.fromisoformat,
    }
    return reads.get(TYPES[name].kind, str)(written)


def _shown(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return value


def main() -> None:
    """Write the file."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows()]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(lines)} rows")


if __name__ == "__main__":
    main()
