"""A configuration as components: `SourceTree` and `SourceDoc`, immutable and comparable by digest.

Two trees with equal digests are the same configuration, whether they come from files in git, from
a sandbox or from production.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.errors import Problem
from engine.names import ComponentKey, Digest, split_key
from engine.source.canonical import tree_digest
from engine.source.nodes import Node, Shape, find, nearest, place_inside, walk

Mark = tuple[str, int, int]  # file, line, column; both 1-based


@dataclass(frozen=True, slots=True)
class Place:
    """Where a component lies: the file's name and text, and the node that holds it."""

    file: str
    text: str
    node: Node
    key: Node | None = None  # the key that names it, where it is an entry of a map


class Marks(Mapping[str, Mark]):
    """Places of every value of a component by JSON pointer, and of every key with `#` behind it.

    Nothing is computed before somebody asks. An object in a folder lies in several files.
    """

    __slots__ = ("_places",)

    def __init__(self, places: tuple[Place, ...]) -> None:
        self._places = places

    def __getitem__(self, pointer: str) -> Mark:
        for place in self._places:
            node = find(place.node, pointer) if pointer else place.key or place.node
            if node is not None:
                return place.file, node.line, node.col
        raise KeyError(pointer)

    def __iter__(self) -> Iterator[str]:
        return iter({pointer: None for place in self._places for pointer, _ in walk(place.node)})

    def __len__(self) -> int:
        return len(list(iter(self)))

    @property
    def places(self) -> tuple[Place, ...]:
        """The files and nodes behind the marks."""
        return self._places

    def nearest(self, pointer: str, line: int = 0, col: int = 0) -> Mark:
        """Point at a value, or at the closest thing around it; `line`, `col` lie inside a text."""
        place = next(
            (p for p in self._places if find(p.node, pointer) is not None), self._places[0]
        )
        if not pointer:
            node = place.key or place.node
            return place.file, node.line, node.col
        node = nearest(place.node, pointer)
        if node.shape is Shape.SCALAR and not pointer.endswith("#"):
            return place.file, *place_inside(place.text, node, line, col)
        return place.file, node.line, node.col


NO_MARKS: Mapping[str, Mark] = MappingProxyType({})


def _no_marks() -> Mapping[str, Mark]:
    return NO_MARKS


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDoc:
    """One component as written: data is never changed, marks are empty for stored metadata.

    `text` is what the author wrote, with comments; "" where nobody wrote a file.
    """

    key: ComponentKey
    data: Mapping[str, object]
    text: str = ""
    marks: Mapping[str, Mark] = field(default_factory=_no_marks)
    digest: Digest

    def mark(self, pointer: str = "") -> Mark:
        """Give file, line and column of a value (`#` behind the pointer: of its key)."""
        if isinstance(self.marks, Marks):
            return self.marks.nearest(pointer)
        return self.marks.get(pointer, ("", 0, 0))

    def problem(
        self,
        code: str,
        message: str,
        pointer: str = "",
        hint: str = "",
        col_offset: int = 0,
        line_offset: int = 0,
    ) -> Problem:
        """Make a problem that points into this component.

        `line_offset` and `col_offset` are 0-based and count inside the text at `pointer`, as an
        expression sees it; escapes and folded lines are taken into account.
        """
        if isinstance(self.marks, Marks):
            file, line, col = self.marks.nearest(pointer, line_offset, col_offset)
        else:
            file, line, col = self.marks.get(pointer, ("", 0, 0))
        return Problem(
            code=code,
            message=message,
            component=self.key,
            pointer=pointer.removesuffix("#"),
            file=file,
            line=line,
            col=col,
            hint=hint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTree:
    """All components of a configuration, in the order of the files.

    `broken` names what is there but could not be taken (its problems are reported already), so that
    nothing that mentions it is reported again; `kind:*` stands for all of a kind, an object for all
    that belongs to it.
    """

    docs: Mapping[ComponentKey, SourceDoc]
    tree: Mapping[ComponentKey, Digest]
    digest: Digest
    broken: frozenset[str] = frozenset()

    def is_broken(self, key: str) -> bool:
        """Tell whether a component exists, but with problems that are reported already."""
        if not self.broken:
            return False
        kind, path = split_key(key)
        return not self.broken.isdisjoint({key, f"{kind}:*", f"object:{path[0]}"})


def make_tree(docs: Iterable[SourceDoc], broken: Iterable[str] = ()) -> SourceTree:
    """Put components together."""
    by_key = {doc.key: doc for doc in docs}
    tree = {key: doc.digest for key, doc in by_key.items()}
    return SourceTree(
        docs=MappingProxyType(by_key),
        tree=MappingProxyType(tree),
        digest=tree_digest(tree.items()),
        broken=frozenset(broken),
    )
