"""Values read as another field type would read them: what a change of type does to each record.

Separate from the types, because it is a table of pairs: a label says more than an API name, a day
has an instant only in a time zone. Pure, so that a plan, a backfill and every save that writes both
generations of a column do the very same. Nothing is guessed: what does not fit is refused.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, date, datetime, time, tzinfo
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import nh3

from engine.model.declarations import Field
from engine.model.fields.base import BadValue, Value
from engine.model.fields.registry import TYPES, declare_field
from engine.names import FieldName

_LINES = frozenset({"text", "email", "phone", "url", "long_text"})
_NUMBERS = frozenset({"number", "currency", "percent", "rating"})
_CHOICES = frozenset({"picklist", "multi_picklist"})
_COMPUTED = frozenset({"formula", "roll_up"})
_MINUTES = "minutes"
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
# What a generation needs to know of its field; limits and labels are no part of how values lie.
_KEPT = ("length", "decimals", "returns", "to", "on_delete")

# Any: each function takes what stands before it. A datetime is a date, so it comes first.
_WRITTEN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (Decimal, lambda value: f"{value:f}"),
    (datetime, lambda value: value.isoformat(" ", _MINUTES)),
    (date, lambda value: value.isoformat()),
    (time, lambda value: value.isoformat("seconds")),
    (str, lambda value: value),
)


class NotConvertible(ValueError):
    """A value that the other type cannot hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How the values of one field become those of another, and what becomes of misfits.

    `exchange` replaces a value by its text beforehand; of what still does not fit, `is_nearest`
    gives what comes nearest, `fill` a value in its place. Without either it is refused.
    """

    old: Field
    new: Field
    exchange: Mapping[str, str] = dataclass_field(default_factory=dict)
    fill: str = ""
    is_nearest: bool = False

    def of(self, value: Value, zone: tzinfo) -> Value:
        """Convert one value; blank stays blank. Raises: NotConvertible."""
        if value is None:
            return None
        if self.exchange:
            wanted = self.exchange.get(_text_of(self.old, value, zone))
            if wanted is not None:
                return convert_text(self.new, wanted, zone)
        try:
            return convert(self.old, self.new, value, zone)
        except NotConvertible:
            if self.fill:
                return convert_text(self.new, self.fill, zone)
            if self.is_nearest:
                return nearest(self.old, self.new, value, zone)
            raise

    @property
    def is_possible(self) -> bool:
        """Tell whether any record can be given a value of the new type."""
        return TYPES[self.new.type].is_editable

    def back(self) -> Conversion:
        """Give the way back, which nobody treats: what does not fit is blank there."""
        return Conversion(old=self.new, new=self.old)


def keeps_values(old: Field, new: Field) -> bool:
    """Tell whether values lie just as well under the new type: nothing has to be converted.

    Only widenings of what is written the same way; a narrower type is another generation.
    """
    if old.type == new.type or new.type in _COMPUTED:
        return True
    if new.type in {"text", "long_text"}:
        return old.type in _LINES
    if {old.type, new.type} <= _NUMBERS:
        return _decimals(old) == _decimals(new) and new.type != "rating"
    return False


def convert(old: Field, new: Field, value: Value, zone: tzinfo) -> Value:
    """Give a value of `old` as `new` keeps it; blank stays blank. Raises: NotConvertible."""
    if value is None:
        return None
    if old.type in _COMPUTED:
        old = _as_returned(old)
    try:
        return _converted(old, new, value, zone)
    except BadValue as bad:
        raise NotConvertible(bad.message) from bad


def convert_text(new: Field, text: str, zone: tzinfo) -> Value:
    """Give the value that somebody writes as text. Raises: NotConvertible."""
    line = Field(name=new.name, type="text", label=new.label, options={"length": 32_000})
    return convert(line, new, text, zone)


def nearest(old: Field, new: Field, value: Value, zone: tzinfo) -> Value:
    """Give what comes nearest to a value that does not fit: cut, rounded, else blank."""
    try:
        return convert(old, new, value, zone)
    except NotConvertible:
        pass
    if new.type in _NUMBERS and isinstance(value, Decimal):
        value = value.quantize(Decimal(1).scaleb(-_decimals(new)), context=_WIDE)
    length = new.option("length")
    if new.type in _LINES and isinstance(length, int) and isinstance(value, str):
        value = plain(old, value, zone)[:length]
        old = Field(name=old.name, type="text", label=old.label, options={"length": length})
    try:
        return convert(old, new, value, zone)
    except NotConvertible:
        return None


def plain(old: Field, value: Value, zone: tzinfo) -> str:
    """Write a value as a person would type it. Raises: NotConvertible for groups and references."""
    if old.type == "rich_text":
        return html.unescape(nh3.clean(str(value), tags=set())).strip()
    if old.type in _CHOICES:
        names = value if isinstance(value, tuple) else (str(value),)
        return "; ".join(_label(old, name) for name in names)
    if isinstance(value, datetime):
        value = value.astimezone(zone).replace(tzinfo=None)
    for kind, write in _WRITTEN:
        if isinstance(value, kind):
            return write(value)
    raise NotConvertible("a reference or a group of values has no text")


def write_conversion(conversion: Conversion) -> Mapping[str, object]:
    """Give a conversion as JSON, for the column whose values it makes."""
    return {
        "old": written_down(conversion.old),
        "new": written_down(conversion.new),
        "exchange": dict(conversion.exchange),
        "fill": conversion.fill,
        "nearest": conversion.is_nearest,
    }


def read_conversion(name: FieldName, kept: Mapping[str, Any]) -> Conversion:
    """Give a conversion again, from what `write_conversion` gave."""
    return Conversion(
        old=declare_field(name, kept["old"], {}),
        new=declare_field(name, kept["new"], {}),
        exchange=kept["exchange"],
        fill=kept["fill"],
        is_nearest=kept["nearest"],
    )


def written_down(field: Field) -> Mapping[str, object]:
    """Give what a column has to remember of the field whose values it holds, as JSON."""
    kept: dict[str, object] = {"type": field.type}
    for key in _KEPT:
        option = field.option(key)
        if isinstance(option, (str, int)):
            kept[key] = option
        elif isinstance(option, tuple):
            kept[key] = list(option)
    if field.values:
        kept["values"] = {
            name: {"label": value.label, "active": value.active}
            for name, value in field.values.items()
        }
    return kept


def _text_of(old: Field, value: Value, zone: tzinfo) -> str:
    """Give what `exchange` names a value by: a picklist's API name, else what people would type."""
    if old.type == "picklist":
        return str(value)
    try:
        return plain(old, value, zone)
    except NotConvertible:
        return ""


def _converted(old: Field, new: Field, value: Value, zone: tzinfo) -> Value:
    if new.type in _CHOICES:
        return _chosen(old, new, value, zone)
    if isinstance(value, datetime) and new.type == "date":
        return value.astimezone(zone).date()
    if isinstance(value, datetime) and new.type == "time":
        return value.astimezone(zone).time().replace(second=0, microsecond=0)
    if new.type == "datetime":
        return _instant(old, new, value, zone)
    if isinstance(value, bool) and new.type in _NUMBERS:
        value = Decimal(int(value))
    if new.type == "checkbox" and isinstance(value, Decimal):
        value = f"{value.normalize():f}"
    if isinstance(value, (Decimal, date, time)) and new.type not in _LINES | {"rich_text"}:
        return _parsed(new, value)
    text = plain(old, value, zone)
    if new.type == "rich_text" and old.type != "rich_text":
        text = "".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines())
    if new.type in _LINES - {"long_text"} and old.type in {"long_text", "rich_text"}:
        text = " ".join(text.split("\n")).strip()
    return _parsed(new, text if new.type in _LINES | {"rich_text"} else text.strip())


def _parsed(new: Field, value: object) -> Value:
    if value == "":
        return None
    if new.type not in TYPES or not TYPES[new.type].is_editable:
        raise NotConvertible("no record can be given such a value")
    if isinstance(value, str) and new.type in {"lookup", "master_detail", "file", "image"}:
        raise NotConvertible("a text names no record")
    return TYPES[new.type].parse(new, value)


def _instant(old: Field, new: Field, value: Value, zone: tzinfo) -> Value:
    """Read a day as its midnight, and what was written without a zone as of here."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), tzinfo=zone).astimezone(UTC)
    elif isinstance(value, str):
        try:
            read = datetime.fromisoformat(plain(old, value, zone).strip())
        except ValueError as error:
            raise NotConvertible("no day and no instant") from error
        value = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    return _parsed(new, value)


def _chosen(old: Field, new: Field, value: Value, zone: tzinfo) -> Value:
    if old.type in _CHOICES:
        names = value if isinstance(value, tuple) else (str(value),)
        wanted = [(name, _label(old, name)) for name in names]
    else:
        text = plain(old, value, zone)
        parts = text.split(";") if new.type == "multi_picklist" else [text]
        wanted = [(part.strip(), part.strip()) for part in parts if part.strip()]
    found = tuple(dict.fromkeys(_choice(new, name, label) for name, label in wanted))
    if new.type == "multi_picklist":
        return found or None
    if len(found) > 1:
        raise NotConvertible("several values, and the list takes one")
    return found[0] if found else None


def _choice(new: Field, name: str, label: str) -> str:
    if name in new.values:
        return name
    for choice in new.values.values():
        if label.casefold() in {choice.label.casefold(), choice.name.casefold()}:
            return choice.name
    raise NotConvertible("no value of the list")


def _label(field: Field, name: str) -> str:
    known = field.values.get(name)
    return known.label if known is not None else name


def _decimals(field: Field) -> int:
    declared = field.option("decimals")
    return declared if isinstance(declared, int) else 0


def _as_returned(field: Field) -> Field:
    """Give a computed field as one of the type that it returns."""
    returned = str(field.option("returns", "text"))
    options = dict(TYPES[returned].defaults) if returned in TYPES else {}
    options.update({key: field.options[key] for key in ("decimals",) if key in field.options})
    return Field(name=field.name, type=returned, label=field.label, options=options)
