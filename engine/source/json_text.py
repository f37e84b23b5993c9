"""JSON files: text -> the same nodes as YAML gives, with line and column.

The standard reader gives no places, so texts and numbers are scanned here with its own scanner of
strings; a file holds one document, or a list of documents.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from decimal import Decimal
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]  # exists, not in the stubs

from engine.source.findings import Findings
from engine.source.nodes import DocumentNode, Node, Shape
from engine.source.scalars import MAX_NUMBER
from engine.source.yaml_text import MAX_DEPTH

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"true|false|null")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}
_MAX_EXPONENT = 4  # characters of an exponent, its letter and sign included


class _Unreadable(Exception):
    """The text is no JSON from here on."""

    def __init__(self, code: str, message: str, at: int) -> None:
        super().__init__(message)
        self.code, self.message, self.at = code, message, at


class _Reader:
    """A recursive-descent reader, bounded by MAX_DEPTH."""

    def __init__(self, text: str, findings: Findings) -> None:
        self.text = text
        self.findings = findings
        self.lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self.lines, at)
        return line, at - self.lines[line - 1] + 1

    def node(self, shape: Shape, data: object, at: int) -> Node:
        return Node(shape, data, at, *self.place(at))

    def skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def value(self, at: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _Unreadable("M106", f"The values are nested deeper than {MAX_DEPTH} levels.", at)
        first = self.text[at : at + 1]
        if first == "{":
            return self.map(at, depth)
        if first == "[":
            return self.list(at, depth)
        if first == '"':
            return self.string(at)
        return self.word(at)

    def string(self, at: int) -> Node:
        try:
            read, end = scanstring(self.text, at + 1, True)  # noqa: FBT003 — positional in the library
        except JSONDecodeError as error:
            raise _Unreadable(
                "M104", "A text is not closed, or holds what JSON refuses.", at
            ) from error
        node = self.node(Shape.SCALAR, read, at)
        node.end, node.style = end, '"'
        return node

    def word(self, at: int) -> Node:
        found = _NUMBER.match(self.text, at) or _WORD.match(self.text, at)
        if found is None:
            raise _Unreadable("M104", "Here a value is expected.", at)
        written = found[0]
        data: object
        if written in _WORDS:
            data = _WORDS[written]
        elif len(written) > MAX_NUMBER or len(found[2] or "") > _MAX_EXPONENT:
            data = written
        else:
            data = Decimal(written) if found[1] or found[2] else int(written)
        node = self.node(Shape.SCALAR, data, at)
        node.end = found.end()
        return node

    def map(self, at: int, depth: int) -> Node:
        node = self.node(Shape.MAP, {}, at)
        node.style = "{"
        pairs: list[tuple[Node, Node]] = []
        seen: dict[object, Node] = {}
        here = self.skip(at + 1)
        while self.text[here : here + 1] != "}":
            if self.text[here : here + 1] != '"':
                raise _Unreadable("M104", 'Here a key in "quotes" is expected.', here)
            key = self.string(here)
            first = seen.setdefault(key.data, key)
            if first is not key:
                message = f'The key "{key.data}" stands twice, first in line {first.line}.'
                self.findings.add("M107", message, key.line, key.col, "remove one of them")
            here = self.expect(self.skip(key.end), ":")
            value = self.value(self.skip(here), depth + 1)
            pairs.append((key, value))
            here = self.separator(value.end, "}")
        node.items = pairs
        node.data = {str(key.data): value.data for key, value in pairs}
        node.end = here + 1
        return node

    def list(self, at: int, depth: int) -> Node:
        node = self.node(Shape.LIST, [], at)
        node.style = "["
        elements: list[Node] = []
        here = self.skip(at + 1)
        while self.text[here : here + 1] != "]":
            element = self.value(here, depth + 1)
            elements.append(element)
            here = self.separator(element.end, "]")
        node.items = elements
        node.data = [element.data for element in elements]
        node.end = here + 1
        return node

    def expect(self, at: int, sign: str) -> int:
        if self.text[at : at + 1] != sign:
            raise _Unreadable("M104", f"Here “{sign}” is expected.", at)
        return at + 1

    def separator(self, at: int, closing: str) -> int:
        """Pass a comma that another item must follow, or stop at the closing bracket."""
        here = self.skip(at)
        if self.text[here : here + 1] == closing:
            return here
        after = self.skip(self.expect(here, ","))
        if self.text[after : after + 1] == closing:
            raise _Unreadable("M104", "A comma after the last item.", here)
        return after


def read_json(text: str, findings: Findings) -> list[DocumentNode]:
    """Read a JSON file: one document, or a list of documents.

    Problems go to `findings`: M104 (no JSON), M106 (too deep), M107 (a key twice).
    """
    reader = _Reader(text, findings)
    try:
        root = reader.value(reader.skip(0), 1)
        end = reader.skip(root.end)
        if end != len(text):
            raise _Unreadable("M104", "Text after the end of the JSON value.", end)
    except _Unreadable as error:
        findings.add(error.code, error.message, *reader.place(error.at))
        return []
    roots = root.elements if root.shape is Shape.LIST else [root]
    return [DocumentNode(root=each, start=each.start, end=each.end) for each in roots]
