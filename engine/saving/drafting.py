"""A record before anybody saves it: its defaults, and the declared expressions that pages evaluate.

Separate from a save, which decides: here nothing is refused and nothing written. Forms ask while
somebody types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.access import (
    ADMINISTRATOR,
    ByHand,
    Everything,
    InQueues,
    Nothing,
    OwnedBelow,
    OwnedBy,
    Ruled,
    Through,
    effective,
    leaves,
)
from engine.compiled import CompiledObject, Model
from engine.errors import RequestInvalid
from engine.expr import EvalContext, Expression
from engine.model.fields.base import BadValue, Value
from engine.query import Planner
from engine.records import Draft
from engine.records.pipeline import set_computed_defaults, set_constants, settle_checkboxes
from engine.saving.unit import Unit


def compile_declared(
    model: Model, compiled: CompiledObject, text: object, *, is_condition: bool = True
) -> Expression | None:
    """Make an expression that the configuration declares ready; it reads with full rights.

    None where nothing is declared, or where the model has moved on since it was checked.
    """
    if not isinstance(text, str) or not text.strip():
        return None
    planner = Planner(model, effective(model, {ADMINISTRATOR}))
    try:
        return planner.expression(compiled.name, text, "where" if is_condition else "", [])
    except RequestInvalid:
        return None


def draft_values(
    unit: Unit, compiled: CompiledObject, given: Mapping[str, Value]
) -> dict[str, Value]:
    """Give the values that a new record would start with, beside those that are given."""
    values = dict(given)
    if values.get("owner") is None:
        values["owner"] = unit.me
    draft = Draft(object=compiled, old=None, values=values, context=context_of(unit, is_new=True))
    for stage in (set_constants, set_computed_defaults, settle_checkboxes):
        stage(draft)
    return draft.values


def context_of(
    unit: Unit, *, is_new: bool = False, prior: Mapping[str, Value] | None = None
) -> EvalContext:
    """Give the surroundings in which conditions of a page are evaluated."""
    return replace(unit.caller.context, is_new=is_new, prior=prior)


def read_value(compiled: CompiledObject, name: str, value: object) -> Value:
    """Read a value by its field's type as a save would; what cannot be read is blank."""
    field = compiled.fields.get(name)  # type: ignore[call-overload]  # names come as plain text
    if field is None or value is None or value == "":
        return None
    try:
        read = field.type.parse(field.decl, value)
    except BadValue:
        return None
    return None if read in ("", ()) else read


def why_editable(unit: Unit, compiled: CompiledObject) -> tuple[str, ...]:
    """Name what would let the caller change a record of an object: the branches of the policy."""
    policy = unit.access.of(compiled.name).edit_policy
    return tuple(dict.fromkeys(_WAYS[type(leaf)] for leaf in leaves(policy)))


# Said to the caller, after "You may change a record like this when".
_WAYS: Mapping[type, str] = {
    Everything: "a permission set lets you change all records",
    Nothing: "a permission set lets you change this object",
    OwnedBy: "you own it",
    OwnedBelow: "its owner has a role below yours",
    InQueues: "it waits in a queue of yours",
    Ruled: "a sharing rule opens it to you",
    ByHand: "somebody has shared it with you",
    Through: "you may change the record that it is a part of",
}
