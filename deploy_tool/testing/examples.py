"""The examples of validation rules, each judged on its own, in the order of the tree.

Nobody acts: no permission and no role is held. A rule for which that matters has its tests in
`metadata/tests`, where somebody does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import perf_counter

from deploy_tool.testing.outcomes import Outcome, State, Stopped, outcome_of
from deploy_tool.testing.wording import say_refusal, say_values
from engine.clock import Clock, zone_of
from engine.compiled import CompiledObject, Model, Rule
from engine.errors import RecordInvalid
from engine.expr import EvalContext
from engine.names import ObjectName, split_key
from engine.records.examples import Judgement, judge
from engine.source import SourceDoc, SourceTree

_REFUSES, _ACCEPTS = "the rule refuses it", "the rule accepts it"


def run_examples(tree: SourceTree, model: Model, clock: Clock) -> Iterator[Outcome]:
    """Judge every example of every active rule."""
    context = EvalContext(now=clock.now(), zone=zone_of(model.project.time_zone), is_new=True)
    for doc in tree.docs.values():
        kind, path = split_key(doc.key)
        if kind != "validation_rule":
            continue
        compiled = model.objects[ObjectName(path[0])]
        rule = next((rule for rule in compiled.rules if rule.name == path[1]), None)
        if rule is not None:  # rules that are not active are not compiled
            yield from _of_rule(doc, model, compiled, rule, context)


def _of_rule(
    doc: SourceDoc, model: Model, compiled: CompiledObject, rule: Rule, context: EvalContext
) -> Iterator[Outcome]:
    examples = doc.data.get("examples")
    for sort in ("fails", "passes"):
        listed = examples.get(sort) if isinstance(examples, Mapping) else None
        for place, example in enumerate(listed if isinstance(listed, list | tuple) else ()):
            start = perf_counter()
            stopped = _judge(model, compiled, rule, example, context, must_fail=sort == "fails")
            name = f"{compiled.name}.{rule.name} {sort} {place + 1}"
            pointer = f"/examples/{sort}/{place}"
            yield outcome_of(doc, "example", name, stopped, pointer, perf_counter() - start)


def _judge(
    model: Model,
    compiled: CompiledObject,
    rule: Rule,
    example: Mapping[str, object],
    context: EvalContext,
    *,
    must_fail: bool,
) -> Stopped | None:
    expected = _REFUSES if must_fail else _ACCEPTS
    try:
        judgement = judge(model, compiled, rule, example, context)
    except RecordInvalid as invalid:
        found = f"the example cannot be read: {say_refusal(invalid)}"
        return Stopped(State.FAILED, expected=expected, found=found)
    if judgement.refuses is must_fail:
        return None
    return Stopped(State.FAILED, expected=expected, found=_found(judgement))


def _found(judgement: Judgement) -> str:
    what = _REFUSES if judgement.refuses else _ACCEPTS
    why = f"; its condition has no value: {judgement.reason}" if judgement.reason else ""
    seen = say_values(judgement.reads)
    return f"{what}{why}" + (f" ({seen})" if seen else "")
