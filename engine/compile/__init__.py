"""From a tree of components to a model, in a list of small passes; all problems at once.

Called once per metadata version. Objects that did not change, and whose view of other objects did
not change, are taken from the previous model as they are: the very same Python objects. What is to
be published is compiled whole; what runs is compiled as far as somebody asks for it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from engine.compile.approvals import compile_approvals
from engine.compile.assignment import compile_assignments
from engine.compile.automation import compile_automation
from engine.compile.collect import collect
from engine.compile.conversions import compile_conversions
from engine.compile.cycles import check_cycles
from engine.compile.deadlines import compile_deadlines
from engine.compile.declare import declare
from engine.compile.endpoints import compile_endpoints
from engine.compile.expressions import check_expressions
from engine.compile.freeze import freeze
from engine.compile.links import Uses
from engine.compile.mails import compile_mails
from engine.compile.objects import compile_objects
from engine.compile.references import check_references
from engine.compile.rest import compile_rest
from engine.compile.sharing import compile_sharing
from engine.compile.work import Work
from engine.compiled import Model
from engine.errors import Problem, Severity, sort_problems
from engine.source import SourceTree

PASSES = (
    collect,
    declare,
    check_references,
    compile_objects,
    compile_rest,
    compile_sharing,
    check_expressions,
    compile_assignments,
    compile_deadlines,
    compile_mails,
    compile_automation,
    compile_endpoints,
    compile_conversions,
    compile_approvals,
    check_cycles,
)

# What only tells whether a configuration is right: of one that was published it is known.
CHECKS = frozenset({check_references, check_cycles})

__all__ = ["compile_model", "compile_stored"]


def compile_model(
    tree: SourceTree, previous: Model | None = None
) -> tuple[Model | None, tuple[Problem, ...]]:
    """Compile a checked tree; the model is None when one problem is an error.

    A tree of which parts could not be read gives no model either: its own problems say why.

    Cost: O(components) for the comparison, and the real work only for objects that changed.
    """
    with _without_collections():
        work = Work(tree, previous)
        for step in PASSES:
            step(work)
        problems = sort_problems(work.problems)
        if tree.broken or any(p.severity is Severity.ERROR for p in problems):
            return None, problems
        return freeze(work, _whole), problems


def compile_stored(tree: SourceTree, previous: Model | None = None) -> Model:
    """Give the model of a tree that was checked when it was published, as a process needs it.

    Objects, views and sharing rules are compiled when somebody asks for them, each once; those of
    `previous` that did not change are the very same. Cost: O(components), very little for each.
    Raises: MetadataInvalid M100 here or where an object is asked for, when this version of Patron
    cannot compile what an older one has stored.
    """
    with _without_collections():
        work = Work(tree, previous, is_checked=True)
        for step in PASSES:
            if step not in CHECKS:
                step(work)
        work.ensure_sound()
        return freeze(work, _whole, _whole_before(previous))


def _whole(tree: SourceTree, former: Model | None) -> Model | None:
    return compile_model(tree, former)[0]


def _whole_before(previous: Model | None) -> Model | None:
    """Give the model before with everything worked out, if somebody had asked for it."""
    uses = previous.links.uses if previous else None
    return uses.model if isinstance(uses, Uses) else previous


@contextmanager
def _without_collections() -> Iterator[None]:
    """Keep the garbage collector from walking a growing model again and again.

    Nothing here makes cycles worth collecting; 10,000 fields compile twice as fast.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
