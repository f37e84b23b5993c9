"""Which steps of a test need a part of the product that comes later, and which part.

A test that meets such a step waits: it is not passed, because it proved nothing, and not failed,
because nothing is wrong with it. Each part that arrives takes its sentences out of here.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.names import ObjectName, component_key
from engine.source import SourceTree


def waits_for(tree: SourceTree, name: ObjectName, step: Mapping[str, object]) -> str | None:
    """Name what a step on a record of an object waits for; None when it can be played."""
    refusal = str(step.get("fails_with", ""))
    if refusal and component_key("duplicate_rule", name, refusal) in tree.docs:
        return f'the duplicate rule "{refusal}": duplicate rules come with automation'
    return None
