"""What the engine refuses, in the visitor's language and with their numbers.

English sentences of the engine stand as they are; those whose values people read differently are
said anew here, by code.
"""

from __future__ import annotations

from decimal import Decimal

from engine.errors import FieldError
from ui.columns import Column
from web.formats import Formats
from web.texts import language, later, say

_BY_CODE = {
    "A101": later("Your permissions do not let you change this field."),
    "C101": later("This value is already used, and it must be unique."),
    "R103": later("Patron sets this field."),
    "R104": later("This field can only be set when the record is created."),
    "R105": later("{field} is required."),
    "R106": later("There is no such record, or you may not see it."),
    "R111": later("The text is too long; {length} characters fit."),
    "R112": later("The text has a sign that cannot be kept (a control character or a line break)."),
    "R113": later("This is no e-mail address. Write it like name@example.com."),
    "R114": later("This is no phone number. Write it like +33 1 23 45 67 89."),
    "R115": later("This is no web address. Write it like https://example.com."),
    "R121": later("Too many decimals; {decimals} fit."),
    "R122": later("The number has too many digits."),
    "R123": later("The smallest value allowed is {least}."),
    "R124": later("The largest value allowed is {most}."),
    "R150": later("This is no value of the list."),
    "R151": later("This value is no longer offered. Choose another one."),
    "R170": later("This cannot be read in its parts."),
    "R171": later("A place needs a latitude from -90 to 90 and a longitude from -180 to 180."),
}
# These name numbers, or their English speaks of JSON rather than of a form.
_ALWAYS = frozenset({"R105", "R111", "R112", "R121", "R123", "R124", "R150", "R151"})


def say_error(error: FieldError, column: Column | None, fmt: Formats) -> str:
    """Give the sentence of a refusal, with what to do."""
    sentence = _BY_CODE.get(error.code)
    if sentence is None or column is None or (language() == "en" and error.code not in _ALWAYS):
        return f"{error.message} {_hint(error.hint)}".strip()
    return say(sentence, **_values(column, fmt))


def _hint(hint: str) -> str:
    return f"{hint[:1].upper()}{hint[1:]}." if hint and language() == "en" else ""


def _values(column: Column, fmt: Formats) -> dict[str, str]:
    declared = column.field.decl
    is_percent = declared.type == "percent"
    places = max(0, column.decimals - 2) if is_percent else column.decimals
    length = declared.option("length", 0)
    return {
        "field": column.label,
        "length": fmt.number(length) if isinstance(length, int) else "",
        "decimals": fmt.number(places),
        "least": _limit(declared.option("min"), fmt, is_percent=is_percent),
        "most": _limit(declared.option("max"), fmt, is_percent=is_percent),
    }


def _limit(limit: object, fmt: Formats, *, is_percent: bool) -> str:
    if not isinstance(limit, Decimal | int):
        return ""
    number = Decimal(limit)
    if is_percent:
        return fmt.percent(number)
    return fmt.number(number, max(0, -int(number.as_tuple().exponent)))
