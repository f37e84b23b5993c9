"""From what somebody filled in to a component's data, by the same shapes as it was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from admin.forms.drawing import HIDDEN
from admin.forms.pointers import at_place, below, steps_of
from admin.forms.shapes import Draw, Shape, chosen_variant, line_shape, shape_of
from admin.forms.values import Unreadable, taken

NAME, COUNT, CHOSEN = "~name", "~count", "~chosen"  # behind the name of an input
MOST = 2000  # entries of one list that a form may hold


class Posted(Protocol):
    """The values of a form, by name."""

    def get(self, name: str, default: str, /) -> str:
        """Give the value of an input."""

    def __contains__(self, name: object) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was filled in, and sentences by pointer about what could not be read (kept as text)."""

    data: Mapping[str, object]
    problems: Mapping[str, list[str]] = field(default_factory=dict)


def read(shape: Shape, posted: Posted, before: Mapping[str, object]) -> Reading:
    """Read a form. `before` is the data it was drawn from; what was not changed stays the same."""
    reader = _Reader(posted)
    data = reader.value(shape, "", "", before)
    kept = {key: before[key] for key in HIDDEN if key in before}
    found = data if isinstance(data, Mapping) else {}
    return Reading(data={**found, **kept}, problems=reader.problems)


def altered(data: object, action: str) -> object:
    """Do what a button of a list asks for: `add /steps`, `remove /steps/2`, `up /steps/2`.

    Steps into maps are places. Whatever does not fit changes nothing.
    """
    verb, _, name = action.partition(" ")
    steps = steps_of(name)
    if verb not in _VERBS or not steps:
        return data
    return _at(data, steps, verb)


class _Reader:
    def __init__(self, posted: Posted) -> None:
        self._posted = posted
        self.problems: dict[str, list[str]] = {}

    def value(self, shape: Shape, name: str, pointer: str, before: object) -> object:
        """Give the value of a widget, None for nothing."""
        if f"{name}~yaml" in self._posted:  # drawn as YAML, since the data did not fit
            return self._text(Draw.YAML, name, pointer, before)
        readers = {
            Draw.GROUP: self._group,
            Draw.VARIANT: self._variant,
            Draw.ROWS: self._rows,
            Draw.ITEMS: self._items,
            Draw.LINES: self._lines,
            Draw.FLAG: self._flag,
        }
        reader = readers.get(shape.draw)
        if reader is not None:
            return reader(shape, name, pointer, before)
        if shape.draw is Draw.FIXED:
            return shape.schema["const"]
        return self._text(shape.draw, name, pointer, before)

    def _text(self, draw: Draw, name: str, pointer: str, before: object) -> object:
        text = self._posted.get(name, "")
        try:
            return taken(draw, text, before)
        except Unreadable as wrong:
            self.problems.setdefault(pointer, []).append(str(wrong))
            return text

    def _flag(self, shape: Shape, name: str, pointer: str, before: object) -> object:
        is_on = name in self._posted
        if isinstance(before, bool) and before is is_on:
            return before
        return None if before is None and is_on is shape.usual else is_on

    def _group(self, shape: Shape, name: str, pointer: str, before: object) -> object:
        known = before if isinstance(before, Mapping) else {}
        found: dict[str, object] = {}
        for key, schema in shape.properties.items():
            if key in HIDDEN:
                continue
            each = self.value(
                shape_of(schema), below(name, key), below(pointer, key), known.get(key)
            )
            if each is not None or (key in known and known[key] is None):
                found[key] = each
        if shape.extra is not None:
            rest = {key: each for key, each in known.items() if key not in shape.properties}
            more = Shape(draw=Draw.ROWS, schema=shape.schema, extra=shape.extra)
            own = self._rows(more, f"{name}/*", pointer, rest)
            found.update(own if isinstance(own, Mapping) else {})
        return found if found or isinstance(before, Mapping) or not pointer else None

    def _variant(self, shape: Shape, name: str, pointer: str, before: object) -> object:
        chosen = self._posted.get(f"{name}{CHOSEN}", "") or chosen_variant(shape, before)
        if chosen not in shape.variants:
            known = {shape.by: chosen} if chosen and shape.by != "*" else {}
            named = self._posted.get(f"{name}/name", "").strip()
            return {**known, "name": named} if named else known
        data = self._group(shape_of(shape.variants[chosen]), name, pointer, before)
        found = dict(data) if isinstance(data, Mapping) else {}
        if shape.by == "*" and chosen not in found:
            found[chosen] = _empty(shape_of(shape_of(shape.variants[chosen]).properties[chosen]))
        return found

    def _rows(self, shape: Shape, name: str, pointer: str, before: object) -> object:
        assert shape.extra is not None  # rows have values
        inner = shape_of(shape.extra)
        found: dict[str, object] = {}
        for place in range(self._count(name)):
            at = below(name, place)
            key = self._posted.get(f"{at}{NAME}", "").strip()
            each = self.value(inner, at, below(pointer, key), at_place(before, str(place)))
            if not key and not _says(each):
                continue
            while key in found:
                self.problems.setdefault(below(pointer, key), []).append(f"“{key}” is there twice.")
                key = f"{key} (2)"
            found[key] = {} if each is None and inner.draw in _MAPS else each
        return found if found or isinstance(before, Mapping) else None

    def _items(self, shape: Shape, name: str, pointer: str, before: object) -> object:
        assert shape.extra is not None  # lists have items
        inner = shape_of(shape.extra)
        found = [
            self.value(
                inner, below(name, place), below(pointer, place), at_place(before, str(place))
            )
            for place in range(self._count(name))
        ]
        items = [{} if each is None else each for each in found]
        return items if items or isinstance(before, list | tuple) else None

    def _lines(self, shape: Shape, name: str, pointer: str, before: object) -> object:
        draw = line_shape(shape).draw
        found = [
            self._text(
                draw, below(name, place), below(pointer, place), at_place(before, str(place))
            )
            for place in range(self._count(name))
        ]
        items = [each for each in found if each is not None]
        return items if items or (isinstance(before, list | tuple) and not before) else None

    def _count(self, name: str) -> int:
        text = self._posted.get(f"{name}{COUNT}", "0")
        return min(int(text), MOST) if text.isdigit() and len(text) <= len(str(MOST)) else 0


_MAPS = frozenset({Draw.GROUP, Draw.ROWS, Draw.VARIANT})


def _empty(shape: Shape) -> object:
    """Give what a chosen step says before anybody has filled it in."""
    if shape.draw in {Draw.ITEMS, Draw.LINES}:
        return []
    return {} if shape.draw in _MAPS else ""


def _says(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_says, value.values()))
    return value is not None and value is not False and value != []


def _at(data: object, steps: list[str], verb: str) -> object:
    if len(steps) > 1 or verb == "add":
        step, rest = steps[0], steps[1:]
        if isinstance(data, list | tuple):
            return [
                _below(each, rest, verb) if str(place) == step else each
                for place, each in enumerate(data)
            ]
        entries = dict(data) if isinstance(data, Mapping) else {}
        names = list(entries)
        key = names[int(step)] if step.isdigit() and int(step) < len(names) else step
        return {**entries, key: _below(entries.get(key), rest, verb)}
    return _moved(data, steps[0], verb)


def _below(data: object, steps: list[str], verb: str) -> object:
    if steps:
        return _at(data, steps, verb)
    return [*data, {}] if isinstance(data, list | tuple) else [{}] if data is None else data


def _moved(data: object, step: str, verb: str) -> object:
    if not step.isdigit() or not isinstance(data, list | tuple | Mapping):
        return data
    place = int(step)
    entries = list(data.items()) if isinstance(data, Mapping) else list(data)
    if place >= len(entries):
        return data
    entry = entries.pop(place)
    if verb != "remove":
        entries.insert(max(place - 1, 0) if verb == "up" else place + 1, entry)
    return dict(entries) if isinstance(data, Mapping) else entries


_VERBS = frozenset({"add", "remove", "up", "down"})
