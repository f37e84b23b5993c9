"""What runs is compiled as far as somebody asks for it, and is what was published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.compile import compile_model, compile_stored
from engine.compile.lazily import made
from engine.compiled import Model
from engine.errors import MetadataInvalid
from engine.names import ComponentKey, Digest, ObjectName
from engine.source import (
    Contents,
    SourceTree,
    canonical,
    load_tree,
    stored_tree,
    tree_digest,
    tree_from_stored,
    tree_from_texts,
)
from tests.support.synthetic import configuration, object_name

SHIPPED = Path(__file__).resolve().parents[2] / "metadata"
OBJECTS = 16
THING = ObjectName(object_name(3))  # its parent is 1, its children are 7 and 8


def contents_of(tree: SourceTree) -> Contents:
    """Give the contents of a tree as a process reads them from its database."""
    return {key: (doc.digest, canonical(doc.data)) for key, doc in sorted(tree.docs.items())}


def stored(contents: Contents) -> SourceTree:
    """Give the tree of contents."""
    digest = tree_digest((key, digest) for key, (digest, _) in contents.items())
    return stored_tree(contents, digest)


def files(texts: Mapping[str, str]) -> SourceTree:
    """Read files that must be right."""
    tree, problems = tree_from_texts(texts)
    assert not problems
    return tree


def whole(tree: SourceTree, previous: Model | None = None) -> Model:
    """Compile everything, as for a publication."""
    model, problems = compile_model(tree, previous)
    assert model is not None, problems[:3]
    return model


def test_a_process_compiles_what_it_is_asked_for() -> None:
    """One object of sixteen is asked for: it is compiled, and no other is."""
    model = compile_stored(stored(contents_of(files(configuration(OBJECTS)))))
    assert len(model.objects) > OBJECTS

    found = model.objects[THING]
    links = model.links.feeds[THING]

    assert found is model.objects[THING]
    assert [feed.parent for feed in links] == [object_name(1)]
    assert set(made(model.objects)) == {THING, object_name(1)}
    assert not made(model.views)


@pytest.mark.parametrize("shipped", [True, False])
def test_what_runs_is_what_was_published(shipped: bool) -> None:
    """Objects, links, views and sharing rules are the same, however they were come by."""
    tree = load_tree(SHIPPED)[0] if shipped else files(configuration(OBJECTS))
    published = whole(tree)

    running = compile_stored(stored(contents_of(tree)))

    assert running.digest == published.digest
    assert set(running.objects) == set(published.objects)
    for name, compiled in published.objects.items():
        assert running.objects[name].digest == compiled.digest
        assert running.objects[name].paths == compiled.paths
        assert running.objects[name].formulas == compiled.formulas
        here = [field.decl for field in running.objects[name].fields.values()]
        assert here == [field.decl for field in compiled.fields.values()]
        for side in ("inbound", "feeds"):
            found, wanted = (getattr(m.links, side).get(name, ()) for m in (running, published))
            assert sorted(map(repr, found)) == sorted(map(repr, wanted))
        assert set(running.views.get(name, {})) == set(published.views.get(name, {}))
        assert len(running.sharing.get(name, ())) == len(published.sharing.get(name, ()))
    assert running.aka == published.aka
    assert running.former == published.former
    assert running.permission_sets == published.permission_sets
    assert set(running.automation) == set(published.automation)
    assert {k: set(v) for k, v in running.links.uses.items()} == {
        k: set(v) for k, v in published.links.uses.items()
    }


def test_files_and_stored_metadata_share_every_object() -> None:
    """Files have another order than tables; a deployment compiles only what really changed."""
    tree = files(configuration(OBJECTS))
    rows = [(key, text, "") for key, (_, text) in contents_of(tree).items()]
    running = whole(tree_from_stored(rows))

    model = whole(tree, running)

    assert all(model.objects[name] is compiled for name, compiled in running.objects.items())


def test_a_process_takes_over_what_a_new_version_left_alone() -> None:
    """Objects compiled for the version before are the very same in the next one."""
    texts = configuration(OBJECTS)
    before = compile_stored(stored(contents_of(files(texts))))
    untouched, changed = before.objects[THING], before.objects[ObjectName(object_name(12))]
    file = f"objects/{object_name(12)}.yaml"
    after_texts = {**texts, file: texts[file].replace("label: Thing 12", "label: Another")}

    after = compile_stored(stored(contents_of(files(after_texts))), before)

    assert after.objects[THING] is untouched
    assert after.objects[ObjectName(object_name(12))] is not changed
    assert after.objects[ObjectName(object_name(12))].label == "Another"


def test_where_something_is_used_is_carried_over() -> None:
    """Setup's question is worked out once; after a change only what changed is looked at again."""
    texts = configuration(OBJECTS)
    before = compile_stored(stored(contents_of(files(texts))))
    asked = before.links.used_by(ComponentKey(f"field:{THING}.amount"))

    after = compile_stored(stored(contents_of(files(texts))), before)

    assert f"field:{THING}.total" in asked
    assert after.links.used_by(ComponentKey(f"field:{THING}.amount")) == asked


def test_what_an_older_version_stored_and_this_one_cannot_compile_is_refused() -> None:
    """A formula that no longer makes sense says so where its object is asked for; others serve."""
    contents = dict(contents_of(files(configuration(OBJECTS))))
    key = ComponentKey(f"field:{THING}.total")
    contents[key] = (Digest("x" * 64), contents[key][1].replace("quantity", "nothing"))
    model = compile_stored(stored(contents))

    with pytest.raises(MetadataInvalid) as refused:
        model.objects[THING]

    assert refused.value.code == "M100"
    assert [problem.component for problem in refused.value.problems] == [key]
