"""The expressions of one component, each checked by what its place takes.

A place takes a condition, a person, the value of a field, a text with expressions in braces.

Separate from the kinds that hold them, because a step, an action and a conversion all give values
to fields in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.compile.meetings import TwoRecords
from engine.compile.work import Work
from engine.expr import Expression, ExprType, Kind, Scope, expr_type
from engine.expr.constants import parse_constant
from engine.expr.types import CHECKBOX
from engine.model.declarations import Field
from engine.model.fields.base import BadValue
from engine.model.fields.registry import TYPES
from engine.names import PLATFORM_FIELDS, FieldName, ObjectName, did_you_mean
from engine.source import SourceDoc

Fields = Mapping[FieldName, Field]
_GIVEN_BY_PEOPLE = frozenset({"owner", "record_type"})  # platform fields that a step may set
_WORDS = re.compile(r"[^\W\d]\w*( \w+)*\Z")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)\Z")
_USER = ObjectName("user")


@dataclass(frozen=True, slots=True)
class Component:
    """One component on the bench; every method reports what is wrong and gives what is right."""

    work: Work
    doc: SourceDoc

    def condition(self, pointer: str, scope: Scope) -> None:
        """Check a condition."""
        self.work.expression(self.doc, pointer, scope, expect=CHECKBOX)

    def chosen(self, pointer: str, scope: Scope) -> None:
        """Check a condition that chooses records: it needs a form in SQL."""
        found = self.work.expression(self.doc, pointer, scope, expect=CHECKBOX)
        if found is not None and isinstance(scope, TwoRecords):
            found, _ = scope.part(found)
        problem = None if found is None else _sql_problem(found)
        if problem is not None:
            self.work.report(self.doc, "M313", problem, pointer=pointer)

    def any_value(self, pointer: str, scope: Scope) -> None:
        """Check an expression of any type."""
        self.work.expression(self.doc, pointer, scope)

    def one_of(self, pointer: str, scope: Scope, wanted: tuple[ExprType, ...]) -> None:
        """Check an expression that must be of one of these types."""
        found = self.work.expression(self.doc, pointer, scope)
        kinds = {Kind.NULL, *(one.kind for one in wanted)}
        if found is not None and found.type.kind not in kinds:
            self._wrong_type(pointer, found.type, " or ".join(map(str, wanted)))

    def template(self, pointer: str, scope: Scope) -> None:
        """Check a text with expressions in braces."""
        self.work.template(self.doc, pointer, scope)

    def person(self, pointer: str, scope: Scope, *, or_address: bool) -> None:
        """Check an expression that gives a user, or an e-mail address where one will do."""
        found = self.work.expression(self.doc, pointer, scope)
        if found is None:
            return
        kind, targets = found.type.kind, found.type.targets
        is_user = kind is Kind.LOOKUP and (not targets or _USER in targets)
        if not is_user and not (or_address and kind is Kind.TEXT):
            self._wrong_type(pointer, found.type, "a user" + (" or an e-mail" * or_address))

    def people(self, pointer: str, who: object, scope: Scope, *, or_address: bool = True) -> None:
        """Check a person or a list of them; `{role: …}` and its like are references."""
        if isinstance(who, str):
            self.person(pointer, scope, or_address=or_address)
        for place, one in enumerate(who if isinstance(who, list | tuple) else ()):
            self.people(f"{pointer}/{place}", one, scope, or_address=or_address)

    def values(
        self,
        pointer: str,
        values: object,
        fields: Fields,
        scope: Scope,
        *,
        is_free: Callable[[str], bool] = lambda _: False,
    ) -> dict[str, Expression]:
        """Check values by the type of their field. Returns: the expressions among them.

        `is_free` tells which texts are of any type, because they are read when they come.
        """
        found: dict[str, Expression] = {}
        for name, value in values.items() if isinstance(values, Mapping) else ():
            field = fields.get(FieldName(name))
            if field is None:
                continue  # reported as a dangling reference
            at = f"{pointer}/{name}"
            expression = self._value(at, field, value, scope, is_free)
            if expression is not None:
                found[name] = expression
        return found

    def _value(
        self,
        at: str,
        field: Field,
        value: object,
        scope: Scope,
        is_free: Callable[[str], bool],
    ) -> Expression | None:
        """Check one value: numbers, true, false and null are themselves, text is an expression."""
        if not _is_settable(field):
            message = f"Patron sets `{field.name}` itself: no value can be given."
            self.work.report(self.doc, "M314", message, pointer=f"{at}#")
        elif not isinstance(value, str):
            self.constant(at, field, value)
        elif is_free(value):
            return self.work.expression(self.doc, at, scope)
        elif value not in field.values and not self._is_loose_word(at, field, value, scope):
            return self._computed(at, field, scope)
        return None

    def constant(self, at: str, field: Field, value: object) -> None:
        """Check a constant by the type of its field."""
        try:
            parse_constant(field, value)
        except BadValue as bad:
            self.work.report(self.doc, bad.code, str(bad), pointer=at, hint=bad.hint)

    def computed(self, at: str, field: Field, scope: Scope) -> None:
        """Check the expression of a `{formula: …}` value."""
        self._computed(at, field, scope)

    def _computed(self, at: str, field: Field, scope: Scope) -> Expression | None:
        wanted = expr_type(field)
        several = wanted.kind is Kind.MULTI_PICKLIST
        found = self.work.expression(self.doc, at, scope, expect=None if several else wanted)
        if found is None:
            return None
        if several and found.type.kind not in _FOR_SEVERAL:
            self._wrong_type(at, found.type, str(wanted))
        self._points_right(at, field, found.tree.type)
        return found

    def _points_right(self, at: str, field: Field, given: ExprType) -> None:
        """Refuse the id of an account where a contact is needed."""
        if given.kind is not Kind.LOOKUP or not given.targets or not field.targets:
            return
        if not set(given.targets) & set(field.targets):
            wanted, found = " or ".join(field.targets), " or ".join(given.targets)
            message = f"`{field.name}` points at {wanted}; this gives {found}."
            self.work.report(self.doc, "M305", message, pointer=at)

    def _is_loose_word(self, at: str, field: Field, text: str, scope: Scope) -> bool:
        """Report a bare word that is neither a value of the picklist nor a name: a misspelling."""
        first = text.split(" ", 1)[0]
        is_word = _WORDS.match(text) and text.upper() not in ("TRUE", "FALSE", "NULL", "NOT")
        if not is_word or scope.resolve((first,)) is not None or first.upper() == "NOT":
            return False
        if self.work.follows_from_broken(self.doc, text):
            return True  # a field of that name could not be read, which is reported
        if field.values:
            known = [*field.values, *scope.names(())]
            message = f"`{field.name}` has no value `{text}`, and there is no such field."
            self.work.report(self.doc, "M307", message, pointer=at, hint=did_you_mean(text, known))
            return True
        if expr_type(field).kind is not Kind.TEXT:
            return False
        near = did_you_mean(text, scope.names(()))
        hint = near or f"constant text stands in quotes of its own: '\"{text}\"'"
        self.work.report(self.doc, "M301", f"There is no field `{text}`.", pointer=at, hint=hint)
        return True

    def _wrong_type(self, pointer: str, given: ExprType, wanted: str) -> None:
        message = f"Here {wanted} is needed; this gives {given}."
        self.work.report(self.doc, "M305", message, pointer=pointer)


def _sql_problem(expression: Expression) -> str | None:
    found = (expression.sql_problem(dialect) for dialect in ("sqlite", "postgresql"))
    return next((problem.message for problem in found if problem is not None), None)


_FOR_SEVERAL = frozenset({Kind.MULTI_PICKLIST, Kind.PICKLIST, Kind.TEXT, Kind.NULL})


def _is_settable(field: Field) -> bool:
    is_platform = field.name in PLATFORM_FIELDS and field.name not in _GIVEN_BY_PEOPLE
    return not is_platform and TYPES[field.type].is_editable
