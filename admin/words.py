"""Components in a line or two: their label, what sort they are, what is special about them.

Separate from the pages, because lists, selects, plans and "where used" all speak of components.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from admin.kinds import SINGULARS
from engine.names import ComponentKey, label_from, split_key

Data = Mapping[str, object]
FLAGS = ("required", "unique", "external_id", "history", "index", "encrypted")
Say = Callable[..., str]


def address(root: str, key: str) -> str:
    """Give the address of a component's page."""
    kind, path = split_key(key)
    return f"{root}/setup/{kind}/{'.'.join(path)}"


def label_of(key: ComponentKey, data: Data) -> str:
    """Give what people call a component: its label, else one made from its name."""
    label = data.get("label")
    path = split_key(key)[1]
    return label if isinstance(label, str) and label else label_from(path[-1])


def title_of(key: str, say: Say) -> str:
    """Name a component by its kind and path, as plans do: `Field opportunity.discount`."""
    kind, path = split_key(key)
    return f"{say(SINGULARS.get(kind, kind))} {'.'.join(path)}"


def sort_of(kind: str, data: Data, say: Say) -> str:
    """Say in a few words what a component is: a field's type, a workflow's object and moment."""
    if kind == "field":
        return _field_sort(data, say)
    said = [data.get(key) for key in ("object", "when", "type", "returns", "access", "action")]
    return " · ".join(label_from(each) for each in said if isinstance(each, str))


def tags_of(data: Data, say: Say) -> list[str]:
    """List what is special: required, history … and whether it is switched off."""
    flags = [say(flag.replace("_", " ")) for flag in FLAGS if data.get(flag) is True]
    return [*flags, *([say("off")] if data.get("active") is False else [])]


def _field_sort(data: Data, say: Say) -> str:
    name = str(data.get("type", ""))
    words = say(label_from(name))
    values, to = data.get("values"), data.get("to")
    if isinstance(values, Mapping):
        return say("{type}, {count} values", type=words, count=len(values))
    if name == "roll_up":
        measured = ".".join(str(data[key]) for key in ("from", "of") if key in data)
        return f"{words}: {data.get('measure', '')} {measured}"
    if name == "formula":
        return f"{words} → {say(label_from(str(data.get('returns', ''))))}"
    targets = to if isinstance(to, list) else [to] if to else [data.get("picklist")]
    named = ", ".join(label_from(str(each)) for each in targets if each)
    return f"{words} → {named}" if named else words
