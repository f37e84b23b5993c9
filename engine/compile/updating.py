"""Workflows that would start each other for ever: A sets what B waits for, and B what A waits for.

Told from watch masks: a workflow whose criteria say ISCHANGED waits for that field. Separate from
`watching`, which finds the masks. At run time each fires at most once per record and transaction;
here the author hears that the circle was never meant to end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from engine.compile.programs import active_steps
from engine.compile.work import Work
from engine.compiled import Workflow
from engine.expr.closures import closure
from engine.expr.context import EvalContext
from engine.expr.problems import ExprFailed
from engine.expr.tree import Call, ContextRead, FieldRead, Node, walk
from engine.model.fields.base import Value
from engine.names import FieldName
from engine.programs import ForEach, SetFields, Setting

_STARTED_BY_A_SAVE = frozenset({"before_save", "updated", "saved"})
_AFTER = frozenset({"created", "updated", "saved"})
_OF_THE_SAVE = frozenset({"ISCHANGED", "PRIORVALUE", "ISNEW"})
_NOWHERE = EvalContext(now=datetime(1970, 1, 1, tzinfo=UTC), zone=UTC)


def check_updates(work: Work) -> None:
    """Report every circle of field updates once, at the step that closes it."""
    starts = {w.name: list(_starts(work, w)) for w in work.workflows.values()}
    done: set[str] = set()
    for name in sorted(starts):
        _visit(work, name, [], starts, done)


def _visit(
    work: Work, name: str, above: list[str], starts: Mapping[str, list[str]], done: set[str]
) -> None:
    if name in above:
        circle = above[above.index(name) :]
        if any(work.workflows[one].when in _AFTER for one in circle):
            _report(work, [*circle, name])
        return
    if name in done:
        return
    above.append(name)
    for following in starts[name]:
        _visit(work, following, above, starts, done)
    above.pop()
    done.add(name)


def _starts(work: Work, workflow: Workflow) -> Iterator[str]:
    """Name the workflows that this one starts by what it sets."""
    given = _given(workflow)
    mask = 0
    for name in given:
        mask |= work.compiled[workflow.object].fields[FieldName(name)].bit
    for other in work.workflows.values():
        is_near = other.object == workflow.object and other.when in _STARTED_BY_A_SAVE
        is_order = workflow.when in _AFTER or other.when in _AFTER
        is_met = bool(other.gate) and all(mask & one for one in other.gate)
        if is_near and is_order and is_met and _may_hold(other, given):
            yield other.name


def _given(workflow: Workflow) -> dict[str, object]:
    """Give what a workflow sets on its own record: a constant, or `...` for what is computed."""
    found: dict[str, object] = {}
    behind = 0  # what stands before it is done for other records
    for place, instruction in enumerate(workflow.program.instructions):
        if isinstance(instruction, ForEach):
            behind = max(behind, instruction.to)
        elif isinstance(instruction, SetFields) and place >= behind:
            for setting in instruction.settings:
                if _is_itself(setting):
                    continue
                is_constant = setting.expression is None and setting.field not in found
                found[setting.field] = setting.constant if is_constant else ...
    return found


def _is_itself(setting: Setting) -> bool:
    """Tell whether a field is given its own value, which is no change."""
    tree = None if setting.expression is None else setting.expression.tree
    return isinstance(tree, FieldRead) and tree.path == setting.field


def _may_hold(workflow: Workflow, given: Mapping[str, object]) -> bool:
    """Tell whether criteria may hold once these values are set."""
    condition = workflow.condition
    if condition is None:
        return True
    constants: dict[str, Value] = {k: v for k, v in given.items() if v is not ...}  # type: ignore[misc]  # values
    for need in _needs(condition.tree):
        reads = {node.path for node in walk(need) if isinstance(node, FieldRead)}
        if reads and reads <= constants.keys() and _is_plain(need):
            try:
                if closure(need)(constants, _NOWHERE) is not True:
                    return False
            except ExprFailed:
                return False
    return True


def _needs(node: Node) -> Iterator[Node]:
    """Give the conditions that must all hold."""
    if isinstance(node, Call) and node.function.name == "AND":
        for argument in node.arguments:
            yield from _needs(argument)
    else:
        yield node


def _is_plain(node: Node) -> bool:
    """Tell whether a condition reads its record alone: no user, clock or earlier value."""
    return not any(
        isinstance(below, ContextRead)
        or (
            isinstance(below, Call) and (below.function.uses or below.function.name in _OF_THE_SAVE)
        )
        for below in walk(node)
    )


def _report(work: Work, circle: list[str]) -> None:
    first = circle[0]
    doc = work.named("workflow")[first]
    path = " → ".join(circle)
    message = f"These workflows set what starts them again, without an end: {path}."
    hint = "let a condition exclude what is set already"
    pointer = next(_sets("/steps", doc.data.get("steps")), "/steps")
    work.report(doc, "M320", message, pointer=pointer, hint=hint)


def _sets(pointer: str, steps: object) -> Iterator[str]:
    for at, step in active_steps(pointer, steps):
        if "set" in step and "update" not in step:
            yield f"{at}/set"
        for branch in ("then", "else"):
            yield from _sets(f"{at}/{branch}", step.get(branch))
