"""Reads the reference engine's golden cases and runs them in our language.

The files lie beside the repository (`../shared/data/salesforce/_reference/oracle`) and are not part
of it. Names stay as they are written; types, blank modes and written values are translated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

from engine.expr import (
    EvalContext,
    Expression,
    ExprFailed,
    ExprInvalid,
    ExprType,
    Kind,
    compile_expression,
)
from engine.expr.functions import FUNCTIONS

ROOT = Path(__file__).parents[3]
FOLDER = ROOT.parent / "shared/data/salesforce/_reference/oracle"
ERROR = "#ERROR"
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)

_KINDS = {
    "Double": Kind.NUMBER,
    "Currency": Kind.NUMBER,
    "Percent": Kind.NUMBER,
    "number": Kind.NUMBER,
    "DateOnly": Kind.DATE,
    "date": Kind.DATE,
    "DateTime": Kind.DATETIME,
    "Boolean": Kind.CHECKBOX,
    "checkbox": Kind.CHECKBOX,
    "Pick": Kind.PICKLIST,
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CALLS = re.compile(r"([A-Za-z_]\w*)\s*\(")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
_JAVA_DATE = re.compile(r"\w{3} (\w{3}) (\d\d) (\d\d):(\d\d):(\d\d) GMT (\d{4})\Z")
_PACIFIC = 8  # hours that PST is behind
_OPERATORS = frozenset({"AND", "OR", "NOT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One evaluation: what is asked, of what, and what the reference engine answered."""

    file: str
    formula: str
    types: Mapping[str, str]
    inputs: Mapping[str, object]
    expected: object
    returns: str = ""
    blank_zero: bool = False
    formulas: tuple[tuple[str, str, str], ...] = ()  # (field, its type, its formula)
    now: datetime = NOW
    prior: Mapping[str, object] | None = None
    is_new: bool = False

    @property
    def functions(self) -> frozenset[str]:
        """Every function that the formula and the formulas it reads call."""
        texts = [self.formula, *(text for _, _, text in self.formulas)]
        calls = {name.upper() for text in texts for name in _CALLS.findall(_QUOTED.sub("", text))}
        return frozenset(calls - _OPERATORS)


@dataclass(slots=True)
class NamedScope:
    """Names of one row, whatever their letter case."""

    types: dict[str, ExprType] = field(default_factory=dict)

    def resolve(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the type of a name."""
        return self.types.get(".".join(path).lower())

    def names(self, prefix: tuple[str, ...]) -> Iterable[str]:
        """Give nothing: hints do not matter here."""
        return ()

    def elsewhere(self, object: str, field: str) -> ExprType | None:  # the protocol's
        """Take every field for a text."""
        return ExprType(kind=Kind.TEXT)

    def knows(self, kind: str, name: str) -> bool:
        """Take every name."""
        return True


def unknown_functions(row: Row) -> frozenset[str]:
    """Give the functions of a row that this language does not have."""
    return row.functions - frozenset(FUNCTIONS)


def run(row: Row) -> object:
    """Evaluate a row; errors of any sort are `ERROR`."""
    try:
        return _evaluated(row)
    except (ExprInvalid, ExprFailed):
        return ERROR


def _evaluated(row: Row) -> object:
    scope = NamedScope({name.lower(): _type(kind) for name, kind in row.types.items()})
    values = {name.lower(): _input(row.types[name], v) for name, v in row.inputs.items()}
    prior = None
    if row.prior is not None:
        kinds = {name.lower(): kind for name, kind in row.types.items()}
        prior = {n.lower(): _input(kinds.get(n.lower(), "Text"), v) for n, v in row.prior.items()}
    formula = row.formula
    for name, _, text in row.formulas:
        formula = re.sub(rf"\b{name}\b", f"({text})", formula)
    found = _one(row, formula, scope, values, prior)
    return found * 100 if row.returns == "Percent" and isinstance(found, Decimal) else found


def _one(
    row: Row,
    text: str,
    scope: NamedScope,
    values: Mapping[str, object],
    prior: Mapping[str, object] | None,
) -> object:
    expression = compile_expression(_cleaned(text), scope, blank_zero=row.blank_zero)
    named = {path: values.get(path.lower()) for path in _paths(expression)}
    before = None if prior is None else {path: prior.get(path.lower()) for path in named}
    context = EvalContext(now=row.now, zone=UTC, prior=before, is_new=row.is_new)
    return expression.evaluate(named, context)  # type: ignore[arg-type]  # values as read


def _paths(expression: Expression) -> set[str]:
    given = set(re.findall(r"\$\w+(?:\.\w+)*", expression.text))
    return set(expression.reads) | given


def _cleaned(text: str) -> str:
    return text.replace("\u200b", "").replace("\xa0", " ").replace("Owner:User", "Owner_User")


def _type(name: str) -> ExprType:
    kind = _KINDS.get(name, Kind.TEXT)
    return ExprType(kind=kind, flavour="number") if kind is Kind.NUMBER else ExprType(kind=kind)


def _input(kind: str, value: object) -> object:
    """Read an input as the files write it."""
    if value is None or value in ("", "NULL"):
        return None
    text = str(value).strip()
    known = _KINDS.get(kind, Kind.TEXT)
    if known is Kind.NUMBER:
        return Decimal(text) / (100 if kind == "Percent" else 1)
    if known is Kind.CHECKBOX:
        return text.lower() == "true"
    if known is Kind.DATE:
        return lenient(":".join(re.split(r"[:-]", text)[:3])).date()
    return lenient(text) if known is Kind.DATETIME else str(value)


def lenient(text: str) -> datetime:
    """Read 2004:11:31 or 2004-11-31 as the first of December, as Java does."""
    parts = [int(part) for part in re.split(r"[:-]", text) if part.isdigit()]
    year, month, day, *clock = [*parts, 0, 0, 0][:6]
    start = datetime(year + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=UTC)
    hour, minute, second = [*clock, 0, 0, 0][:3]
    hour += _PACIFIC if text.endswith("PST") else 0
    return start + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)


def same(found: object, expected: object) -> bool:
    """Tell whether a value is what the engine wrote; numbers to 15 digits, blank in any writing."""
    if ERROR in (expected, found):
        return found == expected
    if expected in (None, "null", ""):
        return found is None
    return _same_value(found, str(expected))


def _same_value(found: object, expected: str) -> bool:
    if isinstance(found, bool):
        return str(found).lower() == expected.lower()
    if isinstance(found, Decimal):
        return _close(found, Decimal(expected))
    if isinstance(found, date):
        return _same_date(found, expected)
    if isinstance(found, time):
        return found == time.fromisoformat(expected)
    return str(found).strip() == expected.strip()  # one file trims what it expects


def _close(found: Decimal, expected: Decimal) -> bool:
    return abs(found - expected) <= max(abs(expected), Decimal("1e-10")) * Decimal("1e-14")


def _same_date(found: date, expected: str) -> bool:
    java = _JAVA_DATE.match(expected)
    if java:
        month = _MONTHS.index(java.group(1)) + 1
        day, hour, minute, second, year = map(int, java.groups()[1:])
        wanted = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    else:
        wanted = lenient(expected)
    if isinstance(found, datetime):
        return found.replace(microsecond=0) == wanted or found.date() == wanted.date() == wanted
    return found == wanted.date()


# --- files ----------------------------------------------------------------------------------------


def rows() -> Iterator[Row]:
    """Read every row of every file."""
    yield from _engine()
    yield from _corpus()
    yield from _units()
    yield from _formulon()
    yield from _probes()


def _lines(name: str) -> Iterator[dict[str, object]]:
    with (FOLDER / name).open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _engine() -> Iterator[Row]:
    for case in _lines("formula_engine_dev.jsonl"):
        fields = case["fields"]
        types = {f["name"]: f["type"] for f in fields if not f["formula"]}
        formulas = tuple((f["name"], f["type"], f["formula"]) for f in fields if f["formula"])
        for data in case["data"]:
            for blank_zero, key in ((True, "formula"), (False, "formulaNullAsNull")):
                expected = data["expected"].get(key)
                if isinstance(expected, str) and expected.startswith("Error"):
                    expected = ERROR
                yield Row(
                    file="formula_engine_dev",
                    formula=case["formula"],
                    types=types,
                    formulas=formulas,
                    inputs={n: v for n, v in data["input"].items() if n in types},
                    expected=expected,
                    returns=case["return_type"],
                    blank_zero=blank_zero,
                )


def _corpus() -> Iterator[Row]:
    for case in _lines("corpus_oracle_dev.jsonl"):
        for data in case["data"]:
            context = data["context"]
            now = context.get("now") or context.get("today")
            expected = data["expected"]
            yield Row(
                file="corpus_oracle_dev",
                formula=case["formula"],
                types={_cleaned(name): kind for name, kind in case["types"].items()},
                inputs={_cleaned(name): value for name, value in data["input"].items()},
                expected=ERROR if expected == "error" else expected,
                returns=case["return_type"],
                blank_zero=case["blanks"] == "BlankAsZero",
                now=lenient(now) if now else NOW,
                prior=data["prior"],
                is_new=context.get("isnew") == "true",
            )


def _units() -> Iterator[Row]:
    for case in _lines("formula_engine_unit_dev.jsonl"):
        kind, expected = case["expected_kind"], case["expected"]
        if kind == "same_as":
            expected = run(Row(file="", formula=expected, types={}, inputs={}, expected=None))
        yield Row(
            file="formula_engine_unit_dev",
            formula=case["formula"],
            types={},
            inputs={},
            expected=_plain(expected),
        )


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"{value:%Y:%m:%d:%H:%M:%S}"
    return f"{value:%Y:%m:%d}" if isinstance(value, date) else value


def _formulon() -> Iterator[Row]:
    for case in _lines("formulon_dev.jsonl"):
        given = {name: (v["dataType"], v["value"]) for name, v in case["identifiers"].items()}
        types = {name: kind for name, (kind, _) in given.items()}
        blank = {name for name, kind in types.items() if kind == "null"}
        for name in blank:
            types[name] = "date" if "Date" in name else "number"
        expected = case["expected"]["value"]
        yield Row(
            file="formulon_dev",
            formula=case["formula"],
            types=types,
            inputs={name: value for name, (_, value) in given.items()},
            expected=_plain(expected),
        )


_PROBE = re.compile(r"(.*?)  (?:\[(.*?)\])? ?(nullAsNull)? ?-> (.*)\Z")
# The file names no types: where its lines begin to ask texts, and then dates.
_TEXTS_FROM, _DATES_FROM = 'a__c = "x"  [None]', ("a__c + 1  [None] -> None", "YEAR(a__c)")


def _probes() -> Iterator[Row]:
    kind = "Double"
    for line in (FOLDER / "engine_probes.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(_TEXTS_FROM):
            kind = "Text"
        parts = _PROBE.match(line)
        if parts is None or len(parts.group(1)) >= _CUT:
            continue  # the file cuts long lines
        formula, given, is_null, answer = parts.groups()
        if line.startswith(_DATES_FROM):
            kind = "DateOnly"
        has_input = given is not None
        yield Row(
            file="engine_probes",
            formula=formula,
            types={"a__c": kind} if has_input else {},
            inputs={"a__c": None if given == "None" else given.strip("'")} if has_input else {},
            expected=_answer(answer),
            blank_zero=has_input and not is_null,
        )


_CUT = 60


def _answer(text: str) -> object:
    if text == "None":
        return None
    if text[1:].startswith("ERROR"):
        return ERROR
    return text[1:-1].replace("\\'", "'")
