"""Write docs/explanation/reference-engine.md: how our answers compare with the reference engine's.

Needs the engine's cases beside the repository (see `tests/golden/oracle/reader.py`); run it by hand
after a change: `python -m tools.oracle_report`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from tests.golden.oracle.differences import reason
from tests.golden.oracle.reader import Row, rows, run, same, unknown_functions

PAGE = Path(__file__).resolve().parents[1] / "docs/explanation/reference-engine.md"
HEAD = """# The reference engine

Salesforce publishes the engine of its formula language as open source, with golden test cases. They
are an external test suite for ours: `tests/golden/oracle` reads the cases where they can be had,
translates names and blank modes, and runs every row whose functions exist here. This page is
written by `python -m tools.oracle_report`.
"""


def main() -> None:
    """Run every row and write the page."""
    found = [(row, run(row)) for row in rows() if not unknown_functions(row)]
    missing: Counter[str] = Counter()
    for row in rows():
        missing.update(unknown_functions(row))
    PAGE.write_text(render(found, missing), encoding="utf-8")
    print(PAGE.name)


def render(found: list[tuple[Row, object]], missing: Counter[str]) -> str:
    """Give the page: shares by file, by function, and every difference with its reason."""
    return "\n".join(
        [HEAD, _files(found), _functions(found), _differences(found), _missing(missing)]
    )


def _files(found: list[tuple[Row, object]]) -> str:
    total, equal = Counter[str](), Counter[str]()
    for row, value in found:
        total[row.file] += 1
        equal[row.file] += same(value, row.expected)
    return _table("file", total, equal)


def _functions(found: list[tuple[Row, object]]) -> str:
    total, equal = Counter[str](), Counter[str]()
    for row, value in found:
        names = row.functions or {"operators alone"}
        total.update(names)
        if same(value, row.expected):
            equal.update(names)
    return _table("function", total, equal)


def _table(what: str, total: Counter[str], equal: Counter[str]) -> str:
    lines = [
        f"| {name} | {total[name]} | {equal[name]} | {equal[name] / total[name]:.1%} |"
        for name in sorted(total)
    ]
    head = [f"## By {what}\n", f"| {what} | rows | equal | share |", "|---|---|---|---|"]
    return "\n".join([*head, *lines, ""])


def _differences(found: list[tuple[Row, object]]) -> str:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for row, value in found:
        if not same(value, row.expected):
            by_reason[reason(row) or "**not explained**"].append(" ".join(row.formula.split()))
    lines = [
        f"| {why} | {len(texts)} | `{texts[0].replace('|', chr(92) + '|')}` |"
        for why, texts in sorted(by_reason.items())
    ]
    return "\n".join(
        ["## Differences\n", "| reason | rows | first formula |", "|---|---|---|", *lines, ""]
    )


def _missing(missing: Counter[str]) -> str:
    names = ", ".join(f"{name} ({count})" for name, count in sorted(missing.items()))
    return f"## Not here\n\nFunctions that this language does not have, with their rows: {names}.\n"


if __name__ == "__main__":
    main()
