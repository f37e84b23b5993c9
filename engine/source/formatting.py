"""Canonical files for `patron fmt`: keys in their order, plain spacing, comments where they belong.

What a file says never changes: every formatted text is read back and compared, and a file that
cannot be read, or would lose a comment, is left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from engine.names import ComponentKey
from engine.source.canonical import digest_of, same
from engine.source.editing import Editor
from engine.source.files import read_folder
from engine.source.findings import Findings
from engine.source.loading import read_documents
from engine.source.nodes import DocumentNode, Shape, walk
from engine.source.ordering import in_written_order
from engine.source.recognising import recognise
from engine.source.rendering import render_json
from engine.source.tree import SourceDoc, SourceTree, make_tree

_COMMENT = re.compile(r"(?:^|\s)(#.*)$", re.MULTILINE)


def format_folder(folder: Path, *, write: bool = True) -> list[Path]:
    """Format every file of a folder.

    Args:
        folder: The configuration.
        write: False only looks (`fmt --check`).

    Returns: the files that are not, or were not, canonical. Files that cannot be read are passed
    over: `patron check` reports them.
    """
    texts, _, _ = read_folder(folder)
    changed: list[Path] = []
    for file, text in sorted(texts.items()):
        formatted = format_text(text, file)
        if formatted != text:
            changed.append(folder / file)
            if write:
                (folder / file).write_bytes(formatted.encode())
    return changed


def format_text(text: str, file: str) -> str:
    """Give the canonical text of one file; `file` is its name, relative to the folder."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    documents = _documents(plain, file)
    if not documents:
        return text
    formatted = _format_json(plain, file) if file.endswith(".json") else _format_yaml(plain, file)
    return formatted if _says_the_same(plain, formatted, file) else text


def drop_akas(tree: SourceTree, seen: Collection[ComponentKey] | None = None) -> SourceTree:
    """Drop former names that nobody needs any more, for `fmt --drop-aka`.

    Args:
        tree: The configuration.
        seen: Components that every environment has under their present names; None: all.
    """
    return make_tree(
        _without_aka(doc) if seen is None or doc.key in seen else doc for doc in tree.docs.values()
    )


def _without_aka(doc: SourceDoc) -> SourceDoc:
    if "aka" not in doc.data:
        return doc
    data = {key: value for key, value in doc.data.items() if key != "aka"}
    return replace(doc, data=data, digest=digest_of(data))


# --- one file ------------------------------------------------------------------------------------


def _documents(text: str, file: str) -> list[DocumentNode]:
    findings = Findings(file)
    documents = read_documents(file, text, findings)
    return [] if findings.problems else documents


def _format_yaml(text: str, file: str) -> str:
    pieces: list[str] = []
    done = 0
    for node in _documents(text, file):
        found = recognise(file, text, node, [])
        data = node.root.data
        if found is None or not isinstance(data, Mapping):
            continue
        editor = Editor(text=text, sort=True)
        body, end = editor.document(node.root, in_written_order(found.document.keyword, data))
        pieces += [text[done : node.root.start], body]
        done = end
    return _plain_spacing("".join([*pieces, text[done:]]), file)


def _format_json(text: str, file: str) -> str:
    ordered: list[object] = []
    for node in _documents(text, file):
        found = recognise(file, text, node, [])
        data = node.root.data
        if found is None or not isinstance(data, Mapping):
            return text
        ordered.append(in_written_order(found.document.keyword, data))
    return render_json(ordered[0] if len(ordered) == 1 else ordered) + "\n"


def _plain_spacing(text: str, file: str) -> str:
    """Cut spaces at line ends and double empty lines, outside of texts of several lines."""
    inside = _lines_of_texts(text, file)
    lines: list[str] = []
    for number, line in enumerate(text.rstrip("\n").split("\n"), start=1):
        plain = line if number in inside else line.rstrip()
        if plain or number in inside or (lines and lines[-1]):
            lines.append(plain)
    return "\n".join(lines) + "\n"


def _lines_of_texts(text: str, file: str) -> set[int]:
    """Give the numbers of the lines that belong to a text of several lines."""
    inside: set[int] = set()
    for document in _documents(text, file):
        for _, node in walk(document.root):
            if node.shape is Shape.SCALAR:
                last = node.line + text.count("\n", node.start, node.end)
                inside.update(range(node.line, last + 1) if last > node.line else ())
    return inside


def _says_the_same(before: str, after: str, file: str) -> bool:
    old, new = _documents(before, file), _documents(after, file)
    if len(old) != len(new) or Counter(_COMMENT.findall(before)) != Counter(
        _COMMENT.findall(after)
    ):
        return False
    return all(same(one.root.data, other.root.data) for one, other in zip(old, new, strict=True))
