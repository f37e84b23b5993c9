"""Which steps of a test need a part of the product that comes later, and which part.

A test that meets such a step waits: it is not passed, because it proved nothing, and not failed,
because nothing is wrong with it. Each part that arrives takes its sentences out of here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.compiled import Model
from engine.names import ComponentKey, ObjectName, component_key, split_key
from engine.session import Session
from engine.source import SourceTree

APPROVALS = "approvals, which come with automation"
SHARING = "sharing by roles and rules, which comes with access"
_CALLS = ("submit", "approve", "reject")
_ON_SAVE = frozenset({"before_save", "created", "updated", "saved"})
_CLOSED = frozenset({"private", "parent"})


def waits_for(tree: SourceTree, name: ObjectName, step: Mapping[str, object]) -> str | None:
    """Name what a step on a record of an object waits for; None when it can be played."""
    if any(call in step for call in _CALLS) or "approval" in step or "locked" in step:
        return APPROVALS
    refusal = str(step.get("fails_with", ""))
    if refusal and component_key("duplicate_rule", name, refusal) in tree.docs:
        return f'the duplicate rule "{refusal}": duplicate rules come with automation'
    if "expect" in step:
        expected = step.get("values")
        return _waits_for_workflow(tree, name, expected if isinstance(expected, Mapping) else {})
    return None


def waits_for_sharing(
    tree: SourceTree, model: Model, session: Session, name: ObjectName, owner: object
) -> bool:
    """Tell whether it takes roles or sharing rules to say if somebody sees a record of another."""
    unit = session.unit
    if owner == unit.me or unit.access.of(name).may("view_all"):
        return False
    if model.objects[name].sharing not in _CLOSED:
        return False
    has_rules = any(split_key(key)[1][0] == name for key in _of_kind(tree, "sharing_rule"))
    return has_rules or unit.caller.context.user.get("role") in set(model.roles.values())


def _waits_for_workflow(
    tree: SourceTree, name: ObjectName, expected: Mapping[str, object]
) -> str | None:
    """Find a workflow that would set an expected field when the record is saved."""
    for key in _of_kind(tree, "workflow"):
        data = tree.docs[key].data
        is_ours = data.get("object") == name and str(data.get("when")) in _ON_SAVE
        if is_ours and data.get("active") is not False:
            for field in _set_fields(data.get("steps")):
                if field in expected:
                    workflow = split_key(key)[1][0]
                    return (
                        f'the workflow "{workflow}", which sets {field}: it comes with automation'
                    )
    return None


def _set_fields(steps: object) -> Iterator[str]:
    """Give the fields of the record itself that steps set, those under a condition included."""
    for step in steps if isinstance(steps, list | tuple) else ():
        is_own = isinstance(step, Mapping) and not {"create", "update", "for_each"} & set(step)
        if is_own:
            values = step.get("set")
            yield from map(str, values if isinstance(values, Mapping) else ())
            yield from _set_fields(step.get("then"))
            yield from _set_fields(step.get("else"))


def _of_kind(tree: SourceTree, kind: str) -> Iterator[ComponentKey]:
    return (key for key in tree.docs if key.startswith(f"{kind}:"))
