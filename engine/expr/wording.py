"""What the checker says about types, in the words of an admin who never programmed."""

from __future__ import annotations

from collections.abc import Sequence

from engine.expr.functions.base import Function, Parameter
from engine.expr.problems import Flaw
from engine.expr.tree import Call, ContextRead, FieldRead, Literal, Node, ValueAttribute
from engine.expr.types import ExprType, Kind

_LONGEST = 30

# What each operator does, said after what is wrong.
_DOES = {
    "+": "`+` joins two texts or adds two numbers",
    "-": "`-` subtracts numbers, or gives the days between two dates",
    "*": "`*` multiplies two numbers",
    "/": "`/` divides two numbers",
    "%": "`%` gives the rest of a division of two numbers",
    "^": "`^` raises a number to a power",
    "&": "`&` joins texts",
    "=": "`=` compares two values of the same type",
    "<>": "`<>` compares two values of the same type",
    "IN": "IN looks for a value among others of the same type",
    "AND": "AND joins conditions",
    "OR": "OR joins conditions",
    "NOT": "NOT turns a condition around",
}
_ORDERS = "compares two numbers, two dates or two texts"


def describe(node: Node) -> str:
    """Name a part of an expression as its author would."""
    if isinstance(node, FieldRead):
        return node.path
    if isinstance(node, ValueAttribute):
        return f"{node.of.path}.{node.name}"
    if isinstance(node, ContextRead):
        return node.name if node.source == "given" else f"${node.source}.{node.name}"
    if isinstance(node, Literal):
        return _shown(node)
    name = node.function.name
    if name in ("guard", "settle"):
        return describe(node.arguments[0])
    return f"{name}(…)" if name.isupper() else f"what `{node.function.sign}` gives"


def _shown(node: Literal) -> str:
    value = node.value
    if value is None:
        return '""' if node.type.kind is Kind.TEXT else "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if not isinstance(value, str):
        return str(value)
    return f'"{value}"' if len(value) <= _LONGEST else f'"{value[:_LONGEST]}…"'


def cannot_be_joined(sign: str, operands: Sequence[Node], at: int) -> Flaw:
    """Say why an operator does not fit its operands."""
    does = _DOES.get(sign, f"`{sign}` {_ORDERS}")
    first = operands[0]
    if len(operands) == 1:
        return Flaw(
            "M304", f"{describe(first)} is {first.type}: {does}.", at, _hint(sign, operands)
        )
    other = next((o for o in operands[1:] if o.type.kind is not first.type.kind), operands[1])
    if first.type.kind is other.type.kind:
        message = f"{describe(first)} and {describe(other)} are each {first.type}: {does}."
    else:
        message = f"{describe(first)} is {first.type} and {describe(other)} {other.type}: {does}."
    return Flaw("M304", message, at, _hint(sign, operands))


def _hint(sign: str, operands: Sequence[Node]) -> str:
    found = frozenset(operand.type.kind for operand in operands)
    if sign == "&" or (sign == "+" and Kind.TEXT in found):
        other = next((o for o in operands if o.type.kind is not Kind.TEXT), None)
        return "" if other is None else _as_text(other)
    if sign in ("AND", "OR", "NOT"):
        return "compare it with something"
    return next((hint for kinds, hint in _HINTS if kinds <= found), "")


_HINTS = (
    (frozenset({Kind.MULTI_PICKLIST}), 'ask INCLUDES(field, "value")'),
    (
        frozenset({Kind.DATE, Kind.DATETIME}),
        "make both the same with DATEVALUE(…) or DATETIMEVALUE(…)",
    ),
    (
        frozenset({Kind.TEXT, Kind.NUMBER}),
        "turn the text into a number with VALUE(…), or the number into text with TEXT(…)",
    ),
    (
        frozenset({Kind.LOOKUP}),
        "a lookup is compared with an id; name a field of it, like account.name",
    ),
)


def _as_text(node: Node) -> str:
    if node.type.kind is Kind.PICKLIST:
        return f"write TEXT({describe(node)}) for its name, LABEL({describe(node)}) for its label"
    if node.type.kind in (Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TIME):
        inner = describe(node) if not isinstance(node, Call) else "…"
        return f"write TEXT({inner})"
    return ""


def wrong_argument(function: Function, parameter: Parameter, argument: Node) -> Flaw:
    """Say why a function does not take an argument."""
    wanted = _either(parameter.kinds)
    message = f"{function.name} needs {wanted} as its {parameter.name}: "
    message += f"{describe(argument)} is {argument.type}."
    hint = ""
    if parameter.kinds == {Kind.TEXT}:
        hint = _as_text(argument)
    elif argument.type.kind is Kind.TEXT and Kind.NUMBER in parameter.kinds:
        hint = "turn the text into a number with VALUE(…)"
    return Flaw("M304", message, argument.start, hint)


def _either(kinds: frozenset[Kind]) -> str:
    if kinds == {Kind.CHECKBOX}:
        return "a condition"
    names = [str(ExprType(kind=kind)) for kind in Kind if kind in kinds]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def wrong_result(node: Node, expect: ExprType) -> Flaw:
    """Say that an expression gives something else than its place takes."""
    wanted = "a condition" if expect.kind is Kind.CHECKBOX else str(expect)
    message = f"Here {wanted} is needed; {describe(node)} is {node.type}."
    hint = ""
    if expect.kind is Kind.TEXT:
        hint = _as_text(node)
    if expect.kind is Kind.CHECKBOX:
        hint = "compare it with something"
    return Flaw("M305", message, node.start, hint)
