"""Where this language answers otherwise than the reference engine, and why.

Every entry is wanted; a test fails when one of them no longer differs. The contract lists the
deviations of the language itself.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.golden.oracle.reader import Row

POWER = "`^` binds tighter than `*` here, as in mathematics and spreadsheets"
NOT = "NOT is looser than comparisons here, so this means NOT (1 = 2)"
CHAINED = "comparisons are not chained here; write (1=1) = TRUE"
CODE_POINTS = "LEN counts code points, not UTF-16 units"
CHECKBOX = "a checkbox is never blank: where the engine answers null, the answer is false"
EMPTY = "a text that was computed and is empty is blank here; the engine tells null from empty"

_FORMULAS = {
    "2*3^2": POWER,
    "NOT 1=2": NOT,
    "1=1=TRUE": CHAINED,
    'LEN("😀")': CODE_POINTS,
    "37<>null": CHECKBOX,
    'begins(null, "123")': CHECKBOX,
}
_RULES: tuple[tuple[Callable[[Row], bool], str], ...] = (
    (lambda row: "SUBSTITUTE(" in row.formula and " %" in row.inputs.values(), EMPTY),
)


def reason(row: Row) -> str:
    """Give the reason why a row differs, or "" when it must not."""
    found = _FORMULAS.get(row.formula, "")
    return found or next((why for holds, why in _RULES if holds(row)), "")
