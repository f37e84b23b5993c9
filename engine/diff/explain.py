"""What an operation means, in the words of an admin: `optional → required`, `length 120 → 80`.

Separate from the operations, because it is only about words. Nobody parses these sentences; who
needs facts reads `changes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.diff.facets import ORDER, Data, PropertyChange

LONGEST = 60  # characters of one value in a sentence
SHOWN = 4  # properties named one by one; the rest is counted
RETIRED = {
    "field": "retire: its values are kept and can be restored",
    "object": "retire: its records are kept and can be restored",
}
# Properties that read better as one sentence than as "before → after".
CONDITIONS = frozenset({"invalid_if", "if", "enter_if", "where", "required_if"})
FLAGS: Mapping[str, tuple[str, str]] = {
    "required": ("optional", "required"),
    "unique": ("not unique", "unique"),
    "active": ("inactive", "active"),
}


def explain_add(kind: str, data: Data) -> str:
    """Describe a new component by what matters most about its kind."""
    if kind == "field":
        return _describe_field(data)
    label = data.get("label")
    return f"“{label}”" if isinstance(label, str) else "new"


def explain_retire(kind: str) -> str:
    """Say what happens to the values of something that goes."""
    return RETIRED.get(kind, "retire: can be restored")


def explain_restore(kind: str, data: Data) -> str:
    """Say that something comes back as it was."""
    return f"restored with its values: {explain_add(kind, data)}"


def explain_change(changes: Sequence[PropertyChange], reorder: Mapping[str, object]) -> str:
    """Name the first changed properties and count the others."""
    said = [_describe_change(change) for change in changes]
    said += [f"{_words(children)} in another order" for children in reorder]
    shown = said[:SHOWN]
    if len(said) > SHOWN:
        shown.append(f"{len(said) - SHOWN} more")
    return ", ".join(shown)


def explain_rename(former: str, changes: Sequence[PropertyChange]) -> str:
    """Say what it was called, and what else changed."""
    rest = explain_change(changes, {})
    moved = f"renamed from {former}: no data moved"
    return f"{moved}, {rest}" if rest else moved


def _describe_field(data: Data) -> str:
    said = [f"{data.get('type', 'field')}{_values(data.get('values'))}"]
    said.append("required" if data.get("required") is True else "optional")
    said += [word for word in ("unique", "external_id", "index") if data.get(word) is True]
    if isinstance(data.get("formula"), str):
        return f"{data.get('type')} {_short(data['formula'])}"
    return ", ".join(map(_words, said))


def _values(values: object) -> str:
    names = list(values)[: SHOWN + 1] if isinstance(values, Mapping) else []
    shown = [*names[:SHOWN], *(["…"] if len(names) > SHOWN else [])]
    return f" ({', '.join(shown)})" if shown else ""


def _describe_change(change: PropertyChange) -> str:
    if change.path[-1] == ORDER:
        return f"{_words('.'.join(change.path[:-1]))} in another order"
    if change.pointer in CONDITIONS:
        return "new condition"
    if change.pointer in FLAGS:
        usual = change.pointer == "active"
        sides = (usual if side is None else side for side in (change.before, change.after))
        return " → ".join(FLAGS[change.pointer][bool(side)] for side in sides)
    return f"{_words(change.pointer)}{_from_to(change.before, change.after)}"


def _from_to(before: object, after: object) -> str:
    if after is None:
        return " removed"
    if before is None:
        return " added" if _is_long(after) else f": {_short(after)}"
    long = _is_long(before) or _is_long(after)
    return " changed" if long else f" {_short(before)} → {_short(after)}"


def _is_long(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple) or len(str(value)) > LONGEST


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _words(name: str) -> str:
    return name.replace("_", " ")
