"""Some components of an environment into files: what `patron pull ENV PATTERN …` writes.

The inverse of choosing on a plan, and by the same function: what the chosen ones cannot do without
comes along and says why. Separate from the command, which reads and writes the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy_tool.exits import UsageWrong
from deploy_tool.plans.choosing import choose_components, matches, taken
from deploy_tool.sources.checking import refusal
from engine.compile import compile_model
from engine.diff import diff_trees
from engine.names import ComponentKey, did_you_mean, split_key
from engine.source import SourceTree


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What the files shall say; `added`: components that came along, and why."""

    tree: SourceTree
    added: Mapping[ComponentKey, str]
    is_whole: bool  # the files say just what the environment runs


def pull_some(files: SourceTree, running: SourceTree, patterns: Sequence[str], name: str) -> Pulled:
    """Take the components that match from what runs into files; without patterns all.

    `name` is the environment. Raises: UsageWrong U100 for a pattern that matches nothing on either
    side; MetadataInvalid M100 when the files could not run with these components alone.
    """
    if not patterns:
        return Pulled(tree=running, added={}, is_whole=True)
    _ensure_known(patterns, (*files.docs, *running.docs))
    model, problems = compile_model(running)
    if model is None:
        raise refusal(problems, f"{name} cannot be pulled in parts")
    operations = diff_trees(files, running)
    choice = choose_components(operations, (), model, optional=patterns)
    tree = taken(choice.operations, files, running)
    compiled, problems = compile_model(tree, model)
    if compiled is None:
        raise refusal(problems, "the files cannot run with these components alone")
    is_whole = len(choice.operations) == len(operations) and not choice.trimmed
    return Pulled(tree=tree, added=choice.added, is_whole=is_whole)


def _ensure_known(patterns: Sequence[str], keys: Sequence[ComponentKey]) -> None:
    """Refuse a pattern that is nobody's name. Raises: UsageWrong U100."""
    for pattern in patterns:
        if not any(matches(key, pattern) for key in keys):
            words = [*keys, *(".".join(split_key(key)[1]) for key in keys)]
            raise UsageWrong(
                message=f'No component matches "{pattern}".', hint=did_you_mean(pattern, words)
            )
