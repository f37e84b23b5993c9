"""Records and values for `$any`: the least that the configuration takes, made by type.

Made with all rights and owned by whoever acts, so that a test need not give rights on what it only
points at. Where a rule refuses the least record, the rule's own `passes` example helps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from types import MappingProxyType

from deploy_tool.testing.outcomes import State, Stopped
from deploy_tool.testing.people import Cast
from deploy_tool.testing.wording import errors_of, say_refusal
from engine.compiled import CompiledObject
from engine.errors import FieldError, PatronError
from engine.expr.constants import ANY, formula_of
from engine.model.declarations import Field
from engine.names import FieldName, ObjectName, component_key
from engine.session import Session
from engine.source import SourceTree

_DEEPEST = 5  # records that are made for a record that is made
_TRIES = 5  # to satisfy the rules of one record


def _text(field: Field, number: int) -> object:
    length = field.option("length")
    text = f"{field.label} {number}"
    return text[-length:].strip() if isinstance(length, int) else text


def _number(field: Field, _number: int) -> object:
    low, high = field.option("min"), field.option("max")
    if isinstance(high, Decimal) and high < 1:
        return high
    return low if isinstance(low, Decimal) and low > 1 else 1


def _first_value(field: Field, _number: int) -> object:
    return next((value.name for value in field.values.values() if value.active), None)


def _first_values(field: Field, number: int) -> object:
    first = _first_value(field, number)
    return [] if first is None else [first]


# By field type: the field and a running number -> a constant that the field takes.
BY_TYPE: Mapping[str, Callable[[Field, int], object]] = MappingProxyType(
    {
        "text": _text,
        "long_text": _text,
        "rich_text": _text,
        "email": lambda _, number: f"any-{number}@example.test",
        "phone": lambda _, number: f"+33 1 44 55 {number // 100 % 100:02} {number % 100:02}",
        "url": lambda _, number: f"https://example.test/{number}",
        "number": _number,
        "currency": _number,
        "percent": _number,
        "rating": _number,
        "date": lambda *_: "2026-01-01",
        "datetime": lambda *_: "2026-01-01T09:00:00Z",
        "time": lambda *_: "09:00:00",
        "checkbox": lambda *_: True,
        "picklist": _first_value,
        "multi_picklist": _first_values,
        "address": lambda *_: {"city": "Lyon", "country": "FR"},
        "location": lambda *_: {"latitude": 45, "longitude": 4},
        "json": lambda *_: {"any": True},
    }
)


@dataclass(slots=True)
class Filler:
    """Makes what `$any` stands for, in the transaction of one test."""

    tree: SourceTree
    cast: Cast
    _numbers: count[int]

    def value(
        self, compiled: CompiledObject, path: str, session: Session, depth: int = 0
    ) -> object:
        """Give a value that a field takes; a lookup gets a record of its own.

        Raises: Stopped when there is none by type, or the record cannot be made.
        """
        field = compiled.fields[FieldName(path)].decl
        if field.targets:
            return self.record(field.targets[0], session, depth + 1)
        make = BY_TYPE.get(field.type)
        if make is None:
            found = f"nothing can be made up for {compiled.name}.{path}, a {field.type}"
            raise Stopped(State.FAILED, expected=f"a value for {ANY}", found=found)
        return make(field, next(self._numbers))

    def record(self, target: ObjectName, session: Session, depth: int = 1) -> int:
        """Make the least record of an object, owned by whoever acts; give its id.

        For users it is whoever acts. Raises: Stopped when the rules refuse all that is tried.
        """
        if target == "user":
            return session.unit.me
        if depth > _DEEPEST:
            raise _impossible(target, f"it takes more than {_DEEPEST} records to point at")
        compiled = self.cast.model.objects[target]
        values: dict[str, object] = {"owner": session.unit.me}
        for name in compiled.required:
            field = compiled.fields[name]
            is_ours = field.decl.required and field.type.is_editable
            if is_ours and name not in compiled.defaults:
                values[name] = self.value(compiled, name, session, depth)
        return self._save(compiled, values, session, depth)

    def _save(
        self, compiled: CompiledObject, values: dict[str, object], session: Session, depth: int
    ) -> int:
        tx = self.cast.tx
        for _ in range(_TRIES):
            try:
                with tx.savepoint():
                    return int(str(self.cast.system.create(compiled.name, values)["id"]))
            except PatronError as refused:
                more = self._remedy(compiled, errors_of(refused), session, depth)
                if not more or more.keys() <= values.keys():
                    raise _impossible(compiled.name, say_refusal(refused)) from refused
                values.update(more)
        raise _impossible(compiled.name, "its rules refuse whatever satisfies the others")

    def _remedy(
        self, compiled: CompiledObject, errors: tuple[FieldError, ...], session: Session, depth: int
    ) -> Mapping[str, object]:
        """Give values that may satisfy what refused a record."""
        found: dict[str, object] = {}
        for error in errors:
            if error.code == "R105":
                found[error.field] = self.value(compiled, error.field, session, depth)
            for name, value in self._passing(compiled, error.code).items():
                wanted = self.value(compiled, name, session, depth) if value == ANY else value
                found[name] = wanted
        return found

    def _passing(self, compiled: CompiledObject, rule: str) -> Mapping[str, object]:
        """Give the constants of a rule's first example that passes."""
        doc = self.tree.docs.get(component_key("validation_rule", compiled.name, rule))
        examples = doc.data.get("examples") if doc else None
        listed = examples.get("passes") if isinstance(examples, Mapping) else None
        first = listed[0] if isinstance(listed, list | tuple) and listed else {}
        return {
            name: value
            for name, value in first.items()
            if "." not in name and formula_of(value) is None
        }


def new_filler(tree: SourceTree, cast: Cast) -> Filler:
    """Make the filler of one test; its values are numbered from 1, so that unique ones differ."""
    return Filler(tree, cast, count(1))


def _impossible(name: str, why: str) -> Stopped:
    expected = f"a least record of {name} for {ANY}"
    return Stopped(State.FAILED, expected=expected, found=f"{why}; create one in a step of its own")
