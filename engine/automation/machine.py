"""The interpreter of steps: from a place in a program to the next effect, and nothing else.

The state of a run is a number, the place in the program; the record's values and the clock are
given. So a run can stop anywhere and go on later, in another process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.compiled import CompiledField, CompiledObject
from engine.expr import EvalContext, ExprFailed
from engine.model.fields.base import BadValue, Value
from engine.names import FieldName
from engine.programs import Doing, Instruction, Jump, JumpUnless, SetFields, Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A value that could not be set: the field, why as a sentence, and what to do."""

    field: FieldName
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Effect: values for the record itself; those that could not be had are in `refused`."""

    step: str
    values: Mapping[FieldName, Value]
    refused: tuple[Refused, ...] = ()


def advance(
    program: Sequence[Instruction],
    at: int,
    compiled: CompiledObject,
    values: Mapping[str, Value],
    context: EvalContext,
) -> tuple[int, Assigned | Doing | None]:
    """Go on from a place until there is something to do. Returns: the place behind it, and what.

    Args: `values` of a record of `compiled`, by dotted path. None at the end. What is more than
    setting values is given as its instruction: whoever calls carries it out. Branches lead forward
    only, so this ends. Cost: O(steps passed).
    """
    while at < len(program):
        step = program[at]
        if isinstance(step, Jump):
            at = step.to
        elif isinstance(step, JumpUnless):
            at = at + 1 if step.condition.holds(values, context) else step.to
        elif isinstance(step, SetFields):
            given, refused = compute(step.settings, compiled, values, context)
            return at + 1, Assigned(step=step.step, values=given, refused=refused)
        else:
            return at + 1, step
    return at, None


def compute(
    settings: Sequence[Setting],
    compiled: CompiledObject,
    values: Mapping[str, Value],
    context: EvalContext,
) -> tuple[dict[FieldName, Value], tuple[Refused, ...]]:
    """Compute values for fields of `compiled`, all before the first is given; and those refused."""
    given: dict[FieldName, Value] = {}
    refused: list[Refused] = []
    for setting in settings:
        try:
            field = compiled.fields[setting.field]
            given[setting.field] = _value(setting, field, values, context)
        except ExprFailed as failed:
            refused.append(Refused(field=setting.field, reason=failed.reason))
        except BadValue as bad:
            refused.append(Refused(field=setting.field, reason=bad.message, hint=bad.hint))
    return given, tuple(refused)


def _value(
    setting: Setting, field: CompiledField, values: Mapping[str, Value], context: EvalContext
) -> Value:
    """Compute one value and read it as its field would. Raises: ExprFailed, BadValue."""
    if setting.expression is None:
        value = setting.constant
    else:
        value = setting.expression.evaluate(values, context)
    if value is None or value in ("", ()):
        return False if field.decl.type == "checkbox" else None
    return value if setting.expression is None else field.type.parse(field.decl, value)
