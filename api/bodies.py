"""Request bodies: bytes to JSON values, strictly. What could be read in two ways is refused.

Separate from the routes, because bulk, records and aggregates read by the same rules: UTF-8, no key
twice in an object, no NaN, numbers exact (`Decimal`), nesting and size bounded. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice

from engine.errors import RequestInvalid

MAX_BODY = 2 * 1024 * 1024  # bytes of one record
MAX_BULK_BODY = 64 * 1024 * 1024  # bytes of a bulk request
MAX_ROWS = 10_000  # rows of a bulk request
MAX_DEPTH = 32  # lists and objects inside each other
MAX_EXPONENT = 308  # powers of ten, either way: what a double can hold
SMALL_INTEGER = 18  # digits that surely fit into 64 bits
QUOTED_CHARACTERS = 40  # of the client's own text in an error

NUL = "\x00"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _unreadable(message: str, hint: str = "") -> RequestInvalid:
    return RequestInvalid(message, code="Q201", status=400, hint=hint)


def shorten(text: str) -> str:
    """Cut a client's text to what fits into an error sentence."""
    return text if len(text) <= QUOTED_CHARACTERS else f"{text[:QUOTED_CHARACTERS]}…"


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object; a key that comes twice is refused, for nobody knows which one is meant."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _unreadable(f'The key "{shorten(twice)}" comes twice in one object.')
    return found


def _decimal(text: str) -> Decimal:
    """Read a number with a point or an exponent, exactly."""
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal itself can count
        number = None
    if number is None or abs(number.adjusted()) > MAX_EXPONENT:
        raise _unreadable(f"The number {shorten(text)} is too large or too small.")
    return number


def _integer(text: str) -> int | Decimal:
    """Read a whole number; what may not fit into 64 bits stays exact as a Decimal."""
    return int(text) if len(text) <= SMALL_INTEGER else _decimal(text)


def _constant(text: str) -> object:
    raise _unreadable(f"{text} is not JSON; leave the number out or send null.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_decimal,
    parse_int=_integer,
    parse_constant=_constant,
)


def _text(raw: bytes) -> str:
    try:
        return raw.removeprefix(BYTE_ORDER_MARK).decode()
    except UnicodeDecodeError as error:
        raise _unreadable(f"The body is not UTF-8 (byte {error.start + 1}).") from error


def _ensure_depth(value: object) -> None:
    """Refuse nesting that code further in could not follow. Cost: O(lists and objects)."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return
    raise _unreadable(f"The body nests lists or objects more than {MAX_DEPTH} deep.")


def _containers(value: object) -> list[object]:
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, (dict, list))]
    if isinstance(value, list):
        return [inner for inner in value if isinstance(inner, (dict, list))]
    return []


def _ensure_unicode(text: str, value: object) -> None:
    r"""Refuse half characters (`"\ud800"`), which no file and no database can keep."""
    if "\\ud" in text.lower():
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            raise _unreadable("The body holds half of a surrogate pair (\\ud800 …).") from error


def _decode(text: str, line: int = 0) -> object:
    """Read one JSON value. `line`: of a body with a value per line, 1-based; 0 elsewhere."""
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {line or error.lineno}, column {error.colno}"
        raise _unreadable(f"The body is not JSON: {error.msg} ({place}).") from error
    except RecursionError as error:
        raise _unreadable(f"The body nests more than {MAX_DEPTH} deep.") from error
    _ensure_depth(value)
    _ensure_unicode(text, value)
    return value


def read_object(raw: bytes) -> dict[str, object]:
    """Read a body that must be one JSON object.

    Raises: RequestInvalid Q201 (400).
    """
    value = _decode(_text(raw))
    if isinstance(value, dict):
        return value
    hint = 'send {"field": value, …}'
    raise _unreadable(f"The body must be a JSON object, not {_kind(value)}.", hint)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    names = {list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "a number")


def read_rows(raw: bytes, *, is_lines: bool) -> list[dict[str, object]]:
    """Read the records of a bulk request: a JSON array, or one object per line (NDJSON).

    Order is kept; blank lines are skipped.
    Raises: RequestInvalid Q201 (400), Q210 (422) for more than MAX_ROWS.
    """
    text = _text(raw)
    if is_lines:
        return _checked(_lines(text))
    value = _decode(text)
    if not isinstance(value, list):
        hint = "send [{…}, {…}], or one object per line as application/x-ndjson"
        raise _unreadable(f"The body must be a JSON array, not {_kind_of_body(value)}.", hint)
    return _checked(value)


def _kind_of_body(value: object) -> str:
    return "an object" if isinstance(value, dict) else _kind(value)


def _lines(text: str) -> Iterator[object]:
    # Not `splitlines`: characters such as U+2028 are allowed inside JSON texts.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.isspace() and line:
            yield _decode(line, number)


def _checked(values: Iterable[object]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for value in islice(values, MAX_ROWS + 1):
        if not isinstance(value, dict):
            raise _unreadable(f"Row {len(rows)} must be a JSON object, not {_kind(value)}.")
        rows.append(value)
    if len(rows) > MAX_ROWS:
        message = f"A bulk request takes at most {MAX_ROWS:,} records."
        raise RequestInvalid(message, code="Q210", hint="send them in several requests")
    return rows
