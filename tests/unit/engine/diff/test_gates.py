"""Gates 6 and 11 of promotion: every kind of the registry, walked; nothing is left to a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.diff import (
    Change,
    Rename,
    Retire,
    apply_operations,
    diff_trees,
    merge_components,
    property_changes,
)
from engine.diff.compare import without_order
from engine.model.kinds import KINDS, references
from engine.model.kinds.references import _TABLE
from engine.names import ComponentKey, component_key, split_key
from engine.source import (
    SourceDoc,
    SourceTree,
    digest_of,
    load_tree,
    make_tree,
    tree_from_texts,
    write_tree,
)

CONTRACT = Path(__file__).resolve().parents[4] / "tests/fixtures/contract"
Data = Mapping[str, object]
# Kinds that are named after something else, or stand once: nothing can rename them by itself.
UNNAMED = frozenset({"project", "index", "object_permission", "translation"})


@pytest.fixture(scope="module")
def tree() -> SourceTree:
    """Give a configuration with a component of every kind at least."""
    found, problems = load_tree(CONTRACT)
    assert problems == ()
    assert {split_key(key)[0] for key in found.docs} == set(KINDS)
    return found


def with_data(tree: SourceTree, key: ComponentKey, data: Data) -> SourceTree:
    """Give a tree in which one component says something else."""
    doc = SourceDoc(key=key, data=data, digest=digest_of(data))
    return make_tree({**tree.docs, key: doc}.values())


def data_of(tree: SourceTree) -> dict[ComponentKey, Data]:
    """Give plain data."""
    return {key: doc.data for key, doc in tree.docs.items()}


def plain(components: Mapping[ComponentKey, Data]) -> dict[ComponentKey, Data]:
    """Leave the orders of children out: a child without its object stands nowhere."""
    return {key: without_order(data) for key, data in components.items()}


Removal = tuple[tuple[str, ...], object]


def nested_removals(data: object, path: tuple[str, ...] = ()) -> Iterator[Removal]:
    """Give the data without one of its properties, for every property however deep it lies."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield (*path, str(key)), {k: v for k, v in data.items() if k != key}
            for below, inner in nested_removals(value, (*path, str(key))):
                yield below, {**data, key: inner}
    elif isinstance(data, list | tuple):
        for place, value in enumerate(data):
            yield (*path, str(place)), [v for at, v in enumerate(data) if at != place]
            for below, inner in nested_removals(value, (*path, str(place))):
                yield below, [inner if at == place else v for at, v in enumerate(data)]


def test_gate_6_a_nested_property_removal_never_retires_a_component(tree):
    """Whatever property goes, of whatever kind: one change of that component, and it comes back."""
    looked: set[str] = set()
    for key, doc in tree.docs.items():
        for path, data in nested_removals(doc.data):
            assert isinstance(data, Mapping)
            changed = with_data(tree, key, data)
            operations = diff_trees(tree, changed)
            assert not any(isinstance(o, Retire) for o in operations), (key, path)
            assert {o.component for o in operations} <= {key}, (key, path)
            back = apply_operations(data_of(changed), [o.reverse() for o in reversed(operations)])
            was = apply_operations(data_of(tree), ())
            assert property_changes(without_order(back[key]), without_order(was[key])) == ()
            looked.add(split_key(key)[0])
    assert looked == set(KINDS)


def test_gate_11_every_kind_is_added_and_retired_and_comes_back(tree):
    """One operation there, one back; carried out, each leads to the very data."""
    for key in tree.docs:
        without = make_tree(doc for doc in tree.docs.values() if doc.key != key)
        gone, back = diff_trees(tree, without), diff_trees(without, tree)

        assert [(o.op, o.component) for o in gone] == [("retire", key)]
        assert [(o.op, o.component) for o in back] == [("add", key)]
        for before, after, operations in ((tree, without, gone), (without, tree, back)):
            there = apply_operations(data_of(before), operations)
            here = apply_operations(there, [o.reverse() for o in reversed(operations)])
            assert plain(there) == plain(data_of(after))
            assert plain(here) == plain(data_of(before))


def test_gate_11_every_kind_is_changed_merged_and_exported(tree, tmp_path):
    """Another description is one change with an inverse, merges beside another, and is written."""
    exported = set()
    for place, (kind, key) in enumerate({split_key(k)[0]: k for k in tree.docs}.items()):
        data = {**tree.docs[key].data, "description": "Said otherwise."}
        changed = with_data(tree, key, data)
        (operation,) = diff_trees(tree, changed)
        merged = merge_components(data_of(tree), data_of(tree), data_of(changed))

        assert isinstance(operation, Change), kind
        assert [c.pointer for c in operation.changes] == ["description"], kind
        assert operation.reverse().reverse() == operation
        assert merged.conflicts == ()
        assert merged.components[key]["description"] == "Said otherwise."
        properties = KINDS[kind].schema.get("properties")
        if isinstance(properties, Mapping) and "description" in properties:
            exported.add(kind)
            folder = tmp_path / str(place)
            write_tree(changed, folder)
            written, problems = load_tree(folder)
            assert problems == (), kind
            assert written.digest == changed.digest, kind
    assert len(exported) > len(KINDS) // 2


def test_gate_11_every_kind_is_renamed_by_aka(tree):
    """Known by its former name: no data moves, and the inverse names it back."""
    renamed = set()
    for kind, key in {split_key(k)[0]: k for k in tree.docs}.items():
        if kind in UNNAMED:
            continue
        _, path = split_key(key)
        new = component_key(kind, *path[:-1], f"{path[-1]}_2")
        data = {**tree.docs[key].data, "aka": [path[-1]]}
        moved = SourceDoc(key=new, data=data, digest=digest_of(data))
        after = make_tree([*(d for k, d in tree.docs.items() if k != key), moved])
        operations = diff_trees(tree, after)
        found = next(o for o in operations if isinstance(o, Rename) and o.component == new)

        assert found.former == key, kind
        assert found.changes == (), kind
        assert found.reverse().component == key
        renamed.add(kind)
    assert renamed == set(KINDS) - UNNAMED


def test_gate_11_every_kind_has_its_references(tree):
    """What a kind names is in the table, and the sample's names are found."""
    assert set(_TABLE) == set(KINDS)
    for key, doc in tree.docs.items():
        found = list(references(split_key(key)[0], key, doc.data))
        assert all(split_key(wanted)[0] in KINDS for _, wanted in found), key


def test_gate_11_every_kind_is_written_and_read_back(tree, tmp_path):
    """The exporter of every kind: a folder, and texts in memory, say the same tree."""
    write_tree(tree, tmp_path)

    read, problems = load_tree(tmp_path)
    texts = {
        path.relative_to(tmp_path).as_posix(): path.read_text(encoding="utf-8")
        for path in tmp_path.rglob("*.yaml")
    }
    again, more = tree_from_texts(texts)

    assert (problems, more) == ((), ())
    assert read.digest == again.digest == tree.digest
