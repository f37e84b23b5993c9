"""Nodes of a read file: every value with its place, so that problems point and edits splice.

Our own, not PyYAML's: they are made from parser events without recursion (a hostile file cannot
exhaust the stack), carry the plain value at once, and JSON files give the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """What a node is."""

    SCALAR = "scalar"
    MAP = "map"
    LIST = "list"


class Node:
    """One value of a file.

    `data` is its plain value. `items` are pairs of key and value nodes of a map, or the nodes of a
    list. `start` and `end` are character offsets in the file's text, `line` and `col` 1-based.
    `style` is the quote of a scalar ("" plain, "'", '"', "|", ">"), "{" or "[" for a collection in
    one line, "" for one in lines of its own.
    """

    __slots__ = ("col", "data", "end", "items", "line", "shape", "start", "style")

    def __init__(self, shape: Shape, data: object, start: int, line: int, col: int) -> None:
        self.shape = shape
        self.data = data
        self.start = start
        self.end = start
        self.line = line
        self.col = col
        self.style = ""
        self.items: list[tuple[Node, Node]] | list[Node] = []

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """The keys and values of a map; empty for anything else."""
        return self.items if self.shape is Shape.MAP else []  # type: ignore[return-value]  # maps hold pairs

    @property
    def elements(self) -> list[Node]:
        """The items of a list; empty for anything else."""
        return self.items if self.shape is Shape.LIST else []  # type: ignore[return-value]  # lists hold nodes

    def entry(self, key: str) -> tuple[Node, Node] | None:
        """Find a key of a map with its value."""
        return next((pair for pair in self.pairs if pair[0].data == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentNode:
    """One document of a file: its root and where its text begins and ends (`---` left out)."""

    root: Node
    start: int
    end: int


def steps_of(pointer: str) -> list[str]:
    """Take a JSON pointer apart."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def first_step(pointer: str) -> str:
    """Give the first key of a JSON pointer; "" where it points at the whole."""
    return next(iter(steps_of(pointer.removesuffix("#"))), "")


def escape(step: str) -> str:
    """Write one step of a JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def find(root: Node, pointer: str) -> Node | None:
    """Follow a JSON pointer to a value, or with `#` behind it to its key."""
    at_key = pointer.endswith("#")
    node: Node | None = root
    key: Node | None = None
    for step in steps_of(pointer.removesuffix("#")):
        if node is None:
            return None
        key, node = _child(node, step)
    return key if at_key and key is not None else node


def nearest(root: Node, pointer: str) -> Node:
    """Follow a JSON pointer as far as it leads; a missing key is shown at its parent's key."""
    here: Node = root
    shown: Node = root
    for step in steps_of(pointer.removesuffix("#")):
        key, value = _child(here, step)
        if value is None:
            return shown
        here, shown = value, key if key is not None else value
    return here if not pointer.endswith("#") else shown


def _child(node: Node, step: str) -> tuple[Node | None, Node | None]:
    if node.shape is Shape.MAP:
        return node.entry(step) or (None, None)
    if step.isdigit() and int(step) < len(node.elements):
        return None, node.elements[int(step)]
    return None, None


def place_inside(text: str, node: Node, line: int, col: int) -> tuple[int, int]:
    """Say where a character of a scalar's value stands in the file.

    Args:
        text: The file's text.
        node: A scalar node.
        line: 0-based line in the value.
        col: 0-based column in that line.

    Returns: 1-based line and column in the file.
    """
    value = node.data if isinstance(node.data, str) else ""
    target = col
    for _ in range(line):
        target += value.find("\n", target - col) + 1 - (target - col)
    offset = _raw_offset(text, node, value, min(target, len(value)))
    last_break = text.rfind("\n", 0, offset)
    return node.line + text.count("\n", node.start, offset), offset - last_break


def _raw_offset(text: str, node: Node, value: str, target: int) -> int:
    """Walk the written form and the value side by side: quotes, escapes, folded lines."""
    here = node.start
    if node.style in {"|", ">"}:
        here = _skip_blank(text, text.find("\n", here) + 1, node.end)
    elif node.style in {"'", '"'}:
        here += 1
    seen = 0
    while seen < target and here < node.end:
        if value[seen].isspace() and text[here].isspace():
            seen = _skip_blank(value, seen, target)
            here = _skip_blank(text, here, node.end)
        else:
            here += _width(text, here, node.style)
            seen += 1
    return here


def _skip_blank(text: str, start: int, end: int) -> int:
    while start < end and text[start].isspace():
        start += 1
    return start


def _width(text: str, here: int, style: str) -> int:
    """How many written characters stand for one."""
    if style == "'" and text[here] == "'":
        return 2
    if style == '"' and text[here] == "\\":
        return {"x": 4, "u": 6, "U": 10}.get(text[here + 1 : here + 2], 2)
    return 1


def walk(node: Node, pointer: str = "") -> Iterator[tuple[str, Node]]:
    """Give every value below a node with its pointer, keys with `#` behind it."""
    yield pointer, node
    for key, value in node.pairs:
        below = f"{pointer}/{escape(str(key.data))}"
        yield f"{below}#", key
        yield from walk(value, below)
    for place, element in enumerate(node.elements):
        yield from walk(element, f"{pointer}/{place}")
