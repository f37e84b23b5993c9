"""Some components of a deployment: those that were named, and what they cannot do without.

Nothing is guessed: what is added beside the named ones says why. What would dangle on the target
is found by the check of the whole result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from deploy_tool.exits import UsageWrong
from engine.compiled import Model
from engine.diff import Add, Operation, Rename, Restore, Retire
from engine.names import ComponentKey, did_you_mean, split_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The operations to carry out, in order; `added`: component -> why it came along."""

    operations: tuple[Operation, ...]
    added: Mapping[ComponentKey, str]


def choose_components(
    operations: Sequence[Operation], patterns: Iterable[str], model: Model
) -> Choice:
    """Keep the operations that match a pattern, and what those need.

    A pattern is a component key, its name alone, or either with `*`: `field:deal.*`, `deal.amount`.
    `model` is what everything would become. Raises: UsageWrong U100 for a pattern that matches
    nothing that changes.
    """
    by_key = {operation.component: operation for operation in operations}
    chosen: dict[ComponentKey, str] = {}
    for pattern in patterns:
        matched = [key for key in by_key if _matches(key, pattern)]
        if not matched:
            message = f'Nothing that changes matches "{pattern}".'
            raise UsageWrong(message=message, hint=did_you_mean(pattern, _words(by_key)))
        chosen.update(dict.fromkeys(matched, ""))
    _close(chosen, by_key, model)
    return Choice(
        operations=tuple(o for o in operations if o.component in chosen),
        added={key: why for key, why in chosen.items() if why},
    )


def _close(
    chosen: dict[ComponentKey, str], by_key: Mapping[ComponentKey, Operation], model: Model
) -> None:
    """Add what the chosen ones use and the target lacks, until nothing is missing."""
    waiting = list(chosen)
    while waiting:
        key = waiting.pop()
        for needed in _needs(key, by_key[key], model):
            if needed in by_key and needed not in chosen and _brings(by_key[needed]):
                chosen[needed] = f"added: {key} needs it"
                waiting.append(needed)


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


def _matches(key: ComponentKey, pattern: str) -> bool:
    name = ".".join(split_key(key)[1])
    return any(fnmatchcase(text, pattern) for text in (key, name))


def _words(by_key: Mapping[ComponentKey, Operation]) -> list[str]:
    return [*by_key, *(".".join(split_key(key)[1]) for key in by_key)]
