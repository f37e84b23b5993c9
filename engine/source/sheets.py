"""One component as its author sees it: its own lines of text, shown, edited and read back.

The designer's source view works on these texts; whole folders are for `writing`. A component that
is a document shows the whole document with its parts; an entry of a map shows its entry alone.
Separate from `composing`, which knows files: here a text is put into the document it would lie in,
so that everything that reads files reads it too, and places are counted in the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.errors import Problem
from engine.model.kinds import DOCUMENTS, KINDS, Form
from engine.names import ComponentKey, split_key
from engine.source.assembling import ORDERED_PARTS
from engine.source.canonical import digest_of
from engine.source.chunks import component_text, entry_end, entry_start, is_alone, line_start
from engine.source.composing import compose, slot_data
from engine.source.editing import Editor
from engine.source.findings import Findings
from engine.source.folder import Folder, Slot
from engine.source.loading import read_documents, tree_from_texts
from engine.source.nodes import DocumentNode, Node, find
from engine.source.ordering import in_written_order
from engine.source.placing import Address, address_of, order_within
from engine.source.rendering import in_line, render_document, render_entry, render_item, scalar
from engine.source.tree import SourceDoc, SourceTree
from engine.source.yaml_text import read_yaml

Data = Mapping[str, object]
_LINE = re.compile(r"\bline ([0-9]+)\b")
_ENTRY, _ITEM = 2, 4  # columns before an entry of a map, and before an item of a list


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadText:
    """What a text says: the components in it by key, and every problem, placed in the text."""

    docs: Mapping[ComponentKey, SourceDoc]
    problems: tuple[Problem, ...]
    broken: frozenset[str]  # what is there but could not be taken
    file: str
    lines: int  # that stand above the text where it was read
    indent: int

    def placed(self, problem: Problem) -> Problem:
        """Count a problem's line and column within the text; others stay as they are."""
        if problem.file != self.file:
            return problem
        line, col = problem.line - self.lines, max(problem.col - self.indent, 1)
        message = _LINE.sub(lambda found: f"line {int(found[1]) - self.lines}", problem.message)
        return replace(problem, file="", line=max(line, 1), col=col, message=message)


def is_document(key: ComponentKey) -> bool:
    """Tell whether a component is a document of its own, shown with all its parts."""
    kind = KINDS[split_key(key)[0]]
    return DOCUMENTS[kind.document].own == kind.name


def text_of(tree: SourceTree, key: ComponentKey) -> str:
    """Give the text of a component that is there: in its author's words, comments included."""
    return _sheet_text(tree, key) if is_document(key) else _entry_text(tree.docs[key])


def head_text(tree: SourceTree, key: ComponentKey) -> str:
    """Give the text of a component alone: of a document without its parts, for comparing."""
    doc = tree.docs[key]
    data = {name: value for name, value in doc.data.items() if name != "order"}
    return render_document(data) if is_document(key) else _entry_text(doc)


def edited_text(tree: SourceTree, key: ComponentKey, data: Data) -> str:
    """Give the text of a component with other data; what stays the same stays byte for byte.

    The component need not be there yet; then its text is new.
    """
    doc = tree.docs.get(key)
    digest = digest_of(data)
    if is_document(key):
        text = doc.text if doc else ""
        new = SourceDoc(key=key, data=data, text=text, digest=digest)
        return _sheet_text(_with(tree, new), key)
    if doc is None:
        return _new_entry(key, data)
    old = _entry_text(doc)
    return old if doc.digest == digest else _edited_entry(key, old, data)


def renamed_text(tree: SourceTree, key: ComponentKey, name: str, data: Data) -> str:
    """Give the text of a component under another name and with other data, comments kept.

    `name` is the last step of its path. What cannot be renamed in place is written anew.
    """
    text = edited_text(tree, key, data)
    path = split_key(key)[1]
    address = address_of(key)
    above, indent = ("", 0) if is_document(key) else _above(key, address)
    wrapped = above + _indented(_ended(text), indent)
    node = _document(wrapped)
    pointer = f"/{address.sheet.keyword}" if is_document(key) else f"/{address.part}/{path[-1]}#"
    named = None if node is None else find(node.root, pointer)
    if named is None:
        return render_entry(name, data, 0)
    whole = ".".join((*path[:-1], name)) if is_document(key) else name
    renamed = wrapped[: named.start] + scalar(whole) + wrapped[named.end :]
    return _dedented(renamed[len(above) :], indent)


def read_text(key: ComponentKey, text: str) -> ReadText:
    """Read the text of a component back. Problems: those of reading a file, all at once."""
    address = address_of(key)
    above, indent = ("", 0) if is_document(key) else _above(key, address)
    file = address.sheet.file
    wrapped = above + _indented(_ended(text), indent)
    tree, problems = tree_from_texts({file: wrapped})
    read = ReadText(
        docs=tree.docs,
        problems=(),
        broken=tree.broken,
        file=file,
        lines=above.count("\n"),
        indent=indent,
    )
    return replace(read, problems=tuple(map(read.placed, problems)))


def with_order(docs: Mapping[ComponentKey, SourceDoc], name: str) -> SourceDoc | None:
    """Give an object with the order of what it holds now: new names last, those that went left out.

    Returns None when there is no such object, or nothing of it changes.
    """
    key = ComponentKey(f"object:{name}")
    doc = docs.get(key)
    if doc is None:
        return None
    there: dict[str, list[str]] = {part: [] for part in ORDERED_PARTS}
    for each in docs:
        kind, path = split_key(each)
        if path[0] == name and KINDS[kind].document == "object" and KINDS[kind].part in there:
            there[KINDS[kind].part].append(path[-1])
    order = {part: order_within(doc.data, part, names) for part, names in there.items() if names}
    data = {key: value for key, value in doc.data.items() if key != "order"}
    if order:
        data["order"] = order
    return None if data == doc.data else replace(doc, data=data, digest=digest_of(data))


def render_fragment(value: object) -> str:
    """Write a value as a piece of YAML: in one line where it is short, else in lines."""
    line = in_line(value)
    if len(line) <= 80 and "\n" not in line:  # noqa: PLR2004 -- what an input shows at once
        return line
    if isinstance(value, Mapping):
        return render_document(value)
    if isinstance(value, list | tuple):
        return "".join(render_item(item, 0) for item in value)
    return line


def read_fragment(text: str) -> tuple[object, str]:
    """Read a piece of YAML. Returns: its value, and a sentence about what is wrong or ""."""
    body = text.strip("\n")
    wrapped = f"value:\n{_indented(_ended(body), _ENTRY)}" if "\n" in body else f"value: {body}\n"
    findings = Findings("")
    nodes = read_yaml(wrapped, findings)
    if findings.problems:
        return None, findings.problems[0].message
    root = nodes[0].root.data if nodes else None
    return (root.get("value") if isinstance(root, dict) and len(root) == 1 else None), ""


# --- documents -----------------------------------------------------------------------------------


def _sheet_text(tree: SourceTree, key: ComponentKey) -> str:
    """Give the document of a component, each of its entries in the words of its own author."""
    address = address_of(key)
    keys = [each for each in tree.docs if address_of(each).sheet == address.sheet]
    slot = Slot(sheet=address.sheet, file=address.sheet.file, keys=keys)
    own = tree.docs.get(key)
    slot.before = tuple(read_text(key, own.text).docs) if own is not None and own.text else ()
    folder = Folder(texts={}, slots=[slot], where={})
    wanted = slot_data(tree, folder, slot)
    text = compose(tree, slot, wanted, {}).strip("\n") + "\n"
    return _with_own_texts(tree, keys, text)


def _with_own_texts(tree: SourceTree, keys: list[ComponentKey], text: str) -> str:
    """Put the authors' texts of entries in, where they say the same with other comments."""
    node = _document(text)
    if node is None:
        return text
    spliced = text
    for start, end, own in sorted(_differing(tree, keys, text, node), reverse=True):
        spliced = spliced[:start] + own + spliced[end:]
    read = _document(spliced)
    return spliced if read is not None and read.root.data == node.root.data else text


def _differing(
    tree: SourceTree, keys: list[ComponentKey], text: str, node: DocumentNode
) -> list[tuple[int, int, str]]:
    found = []
    for key in keys:
        address, doc = address_of(key), tree.docs[key]
        name = find(node.root, f"/{address.part}/{address.name}#") if address.name else None
        value = find(node.root, f"/{address.part}/{address.name}") if name is not None else None
        if not doc.text or name is None or value is None or not is_alone(text, name):
            continue
        if component_text(text, name, value) == doc.text or _says_not(doc):
            continue
        start = entry_start(text, name, 0)
        indent = name.start - line_start(text, name.start)
        found.append((start, entry_end(text, value), _indented(_ended(doc.text), indent)))
    return found


def _says_not(doc: SourceDoc) -> bool:
    read = read_text(doc.key, doc.text)
    said = read.docs.get(doc.key)
    return said is None or said.digest != doc.digest


def _document(text: str) -> DocumentNode | None:
    findings = Findings("")
    nodes = read_documents("document.yaml", text, findings)
    return nodes[0] if len(nodes) == 1 and not findings.problems else None


def _with(tree: SourceTree, doc: SourceDoc) -> SourceTree:
    docs = {**tree.docs, doc.key: doc}
    return replace(tree, docs=docs, tree={**tree.tree, doc.key: doc.digest})


# --- entries -------------------------------------------------------------------------------------


def _entry_text(doc: SourceDoc) -> str:
    """Give the author's text if it says what the component says, else a new one."""
    if doc.text and not _says_not(doc):
        return doc.text
    return _new_entry(doc.key, doc.data)


def _new_entry(key: ComponentKey, data: Data) -> str:
    address = address_of(key)
    written = _document_data(key, address, data)[address.part]
    if isinstance(written, list):
        return f"{in_line(written[0])}\n"
    if address.name:
        assert isinstance(written, Mapping)  # made by `_document_data`
        return render_entry(address.name, written[address.name], 0)
    return render_entry(address.part, written, 0)


def _document_data(key: ComponentKey, address: Address, data: Data) -> dict[str, object]:
    """Give the document that holds one entry alone, keys in the order in which they are written."""
    entry: object = {address.name: data} if address.name else data
    wanted = {**address.sheet.head, address.part: [data] if _is_item(key) else entry}
    return in_written_order(address.sheet.keyword, wanted)


def _edited_entry(key: ComponentKey, text: str, data: Data) -> str:
    """Change an entry within the document it would lie in, and take it out again."""
    if _is_item(key):
        return _edited_item(key, text, data)
    address = address_of(key)
    above, indent = _above(key, address)
    wrapped = above + _indented(_ended(text), indent)
    node = _document(wrapped)
    if node is None:
        return _new_entry(key, data)
    wanted = _document_data(key, address, data)
    body, end = Editor(text=wrapped).document(node.root, wanted)
    edited = wrapped[: node.root.start] + body + wrapped[end:]
    entry = _find_entry(edited, address)
    new = component_text(edited, *entry) if entry else ""
    return new if _says_just(key, new, data) else _new_entry(key, data)


def _edited_item(key: ComponentKey, text: str, data: Data) -> str:
    """Change an item of a list, which has no name to be found by: its text stands alone."""
    node = _document(text)
    if node is None:
        return _new_entry(key, data)
    body, end = Editor(text=text).document(node.root, data)
    new = text[: node.root.start] + body + text[end:]
    return new if _says_just(key, new, data) else _new_entry(key, data)


def _says_just(key: ComponentKey, text: str, data: Data) -> bool:
    kind = split_key(key)[0]
    read = [doc for each, doc in read_text(key, text).docs.items() if split_key(each)[0] == kind]
    return [doc.data for doc in read] == [data]


def _find_entry(text: str, address: Address) -> tuple[Node, Node] | None:
    node = _document(text)
    if node is None:
        return None
    pointer = f"/{address.part}/{address.name}" if address.name else f"/{address.part}"
    name, value = find(node.root, f"{pointer}#"), find(node.root, pointer)
    return None if name is None or value is None else (name, value)


def _is_item(key: ComponentKey) -> bool:
    return KINDS[split_key(key)[0]].form is Form.LIST


def _above(key: ComponentKey, address: Address) -> tuple[str, int]:
    """Give the lines that stand above an entry in its document, and its indent."""
    head = render_document(address.sheet.head)
    if _is_item(key):
        return f"{head}{address.part}:\n  -\n", _ITEM
    if address.name:
        return f"{head}{address.part}:\n", _ENTRY
    return head, 0


def _indented(text: str, indent: int) -> str:
    if not indent:
        return text
    space = " " * indent
    return "".join(
        f"{space}{line}" if line.strip() else line for line in text.splitlines(keepends=True)
    )


def _dedented(text: str, indent: int) -> str:
    return "".join(
        line[indent:] if line[:indent].isspace() else line
        for line in text.splitlines(keepends=True)
    )


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
