"""A folder as it is before writing: its documents, and where each component lies."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import MetadataInvalid, Problem, sort_problems
from engine.names import ComponentKey
from engine.source.files import read_folder
from engine.source.findings import Findings
from engine.source.loading import read_documents
from engine.source.placing import Address, Sheet, address_of
from engine.source.recognising import FileDocument, recognise
from engine.source.splitting import split


@dataclass(slots=True, eq=False)
class Slot:
    """One document of a folder: one that is there (`found`), or one that will be.

    `before` are the components that lie in it now, in order, `keys` those that shall.
    """

    sheet: Sheet
    file: str
    found: FileDocument | None = None
    before: tuple[ComponentKey, ...] = ()
    keys: list[ComponentKey] = field(default_factory=list)


@dataclass(slots=True)
class Folder:
    """All documents of a folder, and the slot of every component."""

    texts: dict[str, str]
    slots: list[Slot]
    where: dict[ComponentKey, Slot]

    def slot_for(self, address: Address) -> Slot | None:
        """Find the document that a new component joins: one with its part, else any of its name."""
        fitting = [slot for slot in self.slots if slot.sheet == address.sheet]
        with_part = [slot for slot in fitting if address.part in _parts(slot)]
        return next(reversed(with_part or fitting), None)

    def file_for(self, sheet: Sheet, suffix: str) -> str:
        """Choose the file of a new document: where others of its object lie, else its own."""
        if len(sheet.path) > 1:
            for slot in reversed(self.slots):
                same_kind = slot.sheet.keyword == sheet.keyword
                if same_kind and slot.sheet.path[:1] == sheet.path[:1]:
                    return slot.file
        usual = sheet.file.removesuffix(".yaml")
        for known in (".yaml", ".yml", ".json"):
            if f"{usual}{known}" in self.texts:
                return f"{usual}{known}"
        return f"{usual}{suffix}"


def survey(path: Path) -> Folder:
    """Read a folder that will be written into; an empty or missing one is fine.

    Raises: MetadataInvalid when a file cannot be read: nothing may be written over it.
    """
    texts, problems, _ = read_folder(path) if path.is_dir() else ({}, [], {})
    return survey_texts(texts, problems)


def survey_texts(texts: dict[str, str], problems: list[Problem]) -> Folder:
    """Survey files that are given as texts, by name, with the problems of reading them.

    Raises: MetadataInvalid.
    """
    folder = Folder(texts=texts, slots=[], where={})
    for file in sorted(texts):
        findings = Findings(file)
        for node in read_documents(file, texts[file], findings):
            found = recognise(file, texts[file], node, findings.problems)
            if found is not None:
                _add(folder, found)
        problems.extend(found for found in findings.problems if found.code not in _HARMLESS)
    if problems:
        message = "Files in the folder cannot be read; nothing was written."
        raise MetadataInvalid(message=message, problems=sort_problems(problems))
    return folder


# An empty file, or a key too many, stands in nobody's way: the next write takes it out.
_HARMLESS = frozenset({"M108", "M111"})


def _add(folder: Folder, found: FileDocument) -> None:
    slot = Slot(sheet=Sheet(found.document.keyword, found.path), file=found.file, found=found)
    keys: list[ComponentKey] = []
    for piece in split(found):
        if piece.kind == "object" and piece.key in folder.where:
            continue  # a further document of an object in its folder
        folder.where.setdefault(piece.key, slot)
        keys.append(piece.key)
    slot.before = tuple(keys)
    folder.slots.append(slot)


def _parts(slot: Slot) -> set[str]:
    if slot.found is None:
        return {address_of(key).part for key in slot.keys}
    return {str(key.data) for key, _ in slot.found.root.pairs}
