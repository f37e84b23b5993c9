"""Strict YAML: text -> documents of nodes, every problem with its line and column.

Only what people write in a configuration: maps, lists, texts, numbers, true, false, null. No tags,
anchors or aliases; a key stands once. PyYAML's C parser gives events, so one pass without
recursion builds nodes and values; a file of 1,000 lines takes about 3 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from yaml import CSafeLoader, YAMLError
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from engine.source.findings import Findings
from engine.source.nodes import DocumentNode, Node, Shape
from engine.source.scalars import plain_value

MAX_DEPTH = 60

# What the parser says, and what it means for whoever wrote the file.
_WORDED = (
    ("\t", "A tab stands where only spaces may indent.", "use spaces"),
    ("mapping values are not allowed", "A second “:” in one line.", 'put the text in "quotes"'),
    ("could not find expected ':'", "A key without “:”.", "every line of a map is `key: value`"),
    ("found unexpected end of stream", "A quote or bracket is not closed.", ""),
    ("found unexpected document indicator", "A quote is not closed before `---`.", ""),
    ("did not find expected ',' or", "A bracket is not closed, or a comma is missing.", ""),
    (
        "did not find expected key",
        "This line does not fit its indentation.",
        "align it with the line above",
    ),
    (
        "did not find expected '-'",
        "This line does not fit the list above it.",
        "align it with the line above",
    ),
    ("block sequence entries are not allowed", "A list must begin on a line of its own.", ""),
    (
        "did not find expected <document start>",
        "Text after the end of the document.",
        "part documents by ---",
    ),
    ("control characters are not allowed", "The file holds a control character.", "remove it"),
    (
        "found character that cannot start any token",
        "A text cannot begin like this.",
        'put it in "quotes"',
    ),
    (
        "found unknown escape character",
        "There is no such escape in double quotes.",
        "use single quotes",
    ),
    (
        "found undefined tag handle",
        "Tags (!) are not used here.",
        "remove it, or put the text in quotes",
    ),
)


class _Mark(Protocol):
    """A place in the text, 0-based."""

    index: int
    line: int
    column: int


class _Event(Protocol):
    """What an event of the C parser carries; which attributes depends on its class."""

    start_mark: _Mark
    end_mark: _Mark
    value: str
    style: str | None
    tag: str | None
    anchor: str | None
    flow_style: bool
    explicit: bool


class _Reader:
    """Builds nodes from events; one per file."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.documents: list[DocumentNode] = []
        self.open: list[Node] = []  # collections that are not closed yet, outermost first
        self.root: Node | None = None
        self.start = 0
        self.is_stopped = False  # what follows cannot be understood
        self.handlers: dict[type, Callable[[_Event], None]] = {
            ScalarEvent: self.scalar,
            MappingStartEvent: self.begin_map,
            SequenceStartEvent: self.begin_list,
            MappingEndEvent: self.end_map,
            SequenceEndEvent: self.end_list,
            AliasEvent: self.alias,
            DocumentStartEvent: self.begin_document,
            DocumentEndEvent: self.end_document,
        }

    def scalar(self, event: _Event) -> None:
        mark, style = event.start_mark, event.style or ""
        node = Node(Shape.SCALAR, event.value, mark.index, mark.line + 1, mark.column + 1)
        node.end = event.end_mark.index
        node.style = style
        if event.tag is not None or event.anchor is not None:
            self.refuse(event)
        if style == "" and not self.is_key():
            node.data = plain_value(event.value)
        self.place(node)

    def begin_map(self, event: _Event) -> None:
        self.begin(event, Shape.MAP, "{")

    def begin_list(self, event: _Event) -> None:
        self.begin(event, Shape.LIST, "[")

    def begin(self, event: _Event, shape: Shape, brace: str) -> None:
        mark = event.start_mark
        node = Node(shape, None, mark.index, mark.line + 1, mark.column + 1)
        node.style = brace if event.flow_style else ""
        if event.tag is not None or event.anchor is not None:
            self.refuse(event)
        if self.is_key():
            self.findings.add("M105", "A key must be a word.", node.line, node.col)
            self.is_stopped = True
        self.place(node)
        self.open.append(node)
        if len(self.open) > MAX_DEPTH:
            message = f"The values are nested deeper than {MAX_DEPTH} levels."
            self.findings.add("M106", message, node.line, node.col)
            self.is_stopped = True

    def end_map(self, event: _Event) -> None:
        node = self.open.pop()
        flat: list[Node] = node.items  # type: ignore[assignment]  # keys and values in turn
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        node.items = pairs
        data = {str(key.data): value.data for key, value in pairs}
        node.data = data
        if len(data) < len(pairs) or "" in data:
            self.report_keys(node)
        node.end = event.end_mark.index if node.style or not pairs else pairs[-1][1].end

    def end_list(self, event: _Event) -> None:
        node = self.open.pop()
        elements = node.elements
        node.data = [item.data for item in elements]
        node.end = event.end_mark.index if node.style or not elements else elements[-1].end

    def is_key(self) -> bool:
        if not self.open:
            return False
        above = self.open[-1]
        return above.shape is Shape.MAP and len(above.items) % 2 == 0

    def place(self, node: Node) -> None:
        if self.open:
            self.open[-1].items.append(node)  # type: ignore[arg-type]  # paired when the map closes
        else:
            self.root = node

    def report_keys(self, node: Node) -> None:
        """Report keys that stand twice, and keys without a word."""
        seen: dict[str, Node] = {}
        for key, _ in node.pairs:
            first = seen.setdefault(str(key.data), key)
            if first is not key:
                message = f'The key "{key.data}" stands twice, first in line {first.line}.'
                self.findings.add("M107", message, key.line, key.col, "remove one of them")
            if key.data == "":
                self.findings.add("M105", "A key must be a word.", key.line, key.col)

    def refuse(self, event: _Event) -> None:
        mark, is_tag = event.start_mark, getattr(event, "tag", None) is not None
        what = "Tags (!)" if is_tag else "Anchors (&) and aliases (*)"
        message, hint = f"{what} are not used here.", "remove it, or put the text in quotes"
        self.findings.add("M105", message, mark.line + 1, mark.column + 1, hint)

    def alias(self, event: _Event) -> None:
        self.refuse(event)
        mark = event.start_mark
        self.place(Node(Shape.SCALAR, "*", mark.index, mark.line + 1, mark.column + 1))

    def begin_document(self, event: _Event) -> None:
        if event.explicit:
            self.start = event.end_mark.index

    def end_document(self, event: _Event) -> None:
        root, end = self.root, event.start_mark.index
        if root is not None and not (root.shape is Shape.SCALAR and root.data is None):
            self.documents.append(DocumentNode(root=root, start=self.start, end=end))
        self.root = None
        self.start = end


def read_yaml(text: str, findings: Findings) -> list[DocumentNode]:
    """Read all documents of a YAML file; what comes after a syntax error is not read.

    Problems go to `findings`: M104 (no YAML), M105 (what we do not take), M106 (too deep),
    M107 (a key twice).
    """
    reader = _Reader(findings)
    try:
        _run(reader, CSafeLoader(text))
    except MarkedYAMLError as error:
        _report(error, text, findings)
    except YAMLError as error:
        findings.add("M104", f"This is no YAML: {error}")
    return reader.documents


def _run(reader: _Reader, parser: CSafeLoader) -> None:
    next_event, handlers = parser.get_event, reader.handlers
    while not reader.is_stopped:
        event = cast("_Event", next_event())
        kind: type = event.__class__
        handler = handlers.get(kind)
        if handler is not None:
            handler(event)
        elif kind is StreamEndEvent:
            return


def _report(error: MarkedYAMLError, text: str, findings: Findings) -> None:
    mark = error.problem_mark or error.context_mark
    line, col = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = f"{error.problem or ''} {error.context or ''}"
    if mark and text[mark.index : mark.index + 1] == "\t":
        said = "\t"
    elif error.context_mark and "expected ',' or" in said:
        opened = error.context_mark.line + 1
        message = f"The bracket of line {opened} is not closed, or a comma is missing."
        findings.add("M104", message, line, col)
        return
    for part, message, hint in _WORDED:
        if part in said:
            findings.add("M104", message, line, col, hint)
            return
    findings.add("M104", f"This is no YAML: {error.problem or error.context}.", line, col)
