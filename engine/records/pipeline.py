"""The order of execution of a save, as one tuple that can be read aloud.

Source: Salesforce "Order of Execution", cut to what Patron declares: defaults, before-save steps,
formulas, required fields, validation rules. Everything here sees the merged record. Loading before
and writing after are `engine.session`'s; duplicate rules and workflows join this tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.compiled import CompiledField, CompiledObject
from engine.errors import FieldError
from engine.expr import EvalContext, Expression, ExprFailed
from engine.locale import in_language, say
from engine.model.fields.base import Value
from engine.names import FieldName


@dataclass(slots=True, kw_only=True)
class Draft:
    """A record while it is being saved.

    `values` holds the merged record: own fields, and paths over lookups (`account.region`) that the
    object's expressions read. `old` is the record as it was, None for a new one.
    `reasons` says why a formula came out blank.
    """

    object: CompiledObject
    old: Mapping[str, Value] | None
    values: dict[str, Value]
    context: EvalContext
    errors: list[FieldError] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Tell whether the record is being created."""
        return self.old is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to write: the whole merged record, which fields changed, and what is wrong with it."""

    values: Mapping[str, Value]
    changed: int  # mask of stored fields whose value differs from the old record
    errors: tuple[FieldError, ...]
    reasons: Mapping[str, str]


def set_constants(draft: Draft) -> None:
    """Fill constant defaults into fields that a new record leaves out."""
    if draft.is_new:
        for name in draft.object.defaults:
            declared = draft.object.fields[name]
            if declared.default is None and name not in draft.values:
                draft.values[name] = declared.decl.default  # type: ignore[assignment]  # parsed when declared


def set_computed_defaults(draft: Draft) -> None:
    """Fill defaults that are expressions; they may read what was given and constant defaults."""
    if draft.is_new:
        for name in draft.object.defaults:
            default = draft.object.fields[name].default
            if default is not None and name not in draft.values:
                draft.values[name] = _evaluate(draft, name, default)


def start_roll_ups(draft: Draft) -> None:
    """Start the counts and sums of a new record at nought: it has no children yet."""
    if draft.is_new:
        for roll_up in draft.object.roll_ups:
            draft.values[roll_up.name] = Decimal(0) if roll_up.measure in {"count", "sum"} else None


def settle_checkboxes(draft: Draft) -> None:
    """Make blank checkboxes false: a checkbox is never blank."""
    for name in draft.object.checkboxes:
        if draft.values.get(name) is None:
            draft.values[name] = False


def compute_formulas(draft: Draft) -> None:
    """Compute every formula of the record, each after those it reads."""
    for name in draft.object.formulas:
        compute_formula(draft, name)


def compute_formula(draft: Draft, name: FieldName) -> None:
    """Compute one formula of the record from what is there."""
    formula = draft.object.fields[name].formula
    assert formula is not None  # `formulas` lists formula fields only
    draft.values[name] = _evaluate(draft, name, formula)


def check_required(draft: Draft) -> None:
    """Refuse blanks in required fields of the merged record."""
    refused = {error.field for error in draft.errors}
    for name in draft.object.required:
        if name in refused or not _is_missing(draft.values.get(name)):
            continue
        declared = draft.object.fields[name]
        if _is_required(draft, declared):
            label = _text(draft, "fields", name, "label") or declared.decl.label
            message = say("{label} is required.", label=label)
            draft.errors.append(FieldError(field=name, code="R105", message=message))


def check_rules(draft: Draft) -> None:
    """Refuse what a rule calls invalid, in the user's language where its message is translated.

    A condition that is blank or fails does not hold. A rule that reads a field already refused is
    left out: its answer would follow from the first.
    """
    refused = {error.field for error in draft.errors}
    for rule in draft.object.rules:
        if refused and refused & rule.invalid_if.reads:
            continue
        try:
            holds = rule.invalid_if.evaluate(draft.values, draft.context)
        except ExprFailed:
            continue
        if holds is True:
            message = _text(draft, "validation_rules", rule.name, "message") or rule.message
            draft.errors.append(FieldError(field=rule.field or "", code=rule.name, message=message))


Stage = Callable[[Draft], None]
# Order of execution. The session calls `set_constants` earlier too, to know which lookups to load.
STAGES: tuple[Stage, ...] = (
    set_constants,
    start_roll_ups,
    set_computed_defaults,
    settle_checkboxes,
    compute_formulas,
    check_required,
    check_rules,
)


def decide(draft: Draft) -> Decision:
    """Run the stages over a draft. Cost: O(fields + rules + formulas of the object)."""
    for stage in STAGES:
        stage(draft)
    return Decision(
        values=draft.values,
        changed=changed_mask(draft.object, draft.old, draft.values),
        errors=tuple(draft.errors),
        reasons=draft.reasons,
    )


def changed_mask(
    compiled: CompiledObject, old: Mapping[str, Value] | None, values: Mapping[str, Value]
) -> int:
    """Tell which stored fields differ from the old record, as a mask."""
    mask = 0
    before = {} if old is None else old
    for stored in compiled.stored:
        name = stored.name
        if name in values and values[name] != before.get(name):
            mask |= stored.bit
    return mask


def _text(draft: Draft, *path: str) -> str:
    """Give a text of the object in the acting user's language, or ""."""
    return draft.object.text(_language(draft), *path)


def _language(draft: Draft) -> str:
    return str(draft.context.user.get("language") or "")


def _is_missing(value: Value) -> bool:
    """Tell whether a value is blank; a text of nothing but spaces says nothing either."""
    return value is None or (isinstance(value, str) and not value.strip())


def _is_required(draft: Draft, declared: CompiledField) -> bool:
    if declared.decl.required:
        return declared.decl.type != "auto_number"
    if declared.required_if is None:
        return False
    try:
        return declared.required_if.evaluate(draft.values, draft.context) is True
    except ExprFailed:
        return False


def _evaluate(draft: Draft, name: FieldName, expression: Expression) -> Value:
    try:
        return expression.evaluate(draft.values, draft.context)
    except ExprFailed as failed:
        draft.reasons[name] = in_language(failed.reason, _language(draft))
        return None
