"""The text of one document as it shall be: edited where there is one, else written anew.

Every text that comes out of here is read back and compared before it is used; an edit that would
not say exactly what is wanted is replaced by a document written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.model.kinds import KINDS, Form
from engine.names import ComponentKey, component_key, split_key
from engine.source.assembling import ORDERED_PARTS
from engine.source.canonical import same
from engine.source.editing import Editor
from engine.source.findings import Findings
from engine.source.folder import Folder, Slot
from engine.source.nodes import DocumentNode
from engine.source.ordering import in_written_order
from engine.source.placing import address_of, order_within
from engine.source.rendering import render_document, render_entry
from engine.source.tree import SourceTree
from engine.source.yaml_text import read_yaml

Data = Mapping[str, object]
Renames = Mapping[ComponentKey, ComponentKey]


def slot_data(tree: SourceTree, folder: Folder, slot: Slot) -> dict[str, object]:
    """Give what a document shall say, keys in the order in which they are written."""
    data: dict[str, object] = {}
    if slot.found is None or slot.sheet.keyword in _data_of(slot):
        data.update(slot.sheet.head)
    data.update(_own(tree, folder, slot))
    for key in _arranged(tree, slot):
        address, component = address_of(key), tree.docs[key].data
        if KINDS[split_key(key)[0]].form is Form.LIST:
            items = data.setdefault(address.part, [])
            assert isinstance(items, list)  # made in the line above
            items.append(component)
        elif address.name:
            entries = data.setdefault(address.part, {})
            assert isinstance(entries, dict)  # made in the line above
            entries[address.name] = component
        elif address.part:
            data[address.part] = component
    return in_written_order(slot.sheet.keyword, data)


def compose(tree: SourceTree, slot: Slot, wanted: Data, renames: Renames) -> str:
    """Give the text of a document, without the lines that part it from others."""
    found = slot.found
    text, node = (found.text, found.node) if found else _author_text(tree, slot)
    if node is None:
        return _render(tree, slot, wanted)
    if _says(node.root.data, wanted):
        return text[node.start : node.end]
    editor = Editor(
        text=text,
        ordered=frozenset(ORDERED_PARTS) if slot.sheet.keyword == "object" else frozenset(),
        renames=_entry_renames(slot, renames),
        written=_writer(tree, slot),
    )
    body, end = editor.document(node.root, wanted)
    edited = text[node.start : node.root.start] + body + text[end : node.end]
    return edited if _reads_as(edited, wanted) else _render(tree, slot, wanted)


def _render(tree: SourceTree, slot: Slot, wanted: Data) -> str:
    """Write a document anew; entries whose author's text is known keep it."""
    written = _writer(tree, slot)
    pieces: list[str] = []
    for key, value in wanted.items():
        if key in slot.sheet.document.parts and isinstance(value, Mapping) and value:
            pieces.append(f"{key}:\n")
            for name, entry in value.items():
                text = written(key, name)
                pieces.append(_indented(text) if text else render_entry(name, entry, 2))
        else:
            pieces.append(render_entry(key, value, 0))
    rendered = "".join(pieces)
    return rendered if _reads_as(rendered, wanted) else render_document(wanted)


def _indented(text: str) -> str:
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))


# --- what a document says ------------------------------------------------------------------------


def _data_of(slot: Slot) -> Data:
    return _group(slot.found.root.data if slot.found else {})


def _group(value: object) -> Data:
    return value if isinstance(value, Mapping) else {}


def _own(tree: SourceTree, folder: Folder, slot: Slot) -> Data:
    """Give what the document says about its own component; several may share an object."""
    own = slot.sheet.document.own
    doc = tree.docs.get(component_key(own, *slot.sheet.path)) if own else None
    if doc is None:
        return {}
    if own != "object":
        return doc.data
    slots = [each for each in folder.slots if each.sheet == slot.sheet]
    data = {key: value for key, value in doc.data.items() if key != "order"}
    order = _explicit_order(tree, slots, doc.data)
    if order:
        data["order"] = order
    if slot is slots[0]:
        elsewhere = {key for each in slots[1:] for key in _data_of(each)}
        return {key: value for key, value in data.items() if key not in elsewhere}
    return {key: value for key, value in data.items() if key in _data_of(slot)}


def _explicit_order(tree: SourceTree, slots: list[Slot], own: Data) -> dict[str, list[str]]:
    """Give the order that the documents of an object cannot show by their own order."""
    order: dict[str, list[str]] = {}
    for part in ORDERED_PARTS:
        shown = [
            address_of(key).name
            for slot in slots
            for key in _arranged(tree, slot)
            if address_of(key).part == part
        ]
        wanted = order_within(own, part, shown)
        declared = any(part in _group(_data_of(slot).get("order")) for slot in slots)
        if wanted and (declared or shown != wanted):
            order[part] = wanted
    return order


def _arranged(tree: SourceTree, slot: Slot) -> list[ComponentKey]:
    """Order the components of a document: as they stand, new ones last, parts as asked for."""
    keys = sorted(slot.keys, key=_place_in(slot))
    if slot.sheet.keyword != "object":
        return keys
    doc = tree.docs.get(component_key("object", *slot.sheet.path))
    own: Data = doc.data if doc else {}
    arranged = [key for key in keys if address_of(key).part not in ORDERED_PARTS]
    for part in ORDERED_PARTS:
        by_name = {address_of(k).name: k for k in keys if address_of(k).part == part}
        arranged += [by_name[name] for name in order_within(own, part, by_name)]
    return arranged


def _place_in(slot: Slot) -> Callable[[ComponentKey], int]:
    places = {key: place for place, key in enumerate(slot.before)}
    return lambda key: places.get(key, len(places))


# --- texts of authors ----------------------------------------------------------------------------


def _author_text(tree: SourceTree, slot: Slot) -> tuple[str, DocumentNode | None]:
    """Find the text with which the document was written elsewhere, if it is one of its sort."""
    own = slot.sheet.document.own
    doc = tree.docs.get(component_key(own, *slot.sheet.path)) if own else None
    if doc is None or not doc.text:
        return "", None
    nodes = _read(doc.text)
    if len(nodes) != 1 or not isinstance(nodes[0].root.data, dict):
        return "", None
    name = nodes[0].root.data.get(slot.sheet.keyword)
    is_its_own = slot.sheet.document.fixed or name == slot.sheet.head.get(slot.sheet.keyword)
    return doc.text, nodes[0] if is_its_own else None


def _writer(tree: SourceTree, slot: Slot) -> Callable[[str, str], str]:
    """Make the function that gives the author's text of an entry, if it still says the same."""
    by_place = {(address_of(key).part, address_of(key).name): key for key in slot.keys}

    def written(part: str, name: str) -> str:
        key = by_place.get((part, name))
        text = tree.docs[key].text if key is not None else ""
        if not text or key is None:
            return ""
        data = tree.docs[key].data
        return (
            text if _reads_as(text, {name: data}) or _reads_as(text, {name: data or None}) else ""
        )

    return written


def _entry_renames(slot: Slot, renames: Renames) -> dict[tuple[str, str], str]:
    """Give (part, new name) -> name in the text."""
    entries: dict[tuple[str, str], str] = {}
    for key in slot.keys:
        if key in renames:
            address = address_of(key)
            entries[address.part, address.name] = address_of(renames[key]).name
    return entries


# --- read back -----------------------------------------------------------------------------------


def _read(text: str) -> list[DocumentNode]:
    findings = Findings("")
    nodes = read_yaml(text, findings)
    return [] if findings.problems else nodes


def _reads_as(text: str, wanted: Data) -> bool:
    nodes = _read(text)
    return len(nodes) == 1 and _says(nodes[0].root.data, wanted)


def _says(data: object, wanted: Data) -> bool:
    """Compare what a document says with what it shall say; entries without data are empty maps."""
    if not isinstance(data, Mapping):
        return False
    return same(_filled(data), _filled(wanted)) and _same_order(data, wanted)


def _filled(data: Data) -> Data:
    """Read `finance:` with nothing behind it as an empty component."""
    return {
        key: {name: {} if each is None else each for name, each in value.items()}
        if isinstance(value, Mapping)
        else value
        for key, value in data.items()
    }


def _same_order(data: Data, wanted: Data) -> bool:
    for part in ORDERED_PARTS:
        here, there = data.get(part), wanted.get(part)
        if isinstance(here, Mapping) and isinstance(there, Mapping) and list(here) != list(there):
            return False
    return True
