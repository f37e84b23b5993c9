"""Pieces of a file's text: what belongs to one entry, its comments included.

Shared by reading (a component keeps its author's text) and writing (entries move and go whole).
Offsets are characters in the file's text.
"""

from __future__ import annotations

import re

from engine.source.nodes import DocumentNode, Node

_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_COMMENT_LINE = re.compile(r"[ \t]*#[^\n]*\Z")


def line_start(text: str, offset: int) -> int:
    """Give where the line of a character begins."""
    return text.rfind("\n", 0, offset) + 1


def is_alone(text: str, key: Node) -> bool:
    """Tell whether an entry begins its line: it is in lines of its own, not within brackets."""
    return not text[line_start(text, key.start) : key.start].strip(" \t-")


def entry_end(text: str, value: Node) -> int:
    """Give where an entry in lines of its own ends: after the rest of its last line."""
    if text[value.end - 1 : value.end] == "\n" and value.end > value.start:
        return value.end  # a block text ends with its line
    rest = _REST_OF_LINE.match(text, value.end)
    return rest.end() if rest else value.end


def entry_start(text: str, key: Node, floor: int) -> int:
    """Give where an entry in lines of its own begins: with the comment lines right above it.

    Lines before `floor` belong to somebody else. A comment parted by an empty line stays.
    """
    start = line_start(text, key.start)
    while start > floor:
        above = line_start(text, start - 1)
        if above < floor or not _COMMENT_LINE.match(text[above:start].rstrip("\r\n")):
            break
        start = above
    return start


def component_text(text: str, key: Node, value: Node) -> str:
    """Give the text of one entry or item, with its comments, moved to the left margin."""
    if not is_alone(text, key):
        return text[key.start : value.end] + "\n"
    start = entry_start(text, key, 0)
    indent = key.start - line_start(text, key.start)
    lines = text[start : entry_end(text, value)].splitlines(keepends=True)
    return "".join(line[indent:] if not line[:indent].strip(" -") else line for line in lines)


def document_text(text: str, node: DocumentNode) -> str:
    """Give the text of one document, without the lines that part it from others."""
    return text[node.start : node.end].strip("\n") + "\n"
