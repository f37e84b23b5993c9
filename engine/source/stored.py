"""From stored metadata to a tree: no YAML, no checks, fast. Every cold start goes through here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType

from engine.names import ComponentKey, Digest
from engine.source.canonical import digest_of_text
from engine.source.tree import NO_MARKS, SourceDoc, SourceTree, make_tree

Contents = Mapping[ComponentKey, tuple[Digest, str]]  # component -> its digest, canonical JSON
_READER = json.JSONDecoder(parse_float=Decimal)


def tree_from_stored(rows: Iterable[tuple[str, str, str]]) -> SourceTree:
    """Build a tree from rows of component key, canonical JSON and the author's text.

    What is stored was checked when it was published. Cost: O(size), about 10 µs a component.
    """
    stored = list(rows)
    # One call for all of them: the JSON reader is started once, not ten thousand times.
    data = json.loads("[" + ",".join(row[1] for row in stored) + "]", parse_float=Decimal)
    return make_tree(
        SourceDoc(
            key=ComponentKey(key),
            data=read,
            text=text,
            marks=NO_MARKS,
            digest=digest_of_text(written),
        )
        for (key, written, text), read in zip(stored, data, strict=True)
    )


class StoredDocs(Mapping[ComponentKey, SourceDoc]):
    """The components of a stored tree; the JSON of each is read when it is asked for."""

    __slots__ = ("contents",)

    def __init__(self, contents: Contents) -> None:
        self.contents = contents

    def __getitem__(self, key: ComponentKey) -> SourceDoc:
        digest, written = self.contents[key]
        return SourceDoc(key=key, data=_READER.decode(written), digest=digest)

    def __iter__(self) -> Iterator[ComponentKey]:
        return iter(self.contents)

    def __len__(self) -> int:
        return len(self.contents)

    def __contains__(self, key: object) -> bool:
        return key in self.contents

    def holding(self, *words: str) -> list[SourceDoc]:
        """Give the components whose JSON holds one of these texts. Cost: a search in each."""
        found = self.contents.items()
        return [self[key] for key, (_, written) in found if any(word in written for word in words)]


def stored_tree(contents: Contents, digest: Digest) -> SourceTree:
    """Give the tree of which these are the contents; nothing of it is read yet.

    `digest` is that of the whole, as its version has noted it. Cost: O(components), very little.
    """
    tree = {key: content[0] for key, content in contents.items()}
    return SourceTree(docs=StoredDocs(contents), tree=MappingProxyType(tree), digest=digest)
