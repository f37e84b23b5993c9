"""From a tree to files: only what says something else is touched, comments and layout stay.

`pull`, the designer and `fmt --drop-aka` write through here. An item stays in the file where it was
found; new ones go where their kind lies; what the tree no longer has goes, inside the scope only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from engine.errors import MetadataInvalid
from engine.names import ComponentKey, component_key, split_key
from engine.source.composing import Renames, compose, slot_data
from engine.source.folder import Folder, Slot, survey, survey_texts
from engine.source.placing import Address, Sheet, address_of
from engine.source.rendering import render_json
from engine.source.tree import SourceDoc, SourceTree

SUFFIX = {"yaml": ".yaml", "json": ".json"}
_MARK = "---"


def write_tree(
    tree: SourceTree,
    folder: Path,
    *,
    format: str = "yaml",
    scope: Iterable[str] | None = None,
) -> list[Path]:
    """Make the files of a folder say what a tree says.

    Args:
        tree: The whole configuration that is wanted.
        folder: Where the files lie; made when it does not exist.
        format: `yaml` or `json`, for files that are new.
        scope: Patterns of files (`objects/*`) that may be written and deleted; without it those
            of the tree's project, else all.

    Returns: the files that were written or deleted, in order.
    Raises: MetadataInvalid when a file that is there cannot be read.
    """
    patterns = tuple(scope) if scope is not None else _scope_of(tree)
    changes = _changes(tree, survey(folder), patterns, SUFFIX[format])
    return [_write(folder, file, text) for file, text in changes]


def rewrite_texts(tree: SourceTree, texts: Mapping[str, str]) -> dict[str, str]:
    """Make files that are given as texts, by name, say what a tree says; nothing is written.

    Raises: MetadataInvalid when one of them cannot be read.
    """
    written: dict[str, str] = dict(texts)
    for file, text in _changes(tree, survey_texts(dict(texts), []), (), SUFFIX["yaml"]):
        if text is None:
            del written[file]
        else:
            written[file] = text
    return written


def _changes(
    tree: SourceTree, there: Folder, patterns: tuple[str, ...], suffix: str
) -> Iterator[tuple[str, str | None]]:
    """Give the files whose text becomes another, in order; None: the file goes."""
    renames = _place(tree, there, suffix)
    for file in sorted({slot.file for slot in there.slots}):
        if in_scope(file, patterns):
            text = _compose_file(tree, there, file, renames)
            if text != there.texts.get(file):
                yield file, text


def in_scope(file: str, patterns: Iterable[str]) -> bool:
    """Tell whether a file belongs to a scope; no patterns mean every file."""
    names = (file, file.rpartition(".")[0])
    wanted = tuple(patterns)
    return not wanted or any(fnmatchcase(name, each) for name in names for each in wanted)


def _scope_of(tree: SourceTree) -> tuple[str, ...]:
    project = tree.docs.get(ComponentKey("project:project"))
    scope = project.data.get("scope") if project else None
    return tuple(map(str, scope)) if isinstance(scope, list) else ()


# --- where everything goes -----------------------------------------------------------------------


def _place(tree: SourceTree, there: Folder, suffix: str) -> Renames:
    """Give every component its document; a document that gets none goes.

    Returns: new key -> the key that the entry has in the text, for renamed components.
    """
    _rename_sheets(tree, there)
    renames: dict[ComponentKey, ComponentKey] = {}
    for key, doc in tree.docs.items():
        former = key if key in there.where else _former(tree, there, doc)
        if former is None:
            slot = _slot_for(there, address_of(key), suffix)
        else:
            slot = there.where[former]
            if former != key:
                renames[key] = former
        slot.keys.append(key)
    return renames


def _rename_sheets(tree: SourceTree, there: Folder) -> None:
    """Let documents of renamed components go on under their new names, with all they hold."""
    for key, doc in tree.docs.items():
        address = address_of(key)
        former = None if address.part or key in there.where else _former(tree, there, doc)
        if former is None:
            continue
        old = address_of(former).sheet
        for slot in there.slots:
            if slot.sheet == old:
                _rename_sheet(there, slot, old, address.sheet)


def _rename_sheet(there: Folder, slot: Slot, old: Sheet, new: Sheet) -> None:
    slot.sheet = new
    moved = []
    for key in slot.before:
        kind, path = split_key(key)
        renamed = component_key(kind, *new.path, *path[len(old.path) :])
        there.where.pop(key, None)
        there.where[renamed] = slot
        moved.append(renamed)
    slot.before = tuple(moved)


def _former(tree: SourceTree, there: Folder, doc: SourceDoc) -> ComponentKey | None:
    """Find a renamed component in the files under one of its former names."""
    akas = doc.data.get("aka")
    kind, path = split_key(doc.key)
    for aka in akas if isinstance(akas, list) else ():
        former = component_key(kind, *path[:-1], str(aka))
        if former in there.where and former not in tree.docs:
            return former
    return None


def _slot_for(there: Folder, address: Address, suffix: str) -> Slot:
    """Find the document of a new component, or begin one."""
    slot = there.slot_for(address) if address.part else None
    if slot is None:
        slot = next((s for s in there.slots if s.sheet == address.sheet and not s.found), None)
    if slot is None:
        slot = Slot(sheet=address.sheet, file=there.file_for(address.sheet, suffix))
        there.slots.append(slot)
    return slot


# --- whole files ---------------------------------------------------------------------------------


def _compose_file(tree: SourceTree, there: Folder, file: str, renames: Renames) -> str | None:
    """Give the text of a file, or None when nothing is left of it."""
    slots = [slot for slot in there.slots if slot.file == file]
    old = there.texts.get(file, "")
    wanted = [(slot, slot_data(tree, there, slot)) for slot in slots if _stays(tree, slot)]
    if not wanted:
        return None
    if file.endswith(".json"):
        return _compose_json(old, [slot for slot in slots if slot.found], wanted)
    text = _compose_yaml(tree, old, slots, wanted, renames)
    return text.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in old else text


def _stays(tree: SourceTree, slot: Slot) -> bool:
    """Tell whether a document is still needed: something lies in it, or it was empty before."""
    own = slot.sheet.document.own
    if slot.keys:
        return True
    if own == "object" and slot.found is not None:
        return component_key(own, *slot.sheet.path) in tree.docs and not slot.before
    return slot.found is not None and not slot.before


def _compose_yaml(
    tree: SourceTree,
    old: str,
    slots: list[Slot],
    wanted: list[tuple[Slot, dict[str, object]]],
    renames: Renames,
) -> str:
    """Put the documents of a file one after the other, with the lines between them as they were."""
    between = _between(old, slots)
    pieces: list[str] = []
    last: Slot | None = None
    for slot, data in wanted:
        text = compose(tree, slot, data, renames)
        if last is None and (None, slot) in between:
            pieces.append(between[None, slot])
        elif last is None:
            text = text.lstrip("\n")
        else:
            closed = pieces[-1].endswith("\n") or not pieces[-1]
            mark = between.get((last, slot), f"{_MARK}\n" if slot.found is None else _MARK)
            pieces.append(mark if closed else f"\n{mark}")
        pieces.append(text)
        last = slot
    pieces.append(between.get((last, None), ""))
    text = "".join(pieces)
    return text if text.endswith("\n") else f"{text}\n"


def _between(old: str, slots: list[Slot]) -> Mapping[tuple[Slot | None, Slot | None], str]:
    """Give what stands before, between and after the documents of a file, by neighbours."""
    found = [(slot, slot.found.node) for slot in slots if slot.found is not None]
    texts: dict[tuple[Slot | None, Slot | None], str] = {}
    for place, (slot, node) in enumerate(found):
        before = found[place - 1] if place else None
        start = before[1].end if before else 0
        texts[before[0] if before else None, slot] = old[start : node.start]
        if place == len(found) - 1:
            texts[slot, None] = old[node.end :]
    return texts


def _compose_json(old: str, found: list[Slot], wanted: list[tuple[Slot, dict[str, object]]]) -> str:
    """Write a JSON file anew when it says something else; one document stands alone."""
    unchanged = [slot for slot, _ in wanted] == found and all(
        slot.found is not None and slot.found.root.data == data for slot, data in wanted
    )
    if unchanged:
        return old
    documents = [data for _, data in wanted]
    return render_json(documents[0] if len(documents) == 1 else documents) + "\n"


def _write(folder: Path, file: str, text: str | None) -> Path:
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        message = f"{file} leads out of the folder; nothing was written there."
        raise MetadataInvalid(message=message, code="M101")
    if text is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return path
