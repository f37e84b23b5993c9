"""Changing a YAML document in place: only what says something else is written anew.

Works on the spans of the nodes. Every entry in lines of its own carries what belongs to it: the
empty lines and comments above it, the comment behind it. Entries within brackets carry the commas
and spaces before them. So comments and layout stay byte for byte where nothing changed, and move
and go with the entry where something did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.source.canonical import ORDERED, same
from engine.source.chunks import entry_end, entry_start, line_start
from engine.source.nodes import Node, Shape
from engine.source.rendering import in_line, render_entry, render_item, scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """How one document is changed.

    `ordered` names the parts at its first level whose order means something.
    `renames` maps new names of entries at the second level to the names they have in the text.
    `written` gives the author's text of a new entry at the second level, or "".
    `sort` puts keys everywhere into the order of the wanted data, for `fmt`.
    """

    text: str
    ordered: frozenset[str] = frozenset()
    renames: Mapping[tuple[str, str], str] | None = None
    written: Callable[[str, str], str] | None = None
    sort: bool = False

    def document(self, root: Node, wanted: Mapping[str, object]) -> tuple[str, int]:
        """Give the new text of a document's root and where the old one ended."""
        if root.style:
            return self._inside(root, wanted, ()), root.end
        return self._lines(root, wanted, 0, ()), entry_end(self.text, root)

    # --- one value --------------------------------------------------------------------------------

    def _keeps(self, node: Node, wanted: object, *, in_order: bool) -> bool:
        if self.sort and node.shape is not Shape.SCALAR:
            return False
        return same(node.data, wanted, in_order=in_order)

    def _fits(self, node: Node, wanted: object) -> bool:
        """Tell whether a collection can be changed entry by entry."""
        if not node.items or not wanted:
            return False
        is_map, is_list = isinstance(wanted, Mapping), isinstance(wanted, list | tuple)
        return (node.shape is Shape.MAP and is_map) or (node.shape is Shape.LIST and is_list)

    def _inside(self, node: Node, wanted: object, path: tuple[str, ...]) -> str:
        """Give the new text of a value that stands within its line: `[start, end)`."""
        if self._keeps(node, wanted, in_order=path[-1:] == (ORDERED,)):
            return self.text[node.start : node.end]
        if node.shape is Shape.SCALAR or not self._fits(node, wanted):
            return in_line(wanted)
        return self._brackets(node, wanted, path)

    # --- entries within brackets ------------------------------------------------------------------

    def _brackets(self, node: Node, wanted: object, path: tuple[str, ...]) -> str:
        text = self.text
        spans = _spans(node)
        closing = text[spans[-1].value.end : node.end]
        if "\n" not in closing:
            closing = closing.strip().lstrip(",").strip() or text[node.end - 1]
        opening = text[node.start : spans[0].start]
        pieces = [opening if "\n" in opening else opening.strip()]
        last: _Span | None = None
        for position, (name, value, span) in enumerate(self._arranged(node, wanted, path)):
            if position:
                pieces.append(self._separator(spans, last, span))
            last = span
            if span is None:
                pieces.append(f"{scalar(name)}: {in_line(value)}" if name else in_line(value))
                continue
            pieces.append(self._head_in_brackets(span, name))
            pieces.append(self._inside(span.value, value, (*path, name)))
        return "".join([*pieces, closing])

    def _head_in_brackets(self, span: _Span, name: str) -> str:
        """Give the key of an entry with its colon and the spaces behind it."""
        head = self.text[span.start : span.value.start]
        if span.key is None:
            return head
        if str(span.key.data) != name:
            return f"{scalar(name)}: "
        if self.sort and "\n" not in head and not head.endswith(" "):
            return f"{head} "
        return head

    def _separator(self, spans: Sequence[_Span], before: _Span | None, span: _Span | None) -> str:
        """Give what stands between two entries: their own comma and spaces, else a plain comma."""
        if span is None or span.place == 0:
            return ", "
        between = self.text[spans[span.place - 1].value.end : span.start]
        follows = before is not None and before.place == span.place - 1
        is_own = follows and (between.endswith(" ") or not self.sort)
        return between if is_own or "\n" in between else ", "

    # --- entries in lines of their own ------------------------------------------------------------

    def _lines(self, node: Node, wanted: object, indent: int, path: tuple[str, ...]) -> str:
        """Give the new text of a collection in lines, its last line break included."""
        text, spans = self.text, _spans(node)
        ends = [entry_end(text, span.value) for span in spans]
        starts = [spans[0].start] + [
            entry_start(text, span.anchor, ends[place]) for place, span in enumerate(spans[1:])
        ]
        space, pieces = " " * indent, []
        for name, value, span in self._arranged(node, wanted, path):
            if span is None:
                pieces.append(self._new_lines(name, value, indent, path, is_map=bool(spans[0].key)))
                continue
            place = span.place
            gap = text[ends[place - 1] : starts[place]] if place else ""
            lead = text[starts[place] : line_start(text, span.start)] if place else ""
            body = self._body(span, name, value, indent, (*path, name), ends[place])
            pieces.append(f"{gap}{lead}{space}{body}")
        joined = "".join(_closed(piece) for piece in pieces)
        return joined.lstrip("\n")[indent:]

    def _body(
        self, span: _Span, name: str, value: object, indent: int, path: tuple[str, ...], end: int
    ) -> str:
        """Give an entry without what stands above it."""
        text, node = self.text, span.value
        head = text[span.start : node.start]
        if span.key is not None and str(span.key.data) != name:
            head = scalar(name) + text[span.key.end : node.start]
        if self._keeps(node, value, in_order=self._in_order(path)):
            return head + text[node.start : end]
        if node.shape is not Shape.SCALAR and not node.style and self._fits(node, value):
            below = node.start - line_start(text, node.start)
            return head + self._lines(node, value, below, path)
        if node.style in {"{", "["} and self._fits(node, value):
            return head + self._brackets(node, value, path) + text[node.end : end]
        if not isinstance(value, Mapping | list | tuple) and node.style not in {"|", ">"}:
            rest = text[node.end : end]
            new = scalar(value)
            if "\n" not in f"{head}{value}" and node.end > node.start:
                return f"{head}{new}{rest}"
        return self._rendered(name, value, indent, is_map=span.key is not None)[indent:]

    def _new_lines(
        self, name: str, value: object, indent: int, path: tuple[str, ...], *, is_map: bool
    ) -> str:
        """Write an entry that was not there; in its author's words where they are known."""
        written = self.written(path[0], name) if self.written and len(path) == 1 else ""
        if written:
            return "".join(
                f"{' ' * indent}{line}" if line.strip() else line
                for line in written.splitlines(keepends=True)
            )
        return self._rendered(name, value, indent, is_map=is_map)

    def _rendered(self, name: str, value: object, indent: int, *, is_map: bool) -> str:
        return render_entry(name, value, indent) if is_map else render_item(value, indent)

    # --- which entries, in which order ------------------------------------------------------------

    def _arranged(
        self, node: Node, wanted: object, path: tuple[str, ...]
    ) -> list[tuple[str, object, _Span | None]]:
        """Pair what is wanted with what is there, in the order in which it is written."""
        spans = _spans(node)
        if not isinstance(wanted, Mapping):
            assert isinstance(wanted, list | tuple)  # `_fits` was asked
            return _arranged_items(spans, wanted)
        former = self._former(path, wanted)
        there = {
            former.get(str(span.key.data), str(span.key.data)): span for span in spans if span.key
        }
        names = list(wanted)
        if not self.sort and not self._in_order(path):
            names = _merged([name for name in there if name in wanted], names)
        return [(name, wanted[name], there.get(name)) for name in names]

    def _former(self, path: tuple[str, ...], wanted: Mapping[str, object]) -> dict[str, str]:
        """Map names in the text to the new names they get."""
        if not self.renames or len(path) != 1:
            return {}
        return {
            old: new
            for (part, new), old in self.renames.items()
            if part == path[0] and new in wanted
        }

    def _in_order(self, path: tuple[str, ...]) -> bool:
        return path[-1:] == (ORDERED,) or (len(path) == 1 and path[0] in self.ordered)


@dataclass(frozen=True, slots=True, eq=False)
class _Span:
    """One entry of a collection: its place, where it begins (key or dash), its key and value."""

    place: int
    start: int
    key: Node | None
    value: Node

    @property
    def anchor(self) -> Node:
        """The node at which the entry begins."""
        return self.key if self.key is not None else self.value


def _spans(node: Node) -> list[_Span]:
    if node.shape is Shape.MAP:
        return [_Span(i, key.start, key, value) for i, (key, value) in enumerate(node.pairs)]
    # Items in lines begin at their dash, which stands in the column of the list.
    dashes = 0 if node.style else 1
    return [
        _Span(i, value.start - (value.col - node.col) * dashes, None, value)
        for i, value in enumerate(node.elements)
    ]


def _arranged_items(
    spans: list[_Span], wanted: Sequence[object]
) -> list[tuple[str, object, _Span | None]]:
    """Pair items by their names, or by being equal; each that is there is used once."""
    left = list(spans)
    arranged: list[tuple[str, object, _Span | None]] = []
    for value in wanted:
        name = item_identity(value)
        found = next((span for span in left if same(span.value.data, value)), None)
        if found is None and name is not None:
            found = next((span for span in left if item_identity(span.value.data) == name), None)
        if found is not None:
            left.remove(found)
        arranged.append(("", value, found))
    return arranged


def item_identity(value: object) -> str | None:
    """Name an item of a list: `name`, else the field, else `object.via`; None for others."""
    if not isinstance(value, Mapping):
        return None
    for key in ("name", "field"):
        if isinstance(value.get(key), str):
            return str(value[key])
    both = [str(value[key]) for key in ("object", "via") if isinstance(value.get(key), str)]
    return ".".join(both) or None


def _merged(there: list[str], wanted: list[str]) -> list[str]:
    """Keep the order that is there; put each new name behind the one before it."""
    names = list(there)
    for place, name in enumerate(wanted):
        if name not in names:
            before = next((each for each in reversed(wanted[:place]) if each in names), None)
            names.insert(names.index(before) + 1 if before is not None else 0, name)
    return names


def _closed(piece: str) -> str:
    return piece if piece.endswith("\n") else f"{piece}\n"
