"""The components of all files together: each checked, none twice, objects from their folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.errors import MetadataInvalid, Problem
from engine.model.kinds import KINDS
from engine.names import ComponentKey, split_key
from engine.source.canonical import digest_of
from engine.source.checking import Flaw, check_component
from engine.source.findings import problem_at
from engine.source.naming import aka_problems, name_problems
from engine.source.nodes import find, first_step, nearest
from engine.source.recognising import FileDocument, object_folder
from engine.source.splitting import Piece, split
from engine.source.tree import Marks, Place, SourceDoc, SourceTree, make_tree

# Parts of an object whose order in the file means something.
UNBOUNDED = 10**9
ORDERED_PARTS = ("fields", "record_types", "validation_rules")


class Assembly:
    """Collects components; the only mutable state of reading, dropped when the tree is made."""

    def __init__(self, most: int = UNBOUNDED, *, is_judged: bool = True) -> None:
        self._room = most  # for so many more components
        self._is_judged = is_judged  # by the schemas; without it, nothing of this is published
        self.problems: list[Problem] = []
        self.broken: set[str] = set()
        self._docs: dict[ComponentKey, SourceDoc] = {}
        self._first: dict[ComponentKey, Place] = {}  # where each component was met first
        self._heads: dict[ComponentKey, list[Piece]] = {}  # an object's documents

    def add(self, found: FileDocument) -> None:
        """Take the components of one document. Raises: MetadataInvalid D160 for too many."""
        self._ensure_room(found)
        self._check_parts(found)
        here: set[ComponentKey] = set()
        for piece in split(found):
            if piece.kind == "object":
                self._add_head(piece)
            elif piece.key in here and piece.place.key is not None:
                continue  # a key that stands twice in one map is reported where it is read
            elif piece.key in self._first:
                self._report_twice(piece)
            else:
                here.add(piece.key)
                self._first[piece.key] = piece.place
                self._add(piece)

    def tree(self) -> SourceTree:
        """Finish: put objects together, compare names, make the tree in the order of the files."""
        for pieces in self._heads.values():
            self._add(_join(pieces), *pieces)
        order = dict.fromkeys((*self._first, *self._docs))
        docs = {key: self._docs[key] for key in order if key in self._docs}
        self.problems.extend(aka_problems(docs))
        return make_tree(docs.values(), self.broken)

    def _add(self, piece: Piece, *pieces: Piece) -> None:
        """Check a component and take it; `pieces` are the documents of an object."""
        key, data = piece.key, piece.data
        problems = list(name_problems(piece))
        flawed: set[str] = set()
        for each in pieces or (piece,):
            flaws = self._flaws(each)
            problems += [_flaw_problem(key, each.place, flaw) for flaw in flaws]
            flawed.update(first_step(flaw.pointer) for flaw in flaws)
        self.problems.extend(problems)
        sound = _without(piece.kind, data, flawed) if flawed else data
        if not isinstance(sound, Mapping):
            self.broken.add(key)
            return
        places = tuple(each.place for each in pieces or (piece,))
        self._docs[key] = SourceDoc(
            key=key, data=sound, text=piece.text, marks=Marks(places), digest=digest_of(sound)
        )

    def _flaws(self, piece: Piece) -> list[Flaw]:
        if not isinstance(piece.data, Mapping):
            return [_no_map(piece)]
        return check_component(piece.kind, piece.data) if self._is_judged else []

    def _ensure_room(self, found: FileDocument) -> None:
        """Count what a document holds before anything is made of it."""
        self._room -= 1 + sum(
            len(value.items)
            for key, value in found.root.pairs
            if str(key.data) in found.document.parts
        )
        if self._room < 0:
            message = "The configuration has more components than are taken at once."
            raise MetadataInvalid(message, code="D160", status=413, hint="deploy it in parts")

    def _check_parts(self, found: FileDocument) -> None:
        """Report parts that are no map or list; nothing of such a part can be known."""
        for key, value in found.root.pairs:
            kind = found.document.parts.get(str(key.data))
            if kind is None or value.data is None:
                continue
            wanted = "a list" if KINDS[kind].form == "list" else "a map of names"
            if (value.shape == "list") != (KINDS[kind].form == "list") or value.shape == "scalar":
                message = f'"{key.data}" must be {wanted}.'
                self.problems.append(problem_at(found.file, value, "M113", message))
                self.broken.add(f"{kind}:*")

    def _add_head(self, piece: Piece) -> None:
        """Take a document of an object; several are one object only in its folder."""
        others = self._heads.setdefault(piece.key, [])
        self._first.setdefault(piece.key, piece.place)
        folders = {object_folder(each.place.file) for each in (*others, piece)}
        if others and (len(folders) > 1 or "" in folders):
            self._report_twice(piece)
            return
        data = piece.data
        assert isinstance(data, Mapping)  # a document's own data is a map
        for other in others:
            for name in data.keys() & set(_own_keys(other)) - {"order"}:
                self._report_property(piece, other, name)
        others.append(piece)

    def _report_property(self, piece: Piece, other: Piece, name: str) -> None:
        here, there = find(piece.place.node, f"/{name}#"), find(other.place.node, f"/{name}#")
        assert here is not None  # both documents have this key
        assert there is not None
        message = f'"{name}" stands twice, first in {other.place.file}:{there.line}.'
        self.problems.append(
            problem_at(
                piece.place.file, here, "M120", message, "remove one of them", component=piece.key
            )
        )

    def _report_twice(self, piece: Piece) -> None:
        first, place = self._first[piece.key], piece.place
        node, before = place.key or place.node, first.key or first.node
        kind, path = split_key(piece.key)
        what = f'{kind.replace("_", " ").capitalize()} "{".".join(path)}"'
        message = f"{what} is declared twice, first in {first.file}:{before.line}."
        self.problems.append(
            problem_at(place.file, node, "M120", message, "remove one of them", component=piece.key)
        )


def _without(kind: str, data: object, keys: set[str]) -> Mapping[str, object] | None:
    """Leave out what is wrong, so that the rest is checked on; None when nothing sound is left.

    Nothing of this is ever published: its problems are errors.
    """
    if not isinstance(data, Mapping) or "" in keys:
        return None
    rest = {key: value for key, value in data.items() if key not in keys}
    checked = {key: value for key, value in rest.items() if key != "order"}
    return None if check_component(kind, checked) else rest


def _flaw_problem(key: str, place: Place, flaw: Flaw) -> Problem:
    node = nearest(place.node, flaw.pointer)
    if not flaw.pointer and place.key is not None:
        node = place.key
    return problem_at(
        place.file,
        node,
        flaw.code,
        flaw.message,
        flaw.hint,
        component=key,
        pointer=flaw.pointer,
    )


def _own_keys(piece: Piece) -> Iterable[str]:
    return piece.data if isinstance(piece.data, Mapping) else ()


def _no_map(piece: Piece) -> Flaw:
    one = KINDS[piece.kind].one
    message = f"{one[0].upper()}{one[1:]} must be a map of keys and values."
    return Flaw(code="M113", pointer="", message=message)


def _join(pieces: list[Piece]) -> Piece:
    """Make one object of its documents: what they say together, and the order of its parts."""
    data: dict[str, object] = {}
    for piece in reversed(pieces):
        assert isinstance(piece.data, Mapping)  # a document's own data is a map
        data.update(piece.data)
    order = _order(pieces, data.pop("order", None))
    first = pieces[0]
    return Piece(
        kind=first.kind,
        path=first.path,
        data={**data, "order": order} if order else data,
        place=first.place,
        text=first.text if len(pieces) == 1 else "",
    )


def _order(pieces: list[Piece], declared: object) -> dict[str, object]:
    """Give the order of an object's parts: as declared, then as they stand in the files."""
    order: dict[str, object] = {}
    wanted = declared if isinstance(declared, Mapping) else {}
    for part in ORDERED_PARTS:
        nodes = [find(piece.place.node, f"/{part}") for piece in pieces]
        found = [str(key.data) for node in nodes if node is not None for key, _ in node.pairs]
        first = wanted.get(part)
        names = list(dict.fromkeys((*(first if isinstance(first, list) else ()), *found)))
        if names:
            there = set(found)
            order[part] = [name for name in names if name in there]
    return order
