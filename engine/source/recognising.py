"""What a document is: its first key says so, or the folder of an object that it lies in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.errors import Problem
from engine.model.kinds import DOCUMENTS, Document
from engine.names import did_you_mean
from engine.source.checking import check_document
from engine.source.findings import problem_at
from engine.source.nodes import DocumentNode, Node, Shape, nearest

_FIRST = "begin with what it is: `object: NAME`, `view: OBJECT.NAME`, `workflow: NAME` …"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDocument:
    """One document of one file, and what it is.

    `path` is the name after its first key, in steps; () where the document has no name.
    """

    file: str
    text: str
    node: DocumentNode
    document: Document
    path: tuple[str, ...]

    @property
    def root(self) -> Node:
        """The map that the document is."""
        return self.node.root


def recognise(
    file: str, text: str, node: DocumentNode, problems: list[Problem]
) -> FileDocument | None:
    """Say what a document is and check what belongs to it alone: its name, its keys.

    Problems: M110 (no document of ours), M111 (unknown key), M115 (bad name).
    """
    root = node.root
    if root.shape is not Shape.MAP or not root.pairs:
        problems.append(problem_at(file, root, "M110", "A document is a map of keys.", _FIRST))
        return None
    document = _document_of(file, [str(key.data) for key, _ in root.pairs])
    if document is None:
        first = root.pairs[0][0]
        message = f'A document cannot begin with "{first.data}".'
        hint = did_you_mean(str(first.data), DOCUMENTS) or _FIRST
        problems.append(problem_at(file, first, "M110", message, hint))
        return None
    path = _path(file, root, document, problems)
    if path is None:
        return None
    return FileDocument(file=file, text=text, node=node, document=document, path=path)


def object_folder(file: str) -> str:
    """Give the object in whose folder a file lies (objects/opportunity/fields.yaml), or ""."""
    parts = PurePosixPath(file).parts
    return parts[1] if len(parts) > 2 and parts[0] == "objects" else ""  # noqa: PLR2004 — folder, object, file


def _document_of(file: str, keys: Sequence[str]) -> Document | None:
    """Let the first key decide; files whose keys a program sorted are understood too."""
    if keys[0] in DOCUMENTS:
        return DOCUMENTS[keys[0]]
    fitting = [key for key in keys if key in DOCUMENTS and set(keys) <= keys_of(DOCUMENTS[key])]
    if len(fitting) == 1:
        return DOCUMENTS[fitting[0]]
    if object_folder(file) and set(keys) <= keys_of(DOCUMENTS["object"]):
        return DOCUMENTS["object"]
    return None


def keys_of(document: Document) -> set[str]:
    """Give the keys that a document may have."""
    properties = document.schema["properties"]
    assert isinstance(properties, Mapping)  # documents are groups
    return set(properties)


def _path(
    file: str, root: Node, document: Document, problems: list[Problem]
) -> tuple[str, ...] | None:
    data = root.data
    assert isinstance(data, Mapping)  # the caller saw a map
    folder = object_folder(file)
    if document.keyword == "object" and folder and "object" not in data:
        data = {"object": folder, **data}
    flaws = check_document(document.keyword, data)
    for flaw in flaws:
        node = nearest(root, flaw.pointer)
        problems.append(problem_at(file, node, flaw.code, flaw.message, flaw.hint))
    if not document.is_named:
        return ()
    if any(flaw.pointer == f"/{document.keyword}" for flaw in flaws):
        return None
    if document.fixed:
        return (document.fixed,)
    return tuple(str(data[document.keyword]).split("."))
