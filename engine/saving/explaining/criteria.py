"""Why a condition holds or does not: each of its parts with the values it looked at.

Separate from evaluating, which answers yes or no as fast as can be. Asked for by traces and by
"why not"; a part is compiled from its own text, with the rights of the configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from engine.access import ADMINISTRATOR, effective
from engine.compiled import CompiledObject, Model
from engine.errors import RequestInvalid
from engine.expr import EvalContext, Expression, ExprFailed
from engine.expr.splitting import Split, split
from engine.model.fields.base import Value
from engine.query import Planner
from engine.store.memo import Memo

_PLANNERS: Memo[str, Planner] = Memo(16)
_PARTS: Memo[tuple[str, str, str], Expression | None] = Memo(4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A condition, or a part of one.

    `held`: whether it holds; None for one that could not be looked at, or that reads what the
    viewer may not. `values`: what it read, by path; of a part that is composed, its parts tell.
    `reason`: why it could not be computed.
    """

    text: str
    sign: str
    held: bool | None
    values: Mapping[str, Value]
    parts: tuple[Part, ...] = ()
    reason: str = ""


def explain(
    model: Model,
    compiled: CompiledObject,
    condition: Expression,
    values: Mapping[str, Value],
    context: EvalContext,
) -> Part:
    """Evaluate a condition part by part."""
    whole = _part(model, compiled, split(condition.text), values, context)
    if whole.sign:
        return whole
    return _leaf(condition.text, condition, values, context)


def seen_by(
    part: Part, may_read: Callable[[str, Value], bool], may_ask: Callable[[str], bool]
) -> Part:
    """Give a part as somebody may see it: without the values that they may not read.

    `may_read`: whether they may know that a path has a value; `may_ask`: what a text gives.
    """
    parts = tuple(seen_by(one, may_read, may_ask) for one in part.parts)
    hides = any(one.held is None and not one.reason for one in parts) or not may_ask(part.text)
    shown = {path: value for path, value in part.values.items() if may_read(path, value)}
    if len(shown) < len(part.values) or hides:
        return Part(text=part.text, sign=part.sign, held=None, values=shown, parts=parts)
    return replace(part, parts=parts)


def full_planner(model: Model) -> Planner:
    """Give a planner with every right: conditions of the configuration read so."""
    return _PLANNERS.get_or_make(
        str(model.digest), lambda: Planner(model, effective(model, {ADMINISTRATOR}))
    )


def _part(
    model: Model,
    compiled: CompiledObject,
    wanted: Split,
    values: Mapping[str, Value],
    context: EvalContext,
) -> Part:
    own = _compiled(model, compiled, wanted.text)
    if not wanted.sign:
        return _leaf(wanted.text, own, values, context)
    parts = tuple(_part(model, compiled, one, values, context) for one in wanted.parts)
    held = None if own is None else own.holds(values, context)
    return Part(text=wanted.text, sign=wanted.sign, held=held, values={}, parts=parts)


def _leaf(
    text: str, own: Expression | None, values: Mapping[str, Value], context: EvalContext
) -> Part:
    if own is None:
        return Part(text=text, sign="", held=None, values={})
    read = {path: values.get(path) for path in sorted(own.reads)}
    reason = ""
    try:
        own.evaluate(values, context)
    except ExprFailed as failed:
        reason = str(failed.reason)
    return Part(text=text, sign="", held=own.holds(values, context), values=read, reason=reason)


def _compiled(model: Model, compiled: CompiledObject, text: str) -> Expression | None:
    def make() -> Expression | None:
        try:
            return full_planner(model).expression(compiled.name, text, "where", [])
        except RequestInvalid:
            return None

    return _PARTS.get_or_make((str(model.digest), str(compiled.name), text), make)
