"""A condition in words: `amount >= 1000 AND owner = $user.id` as people would say it.

Knows the shapes that the filter form writes and most that views are declared with. What it does
not know stays as it was typed: an expression is readable too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.expr import Expression
from engine.expr.tree import Call, ContextRead, FieldRead, Literal, Node, ValueAttribute
from engine.session import Session
from ui.columns import Column, find_column
from web.formats import Formats
from web.texts import later, say


class Unspoken(Exception):
    """A part of a condition for which there are no words."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Puts conditions over one object into words, in the visitor's language."""

    session: Session
    object: str
    fmt: Formats

    def parts(self, expression: Expression) -> list[str]:
        """Give the parts that all must hold, each in words; those that have none as typed."""
        nodes = list(_conjuncts(expression.tree))
        try:
            return [self._said(node) for node in nodes]
        except Unspoken:
            return [expression.text]

    def whole(self, expression: Expression) -> str:
        """Give a condition in one phrase."""
        return " · ".join(self.parts(expression))

    def _said(self, node: Node) -> str:
        if isinstance(node, FieldRead):
            return self._field(node).label
        if isinstance(node, ValueAttribute):
            return self._attribute(node)
        if isinstance(node, Call):
            said = _CALLS.get(node.function.name)
            if said is not None:
                return said(self, node)
        raise Unspoken

    def _field(self, node: Node) -> Column:
        if not isinstance(node, FieldRead):
            raise Unspoken
        column = find_column(self.session, self.object, node.path)
        if column is None:
            raise Unspoken
        return column

    def _attribute(self, node: ValueAttribute) -> str:
        """Name the values of a picklist for which an attribute holds."""
        column = self._field(node.of)
        holding = [v for v in column.choices.values() if node.by_value.get(v.name) is True]
        return _one_of(column, [v.label for v in holding])

    def negated(self, call: Call) -> str:
        """Word `NOT …`."""
        (inner,) = call.arguments
        if isinstance(inner, FieldRead):
            return say("not {what}", what=self._field(inner).label)
        if isinstance(inner, ValueAttribute):
            column = self._field(inner.of)
            left = [v for v in column.choices.values() if inner.by_value.get(v.name) is not True]
            return _one_of(column, [v.label for v in left])
        if isinstance(inner, Call) and inner.function.name == "ISBLANK":
            return say(_FILLED, field=self._field(inner.arguments[0]).label)
        if isinstance(inner, Call) and inner.function.name in {"in_text", "INCLUDES"}:
            column = self._field(inner.arguments[0])
            labels = [self._constant(column, one) for one in inner.arguments[1:]]
            return say(_IS_NOT, field=column.label, value=_any_of(labels))
        raise Unspoken

    def compared(self, call: Call) -> str:
        """Word a comparison of a field with something."""
        left, right = call.arguments
        column = self._field(left)
        name = call.function.name.removesuffix("_text")
        sentence = _COMPARED[name]
        if isinstance(right, Literal) and right.value is None:
            return say(_BLANK if name == "equal" else _FILLED, field=column.label)
        if column.type in _TIMES:
            sentence = _IN_TIME.get(name, sentence)
        return say(sentence, field=column.label, value=self._constant(column, right))

    def among(self, call: Call) -> str:
        """Word `field IN (…)` and `INCLUDES(field, …)`."""
        column = self._field(call.arguments[0])
        labels = [self._constant(column, one) for one in call.arguments[1:]]
        return say(_IS, field=column.label, value=_any_of(labels))

    def blank(self, call: Call) -> str:
        """Word `ISBLANK(field)`."""
        return say(_BLANK, field=self._field(call.arguments[0]).label)

    def found(self, call: Call) -> str:
        """Word `CONTAINS` and `BEGINS`, with or without capitals."""
        place, part = call.arguments
        if isinstance(place, Call) and place.function.name == "UPPER":
            (place,) = place.arguments
        if not isinstance(part, Literal):
            raise Unspoken
        label, value = self._field(place).label, str(part.value)
        if call.function.name == "CONTAINS":
            return say("{field} contains “{value}”", field=label, value=value)
        return say("{field} begins with “{value}”", field=label, value=value)

    def either(self, call: Call) -> str:
        """Word `… OR …`."""
        return f" {say('or')} ".join(self._said(one) for one in call.arguments)

    def both(self, call: Call) -> str:
        """Word `… AND …` inside another condition."""
        return f" {say('and')} ".join(self._said(one) for one in call.arguments)

    def _constant(self, column: Column, node: Node) -> str:
        if isinstance(node, ContextRead) and (node.source, node.name) == ("user", "id"):
            return say("me")
        if isinstance(node, Call):
            return self._moment(node)
        if not isinstance(node, Literal):
            raise Unspoken
        return self._literal(column, node)

    def _literal(self, column: Column, node: Literal) -> str:
        value = node.value
        if isinstance(value, bool):
            return say("Yes") if value else say("No")
        if isinstance(value, str):
            choice = column.choices.get(value)
            return f"“{value}”" if choice is None else choice.label
        if isinstance(value, Decimal | int):
            return _amount(column, Decimal(value), self.fmt)
        if isinstance(value, datetime):
            return self.fmt.moment(value)
        if isinstance(value, date):
            return self.fmt.day(value)
        raise Unspoken

    def _moment(self, call: Call) -> str:
        """Word `TODAY()`, `TODAY() - 7` and the same with NOW()."""
        name, arguments = call.function.name, call.arguments
        if name in {"TODAY", "NOW"}:
            return say("today") if name == "TODAY" else say("now")
        is_shift = name in _SHIFTS
        if not is_shift or not isinstance(arguments[1], Literal):
            raise Unspoken
        start = arguments[0]
        if not isinstance(start, Call) or start.function.name not in {"TODAY", "NOW"}:
            raise Unspoken
        days = self.fmt.number(Decimal(str(arguments[1].value)))
        return say(_SHIFTS[name], days=days)


def _conjuncts(node: Node) -> list[Node]:
    """Take `a AND b AND c` apart."""
    if isinstance(node, Call) and node.function.name == "AND":
        return [part for one in node.arguments for part in _conjuncts(one)]
    return [node]


def _any_of(labels: list[str]) -> str:
    if len(labels) <= 1:
        return "".join(labels)
    return ", ".join(labels[:-1]) + f" {say('or')} " + labels[-1]


def _amount(column: Column, value: Decimal, fmt: Formats) -> str:
    if column.type == "currency":
        return fmt.currency(value, "", column.decimals)
    if column.type == "percent":
        return fmt.percent(value)
    if column.is_link:
        return f"#{value}"
    decimals = -int(value.normalize().as_tuple().exponent) if value else 0
    return fmt.number(value, max(0, decimals))


def _one_of(column: Column, labels: list[str]) -> str:
    if not labels:
        raise Unspoken
    return say("{field}: {value}", field=column.label, value=_any_of(labels))


_IS, _IS_NOT = later("{field} is {value}"), later("{field} is not {value}")
_BLANK, _FILLED = later("{field} is blank"), later("{field} is filled")
_COMPARED = {
    "equal": _IS,
    "differ": _IS_NOT,
    "at_least": later("{field} is at least {value}"),
    "at_most": later("{field} is at most {value}"),
    "more": later("{field} is more than {value}"),
    "less": later("{field} is less than {value}"),
}
_IN_TIME = {
    "at_least": later("{field} is {value} or later"),
    "at_most": later("{field} is {value} or earlier"),
    "more": later("{field} is after {value}"),
    "less": later("{field} is before {value}"),
}
_TIMES = frozenset({"date", "datetime", "time"})
_SHIFTS = {
    "date_minus": later("{days} days ago"),
    "datetime_minus": later("{days} days ago"),
    "date_plus": later("in {days} days"),
    "datetime_plus": later("in {days} days"),
}
_CALLS: dict[str, Callable[[Speaker, Call], str]] = {
    "NOT": Speaker.negated,
    "AND": Speaker.both,
    "OR": Speaker.either,
    "in_text": Speaker.among,
    "in": Speaker.among,
    "INCLUDES": Speaker.among,
    "ISBLANK": Speaker.blank,
    "CONTAINS": Speaker.found,
    "BEGINS": Speaker.found,
    **dict.fromkeys(_COMPARED, Speaker.compared),
    **{f"{name}_text": Speaker.compared for name in ("equal", "differ")},
}
