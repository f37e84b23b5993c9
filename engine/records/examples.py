"""Examples of validation rules, judged purely: no database, nobody acts, nothing is saved.

Separate from the pipeline, which sees records that people save: an example is a fragment of a
record, so nothing is required of it, and what it says of a computed field or of a path over a
lookup is taken as said. Called by `patron test`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.compiled import CompiledObject, Model, Rule
from engine.expr import EvalContext, ExprFailed
from engine.model.fields.base import Value
from engine.records.constants import read_constants
from engine.records.draft import Draft
from engine.records.pipeline import (
    compute_formula,
    set_computed_defaults,
    set_constants,
    settle_checkboxes,
    start_roll_ups,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a rule makes of an example; `reads` are the values that its condition looked at.

    `reason` says why the condition could not be computed: then it does not hold.
    """

    refuses: bool
    reads: Mapping[str, Value]
    reason: str = ""


def judge(
    model: Model,
    compiled: CompiledObject,
    rule: Rule,
    example: Mapping[str, object],
    context: EvalContext,
) -> Judgement:
    """Tell whether a rule refuses an example, as a new record with defaults and formulas.

    Args:
        example: constants, or `{formula: …}`, by field or path over lookups; `$any` in a lookup
            stands for some record.
        context: whose permissions and clock count.

    Raises: RecordInvalid R100 with every constant that its field cannot take.
    """
    given = read_constants(model, compiled.name, example, context)
    draft = Draft(object=compiled, old=None, values=dict(given), context=context)
    for stage in (set_constants, start_roll_ups, set_computed_defaults, settle_checkboxes):
        stage(draft)
        draft.values.update(given)
    for name in compiled.formulas:
        if name not in given:
            compute_formula(draft, name)
    reads = {path: draft.values.get(path) for path in sorted(rule.invalid_if.reads)}
    try:
        holds = rule.invalid_if.evaluate(draft.values, context)
    except ExprFailed as failed:
        return Judgement(refuses=False, reads=reads, reason=str(failed))
    return Judgement(refuses=holds is True, reads=reads)
