"""From a component's data to the widgets of its form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from admin.forms.pointers import below
from admin.forms.shapes import COMPOSITE, Draw, Shape, chosen_variant, line_shape, shape_of
from admin.forms.values import shown
from admin.forms.widgets import Option, Widget
from engine.model.kinds.base import Schema
from engine.names import label_from

# Known keys that most people never touch: they stand in “More settings”.
RARE = frozenset(
    {
        "active",
        "aka",
        "depends_on",
        "description",
        "encrypted",
        "examples",
        "external_id",
        "for",
        "index",
        "order",
        "pii",
        "read_only_after_create",
        "required_if",
    }
)
_USUAL = re.compile(r" ?\((?:true|false)\)(\.?)$")
HIDDEN = frozenset({"order"})  # told by the order of what it orders
Suggest = Callable[[str], Sequence[Option]]


def _nothing(_pointer: str) -> Sequence[Option]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a form knows beside schema and data.

    `problems` by JSON pointer; `suggest` gives the components that may be named at a pointer (a
    key of a map with `#` behind); `say` puts a text into the reader's language.
    """

    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    suggest: Suggest = _nothing
    say: Callable[[str], str] = str


@dataclass(frozen=True, slots=True, kw_only=True)
class _At:
    """Where a widget stands: its name by places, its pointer by keys, what it is called."""

    name: str
    pointer: str
    label: str
    is_required: bool = False
    is_rare: bool = False
    key: str | None = None

    def into(self, step: object, label: str, *, key: object = None, **more: bool) -> _At:
        """Go into an entry; `key` is its name where `step` is its place."""
        return _At(
            name=below(self.name, step),
            pointer=below(self.pointer, step if key is None else key),
            label=label,
            key=None if key is None else str(key),
            **more,
        )


def draw(shape: Shape, data: object, hints: Hints) -> Widget:
    """Draw the form of a whole component."""
    return _Drawing(hints).value(shape, data, _At(name="", pointer="", label=""))


class _Drawing:
    """One form being drawn."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints

    def value(self, shape: Shape, data: object, at: _At) -> Widget:
        drawers = {
            Draw.GROUP: self._group,
            Draw.VARIANT: self._variant,
            Draw.ROWS: self._rows,
            Draw.ITEMS: self._items,
            Draw.LINES: self._lines,
        }
        if shape.draw in COMPOSITE and not _fits(shape.draw, data):
            shape = replace(shape, draw=Draw.YAML)
        drawer = drawers.get(shape.draw, self._single)
        return drawer(shape, data, at)

    def _widget(self, shape: Shape, at: _At, **more: object) -> Widget:
        values: dict[str, object] = {
            "draw": shape.draw,
            "name": at.name,
            "label": at.label,
            "help": self._help(shape),
            "is_required": at.is_required,
            "is_rare": at.is_rare,
            "key": at.key,
            "problems": tuple(self._problems(shape.draw, at.pointer)),
            **more,
        }
        return Widget(**values)  # type: ignore[arg-type]  # the names are those of the fields

    def _help(self, shape: Shape) -> str:
        """Give the sentence of the schema; a box that is ticked or not shows its default itself."""
        said = self._hints.say(shape.help) if shape.help else ""
        if shape.draw is Draw.CONSTANT and shape.help.endswith("{formula: …}."):
            return self._hints.say("A value, or a formula after “=”: = TODAY() + 30")
        return _USUAL.sub(r"\1", said) if shape.draw is Draw.FLAG else said

    def _problems(self, how: Draw, pointer: str) -> Iterator[str]:
        """Give the problems at a value; an input tells those of whatever is typed into it, too."""
        for at, sentences in self._hints.problems.items():
            if at == pointer or (how not in COMPOSITE and at.startswith(f"{pointer}/")):
                yield from sentences

    def _single(self, shape: Shape, data: object, at: _At) -> Widget:
        if shape.draw is Draw.FLAG:
            is_on = shape.usual if data is None else data is True
            return self._widget(shape, at, is_on=is_on)
        text = shown(shape.draw, data)
        if shape.draw is Draw.LINE and "\n" in text:
            shape = Shape(draw=Draw.AREA, schema=shape.schema, help=shape.help)
        options: Sequence[Option] = [Option(value=each, label=each) for each in shape.choices]
        is_free = False
        if shape.draw in {Draw.LINE, Draw.YAML}:
            options = self._hints.suggest(at.pointer)
            is_free = shape.is_path or shape.draw is Draw.YAML
        if text and options and not is_free and all(each.value != text for each in options):
            options = [*options, Option(value=text, label=text)]
        return self._widget(shape, at, value=text, options=tuple(options), is_free=is_free)

    def _group(self, shape: Shape, data: object, at: _At) -> Widget:
        known = data if isinstance(data, Mapping) else {}
        parts = [
            self._property(shape, name, schema, known, at)
            for name, schema in shape.properties.items()
            if name not in HIDDEN
        ]
        if shape.extra is not None:
            rest = {key: each for key, each in known.items() if key not in shape.properties}
            more = Shape(draw=Draw.ROWS, schema=shape.schema, extra=shape.extra)
            label = self._hints.say("Attributes of your own")
            parts.append(
                self._rows(
                    more,
                    rest,
                    _At(name=f"{at.name}/*", pointer=at.pointer, label=label, is_rare=True),
                )
            )
        return self._widget(shape, at, parts=tuple(parts))

    def _property(
        self, shape: Shape, name: str, schema: Schema, data: Mapping[str, object], at: _At
    ) -> Widget:
        below_it = at.into(
            name,
            self._hints.say(label_from(name)),
            is_required=name in shape.required,
            is_rare=name in RARE and name not in shape.required,
        )
        return self.value(shape_of(schema), data.get(name), below_it)

    def _variant(self, shape: Shape, data: object, at: _At) -> Widget:
        chosen = chosen_variant(shape, data)
        options = tuple(
            Option(value=name, label=self._hints.say(label_from(name))) for name in shape.variants
        )
        if chosen and chosen not in shape.variants:
            options = (*options, Option(value=chosen, label=chosen))
        parts: tuple[Widget, ...] = ()
        if chosen in shape.variants:
            group = self._group(shape_of(shape.variants[chosen]), data, at)
            parts = tuple(part for part in group.parts if part.draw is not Draw.FIXED)
        return self._widget(shape, at, value=chosen, options=options, parts=parts)

    def _rows(self, shape: Shape, data: object, at: _At) -> Widget:
        assert shape.extra is not None  # rows have values
        entries = list(data.items()) if isinstance(data, Mapping) else []
        inner = shape_of(shape.extra)
        parts = [
            self.value(inner, each, at.into(place, str(key), key=key))
            for place, (key, each) in enumerate(entries)
        ]
        blank = self.value(inner, None, at.into(len(entries), "", key=""))
        parts.append(_as_blank(blank))
        names = tuple(self._hints.suggest(f"{at.pointer}/#"))
        return self._widget(shape, at, parts=tuple(parts), options=names)

    def _items(self, shape: Shape, data: object, at: _At) -> Widget:
        assert shape.extra is not None  # lists have items
        items = list(data) if isinstance(data, list | tuple) else []
        inner = shape_of(shape.extra)
        parts = tuple(
            self.value(inner, each, at.into(place, _title(each, place)))
            for place, each in enumerate(items)
        )
        return self._widget(shape, at, parts=parts)

    def _lines(self, shape: Shape, data: object, at: _At) -> Widget:
        items = list(data) if isinstance(data, list | tuple) else []
        inner = line_shape(shape)
        parts = [
            self._single(inner, each, at.into(place, f"{at.label} {place + 1}"))
            for place, each in enumerate(items)
        ]
        end = at.into(len(items), f"{at.label} {len(items) + 1}")
        parts.append(_as_blank(self._single(inner, None, end)))
        return self._widget(shape, at, parts=tuple(parts))


def _as_blank(widget: Widget) -> Widget:
    values = {name: getattr(widget, name) for name in Widget.__slots__}
    return Widget(**{**values, "is_blank": True})


def _fits(how: Draw, data: object) -> bool:
    if data is None:
        return True
    is_list = isinstance(data, list | tuple)
    return is_list if how in {Draw.ITEMS, Draw.LINES} else isinstance(data, Mapping)


def _title(item: object, place: int) -> str:
    for key in ("label", "name", "field", "object"):
        if isinstance(item, Mapping) and isinstance(item.get(key), str):
            return f"{place + 1} · {item[key]}"
    return str(place + 1)
