"""The order of execution of a save, as one tuple that can be read aloud.

Source: Salesforce "Order of Execution", cut to what Patron declares: defaults, before-save
workflows, formulas, required fields, validation rules. Everything here sees the merged record.
Loading before and writing after are `engine.saving`'s; duplicate rules join this tuple.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.compiled import CompiledField, Rule
from engine.errors import FieldError
from engine.expr import Expression, ExprFailed
from engine.expr.watching import FAILED, PASSED, Looked
from engine.locale import in_language, say
from engine.model.fields.base import Value
from engine.names import FieldName
from engine.records.draft import Decision, Draft, changed_mask

Stage = Callable[[Draft], None]


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
                value = _evaluate(draft, name, default)
                if draft.start is None:
                    draft.values[name] = value
                else:
                    draft.errors.extend(draft.put(name, value))


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


def run_before_save(draft: Draft) -> None:
    """Let the object's before-save workflows set values of the record, or refuse it."""
    if draft.before_save is not None:
        draft.before_save(draft)


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
        if draft.watch is not None:
            _tell(draft, rule)
        try:
            holds = rule.invalid_if.evaluate(draft.values, draft.context)
        except ExprFailed:
            continue
        if holds is True:
            message = _text(draft, "validation_rules", rule.name, "message") or rule.message
            draft.errors.append(FieldError(field=rule.field or "", code=rule.name, message=message))


def _tell(draft: Draft, rule: Rule) -> None:
    """Tell who asks why what a rule makes of the record."""
    assert draft.watch is not None  # asked for then only
    condition = rule.invalid_if
    outcome = FAILED if condition.holds(draft.values, draft.context) else PASSED
    draft.watch(
        Looked(
            kind="validation_rule",
            name=rule.name,
            outcome=outcome,
            condition=condition,
            values=dict(draft.values),
            context=draft.context,
        )
    )


# Order of execution. The session calls `set_constants` earlier too, to know which lookups to load.
STAGES: tuple[Stage, ...] = (
    set_constants,
    start_roll_ups,
    set_computed_defaults,
    settle_checkboxes,
    run_before_save,
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
