"""Constants of examples and configuration tests: read by the types of their fields.

Separate from `coerce`, which reads what people may save: here a computed field, a platform field
and a path over lookups take constants too, because somebody says what they expect to see there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from engine.access import effective
from engine.access.effective import ADMINISTRATOR
from engine.compiled import CompiledField, Model
from engine.errors import FieldError, RecordInvalid
from engine.expr import (
    EvalContext,
    ExprFailed,
    ExprInvalid,
    compile_expression,
    expr_type,
)
from engine.expr.constants import formula_of, parse_constant
from engine.model.fields.base import BadValue, Value
from engine.names import ObjectName, did_you_mean
from engine.query.columns import walk
from engine.query.scope import ReadableScope

_NOTHING: Mapping[str, Value] = MappingProxyType({})


def read_constants(
    model: Model,
    name: ObjectName,
    given: Mapping[str, object],
    context: EvalContext,
    *,
    over: Mapping[str, Value] = _NOTHING,
) -> Mapping[str, Value]:
    """Read constants by the types of their fields, then expressions over `over` and the constants.

    Raises: RecordInvalid R100 with every value that cannot be read.
    """
    texts = {path: formula_of(value) for path, value in given.items()}
    errors: list[FieldError] = []
    read = _collect(
        {path: value for path, value in given.items() if texts[path] is None},
        lambda path, value: read_constant(model, name, path, value),
        errors,
    )
    computed = _collect(
        {path: text for path, text in texts.items() if text is not None},
        lambda path, text: compute(model, name, path, str(text), {**over, **read}, context),
        errors,
    )
    if errors:
        raise RecordInvalid(errors=tuple(errors))
    return MappingProxyType({**read, **computed})


def read_constant(model: Model, name: ObjectName, path: str, value: object) -> Value:
    """Read one constant by the type of its field. Raises: BadValue."""
    return parse_constant(field_at(model, name, path).decl, value)


def compute(
    model: Model,
    name: ObjectName,
    path: str,
    text: str,
    values: Mapping[str, Value],
    context: EvalContext,
) -> Value:
    """Compute the expression of a `{formula: …}` value. Raises: BadValue."""
    declared = field_at(model, name, path).decl
    scope = ReadableScope(model, effective(model, frozenset({ADMINISTRATOR})), name)
    try:
        expression = compile_expression(text, scope, expect=expr_type(declared))
        return expression.evaluate(values, context)
    except ExprInvalid as invalid:
        first = invalid.problems[0]
        raise BadValue(first.code, first.message, first.hint) from invalid
    except ExprFailed as failed:
        message = f"The expression {text} has no value: {failed}."
        raise BadValue("R195", message) from failed


def field_at(model: Model, name: ObjectName, path: str) -> CompiledField:
    """Give the field at the end of a path. Raises: BadValue R102."""
    found = walk(model, name, path, is_secured=False)
    if found is None:
        hint = did_you_mean(path, model.objects[name].fields)
        raise BadValue("R102", f'"{name}" has no field "{path}".', hint)
    return found[2]


def _collect(
    given: Mapping[str, object],
    read: Callable[[str, object], Value],
    errors: list[FieldError],
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for path, value in given.items():
        try:
            found[path] = read(path, value)
        except BadValue as bad:
            errors.append(FieldError(field=path, code=bad.code, message=bad.message, hint=bad.hint))
    return found
