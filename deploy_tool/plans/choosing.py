"""Some components of a deployment: those that were named, and what they cannot do without.

Nothing is guessed: what is added beside the named ones says why. What stays behind on purpose is
taken out of the lists of those that come, item by item. What would dangle on the target is found
by the check of the whole result.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from deploy_tool.exits import UsageWrong
from deploy_tool.plans.plan import Trimmed
from deploy_tool.plans.trimming import trim
from engine.compiled import Model
from engine.diff import Add, Operation, Rename, Restore, Retire, apply_operations
from engine.names import ComponentKey, did_you_mean, split_key
from engine.source import SourceDoc, SourceTree, digest_of, make_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The operations to carry out, in order; `added`: component -> why it came along.

    `trimmed`: items that were left out, because what they name stays behind.
    """

    operations: tuple[Operation, ...]
    added: Mapping[ComponentKey, str]
    trimmed: tuple[Trimmed, ...] = ()


def choose_components(
    operations: Sequence[Operation],
    patterns: Sequence[str],
    model: Model,
    *,
    without: Sequence[str] = (),
    optional: Sequence[str] = (),
    contested: Collection[ComponentKey] = (),
) -> Choice:
    """Keep the operations that match a pattern, and what those need, but nothing of `without`.

    A pattern is a component key, its name alone, or either with `*`: `field:deal.*`, `deal.amount`;
    none means all. `optional` are patterns that may match nothing. `model` is what everything would
    become. `contested` are in conflict, and may be all that a pattern matches.
    Raises: UsageWrong U100 for another pattern that matches nothing that changes.
    """
    by_key = {operation.component: operation for operation in operations}
    left = frozenset(_matching(without, by_key, contested))
    wanted = _wanted(patterns, optional, by_key, contested)
    chosen = {key: "" for key in wanted if key not in left}
    _close(chosen, {key: o for key, o in by_key.items() if key not in left}, model)
    missing = frozenset(key for key in left if _brings(by_key[key]))
    kept: list[Operation] = []
    trimmed: list[Trimmed] = []
    for operation in operations:
        if operation.component in chosen:
            found, items = trim(operation, missing)
            kept.append(found)
            trimmed += items
    return Choice(
        operations=tuple(kept),
        added={key: why for key, why in chosen.items() if why},
        trimmed=tuple(trimmed),
    )


def taken(operations: Sequence[Operation], target: SourceTree, whole: SourceTree) -> SourceTree:
    """Give the target with some operations carried out; texts come from where they are known."""
    data = apply_operations(_data(target), operations)
    here, there = (apply_operations(_data(tree), ()) for tree in (target, whole))
    docs = []
    for key, found in data.items():
        if here.get(key) == found:
            docs.append(target.docs[key])
        elif there.get(key) == found:
            docs.append(whole.docs[key])
        else:
            docs.append(SourceDoc(key=key, data=found, digest=digest_of(found)))
    return make_tree(docs)


def _wanted(
    patterns: Sequence[str],
    optional: Sequence[str],
    by_key: Mapping[ComponentKey, Operation],
    contested: Collection[ComponentKey],
) -> list[ComponentKey]:
    if not (patterns or optional):
        return list(by_key)
    also = [key for key in by_key if any(matches(key, pattern) for pattern in optional)]
    return list(dict.fromkeys((*_matching(patterns, by_key, contested), *also)))


def _matching(
    patterns: Sequence[str],
    by_key: Mapping[ComponentKey, Operation],
    contested: Collection[ComponentKey],
) -> list[ComponentKey]:
    """Give the components that match. Raises: UsageWrong U100 for a pattern that matches none."""
    found: dict[ComponentKey, None] = {}
    for pattern in patterns:
        matched = [key for key in by_key if matches(key, pattern)]
        if not matched and not any(matches(key, pattern) for key in contested):
            message = f'Nothing that changes matches "{pattern}".'
            raise UsageWrong(message=message, hint=did_you_mean(pattern, _words(by_key)))
        found.update(dict.fromkeys(matched))
    return list(found)


def _close(
    chosen: dict[ComponentKey, str], by_key: Mapping[ComponentKey, Operation], model: Model
) -> None:
    """Add what the chosen ones use and the target lacks, until nothing is missing."""
    waiting = list(chosen)
    while waiting:
        key = waiting.pop()
        for needed in _needs(key, by_key[key], model):
            if needed in by_key and needed not in chosen and _brings(by_key[needed]):
                chosen[needed] = f"added: {_reason(key, needed)}"
                waiting.append(needed)


_SHOWING = frozenset({"layout", "view", "app"})  # kinds that show what they name


def _reason(key: ComponentKey, needed: ComponentKey) -> str:
    """Say why a component comes along: `layout opportunity.default shows it`."""
    kind, path = split_key(key)
    verb = "needs"
    if kind in _SHOWING:
        verb = "shows"
    elif split_key(needed)[1] == path[:1]:
        verb = "is part of"
    return f"{kind.replace('_', ' ')} {'.'.join(path)} {verb} it"


def _needs(key: ComponentKey, operation: Operation, model: Model) -> list[ComponentKey]:
    """Give what a component cannot be without: its object, and all that it names."""
    kind, path = split_key(key)
    if isinstance(operation, Retire):
        return []
    owner = [ComponentKey(f"object:{path[0]}")] if len(path) > 1 and kind != "object" else []
    return [*owner, *model.links.uses.get(key, ())]


def _brings(operation: Operation) -> bool:
    """Tell whether an operation makes something that was not there under this name."""
    return isinstance(operation, (Add, Restore, Rename))


def matches(key: ComponentKey, pattern: str) -> bool:
    """Tell whether a pattern means a component: by its key, its name, or either with `*`."""
    name = ".".join(split_key(key)[1])
    return any(fnmatchcase(text, pattern) for text in (key, name))


def _words(by_key: Mapping[ComponentKey, Operation]) -> list[str]:
    return [*by_key, *(".".join(split_key(key)[1]) for key in by_key)]


def _data(tree: SourceTree) -> dict[ComponentKey, Mapping[str, object]]:
    return {key: doc.data for key, doc in tree.docs.items()}
