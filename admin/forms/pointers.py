"""Going into nested data by JSON pointer, without changing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def below(pointer: str, step: object) -> str:
    """Give the pointer of an entry."""
    return f"{pointer}/{str(step).replace('~', '~0').replace('/', '~1')}"


def steps_of(pointer: str) -> list[str]:
    """Take a pointer apart."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def put(data: object, steps: Sequence[str], value: object) -> object:
    """Copy data with a value put in; a place behind the end of a list is its new end."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(data, list | tuple) or (data is None and step.isdigit()):
        items = list(data or ())
        at = int(step)
        items += [None] * (at + 1 - len(items))
        items[at] = put(items[at], rest, value)
        return items
    entries = dict(data) if isinstance(data, Mapping) else {}
    return {**entries, step: put(entries.get(step), rest, value)}


def at_place(data: object, step: str) -> object:
    """Give the entry at a place: of a list, or of a map by the order of its keys."""
    if not step.isdigit():
        return data.get(step) if isinstance(data, Mapping) else None
    entries = list(data.values()) if isinstance(data, Mapping) else data
    if not isinstance(entries, list | tuple):
        return None
    return entries[int(step)] if int(step) < len(entries) else None
