"""Numbers, days and times as people type them in their language, read exactly or refused.

Never a guess: what two people would read differently is refused with a sentence that shows both
ways. What comes out goes to the field types, which read ISO forms and plain numbers only.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal

from web.formats import Formats
from web.texts import say

LONGEST = 60  # characters of a number, date or time
_SPACES = re.compile("[ \u00a0\u2009\u202f'\u2019]")
_SIGNS = re.compile("[€$£¥%]")
_WHOLE = re.compile(r"[0-9]+\Z")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:G[0-9]{3})+\Z")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_PARTS = re.compile(r"[0-9]{1,4}")
_CLOCK = re.compile(r"([0-9]{1,2})\s*[:hH.]\s*([0-9]{2})?(?::([0-9]{2}))?\Z")
_LATIN = "latn"
_THREE = 3
_MOST_DAY, _MOST_MONTH, _YEAR_LENGTH = 31, 12, 4


class Mistyped(ValueError):
    """What was typed cannot be read; the message is a sentence in the visitor's language."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def decimal_sign(fmt: Formats) -> str:
    """Give the sign between units and decimals in the visitor's language."""
    symbols = fmt.locale.number_symbols
    return str((symbols.get(_LATIN) or symbols).get("decimal", "."))


def write_number(number: Decimal, fmt: Formats) -> str:
    """Write a number for an editor: no grouping, the language's own sign for decimals."""
    return f"{number:f}".replace(".", decimal_sign(fmt))


def read_number(text: str, fmt: Formats) -> Decimal:
    """Read a typed number: `1 234,56`, `1,234.56`, `€ 12`. Raises: Mistyped."""
    cleaned = _SIGNS.sub("", text).replace("\u2212", "-").strip()
    sign = "-" if cleaned.startswith("-") else ""
    body = cleaned.lstrip("+-").strip()
    if len(text) > LONGEST or len(cleaned) - len(cleaned.lstrip("+-")) > 1:
        raise _no_number(text, fmt)
    whole, decimals = _divided(body, text, fmt)
    whole = _without_groups(whole, text, fmt)
    if not _WHOLE.match(whole or "0") or not _WHOLE.match(decimals or "0") or not whole + decimals:
        raise _no_number(text, fmt)
    return Decimal(f"{sign}{whole or '0'}.{decimals or '0'}") if decimals else Decimal(sign + whole)


def _divided(body: str, text: str, fmt: Formats) -> tuple[str, str]:
    """Part a number at its decimal sign; groups stay in the first part."""
    own = decimal_sign(fmt)
    other = "," if own == "." else "."
    last = max(body.rfind("."), body.rfind(","))
    if last < 0:
        return body, ""
    mark = body[last]
    before, after = body[:last], body[last + 1 :]
    has_both = "." in body and "," in body
    if has_both or mark == own:
        return (before, after) if body.count(mark) == 1 else (body, "")
    if body.count(mark) > 1:
        return body, ""
    if len(after) != _THREE or _SPACES.sub("", before) in {"", "0"}:
        return before, after
    if own == "." and _GROUPED.match(body.replace(other, "G")):
        return body, ""
    raise _two_ways(text, fmt)


def _without_groups(whole: str, text: str, fmt: Formats) -> str:
    marks = {sign for sign in whole if not sign.isdigit()}
    if not marks:
        return whole
    plain = _SPACES.sub(" ", whole)
    signs = {sign for sign in plain if not sign.isdigit()}
    if len(signs) != 1 or not _GROUPED.match(plain.replace(signs.pop(), "G")):
        raise _no_number(text, fmt)
    return re.sub("[^0-9]", "", whole)


def _no_number(text: str, fmt: Formats) -> Mistyped:
    example = fmt.number(Decimal("1234.5"), 2)
    return Mistyped(
        say("“{typed}” is no number. Write it like {example}.", typed=short(text), example=example)
    )


def _two_ways(text: str, fmt: Formats) -> Mistyped:
    digits = Decimal(re.sub("[^0-9]", "", text))
    whole, parted = fmt.number(digits), write_number(digits.scaleb(-_THREE), fmt)
    sentence = "“{typed}” can be read in two ways. Write {whole} or {parted}."
    return Mistyped(say(sentence, typed=short(text), whole=whole, parted=parted))


def read_day(text: str, fmt: Formats) -> str:
    """Read a typed day and give it as YYYY-MM-DD. Raises: Mistyped."""
    text = text.strip()
    if _ISO_DAY.match(text):
        return _checked(text[:4], text[5:7], text[8:], text)
    if len(text) > LONGEST:
        raise _no_day(text, fmt)
    numbers = _PARTS.findall(text)
    month = _month_named(text, fmt)
    if month and len(numbers) == _THREE - 1 and len(numbers[1]) == _YEAR_LENGTH:
        return _checked(numbers[1], str(month), numbers[0], text)
    is_plain = re.fullmatch(r"[0-9]{1,2}([./ -])[0-9]{1,2}\1[0-9]{4}", text)
    if not is_plain:
        raise _no_day(text, fmt)
    first, second, year = numbers
    if fmt.locale.language != "en" or int(first) > _MOST_MONTH or int(first) == int(second):
        return _checked(year, second, first, text)
    if int(second) > _MOST_MONTH:
        return _checked(year, first, second, text)
    example = fmt.day(date(int(year) or 1, int(second) or 1, int(first) or 1))
    sentence = "“{typed}” can be read in two ways. Write the month as a word, like {example}."
    raise Mistyped(say(sentence, typed=short(text), example=example))


def read_moment(text: str, fmt: Formats) -> datetime:
    """Read a typed day and time of the visitor's zone, as an instant. Raises: Mistyped."""
    text = text.strip()
    day, _, clock = text.replace("T", " ").rpartition(" ")
    if not day:
        sentence = "“{typed}” is no day with a time. Write it like 2026-03-31 09:30."
        raise Mistyped(say(sentence, typed=short(text)))
    local = datetime.combine(
        date.fromisoformat(read_day(day.strip().rstrip(","), fmt)),
        time.fromisoformat(read_clock(clock)),
    )
    try:
        instant = local.replace(tzinfo=fmt.zone).astimezone(UTC)
        is_there = instant.astimezone(fmt.zone).replace(tzinfo=None) == local
    except (OverflowError, ValueError) as error:
        raise Mistyped(say("There is no day “{typed}”.", typed=short(text))) from error
    if not is_there:
        sentence = "“{typed}” does not exist in {zone}: the clocks are put forward then."
        raise Mistyped(say(sentence, typed=short(text), zone=str(fmt.zone)))
    return instant


def read_clock(text: str) -> str:
    """Read a typed time of day and give it as HH:MM:SS. Raises: Mistyped."""
    found = _CLOCK.match(text.strip())
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (99, 0, 0)
    try:
        return time(hours, minutes, seconds).isoformat()
    except ValueError as error:
        sentence = "“{typed}” is no time of day. Write it like 09:30."
        raise Mistyped(say(sentence, typed=short(text))) from error


def short(text: str) -> str:
    """Give the beginning of what somebody typed, to repeat it in a sentence."""
    most = 40
    return text if len(text) <= most else f"{text[:most]}…"


def _checked(year: str, month: str, day: str, text: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError as error:
        raise Mistyped(say("There is no day “{typed}”.", typed=short(text))) from error


def _month_named(text: str, fmt: Formats) -> int:
    """Give the month whose name stands in a text, 0 for none."""
    word = "".join(sign for sign in text.lower() if sign.isalpha())
    for width in ("wide", "abbreviated"):
        for number, name in fmt.locale.months["format"][width].items():
            if word and word == str(name).lower().strip("."):
                return int(number)
    return 0


def _no_day(text: str, fmt: Formats) -> Mistyped:
    example = fmt.day(date(2026, 3, 31))
    sentence = "“{typed}” is no day. Write it like {example} or 2026-03-31."
    return Mistyped(say(sentence, typed=short(text), example=example))
