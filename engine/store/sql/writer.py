"""Writes a typed tree as SQL: the part that both databases share.

Two ways to write a condition: `condition` where only true matters (WHERE, AND, OR, IF), which keeps
plain comparisons that an index can serve; `value` where false and blank must be told apart.
No argument is ever written twice into the text, except columns and parameters: otherwise a nested
expression would grow without bound.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.expr.functions.base import OWN_PYTHON, Function
from engine.expr.tree import Call, ContextRead, FieldRead, Literal, Node, ValueAttribute
from engine.expr.types import Kind
from engine.store.sql.fragment import Part
from engine.store.sql.pieces import Piece

ColumnOf = Callable[[str], sa.ColumnElement[Any]]  # Any: a column of whatever type

_HOLES = re.compile(r"\{([^{}]*)\}")
_SIGNS = {"less": "<", "at_most": "<=", "more": ">", "at_least": ">="}
_CHAINED = frozenset(
    {"add", "subtract", "multiply", "multiply_inexact", "divide", "modulo", "power", "guard"}
    | {"join_plus", "date_plus", "date_minus", "datetime_plus", "datetime_minus", "time_plus"}
)
_SURROUNDINGS = ("today", "now", "zone", "permissions", "roles")


class NoSqlForm(Exception):
    """An expression that cannot be lowered; `Expression.sql_problem` says so beforehand."""


class Writer(ABC):
    """Writes one expression. Subclasses know one database."""

    dialect: ClassVar[str]
    true: ClassVar[str]
    false: ClassVar[str]
    same: ClassVar[str]  # equality that knows NULL
    differ: ClassVar[str]

    def __init__(self, column: ColumnOf, params: MutableMapping[str, object]) -> None:
        self._column, self._params = column, params
        self._columns: dict[str, sa.ColumnElement[Any]] = {}
        self._written: dict[int, Piece] = {}  # by node, until what stands around it is written

    @classmethod
    def written_names(cls) -> tuple[str, ...]:
        """Name the entries that are written out here rather than by a template."""
        return tuple(cls._WRITTEN)

    # --- what a database says in its own way ------------------------------------------------------

    @abstractmethod
    def literal(self, node: Literal) -> Piece:
        """Write a constant as a parameter."""

    @abstractmethod
    def surroundings(self, name: str) -> Piece:
        """Write today, now, zone, permissions or roles."""

    @abstractmethod
    def number(self, piece: Piece) -> tuple[Part, ...]:
        """Write a number as templates take it."""

    @abstractmethod
    def whole(self, piece: Piece) -> tuple[Part, ...]:
        """Write a number cut off to an integer."""

    @abstractmethod
    def own_python(self, call: Call, arguments: Sequence[Piece]) -> Piece:
        """Write a call of the entry's own Python."""

    @abstractmethod
    def compared(self, sign: str, left: Piece, right: Piece) -> tuple[Part, ...]:
        """Write a comparison that is NULL when either side is."""

    @abstractmethod
    def arithmetic(self, name: str, arguments: Sequence[Piece]) -> Piece:
        """Write add, subtract, multiply, negate, plus, ABS, MAX or MIN."""

    @abstractmethod
    def aligned(self, pieces: Sequence[Piece]) -> tuple[int | None, list[tuple[Part, ...]]]:
        """Bring the branches of IF, CASE and BLANKVALUE to one form; give its scale."""

    @abstractmethod
    def case_key(self, pieces: Sequence[Piece], *, blank_matches: bool) -> list[tuple[Part, ...]]:
        """Write the values that CASE compares so that equal ones are equal in SQL."""

    @abstractmethod
    def joined(self, arguments: Sequence[Piece]) -> tuple[Part, ...]:
        """Write texts one after the other."""

    @abstractmethod
    def found_in(self, name: str, text: Piece, wanted: Piece) -> tuple[Part, ...]:
        """Write CONTAINS or BEGINS."""

    @abstractmethod
    def fits(self, call: Call, text: Piece, pattern: Piece) -> tuple[Part, ...]:
        """Write REGEX."""

    @abstractmethod
    def column(self, node: FieldRead, raw: sa.ColumnElement[Any]) -> Piece:
        """Write a column."""

    # --- walking ----------------------------------------------------------------------------------

    def condition(self, node: Node) -> tuple[Part, ...]:
        """Write a condition where blank and false do the same."""
        if isinstance(node, Call):
            name = node.function.name
            if name in ("AND", "OR"):
                return between(f" {name} ", [self.condition(a) for a in node.arguments])
            if name == "settle":
                return self.condition(node.arguments[0])
            if name in ("equal_text", "in_text", "ISPICKVAL"):
                return self._likeness(node, is_condition=True)
        if isinstance(node, ValueAttribute):
            return self._checked_values(node)
        if isinstance(node, FieldRead):
            return self.raw_checkbox(self.value(node, settle=False))
        return self.value(node).parts

    def raw_checkbox(self, piece: Piece) -> tuple[Part, ...]:
        """Write a checkbox column as a condition."""
        return piece.parts

    def value(self, node: Node, *, settle: bool = True) -> Piece:
        """Write a node so that NULL, and only NULL, is blank."""
        if isinstance(node, Literal):
            return self.literal(node)
        if isinstance(node, FieldRead):
            return self._field(node, settle=settle)
        if isinstance(node, ValueAttribute):
            return self._attribute(node)
        if isinstance(node, ContextRead):
            return self._context(node)
        return self._chain(node)

    def _field(self, node: FieldRead, *, settle: bool) -> Piece:
        if node.path not in self._columns:
            self._columns[node.path] = self._column(node.path)
        piece = self.column(node, self._columns[node.path])
        if node.type.kind is Kind.CHECKBOX and settle:
            return self._boolean(("coalesce(", *piece.parts, f", {self.false})"))
        if node.blank_zero:
            parts = ("coalesce(", *piece.parts, ", 0)")
            return Piece(parts=parts, kind=piece.kind, scale=piece.scale)
        return piece

    def _context(self, node: ContextRead) -> Piece:
        if node.source == "given":
            raise NoSqlForm(f"{node.name} is known only while an automation runs")
        name = f"ctx_{node.source}_{node.name}"
        is_filled = name == "ctx_user_id"
        bound = parameter(name)
        return Piece(
            parts=self.typed(bound, node.type.kind),
            kind=node.type.kind,
            is_filled=is_filled,
            scale=node.type.decimals if node.source == "record" else 0,
        )

    @abstractmethod
    def typed(self, bound: sa.BindParameter[Any], kind: Kind) -> tuple[Part, ...]:
        """Write a parameter of a kind."""

    def bind(self, value: object, kind: Kind) -> tuple[Part, ...]:
        """Make a parameter of a constant."""
        name = f"e{len(self._params)}"
        self._params[name] = value
        return self.typed(parameter(name, value), kind)

    def _boolean(self, parts: tuple[Part, ...]) -> Piece:
        return Piece(parts=parts, kind=Kind.CHECKBOX)

    # --- attributes of picklist values ------------------------------------------------------------

    def _checked_values(self, node: ValueAttribute) -> tuple[Part, ...]:
        chosen = [name for name, value in node.by_value.items() if value is True]
        if not chosen:
            return (self.false,)
        subject = self.value(node.of).parts
        items = between(", ", [self.bind(name, Kind.TEXT) for name in chosen])
        return ("(", *subject, " IN ", *items, ")")

    def _attribute(self, node: ValueAttribute) -> Piece:
        if node.type.kind is Kind.CHECKBOX:
            return self._boolean(("coalesce(", *self._checked_values(node), f", {self.false})"))
        names = list(node.by_value)
        pieces = [self.literal(Literal(node.by_value[name], node.type)) for name in names]
        scale, branches = self.aligned(pieces)
        parts: list[Part] = ["CASE ", *self.value(node.of).parts]
        for name, branch in zip(names, branches, strict=True):
            parts += (" WHEN ", *self.bind(name, Kind.TEXT), " THEN ", *branch)
        return Piece(parts=("(", *parts, " END)"), kind=node.type.kind, scale=scale)

    # --- calls ------------------------------------------------------------------------------------

    def _chain(self, node: Call) -> Piece:
        """Write a chain of operators from its left end: 250 summands are a tree 250 deep."""
        written = self._written.pop(id(node), None)
        if written is not None:
            return written
        chain: list[Call] = []
        here: Node = node
        while isinstance(here, Call) and here.function.name in _CHAINED:
            chain.append(here)
            here = here.arguments[0]
        for inner in reversed(chain[1:]):
            self._written[id(inner)] = self._call(inner)
        return self._call(node)

    def _call(self, call: Call) -> Piece:
        function = call.function
        if function.sql is None:
            raise NoSqlForm(f"{function.name} has no SQL form")
        written = self._WRITTEN.get(function.name)
        if function.sql.is_written:
            assert written is not None  # a test holds the two tables together
            return written(self, call)
        template = function.sql.sqlite if self.dialect == "sqlite" else function.sql.postgresql
        if isinstance(template, Mapping):
            template = template.get(call.arguments[0].type.kind)
        if template is None:
            raise NoSqlForm(f"{function.name} has no SQL form on this database")
        arguments = [self.value(argument) for argument in call.arguments]
        if template == OWN_PYTHON:
            return self.own_python(call, arguments)
        assert isinstance(template, str)  # mappings were resolved above
        parts = self._filled(template, function, arguments)
        return Piece(parts=("(", *parts, ")"), kind=call.type.kind, scale=0)

    def _filled(
        self, template: str, function: Function, arguments: Sequence[Piece]
    ) -> tuple[Part, ...]:
        parts: list[Part] = []
        at = 0
        for hole in _HOLES.finditer(template):
            parts.append(template[at : hole.start()])
            parts.extend(self._hole(hole.group(1), arguments))
            at = hole.end()
        return (*parts, template[at:])

    def _hole(self, hole: str, arguments: Sequence[Piece]) -> tuple[Part, ...]:
        if hole in _SURROUNDINGS:
            return self.surroundings(hole).parts
        place, _, instead = hole.partition("|")
        number, _, form = place.partition(":")
        if int(number) >= len(arguments):
            return (instead,)
        piece = arguments[int(number)]
        if form == "int":
            return self.whole(piece)
        return self.number(piece) if piece.kind is Kind.NUMBER else piece.parts

    # --- written out ------------------------------------------------------------------------------

    def _logic(self, call: Call) -> Piece:
        name = call.function.name
        return self._boolean(
            between(f" {name} ", [self.value(argument).parts for argument in call.arguments])
        )

    def _not(self, call: Call) -> Piece:
        return self._boolean(("(NOT ", *self.value(call.arguments[0]).parts, ")"))

    def _settle(self, call: Call) -> Piece:
        return self._boolean(
            ("coalesce(", *self.value(call.arguments[0]).parts, f", {self.false})")
        )

    def _if(self, call: Call) -> Piece:
        condition, *branches = call.arguments
        scale, (yes, no) = self.aligned([self.value(branch) for branch in branches])
        parts = ("(CASE WHEN ", *self.condition(condition), " THEN ", *yes, " ELSE ", *no, " END)")
        return Piece(parts=parts, kind=call.type.kind, scale=scale)

    def _case(self, call: Call) -> Piece:
        subject, *pairs, default = (self.value(argument) for argument in call.arguments)
        is_text = call.function.name == "case_text"
        keys = self.case_key([subject, *pairs[::2]], blank_matches=is_text)
        scale, results = self.aligned([*pairs[1::2], default])
        parts: list[Part] = ["(CASE ", *keys[0]]
        for key, result in zip(keys[1:], results[:-1], strict=True):
            parts += (" WHEN ", *key, " THEN ", *result)
        return Piece(
            parts=(*parts, " ELSE ", *results[-1], " END)"), kind=call.type.kind, scale=scale
        )

    def _is_blank(self, call: Call) -> Piece:
        argument = call.arguments[0]
        if call.function.name == "isnull_text" or argument.type.kind is Kind.CHECKBOX:
            return self._boolean((self.false,))
        return self._boolean(("(", *self.value(argument).parts, " IS NULL)"))

    def _filled_value(self, call: Call) -> Piece:
        scale, (value, instead) = self.aligned([self.value(a) for a in call.arguments])
        parts = ("coalesce(", *value, ", ", *instead, ")")
        return Piece(parts=parts, kind=call.type.kind, scale=scale)

    def _first(self, call: Call) -> Piece:
        return self.value(call.arguments[0])

    def _arithmetic(self, call: Call) -> Piece:
        return self.arithmetic(call.function.name, [self.value(a) for a in call.arguments])

    def _order(self, call: Call) -> Piece:
        left, right = (self.value(argument) for argument in call.arguments)
        return self._boolean(self.compared(_SIGNS[call.function.name], left, right))

    def _equality(self, call: Call) -> Piece:
        left, right = (self.value(argument) for argument in call.arguments)
        sign = "=" if call.function.name == "equal" else "<>"
        return self._boolean(self.compared(sign, left, right))

    def _like_text(self, call: Call) -> Piece:
        return self._boolean(self._likeness(call, is_condition=False))

    def _likeness(self, call: Call, *, is_condition: bool) -> tuple[Part, ...]:
        """Write `=` `<>` and IN of texts, picklists and lookups: NULL is a value like any other."""
        subject, *others = (self.value(argument) for argument in call.arguments)
        if call.function.name == "differ_text":
            return self._one_likeness(self.differ, subject, others[0])
        is_plain = is_condition and all(o.is_filled for o in others)
        if is_plain and len(others) > 1:
            items = between(", ", [other.parts for other in others])
            return ("(", *subject.parts, " IN ", *items, ")")
        if is_plain:
            return ("(", *subject.parts, " = ", *others[0].parts, ")")
        if len(others) == 1:
            return self._one_likeness(self.same, subject, others[0])
        return self._among(subject, others)

    def _one_likeness(self, sign: str, left: Piece, right: Piece) -> tuple[Part, ...]:
        if left.is_blank:
            left, right = right, left
        if right.is_blank:
            return ("(", *left.parts, " IS NULL)" if sign == self.same else " IS NOT NULL)")
        return ("(", *left.parts, f" {sign} ", *right.parts, ")")

    def _among(self, subject: Piece, others: Sequence[Piece]) -> tuple[Part, ...]:
        """Write IN where something may be NULL: blank becomes a value that nothing else has."""
        keys = self.case_key([subject, *others], blank_matches=True)
        return ("(", *keys[0], " IN ", *between(", ", keys[1:]), ")")

    def _in(self, call: Call) -> Piece:
        keys = self.case_key([self.value(a) for a in call.arguments], blank_matches=False)
        return self._boolean(("(", *keys[0], " IN ", *between(", ", keys[1:]), ")"))

    def _join(self, call: Call) -> Piece:
        parts = self.joined([self.value(argument) for argument in call.arguments])
        return Piece(parts=("nullif(", *parts, ", '')"), kind=Kind.TEXT)

    def _search(self, call: Call) -> Piece:
        text, wanted = (self.value(argument) for argument in call.arguments)
        return self._boolean(self.found_in(call.function.name, text, wanted))

    def _regex(self, call: Call) -> Piece:
        text, pattern = (self.value(argument) for argument in call.arguments)
        return self._boolean(self.fits(call, text, pattern))

    _WRITTEN: ClassVar[Mapping[str, Callable[[Writer, Call], Piece]]] = {
        "AND": _logic,
        "OR": _logic,
        "NOT": _not,
        "settle": _settle,
        "IF": _if,
        "CASE": _case,
        "case_text": _case,
        "ISBLANK": _is_blank,
        "ISNULL": _is_blank,
        "isnull_text": _is_blank,
        "BLANKVALUE": _filled_value,
        "NULLVALUE": _filled_value,
        "nullvalue_text": _first,
        "add": _arithmetic,
        "subtract": _arithmetic,
        "multiply": _arithmetic,
        "negate": _arithmetic,
        "plus": _arithmetic,
        "ABS": _arithmetic,
        "MAX": _arithmetic,
        "MIN": _arithmetic,
        "less": _order,
        "at_most": _order,
        "more": _order,
        "at_least": _order,
        "equal": _equality,
        "differ": _equality,
        "equal_text": _like_text,
        "differ_text": _like_text,
        "in_text": _like_text,
        "ISPICKVAL": _like_text,
        "in": _in,
        "join": _join,
        "join_plus": _join,
        "CONTAINS": _search,
        "BEGINS": _search,
        "REGEX": _regex,
    }


def parameter(name: str, value: object = None) -> sa.BindParameter[Any]:
    """Make a parameter without a type of its own: the text around it says what it is."""
    return sa.bindparam(name, value=value, type_=sa.types.NullType())


def between(sign: str, items: Sequence[tuple[Part, ...]]) -> tuple[Part, ...]:
    """Put a sign between items and parentheses around them."""
    parts: list[Part] = ["("]
    for place, item in enumerate(items):
        parts += (sign, *item) if place else item
    return (*parts, ")")


def temporal_text(value: date | datetime | time) -> str:
    """Write a date, instant or time as ISO text; instants in UTC with milliseconds."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return value.isoformat()


def as_decimal(value: object) -> Decimal:
    """Take a literal number as a decimal."""
    return value if isinstance(value, Decimal) else Decimal(str(value))
